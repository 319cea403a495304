"""PyTorch's answers to the lines of tests/idioms/rows.ts: python idioms.py > idioms.json, with PyTorch 2.13."""
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


DTYPES = {torch.float32: "float32", torch.int64: "int64", torch.bool: "bool"}


def plain(answer):
    """As JSON: a tensor with its shape and dtype, anything else as it is."""
    if not isinstance(answer, torch.Tensor):
        return list(answer) if isinstance(answer, (tuple, torch.Size)) else answer
    values = [str(n) if isinstance(n, float) and not abs(n) < float("inf") else n for n in answer.flatten().tolist()]
    return {"dtype": DTYPES[answer.dtype], "shape": list(answer.shape), "values": values}


def detached(answer):
    return answer.detach() if isinstance(answer, torch.Tensor) else answer


rows = pathlib.Path(__file__).parent.parent.joinpath("idioms/rows.ts").read_text()
lines = re.findall(r'^  \["(.*?)", (?:async )?\(\) =>', rows, re.M)
print(json.dumps({"torch": torch.__version__, "answers": {line: plain(detached(eval(line))) for line in lines}}, indent=1))
