"""PyTorch's answers to the lines of tests/idioms/*.ts: python idioms.py > idioms.json, with PyTorch 2.13."""
import json
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
texts = [folder.joinpath(name).read_text() for name in ("rows.ts", "more.ts", "layers.ts", "losses.ts")]
lines = [line for text in texts for line in re.findall(r'^  \["(.*?)", (?:async )?\(\) =>', text, re.M)]
print(json.dumps({"torch": torch.__version__, "answers": {line: answered(line) for line in lines}}, indent=1))
