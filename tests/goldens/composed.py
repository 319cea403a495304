"""Writes composed.json: what PyTorch 2.13 makes of composed programs, step by step, with the gradients of their leaves.

Run it with a Python that has torch 2.13 (for processors), with deno on the path:

    python3 tests/goldens/composed.py                                      # the 200 that are tested always
    python3 tests/goldens/composed.py 10000 2 /tmp/composed.json           # 10,000 others, for
    COMPOSED=/tmp/composed.json deno test --allow-all tests/composed_test.ts

Each program is run in float32 and in float64: how far the two are apart is how well a result is known.
"""

import json
import pathlib
import subprocess
import sys
import warnings

import numpy
import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
WORDS = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf"), "-0": -0.0}
WIDE = 2.0**31


class Beyond(Exception):
    """A float that no integer holds: what comes of it is left open."""


def topk(x, k, dim, largest):
    """The first k of the stable order: torch.topk leaves the order of equals open."""
    if x.dtype == torch.bool:
        raise RuntimeError("topk does not support bool dtypes on CPU")
    if k > (x.shape[dim] if x.ndim else 1) or k < 0:
        raise RuntimeError("selected index k out of range")
    values, places = torch.sort(x, dim=dim, descending=largest, stable=True)
    if not x.ndim:
        return values, places
    places = places.narrow(dim, 0, k).clone()
    return x.gather(dim, places), places  # which keeps its places for backward, as topk does


def attention(q, k, causal):
    """Open where a hidden key is not finite (0 times it is NaN there, and here it is not looked at), and where the
    kernels of PyTorch do not agree: on infinite scores."""
    if causal and not bool(torch.isfinite(k).all()):
        raise Beyond
    with sdpa_kernel(SDPBackend.MATH):
        plain = F.scaled_dot_product_attention(q, k, k, is_causal=causal)
    found = F.scaled_dot_product_attention(q, k, k, is_causal=causal)
    if not torch.equal(plain.isfinite(), found.isfinite()):
        raise Beyond
    return found


def elu(x):
    """Open where a NaN is differentiated: PyTorch's loop over vectors gives a NaN, its loop over the rest does not."""
    if x.requires_grad and bool(x.isnan().any()):
        raise Beyond
    return F.elu(x)


def shared(x, y):
    """Whether two tensors look at the same memory."""
    return x.numel() > 0 and x.untyped_storage().data_ptr() == y.untyped_storage().data_ptr()


def overlap(x, y):
    """Whether an in-place form reads, broadcast or in another order, what it has written: its result is left open."""
    return shared(x, y) and (x.shape, x.stride(), x.data_ptr()) != (y.shape, y.stride(), y.data_ptr())


def whole(x):
    if x.is_floating_point() and not bool((x.abs() < WIDE).all()):
        raise Beyond
    return x.long()


def leaf(given, real):
    values = [WORDS[v] if isinstance(v, str) else v for v in given["values"]]
    dtype = {"float32": real, "int64": torch.int64, "bool": torch.bool}[given["dtype"]]
    x = torch.tensor(values, dtype=torch.float64).reshape(given["shape"]).to(dtype)
    return x.requires_grad_() if given["grad"] else x


def run(program, code, real):
    """The values, and for each step what it made or why it was refused."""
    torch.set_default_dtype(real)
    values = [leaf(given, real) for given in program["leaves"]]
    leaves = list(values)
    said = []
    names = {"torch": torch, "F": F, "topk": topk, "elu": elu, "attention": attention, "whole": whole, "REAL": real}
    for step in program["steps"]:
        inputs = [values[i] for i in step["inputs"]]
        made = [None] * step["makes"]
        if any(x is None for x in inputs):
            said.append({"open": True})
        else:
            try:
                out = eval(code[step["call"]], names | {"i": inputs, "a": step["args"]})
                if step["call"].endswith("_") and any(overlap(inputs[0], x) for x in inputs[1:]):
                    raise Beyond
                out = list(out) if isinstance(out, (tuple, list)) else [out]
                if not inputs[0].is_floating_point() and all(x.numel() == 0 for x in out) and step["makes"] == 0:
                    raise Beyond  # it looks at no dtype where there are no numbers
                kept = [x.detach().clone() for x in out]
                if any(not x.is_floating_point() and x.numel() and bool((x.long().abs() >= WIDE).any()) for x in out):
                    said.append({"open": True})
                else:
                    said.append({"out": kept, "shares": [shared(x, inputs[0]) for x in out]})
                    made = out[: step["makes"]] + [None] * (step["makes"] - len(out))
            except Beyond:
                said.append({"open": True})
            except Exception as error:
                said.append({"refused": (str(error) or type(error).__name__).splitlines()[0][:90]})
        values += made
    return leaves, values, said


def sinks(program, values):
    used = {i for step in program["steps"] for i in step["inputs"]}
    first = len(program["leaves"])
    return [i for i in range(first, len(values)) if i not in used and values[i] is not None and values[i].requires_grad]


def gradients(program, leaves, values):
    refused = {}
    for i in sinks(program, values):
        x = values[i]
        weights = torch.tensor([(at % 5 - 2.5) / 2 for at in range(x.numel())]).reshape(x.shape)
        try:
            x.backward(weights, retain_graph=True)
        except Exception as error:
            refused[i] = str(error).splitlines()[0][:90]
    return [x.grad if given["grad"] else None for x, given in zip(leaves, program["leaves"])], refused


def number(v):
    if v != v:
        return "nan"
    if v in (float("inf"), float("-inf")):
        return "inf" if v > 0 else "-inf"
    if v == 0 and numpy.signbit(v):
        return "-0"
    return json.loads(str(numpy.float32(v)))


def kept(x, exact):
    """A tensor, and how far its numbers are from those in float64; null where it is not known at all."""
    dtype = str(x.dtype).removeprefix("torch.")
    shape = list(x.shape)
    if not x.is_floating_point():
        known = exact is not None and torch.equal(x, exact)
        return {"dtype": dtype, "shape": shape, "values": [int(v) for v in x.flatten().tolist()], **({} if known else {"unknown": True})}
    a = x.double().flatten()
    found = {"dtype": dtype, "shape": shape, "values": [number(v) for v in x.flatten().numpy()]}
    if exact is None or exact.shape != x.shape:
        return found | {"unknown": True}
    b = exact.double().flatten()
    same = (a == b) | (a.isnan() & b.isnan())
    apart = torch.where(same, 0, (a - b).abs())
    if not bool(torch.isfinite(apart).all()):
        return found | {"unknown": True}
    return found | {"apart": float("%.2g" % (apart.max().item() if a.numel() else 0))}


def answer(program, code):
    leaves, values, said = run(program, code, torch.float32)
    exact_leaves, exact_values, exact_said = run(program, code, torch.float64)
    steps = []
    for step, exact in zip(said, exact_said):
        if "out" in step:
            others = exact.get("out", [])
            others = others + [None] * (len(step["out"]) - len(others))
            shares = {"shares": step["shares"]} if any(step["shares"]) else {}
            steps.append({"out": [kept(x, y) for x, y in zip(step["out"], others)], **shares})
        else:
            steps.append(step)
    torch.set_default_dtype(torch.float64)
    exact_grads, _ = gradients(program, exact_leaves, exact_values)
    torch.set_default_dtype(torch.float32)
    grads, refused = gradients(program, leaves, values)
    # What was overwritten, as it is at the end.
    return {
        "steps": steps,
        "last": [None if x is None else kept(x.detach(), None if y is None else y.detach()) for x, y in zip(values, exact_values)]
        if any(step["call"].endswith("_") for step in program["steps"]) else None,
        "sinks": sinks(program, values),
        "grads": [None if x is None else kept(x, y) for x, y in zip(grads, exact_grads)],
        "refused": refused,
    }


def main():
    count, seed, path = (sys.argv[1:] + [200, 1, HERE / "composed.json"][len(sys.argv) - 1 :])[:3]
    command = ["deno", "run", "--allow-all", "--no-check", "tests/composed/draw.ts", str(count), str(seed)]
    drawn = json.loads(subprocess.check_output(command, cwd=ROOT))
    lines = []
    for program in drawn["programs"]:
        lines.append(json.dumps({**program, "answer": answer(program, drawn["torch"])}, separators=(",", ":")))
    path = pathlib.Path(path)
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print(f"{path.name}: {len(lines)} programs, {path.stat().st_size:,} bytes, torch {torch.__version__}")


main()
