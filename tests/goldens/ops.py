"""Writes ops.json: what PyTorch 2.13 gives for every sample of every op, forward and backward.

Run it with a Python that has torch 2.13 (for processors), with deno on the path:

    python3 tests/goldens/ops.py

The samples and the numbers drawn for them come from tests/support/dump.ts; the Python of an op is the `torch`
of its declaration. It may use: `i`, the inputs; `a`, the arguments; torch; F; and the helpers below.

A gradient that PyTorch's own rounding has taken further than a unit from what it gives in float64 is there in float64
too, under "exact".
"""

import json
import pathlib
import subprocess

import numpy
import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

torch.set_num_threads(2)
HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
DTYPES = {"float32": torch.float32, "int64": torch.int64, "bool": torch.bool}


def reduced(x, name, a, **more):
    """A reduction over a['dim'] (a number, a list, or all) with a['keepdim']."""
    reduction, dim = getattr(torch, name), a.get("dim")
    keepdim = a.get("keepdim", False)
    dims = range(x.ndim) if dim is None else [dim] if isinstance(dim, int) else dim
    if name in ("any", "all", "prod", "argmax", "argmin"):  # these take one dimension at a time
        for d in sorted((d % max(x.ndim, 1) for d in dims), reverse=True):
            x = reduction(x, d, keepdim=keepdim, **more)
        return x.bool() if name in ("any", "all") else x
    return reduction(x, list(dims), keepdim=keepdim, **more) if x.ndim else reduction(x, **more)


def attended(i, a):
    """Attention by its formula; operands may be stacked. A query that sees nothing gets zeros."""
    q, k, v, *mask = [x for stack in i for x in (stack if stack.ndim == 5 else [stack])]
    hidden = torch.full((q.shape[-2], k.shape[-2]), float("-inf")).triu(1 + a.get("past", 0)) if a["causal"] else 0
    mask = sum(mask) + hidden
    with sdpa_kernel(SDPBackend.MATH):
        mask = None if isinstance(mask, int) else mask
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=a["scale"])


def varied(x, a):
    """A variance over a['dim'] with a['correction'] and a['keepdim']."""
    dim = range(x.ndim) if a.get("dim") is None else a["dim"]
    dims = [dim] if isinstance(dim, int) else list(dim)
    return torch.var(x, dims, correction=a["correction"], keepdim=a.get("keepdim", False))


def tensor(given, dtype):
    """An input, whose floats were rounded to float32, in this dtype."""
    values = [float(v) for v in given["values"].split()]
    result = torch.tensor(values, dtype=torch.float64).reshape(given["shape"])
    result = result.to(DTYPES[given["dtype"]])
    return result.to(dtype) if result.is_floating_point() else result


def written(x):
    """The shortest text that reads back as the same number."""
    def one(v):
        text = str(v)
        return text[:-2] if text.endswith(".0") and text != "-0.0" else text

    return " ".join(one(v) for v in x.detach().reshape(-1).contiguous().numpy() * 1)


def evaluate(code, i, a):
    return eval(code, {"torch": torch, "F": F, "attended": attended, "reduced": reduced, "varied": varied, "i": i, "a": a})


def run(op, given, dtype=torch.float32):
    """What an op gives for a sample, and the gradients of its inputs, if there are any."""
    torch.set_default_dtype(dtype)
    inputs = [tensor(x, dtype) for x in given["inputs"]]
    for x, of in zip(inputs, given["inputs"]):
        x.requires_grad_(of["differentiable"])
    out = evaluate(op["torch"], inputs, given["args"])
    if not (op["gradient"] and out.requires_grad):
        return out, None
    weights = torch.tensor([float(v) for v in given["weights"].split()], dtype=torch.float32)
    out.backward(weights.to(out.dtype).reshape(out.shape))
    return out, [x.grad for x in inputs]


def exact(op, given, grads):
    """The gradients in float64, where those in float32 are further from them than by a unit; None for the others."""
    weights = [abs(float(v)) for v in given["weights"].split()]
    kept = []
    for grad, true in zip(grads, run(op, given, torch.float64)[1]):
        away = 0 if grad is None else (grad.double() - true).nan_to_num(0, 0, 0).abs().max().item() if grad.numel() else 0
        largest = 0 if not away else max(*weights, true.nan_to_num(0, 0, 0).abs().max().item())
        kept.append(written(true) if away > largest * 2**-24 else None)
    return kept


def case(op, given):
    out, grads = run(op, given)
    dtype = str(out.dtype).removeprefix("torch.")
    golden = {"shape": list(out.shape), "dtype": dtype, "values": written(out)}
    if grads is not None:
        golden["grads"] = [None if grad is None else written(grad) for grad in grads]
        true = exact(op, given, grads)
        if any(true):
            golden["exact"] = true
    return golden


def main():
    command = ["deno", "run", "--allow-all", "tests/support/dump.ts"]
    drawn = json.loads(subprocess.check_output(command, cwd=ROOT))
    goldens = {}
    for op in drawn:
        if op["torch"] is None:
            continue
        cases = []
        for index, given in enumerate(op["cases"]):
            try:
                cases.append(case(op, given))
            except Exception as error:
                cases.append({"refused": str(error).splitlines()[0]})
                print(f"PyTorch refuses {op['name']} {index}: {cases[-1]['refused']}")
        goldens[op["name"]] = op["hash"], cases
    path = HERE / "ops.json"
    lines = [
        f'{json.dumps(name)}: {{"hash": {hash}, "cases": [\n' + ",\n".join(map(json.dumps, cases)) + "]}"
        for name, (hash, cases) in goldens.items()
    ]
    path.write_text("{\n" + ",\n".join(lines) + "}\n")
    samples = sum(len(cases) for _, cases in goldens.values())
    print(f"{path.name}: {len(goldens)} ops, {samples} samples, {path.stat().st_size:,} bytes")


main()
