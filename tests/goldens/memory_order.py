"""Writes memory_order.json: how PyTorch 2.13 lays out results, and what it draws where tensors do not lie row by row.

Run it with a Python that has torch 2.13 (for processors):

    python3 tests/goldens/memory_order.py

A case of `draws` is a layout and a draw: the strides and the numbers, row by row. A case of `results` and of `more` is
a line: the strides. Strides of dimensions of size 1 are left out, since nothing depends on them. tests/memory_order_test.ts has a
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

d, e, s = counted(3, 4, 5).transpose(0, 1), counted(3, 4, 3, 5).permute(2, 0, 3, 1), counted(2, 6, 4)
q, h, odd = counted(2, 3, 5, 4), counted(2, 5, 3, 4).transpose(1, 2), counted(2, 3, 5, 3)
w, u, k2, w3, w4 = counted(3), counted(4), counted(5, 4), counted(3, 4, 5), counted(4)
two, grid = torch.tensor([0, 1]), torch.tensor([[0, 1, 1], [1, 0, 1]])
sdpa = F.scaled_dot_product_attention

MORE = [
    "sdpa(q, q, q)", "sdpa(h, h, h)", "sdpa(q[0], q[0], q[0])", "sdpa(h[0], h[0], h[0])", "sdpa(q[0, 0], q[0, 0], q[0, 0])",
    "sdpa(odd, odd, odd)", "sdpa(q.transpose(2, 3), q.transpose(2, 3), q.transpose(2, 3))",
    "sdpa(q[:, :, :0], q[:, :, :0], q[:, :, :0])", "sdpa(q[None], q[None], q[None])", "sdpa(q, q, q, is_causal=True)",
    "sdpa(q, q, q, torch.ones(5, 5))", "sdpa(q, q, q, torch.ones(5, 5).tril().bool())", "sdpa(q, q, q, torch.ones(1, 5))",
    "sdpa(q, q, q, torch.ones(2, 1, 1, 5))", "sdpa(q, q, q, torch.ones(3, 5, 5))", "sdpa(q, q, q, torch.ones(5, 5).t())",
    "sdpa(q, q, q, dropout_p=0.5)", "sdpa(h, h, h, dropout_p=0.5)", "sdpa(q[:, :, :1], q, q)", "sdpa(q, q[:, :1], q[:, :1])",
    "sdpa(q[:1], q, q)", "sdpa(q, q, q[..., :3])", "sdpa(q, h, h)", "sdpa(h, q, q)", "sdpa(q, q, q, scale=0.1)",
    "sdpa(h, h, h).transpose(1, 2).view(2, 5, 12)", "F.conv1d(c, torch.ones(5, 2, 2))",
    "F.conv1d(c, torch.ones(5, 2, 1), torch.ones(5))", "F.conv1d(s, torch.ones(5, 6, 2))",
    "F.conv1d(s, torch.ones(5, 6, 1), torch.ones(5))", "F.conv1d(s.transpose(1, 2), torch.ones(5, 4, 2))",
    "F.conv1d(s.transpose(1, 2), torch.ones(5, 4, 1), torch.ones(5))", "F.conv1d(s[0], torch.ones(5, 6, 2))",
    "F.conv1d(s[0], torch.ones(5, 6, 1), torch.ones(5))", "F.conv1d(s[0].t(), torch.ones(5, 4, 2))",
    "F.conv1d(s[0].t(), torch.ones(5, 4, 1), torch.ones(5))", "F.conv1d(s[:, :, ::2], torch.ones(5, 6, 2))",
    "F.conv1d(s[:, :, ::2], torch.ones(5, 6, 1), torch.ones(5))", "F.conv1d(s.transpose(1, 2), torch.ones(5, 4, 3), padding=1)",
    "F.conv1d(s.transpose(1, 2), torch.ones(6, 2, 2), groups=2)", "F.conv1d(s, torch.ones(6, 1, 3), groups=6, padding=1)",
    "F.conv1d(s.transpose(1, 2), torch.ones(4, 1, 3), groups=4, padding=2)",
    "F.conv1d(s.transpose(1, 2), torch.ones(5, 4, 2), stride=2)", "torch.einsum('ij->ji', b)", "torch.einsum('ij->j', a)",
    "torch.einsum('bij->bji', c)", "torch.einsum('bij->ib', c)", "torch.einsum('bij->jbi', s)", "torch.einsum('ij,jk->ik', b, b.t())",
    "torch.einsum('ij,jk->ki', b, b.t())", "torch.einsum('ij,kj->ik', b, a)", "torch.einsum('ij,ij->i', b, b)",
    "torch.einsum('ij,ij->j', b, b)", "torch.einsum('ij,ij->ij', b, b)", "torch.einsum('ij,ij->ji', b, b)",
    "torch.einsum('i,j->ij', w, u)", "torch.einsum('i,j->ji', w, u)", "torch.einsum('bij,kj->bik', s, k2)",
    "torch.einsum('bij,kj->kib', s, k2)", "torch.einsum('bij,bkj->bik', s, s)", "torch.einsum('bij,bkj->kbi', s, s)",
    "torch.einsum('bij,bjk->bik', s, s.transpose(1, 2))", "torch.einsum('bhqd,bhkd->bhqk', q, q)",
    "torch.einsum('bqhd,bkhd->bhqk', h, h)", "torch.einsum('bqhd,bkhd->bqhk', q, q)",
    "torch.einsum('bhqk,bhkd->bqhd', q, q.transpose(2, 3))", "torch.einsum('nqhd,nkhd->nhqk', q, q)",
    "torch.einsum('bhqd,hdk->bqk', q, w3)", "torch.einsum('ijk,k->ij', s, w4)", "torch.einsum('ijk,i->jk', c, torch.ones(4))",
    "torch.einsum('ij,jk,kl->il', b, b.t(), b)", "torch.einsum('ij,jk,kl->li', b, b.t(), b)", "torch.einsum('ij,ik,il->jkl', b, b, b)",
    "torch.einsum('bij,bik->bjk', s, s)", "torch.einsum('bij,bik->kj', s, s)", "c[ids]", "c[:, two]", "c[..., two]", "c[two, two]",
    "c[ids.view(1, 3)]", "c[two, :, two]", "c[:, two, two]", "c[grid.t()]", "c[:, grid.t()]", "c[two.view(2, 1), two]", "c[:, 0, two]",
    "c[two, 0]", "c[None, two]", "c[1:, two]", "d[ids]", "d[:, two]", "d[..., two]", "d[two, two]", "d[ids.view(1, 3)]",
    "d[two, :, two]", "d[:, two, two]", "d[grid.t()]", "d[:, grid.t()]", "d[two.view(2, 1), two]", "d[:, 0, two]", "d[two, 0]",
    "d[None, two]", "d[1:, two]", "s.transpose(0, 1)[ids]", "s.transpose(0, 1)[:, two]", "s.transpose(0, 1)[..., two]",
    "s.transpose(0, 1)[two, two]", "s.transpose(0, 1)[ids.view(1, 3)]", "s.transpose(0, 1)[two, :, two]",
    "s.transpose(0, 1)[:, two, two]", "s.transpose(0, 1)[grid.t()]", "s.transpose(0, 1)[:, grid.t()]",
    "s.transpose(0, 1)[two.view(2, 1), two]", "s.transpose(0, 1)[:, 0, two]", "s.transpose(0, 1)[two, 0]",
    "s.transpose(0, 1)[None, two]", "s.transpose(0, 1)[1:, two]", "s.transpose(0, 2)[ids]", "s.transpose(0, 2)[:, two]",
    "s.transpose(0, 2)[..., two]", "s.transpose(0, 2)[two, two]", "s.transpose(0, 2)[ids.view(1, 3)]", "s.transpose(0, 2)[two, :, two]",
    "s.transpose(0, 2)[:, two, two]", "s.transpose(0, 2)[grid.t()]", "s.transpose(0, 2)[:, grid.t()]",
    "s.transpose(0, 2)[two.view(2, 1), two]", "s.transpose(0, 2)[:, 0, two]", "s.transpose(0, 2)[two, 0]",
    "s.transpose(0, 2)[None, two]", "s.transpose(0, 2)[1:, two]", "e[ids]", "e[:, two]", "e[:, :, ids]", "e[..., ids]",
    "e[:, two, :, two]", "e[two, :, :, two]", "e[:, two, two]", "e[:, :, grid.t()]", "e[:, two.view(2, 1), ids]", "nn.RNN(4, 5)(s)[0]",
    "nn.RNN(4, 5)(s)[1]", "nn.RNN(4, 5, batch_first=True)(s)[0]", "nn.RNN(4, 5, batch_first=True)(s)[1]",
    "nn.RNN(4, 5, num_layers=2, bidirectional=True)(s)[0]", "nn.RNN(4, 5, num_layers=2, bidirectional=True)(s)[1]",
    "nn.RNN(4, 5, batch_first=True, bidirectional=True)(s)[0]", "nn.RNN(4, 5, batch_first=True, bidirectional=True)(s)[1]",
    "nn.RNN(4, 5)(s[0])[0]", "nn.RNN(6, 5)(s.transpose(1, 2))[0]", "nn.GRU(4, 5)(s)[0]", "nn.GRU(4, 5)(s)[1]",
    "nn.GRU(4, 5, batch_first=True)(s)[0]", "nn.GRU(4, 5, batch_first=True)(s)[1]",
    "nn.GRU(4, 5, num_layers=2, bidirectional=True)(s)[0]", "nn.GRU(4, 5, num_layers=2, bidirectional=True)(s)[1]",
    "nn.GRU(4, 5, batch_first=True, bidirectional=True)(s)[0]", "nn.GRU(4, 5, batch_first=True, bidirectional=True)(s)[1]",
    "nn.GRU(4, 5)(s[0])[0]", "nn.GRU(6, 5)(s.transpose(1, 2))[0]", "nn.LSTM(4, 5)(s)[0]", "nn.LSTM(4, 5)(s)[1][0]",
    "nn.LSTM(4, 5, batch_first=True)(s)[0]", "nn.LSTM(4, 5, batch_first=True)(s)[1][0]",
    "nn.LSTM(4, 5, num_layers=2, bidirectional=True)(s)[0]", "nn.LSTM(4, 5, num_layers=2, bidirectional=True)(s)[1][0]",
    "nn.LSTM(4, 5, batch_first=True, bidirectional=True)(s)[0]", "nn.LSTM(4, 5, batch_first=True, bidirectional=True)(s)[1][0]",
    "nn.LSTM(4, 5)(s[0])[0]", "nn.LSTM(6, 5)(s.transpose(1, 2))[0]", "nn.LSTM(4, 5)(s)[1][1]", "nn.RNNCell(6, 5)(s[0].t())",
    "nn.LSTMCell(6, 5)(s[0].t())[0]", "nn.GRUCell(6, 5)(s[0].t())", "nn.MultiheadAttention(4, 2)(s, s, s)[0]",
    "nn.MultiheadAttention(4, 2)(s, s, s)[1]", "nn.MultiheadAttention(4, 2)(s, s, s, need_weights=False)[0]",
    "nn.MultiheadAttention(4, 2)(s, s, s, average_attn_weights=False)[1]", "nn.TransformerEncoderLayer(4, 2, 8)(s)",
    "nn.TransformerEncoderLayer(4, 2, 8, norm_first=True)(s)", "nn.TransformerDecoderLayer(4, 2, 8)(s, s)",
    "nn.MultiheadAttention(4, 2)(s.transpose(0, 1), s.transpose(0, 1), s.transpose(0, 1))[0]",
    "nn.MultiheadAttention(4, 2)(s.transpose(0, 1), s.transpose(0, 1), s.transpose(0, 1))[1]",
    "nn.MultiheadAttention(4, 2)(s.transpose(0, 1), s.transpose(0, 1), s.transpose(0, 1), need_weights=False)[0]",
    "nn.MultiheadAttention(4, 2)(s.transpose(0, 1), s.transpose(0, 1), s.transpose(0, 1), average_attn_weights=False)[1]",
    "nn.TransformerEncoderLayer(4, 2, 8)(s.transpose(0, 1))", "nn.TransformerEncoderLayer(4, 2, 8, norm_first=True)(s.transpose(0, 1))",
    "nn.TransformerDecoderLayer(4, 2, 8)(s.transpose(0, 1), s.transpose(0, 1))",
    "nn.MultiheadAttention(4, 2, batch_first=True)(s, s, s)[0]", "nn.MultiheadAttention(4, 2, batch_first=True)(s, s, s)[1]",
    "nn.MultiheadAttention(4, 2, batch_first=True)(s, s, s, need_weights=False)[0]",
    "nn.MultiheadAttention(4, 2, batch_first=True)(s, s, s, average_attn_weights=False)[1]",
    "nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)(s)",
    "nn.TransformerEncoderLayer(4, 2, 8, batch_first=True, norm_first=True)(s)",
    "nn.TransformerDecoderLayer(4, 2, 8, batch_first=True)(s, s)",
    "nn.MultiheadAttention(4, 2, batch_first=True)(s.transpose(0, 1), s.transpose(0, 1), s.transpose(0, 1))[0]",
    "nn.MultiheadAttention(4, 2, batch_first=True)(s.transpose(0, 1), s.transpose(0, 1), s.transpose(0, 1))[1]",
    "nn.MultiheadAttention(4, 2, batch_first=True)(s.transpose(0, 1), s.transpose(0, 1), s.transpose(0, 1), need_weights=False)[0]",
    "nn.MultiheadAttention(4, 2, batch_first=True)(s.transpose(0, 1), s.transpose(0, 1), s.transpose(0, 1), average_attn_weights=False)[1]",
    "nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)(s.transpose(0, 1))",
    "nn.TransformerEncoderLayer(4, 2, 8, batch_first=True, norm_first=True)(s.transpose(0, 1))",
    "nn.TransformerDecoderLayer(4, 2, 8, batch_first=True)(s.transpose(0, 1), s.transpose(0, 1))",
    "nn.MultiheadAttention(4, 2)(s[0], s[0], s[0])[0]", "c.softmax(1)", "c.log_softmax(-1)", "c.cumsum(1)", "c.cumprod(1)", "c.tril()",
    "torch.cat([c, c], 1)", "torch.cat([c, c], -1)", "torch.cat([d, d])", "torch.stack([c, c], 1)", "F.layer_norm(c, [3])",
    "c.repeat(2, 1, 1)", "c.repeat_interleave(2, 1)", "c.roll(1, 1)", "c.flip(0)", "F.pad(c, (1, 0))", "c.sort(1)[0]",
    "c.topk(2, 0)[0]", "c.gather(1, torch.zeros(4, 1, 3).long())", "c.index_select(1, two)",
    "F.embedding(ids, b.t()[:, :5].contiguous().t())", "F.embedding(grid.t(), b)", "torch.bmm(c, c.transpose(1, 2))",
    "c @ torch.ones(3, 5)", "c @ torch.ones(3)", "s @ torch.ones(4, 5).t().contiguous().t()", "q @ q.transpose(-2, -1)",
    "h @ h.transpose(-2, -1)", "(h @ h.transpose(-2, -1)).softmax(-1) @ h", "F.linear(h, torch.ones(6, 4))",
    "F.linear(s.transpose(0, 1), torch.ones(6, 4), torch.ones(6))", "nn.BatchNorm1d(4)(s.transpose(1, 2))", "nn.BatchNorm1d(3)(a)",
    "F.one_hot(grid.t(), 3)", "c.sum(1)", "c.sum((0, 2))", "d.sum(2)", "d.mean(1)", "d.max(1)[0]", "d.argmax(-1)", "d.var(0)",
    "d.norm(dim=1)", "d.logsumexp(1)", "d.prod(1)", "d.amax(1)", "d.any(1)", "d.median(1)[0]", "d.cumsum(1)",
    "F.cross_entropy(d.transpose(1, 2), torch.zeros(d.shape[0], d.shape[1], dtype=torch.long), reduction='none')",
    "c.expand(2, 4, 2, 3) + 1", "c.unsqueeze(1) * c.unsqueeze(2)", "c.flatten(1)", "c.reshape(4, 6) * 2", "F.softmax(h, dim=-1)",
    "F.gelu(h)", "h.masked_fill(h > 0.5, 0)", "h.var(-1, keepdim=True)", "(h - h.mean(-1, keepdim=True)) / h.std(-1, keepdim=True)",
    "torch.diag(w) * 1", "torch.tril(torch.ones(3, 3)).t() + 1",
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
    "more": {line: strided(eval(line)) for line in MORE},
}
path = pathlib.Path(__file__).with_name("memory_order.json")
path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
