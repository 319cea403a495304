"""Writes what torch.save makes of several things into tests/fixtures/torch, and torch_file.json, which says what is in
them: python torch_file.py, with PyTorch 2.13."""

import collections
import json
import pathlib

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
FOLDER = HERE.parent / "fixtures" / "torch"
torch.manual_seed(0)


class Own:
    """What a file must not make."""


model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
model(torch.randn(5, 3)).pow(2).sum().backward()
optimizer.step()
base = torch.arange(24.0).reshape(4, 6)
halves = torch.tensor([1.5, -0.1, 65504.0, float("inf"), float("nan"), 1e-7])
THINGS = {
    "state_dict": model.state_dict(),
    "checkpoint": {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 7, "best": 0.25, "name": "né"},
    "views": {
        "transposed": base.T,
        "part": base[1:3, ::2],
        "row": base[2],
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 3),
        "shared": [base, base.view(-1)],
    },
    "dtypes": {
        "float64": torch.tensor([0.1, -2.0], dtype=torch.float64),
        "float16": halves.half(),
        "bfloat16": halves.bfloat16(),
        "int64": torch.tensor([3, -4]),
        "int32": torch.tensor([3, -4], dtype=torch.int32),
        "uint8": torch.tensor([3, 255], dtype=torch.uint8),
        "bool": torch.tensor([True, False]),
        "parameter": nn.Parameter(torch.ones(2)),
    },
    "values": [1, -1, 300, 70000, 2**40, 2**70, -(2**35), 1.5, True, None, "text", (1, (2,)), {"a": {1: []}}, torch.float32, torch.int64, torch.bool],
    "whole": {"own": Own()},
    "tensor": torch.ones(2, 2),
}


def plain(value):
    """As JSON: a tensor with its shape, a dictionary as pairs."""
    if isinstance(value, torch.Tensor):
        numbers = [str(v) if isinstance(v, float) and not abs(v) < float("inf") else v for v in value.detach().float().flatten().tolist()]
        return {"tensor": numbers, "shape": list(value.shape)}
    if isinstance(value, collections.abc.Mapping):
        return {"pairs": [[plain(k), plain(v)] for k, v in value.items()]}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, torch.dtype):
        return str(value)
    return {"whole": str(value)} if isinstance(value, int) and abs(value) >= 2**53 else value


FOLDER.mkdir(exist_ok=True)
for name, thing in THINGS.items():
    torch.save(thing, FOLDER / f"{name}.pt")
torch.save(base, FOLDER / "old.pt", _use_new_zipfile_serialization=False)
wanted = {name: plain(thing) for name, thing in THINGS.items() if name != "whole"}
# With halves between two neighbors of either dtype, next to an even one and to an odd one.
odd = torch.cat([halves, torch.tensor([1 + 2**-9, 1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-11, 1 + 3 * 2**-11, 65520.0, 3.3e38, -0.0, 6e-8, 2**-24])])
bits = {
    "values": plain(odd)["tensor"],
    "F16": [n & 0xFFFF for n in odd.half().view(torch.int16).tolist()],
    "BF16": [n & 0xFFFF for n in odd.bfloat16().view(torch.int16).tolist()],
}
(HERE / "torch_file.json").write_text(json.dumps({"torch": torch.__version__, "files": wanted, "bits": bits}, separators=(",", ":")) + "\n")
