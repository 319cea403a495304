"""Writes memory_order.json: how PyTorch 2.13 lays out results, and what it draws where tensors do not lie row by row.

Run it with a Python that has torch 2.13 (for processors):

    python3 tests/goldens/memory_order.py

A case of `draws` is a layout and a draw: the strides and the numbers, row by row. A case of `results` is a line: the
strides. Strides of dimensions of size 1 are left out, since nothing depends on them. tests/memory_order_test.ts has a
function of the same name for each.
"""

import json
import pathlib

import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(1)


def counted(*shape):
    """Numbers in (0, 1] that go up from row to row."""
    n = torch.Size(shape).numel()
    return torch.arange(1, n + 1).reshape(shape) / n


LAYOUTS = {
    "every second of a line": lambda: counted(40)[::2],
    "every second column": lambda: counted(4, 10)[:, ::2],
    "a transpose": lambda: counted(3, 8).t(),
    "a small transpose": lambda: counted(3, 4).t(),
    "rows of a transpose": lambda: counted(4, 7).t()[1:6],
    "every second row of a transpose": lambda: counted(5, 8).t()[::2],
    "permute(2, 0, 1)": lambda: counted(2, 3, 4).permute(2, 0, 1),
    "permute(1, 2, 0)": lambda: counted(2, 3, 4).permute(1, 2, 0),
    "transpose(0, 1)": lambda: counted(2, 3, 4).transpose(0, 1),
    "a part of transpose(0, 2)": lambda: counted(4, 3, 5).transpose(0, 2)[1:4, :2],
    "heads": lambda: counted(2, 3, 2, 4).transpose(1, 2),
    "permute(0, 3, 1, 2)": lambda: counted(2, 3, 2, 4).permute(0, 3, 1, 2),
    "a size of 1": lambda: counted(3, 1, 6).permute(2, 1, 0),
    "rows repeated": lambda: counted(1, 5).expand(4, 5),
    "columns repeated": lambda: counted(6, 1).expand(6, 3),
    "the middle repeated": lambda: counted(2, 1, 3).expand(2, 4, 3),
    "a transpose repeated": lambda: counted(3, 2).t().expand(4, 2, 3),
    "repeated and transposed": lambda: counted(5, 1).expand(5, 4).t(),
}

DRAWS = {
    "dropout": lambda x: F.dropout(x, 0.5),
    "dropout, a gradient wanted": lambda x: F.dropout(x.detach().requires_grad_(), 0.3).detach(),
    "dropout of twice": lambda x: F.dropout(x * 2 + 1, 0.5),
    "dropout twice": lambda x: F.dropout(F.dropout(x, 0.2), 0.2),
    "randLike": torch.rand_like,
    "randnLike": torch.randn_like,
    "bernoulli": torch.bernoulli,
    "multinomial": lambda x: torch.multinomial(x, 2),
    "multinomial, one": lambda x: torch.multinomial(x, 1),
    "multinomial, replacement": lambda x: torch.multinomial(x, 4, True),
    "zerosLike, then normal_": lambda x: torch.zeros_like(x).normal_(),
    "clone, then uniform_": lambda x: x.clone().uniform_(),
}

IN_PLACE = {
    "uniform_": lambda x: x.uniform_(-1, 2),
    "normal_": lambda x: x.normal_(1, 2),
    "bernoulli_": lambda x: x.bernoulli_(0.3),
    "exponential_": lambda x: x.exponential_(),
    "geometric_": lambda x: x.geometric_(0.4),
    "logNormal_": lambda x: x.log_normal_(),
    "cauchy_": lambda x: x.cauchy_(),
    "init.normal_": lambda x: nn.init.normal_(x),
    "init.xavierUniform_": lambda x: nn.init.xavier_uniform_(x),
    "init.truncNormal_": lambda x: nn.init.trunc_normal_(x),
}

a, b, c = counted(3, 8).t(), counted(8, 3), counted(2, 3, 4).permute(2, 0, 1)
mask = b > 0.5
ids = torch.tensor([2, 0, 1])

LINES = [
    "a * 2", "2 / a", "a + b", "b + a", "a + b[0]", "b[0] + a", "a + a", "a - a.contiguous()", "a ** 2", "a > 0.5", "a == b",
    "torch.maximum(a, b)", "torch.maximum(b, a)", "a.exp()", "F.relu(a)", "F.gelu(a)", "torch.tanh(a)", "a.clamp(0.2, 0.7)",
    "a.sigmoid()", "F.silu(a)", "F.softplus(a)", "F.leaky_relu(a)", "F.elu(a)", "-a", "a.abs()", "a.long()", "a.long() + 1", "a.bool()",
    "~a.bool()", "a.isnan()", "a.clone()", "a.contiguous()", "a.detach().clone()", "torch.zeros_like(a)", "torch.ones_like(a)",
    "torch.full_like(a, 2.0)", "torch.where(a > 0.5, a, b)", "torch.where(mask, a, b)", "torch.where(mask, a, 0.0)",
    "a.masked_fill(mask, 0)", "a.softmax(0)", "a.softmax(1)", "a.log_softmax(1)", "a.cumsum(0)", "a.tril()", "torch.cat([a, a])",
    "torch.stack([a, a])", "F.layer_norm(a, [3])", "a @ a.t()", "a @ b.t()", "F.linear(a, b)", "F.linear(c, torch.ones(5, 3))",
    "c @ c.transpose(1, 2)", "a.sum(0, keepdim=True)", "c.sum(0)", "c.mean(1)", "c.max(0)[0]", "c.argmax(0)", "c.std(0)",
    "a.index_select(0, ids)", "a[ids]", "a.gather(0, ids.view(1, 3))", "F.embedding(ids, a)", "a.repeat(2, 1)", "a.roll(1, 0)",
    "a.roll(1)", "F.pad(a, (1, 1))", "a.topk(2, 0)[0]", "torch.outer(a[0], b[0])", "c * 2",
    "c + c[0]", "c + torch.ones(4, 1, 1)", "c + torch.ones(1, 2, 1)", "torch.ones(3) + c", "c.transpose(0, 1) + c.transpose(0, 1)",
    "c.transpose(0, 2) + torch.ones(3, 2, 4)", "torch.ones(3, 2, 4) + c.transpose(0, 2)", "c[:, 0] * 2", "c[..., 1] * 2", "c[1:3] * 2",
    "a[::2] * 2", "a.unsqueeze(0) * 2", "a[None, :, :] + c[:2, :1, :].sum()", "a.expand(2, 8, 3) * 2", "b[:1].expand(8, 3) * 2",
    "b[:, :1].expand(8, 3) * 2", "b[:, :1].expand(8, 3) + a", "(a * 2).reshape(4, 6)", "(a * 2).t()", "a.add(b, alpha=2)",
    "F.mse_loss(a, b, reduction='none')", "torch.flip(a, [0])", "a.sort(0)[0]", "a.float()", "F.one_hot(ids)", "a.nan_to_num()",
    "a / a.sum(1, keepdim=True)", "a.unflatten(1, (1, 3)) * 2", "a % 0.3",
    "a.round()", "a.norm(dim=1)", "a.var(1)", "torch.logical_and(a > 0.2, b > 0.2)", "(a > 0.2) & (b > 0.2)", "a.square()", "a.rsqrt()",
    "F.glu(torch.ones(3, 4, 2).transpose(0, 1))", "F.hardtanh(a)", "a.erf()",
]


def strided(x):
    return [stride for stride, size in zip(x.stride(), x.shape) if size != 1]


def kept(x):
    values = x.flatten().tolist()
    return {"strides": strided(x), "values": [round(v, 9) if v < 1e6 else v for v in values]}


def drawn(draw, make):
    torch.manual_seed(7)
    try:
        result = draw(make())
    except (RuntimeError, ValueError) as error:
        return {"refused": str(error).split("\n")[0]}
    # What comes next from the generator shows how much was drawn.
    return {**kept(result), "next": torch.rand(1).item()}


golden = {
    "torch": torch.__version__,
    "draws": {
        layout: {name: drawn(draw, make) for name, draw in {**DRAWS, **IN_PLACE}.items()}
        for layout, make in LAYOUTS.items()
    },
    "results": {line: strided(eval(line)) for line in LINES},
}
path = pathlib.Path(__file__).with_name("memory_order.json")
path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
