"""PyTorch's answers to the lines of tests/idioms/*.ts: python idioms.py > idioms.json, with PyTorch 2.13."""
import copy
import json
import math
import pathlib
import re

import torch
import torch.nn.functional as F
from torch import nn

x = torch.tensor([[1.5, -2, 3], [0.25, 5, -6]])
y = torch.tensor([[0.5, 2, -1], [4, 0.75, 3]])
v = torch.tensor([3, 1, 2])
w = torch.tensor([0.5, -1, 2])
ids = torch.tensor([2, 0, 1])
t = torch.tensor([0, 2])
z = torch.tensor([[1, float("nan")], [float("inf"), -2.5]])
mask = x > 0
b = torch.arange(12).float().reshape(2, 2, 3)


def trained(layer, batch):
    """A layer that has seen a batch, and is in use."""
    layer(batch)
    return layer.eval()


def slope(f, at):
    """The gradient of what f makes of a tensor, each of its numbers weighted by its place: 1, 2, 3, ..."""
    leaf = at.clone().requires_grad_()
    y = f(leaf)
    weights = torch.arange(1, y.numel() + 1).view(y.shape)
    return torch.autograd.grad((y * weights).sum(), leaf)[0]


def told(call):
    """The first sentence that somebody is told who writes this."""
    try:
        call()
    except Exception as error:
        return str(error).split("\n")[0]
    return "nothing"


def seeded(make):
    torch.manual_seed(0)
    return make()


def node(f):
    return f(x.clone().requires_grad_()).grad_fn.name()


k = torch.tensor([-30.0, -3, -1.5, -0.01, 0, 0.01, 0.5, 1, 3, 6, 30])  # numbers around all kinks

u = torch.tensor([2, -100])  # class ids, one of them ignored
images = x.view(1, 2, 3)
pixels = torch.tensor([[0, 1, 1]])

inputs = torch.tensor([[0.43, 0.15, 0.89], [0.55, 0.87, 0.66], [0.57, 0.85, 0.64], [0.22, 0.58, 0.33], [0.77, 0.25, 0.1], [0.05, 0.8, 0.55]])


def stepped():
    """What three steps of AdamW leave of a matrix with weight decay and of a vector without."""
    p, q = x.clone().requires_grad_(), w.clone().requires_grad_()
    groups = [{"params": [p], "weight_decay": 0.1}, {"params": [q], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=0.1, betas=(0.9, 0.95))
    for step in range(3):
        for group in optimizer.param_groups:
            group["lr"] = 0.1 * 0.5 * (1 + math.cos(math.pi * step / 3))
        ((p * q).pow(2).mean() / 4).backward()
        nn.utils.clip_grad_norm_([p, q], 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return [p, q]


def mixture(x):
    """One feed-forward layer of experts, of which each token asks two."""
    gate = nn.Linear(3, 3, bias=False)
    fc1, fc2 = ([nn.Linear(3, 3, bias=False) for _ in range(3)] for _ in range(2))
    scores, chosen = torch.topk(gate(x), 2, dim=-1)
    probs, places = scores.softmax(-1).reshape(-1, 2), chosen.reshape(-1, 2)
    flat = x.reshape(-1, 3)
    out = torch.zeros(flat.shape)
    for number in torch.unique(places).tolist():
        mask = places == number
        rows = mask.any(dim=-1).nonzero(as_tuple=False).squeeze(-1)
        given = flat.index_select(0, rows)
        slots = mask[rows].int().argmax(dim=-1, keepdim=True)
        weight = torch.gather(probs.index_select(0, rows), dim=-1, index=slots).squeeze(-1)
        answer = F.silu(fc1[number](given)) * fc2[number](given)
        out = out.index_add(0, rows, answer * weight.unsqueeze(-1))
    return out


places = torch.tensor([[0, 1, 0], [1, 1, 1]])


def kept():
    """A module that keeps tensors."""
    module = nn.Module()
    module.a, module.b = nn.Buffer(w.clone()), nn.Buffer(x.clone(), persistent=False)
    return module


def twice(layer):
    """A layer at both ends of a model."""
    return nn.Sequential(layer, nn.ReLU(), layer)


class Legendre(torch.autograd.Function):
    """The polynomial of PyTorch's tutorial."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return 0.5 * (5 * x ** 3 - 3 * x)

    @staticmethod
    def backward(ctx, grad):
        x, = ctx.saved_tensors
        return grad * 1.5 * (5 * x ** 2 - 1)


class Masked(torch.autograd.Function):
    """Keeps a mask as a property."""

    @staticmethod
    def forward(ctx, x):
        ctx.mask = x > 0
        return x * ctx.mask

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.mask


class Straight(torch.autograd.Function):
    """Takes a number, and passes a gradient straight through."""

    @staticmethod
    def forward(ctx, x, threshold):
        return (x > threshold).float()

    @staticmethod
    def backward(ctx, grad):
        return F.hardtanh(grad), None


class Affine(torch.autograd.Function):
    """Asks which gradients are wanted."""

    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w, b)
        product = x @ w.t()
        return product if b is None else product.add_(b)

    @staticmethod
    def backward(ctx, grad):
        x, w, b = ctx.saved_tensors
        one, two, three = ctx.needs_input_grad
        return grad @ w if one else None, grad.t() @ x if two else None, grad.sum(0) if three else None


class Tenfold(torch.autograd.Function):
    """Returns what it was given, and keeps it."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x

    @staticmethod
    def backward(ctx, grad):
        return grad * 10 + ctx.saved_tensors[0]


class Wrong(torch.autograd.Function):
    """Gives one gradient for two, or one of another shape."""

    @staticmethod
    def forward(ctx, x, other):
        return x * 2

    @staticmethod
    def backward(ctx, grad):
        return grad if grad.size(0) > 2 else (grad[:, :1], None)


DTYPES = {torch.float32: "float32", torch.int64: "int64", torch.bool: "bool"}


def plain(answer):
    """As JSON: a tensor with its shape and dtype, anything else as it is."""
    if isinstance(answer, (tuple, list, torch.Size)):
        return [plain(one) for one in answer]
    if not isinstance(answer, torch.Tensor):
        return answer
    values = [str(n) if isinstance(n, float) and not abs(n) < float("inf") else n for n in answer.detach().flatten().tolist()]
    return {"dtype": DTYPES[answer.dtype], "shape": list(answer.shape), "values": values}


def answered(line):
    """Of a line with semicolons, what its last part gives."""
    *before, last = line.split("; ")
    names = dict(globals())
    exec("\n".join(before), names)
    return plain(eval(last, names))


folder = pathlib.Path(__file__).parent.parent.joinpath("idioms")
texts = [folder.joinpath(name).read_text() for name in ("rows.ts", "more.ts", "layers.ts", "losses.ts", "makemore.ts", "gpts.ts", "scratch.ts", "mixed.ts", "borrowed.ts", "asked.ts", "reached.ts", "modules.ts", "swept.ts", "courses.ts")]
lines = [line for text in texts for line in re.findall(r'^  \["(.*?)", (?:async )?\(\) =>', text, re.M)]
print(json.dumps({"torch": torch.__version__, "answers": {line: answered(line) for line in lines}}, indent=1))
