"""Writes composed.json: what PyTorch 2.13 makes of composed programs, step by step, with the gradients of their leaves.

Run it with a Python that has torch 2.13 (for processors), with deno on the path:

    python3 tests/goldens/composed.py                                      # the 200 that are tested always
    python3 tests/goldens/composed.py 10000 2 /tmp/composed.json           # 10,000 others, for
    COMPOSED=/tmp/composed.json deno test --allow-all tests/composed_test.ts

Each program is run in float32 and in float64: how far the two are apart is how well a result is known. Where a sum
cancels, float32 may be right by luck, so the same is asked where all floats of the leaves are a unit or two larger or
smaller: the largest distance counts.
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
inf = float("inf")
WORDS = {"nan": float("nan"), "inf": inf, "-inf": -inf, "-0": -0.0}
WIDE = 2.0**31
# By how many units of their last place the floats of leaves are moved, and how little a result may move with them:
# by more it is another branch (a floor, a comparison), which says nothing of this one.
MOVES = 1, -1, 2, -2
NEAR = 2.0**-10


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


def leaf(given, real, units):
    values = [WORDS[v] if isinstance(v, str) else v for v in given["values"]]
    dtype = {"float32": real, "int64": torch.int64, "bool": torch.bool}[given["dtype"]]
    x = torch.tensor(values, dtype=torch.float64).reshape(given["shape"])
    if given["dtype"] == "float32":
        for _ in range(abs(units)):  # away from 0, or towards it; 0 and infinities stay
            x = torch.where(x == 0, x, torch.nextafter(x.float(), x.sign().float() * (inf if units > 0 else 0)).double())
    x = x.to(dtype)
    return x.requires_grad_() if given["grad"] else x


def run(program, code, real, units=0):
    """The values, and for each step what it made or why it was refused."""
    torch.set_default_dtype(real)
    values = [leaf(given, real, units) for given in program["leaves"]]
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


def distance(a, b):
    """How far two tensors are apart at most; an infinity where one has a NaN or an infinity that the other has not."""
    a, b = a.detach().double().flatten(), b.detach().double().flatten()
    same = (a == b) | (a.isnan() & b.isnan())
    apart = torch.where(same, 0, (a - b).abs()).nan_to_num(nan=inf, posinf=inf)
    return apart.max().item() if a.numel() else 0.0


def size(x):
    """The largest of the numbers that are finite."""
    found = x.detach().double().abs()
    found = found[found.isfinite()]
    return found.max().item() if found.numel() else 0.0


def moved(x, y):
    """Whether a result is that of another branch, since it moved far."""
    if (x is None) != (y is None) or x is not None and (x.shape, x.dtype) != (y.shape, y.dtype):
        return True
    return x is not None and distance(x, y) > (NEAR * size(x) if x.is_floating_point() else 0)


def kept(x, exact, around=()):
    """A tensor, and how far its numbers are from those in float64; null where it is not known at all. `around` are the
    same two at the places nearby."""
    dtype = str(x.dtype).removeprefix("torch.")
    shape = list(x.shape)
    if not x.is_floating_point():
        known = exact is not None and torch.equal(x, exact)
        return {"dtype": dtype, "shape": shape, "values": [int(v) for v in x.flatten().tolist()], **({} if known else {"unknown": True})}
    found = {"dtype": dtype, "shape": shape, "values": [number(v) for v in x.flatten().numpy()]}
    if exact is None or exact.shape != x.shape or distance(x, exact) == inf:
        return found | {"unknown": True}
    apart = max(distance(*pair) for pair in [(x, exact), *around])
    return found | {"apart": float("%.2g" % apart)}


def everything(program, code, real, units=0):
    """What a program says, its values, and the gradients of its leaves."""
    leaves, values, said = run(program, code, real, units)
    last = [None if x is None else x.detach().clone() for x in values]
    grads, refused = gradients(program, leaves, values)
    return {"said": said, "values": values, "last": last, "grads": grads, "refused": refused}


def nearby(program, code, here, exact):
    """The program in float32 and float64 where its leaves are moved a little, without what went another way."""
    for units in MOVES:
        pair = [everything(program, code, real, units) for real in (torch.float32, torch.float64)]
        there = [(near, at) for near, at in zip(pair, (here, exact))]
        steps = [moved(x, y) for near, at in there for p, q in zip(near["said"], at["said"])
                 for x, y in zip(q.get("out", []), p.get("out", [None] * 9))]
        ends = [moved(x, y) for near, at in there for x, y in zip(at["last"], near["last"])]
        # What cancels may move by more than its own size, but not by more than a share of what arrived at the end.
        reach = NEAR * max([1.25, *(size(x) for x in exact["grads"] if x is not None)])
        slopes = [(x is None) != (y is None) or x is not None and distance(x, y) > reach
                  for near, at in there for x, y in zip(at["grads"], near["grads"])]
        if not any(steps + ends + slopes):
            yield pair


def answer(program, code):
    exact = everything(program, code, torch.float64)
    here = everything(program, code, torch.float32)
    around = list(nearby(program, code, here, exact))
    steps = []
    for n, (step, other) in enumerate(zip(here["said"], exact["said"])):
        if "out" in step:
            others = other.get("out", [])
            others = others + [None] * (len(step["out"]) - len(others))
            near = [[(a["said"][n]["out"][i], b["said"][n]["out"][i]) for a, b in around] for i in range(len(step["out"]))]
            shares = {"shares": step["shares"]} if any(step["shares"]) else {}
            steps.append({"out": [kept(x, y, z) for x, y, z in zip(step["out"], others, near)], **shares})
        else:
            steps.append(step)
    def all_kept(name):
        return [None if x is None else kept(x, y, [(a[name][i], b[name][i]) for a, b in around])
                for i, (x, y) in enumerate(zip(here[name], exact[name]))]
    return {
        "steps": steps,
        # What was overwritten, as it is at the end.
        "last": all_kept("last") if any(step["call"].endswith("_") for step in program["steps"]) else None,
        "sinks": sinks(program, here["values"]),
        "grads": all_kept("grads"),
        "refused": here["refused"],
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
