"""Writes format.json: tensors as PyTorch 2.13 prints them, and floats as Python writes them.

Run with a Python that has torch 2.13 (for processors). A case
holds its values, or for a large tensor the recipe ((i * a) % m - b) * s of its i-th value.
"""

import itertools
import json
import math
import pathlib
import random
import struct

import torch

torch.set_num_threads(2)
draw = random.Random(137)
DTYPES = {"float32": torch.float32, "int64": torch.int64, "bool": torch.bool}
cases = []


def attach(tensor, suffix):
    """The tensor with a suffix that PyTorch itself puts there."""
    if suffix is None:
        return tensor
    if suffix == "requires_grad=True":
        return tensor.requires_grad_()
    name = suffix[len("grad_fn=<") : -len("Backward>")]
    same = {"forward": staticmethod(lambda ctx, x: x.clone())}
    return type(name, (torch.autograd.Function,), same).apply(tensor.requires_grad_())


def text_of(tensor, options):
    torch.set_printoptions(profile="default")
    torch.set_printoptions(**options)
    return repr(tensor)


def camel(name):
    return "sciMode" if name == "sci_mode" else name


def case(shape, dtype, source, suffix=None, **options):
    """One golden; source is a list of values or a recipe (a, m, b, s)."""
    record = {"shape": list(shape), "dtype": dtype}
    count = math.prod(shape)
    if isinstance(source, tuple):
        a, m, b, s = record["recipe"] = source
        index = torch.arange(count, dtype=torch.int64)
        values = (((index * a) % m - b).double() * s).to(DTYPES[dtype])
    else:
        values = torch.tensor(source[:count], dtype=DTYPES[dtype])
        record["values"] = " ".join(f"{x:.9g}" if dtype == "float32" else f"{x:d}" for x in values.tolist())
    tensor = attach(values.reshape(shape), suffix)
    if suffix:
        record["suffix"] = [suffix]
    if options:
        record["options"] = {camel(k): v for k, v in options.items() if v is not None}
    record["text"] = text_of(tensor, options)
    cases.append(record)


def normals(n, scale=1.0):
    return [draw.gauss(0, scale) for _ in range(n)]


def integers(n, low=-50, high=50):
    return [draw.randint(low, high) for _ in range(n)]


def spread(n, low, high):
    """Numbers of all magnitudes from 10^low to 10^high."""
    return [draw.choice((-1, 1)) * 10 ** draw.uniform(low, high) for _ in range(n)]


def poked(values, *odd):
    """The values with odd ones among them."""
    values = list(values)
    for at, value in zip(draw.sample(range(len(values)), min(len(odd), len(values))), odd):
        values[at] = value
    return values


SHAPES = [(), (1,), (3,), (8,), (21,), (45,), (1, 1), (2, 3), (5, 1), (3, 14), (2, 2, 2)]
SHAPES += [(2, 1, 3), (3, 2, 11), (1, 2, 3, 4), (2, 3, 1, 2), (2, 1, 2, 9), (1, 2, 1, 2, 2)]
nan, inf = math.nan, math.inf

# Every number of dimensions with every kind of number.
for shape in SHAPES:
    n = math.prod(shape)
    case(shape, "float32", normals(n))
    case(shape, "float32", normals(n, 40))
    case(shape, "float32", integers(n))
    case(shape, "float32", spread(n, -3, 5))
    case(shape, "float32", poked(normals(n), nan, -inf, -0.0))
    case(shape, "int64", integers(n, -3000, 200))
    case(shape, "bool", integers(n, 0, 1))

# Where scientific notation begins: ratio, largest, smallest; each just under, on and over.
for values in [
    [1, 1000], [1, 1001], [1, 1000.5], [0.5, 500], [0.5, 500.25], [0.001, 1], [0.00099, 1],
    [1e8], [1e8 + 8], [1e8, 1e8 - 8], [2e8, 1e8], [123456.5], [99999992.0, 1e8], [-1e8], [-2e8],
    [1e-4], [1.1e-4], [0.9e-4], [0.00010001], [-1e-5], [1e-5, 2e-5], [0.05, 0.0001], [0.05, 0.00004],
    [1e-45], [3.4e38], [1e-45, 3.4e38], [1e38, 2e38], [0, 1e9], [0, 1e-9], [0.1, 16777216.0],
    [1, 16777216.0], [1, 999, 0], [1, 0.5, 1000], [7, 7000, nan], [7, 7001, nan], [1.5, 1e10, -inf],
]:
    case((len(values),), "float32", values)
    case((len(values), 1), "float32", values)

# Zeros, inf and nan have no say in the width.
for values in [
    [0], [-0.0], [0, 0, 0], [0, -0.0], [-0.0, 0.5], [0.5, -0.0], [-0.0, 3], [-0.0, 12], [-0.0, 1e-5],
    [nan], [inf], [-inf], [nan, inf, -inf], [0, nan], [-0.0, nan, 0], [0, -inf], [1, nan], [1, -inf],
    [100, nan, inf], [0.25, nan, inf, -inf], [1e-5, nan, -inf, 0], [1e12, inf], [-0.00001, 1],
    [-0.00004, 0.03], [0.03125, 0.09375], [0.00005], [0.5, 1.5, 2.5], [0.99995, 9.99995],
    [9.99994, 9.99996], [1e-4, 0.09999], [123456.78], [-1.5, 22.25], [1e20, 1], [nan] * 30, [inf] * 25,
]:
    case((len(values),), "float32", values)
    case((1, len(values)), "float32", values)
for value in (0, -0.0, 1, -7, 0.5, -0.00001, 1e-4, 9.9e-5, 1e8, 1.5e8, nan, inf, -inf, 1e30, 123.456):
    case((), "float32", [value])
case((3,), "int64", [2**31 - 1, -(2**31), 0])

# Empty tensors say their size, unless it is (0,), and their dtype.
for shape in [(0,), (0, 3), (3, 0), (0, 0), (2, 0, 4), (1, 0, 1, 1)]:
    for dtype in DTYPES:
        case(shape, dtype, [])
    case(shape, "float32", [], "requires_grad=True")
    case(shape, "float32", [], "grad_fn=<NativeLayerNormBackward>")

# A suffix goes to a line of its own when the last line is full, by PyTorch's own count.
for n in range(1, 9):
    case((n,), "float32", normals(n), "requires_grad=True")
    case((2, n), "float32", normals(2 * n), "grad_fn=<EmbeddingBackward>")
for length in range(1, 40):
    case((4,), "float32", normals(4), f"grad_fn=<{'A' * length}Backward>")
    case((1, 2, 5), "float32", normals(10), f"grad_fn=<{'B' * length}Backward>")
case((30,), "float32", normals(30), "requires_grad=True")
case((), "float32", [0.5], "grad_fn=<NllLossBackward>")

# Above the threshold the middle goes, and the numbers that are left decide on the format.
SUMMARIES = [(1001,), (1, 1001), (1001, 1), (167, 6), (6, 167), (7, 150), (150, 7), (40, 26)]
SUMMARIES += [(2, 4, 503), (10, 10, 11), (3, 3, 112), (7, 7, 7, 7), (2, 3, 9, 20), (300, 1, 4)]
RECIPES = [(7919, 2003, 1001, 1 / 512), (31, 997, 0, 1.0), (611953, 100003, 50001, 0.37), (17, 1009, 900, 1e-6)]
for shape, recipe in itertools.product(SUMMARIES, RECIPES):
    case(shape, "float32", recipe)
for shape in SUMMARIES:
    case(shape, "int64", (104729, 50257, 25000, 1))
    case(shape, "bool", (1, 2, 0, 1))
    case(shape, "float32", (7919, 2003, 1001, 0.01), "grad_fn=<UnsafeViewBackward>")
# Not above it by one, and above it with nothing to cut.
case((1000,), "float32", RECIPES[0])
case((5, 6, 6, 6), "float32", RECIPES[0])
# The one large value is hidden, or it is at an edge.
case((2001,), "float32", (1, 2001, 0, 1.0))
case((2001,), "float32", (1, 2001, 2000, 1.0))
case((2001,), "float32", (1, 2001, 1000, 1e6))

# The options.
for options in [
    {"precision": 0}, {"precision": 2}, {"precision": 7}, {"precision": 12}, {"linewidth": 20},
    {"linewidth": 1}, {"linewidth": 120}, {"sci_mode": True}, {"sci_mode": False}, {"profile": "short"},
    {"profile": "full"}, {"profile": "short", "precision": 3}, {"threshold": 5}, {"threshold": 5, "edgeitems": 1},
    {"threshold": 0}, {"threshold": 11, "edgeitems": 2, "linewidth": 30},
]:
    case((12,), "float32", normals(12, 3), **options)
    case((3, 6), "float32", spread(18, -6, 6), **options)
    case((2, 5), "float32", integers(10), "requires_grad=True", **options)
    case((4, 7), "int64", integers(28), **options)
    case((3,), "float32", [0, nan, -0.0], **options)
    case((40, 30), "float32", (7919, 2003, 1001, 1 / 64), **options)
    case((), "float32", [0.03125], **options)
case((4,), "float32", [1e30, -2.5e25, 0.5, nan], sci_mode=False)
case((2,), "float32", [1e30, 1], sci_mode=False)
for linewidth in range(28, 52):
    case((9,), "float32", normals(9), linewidth=linewidth)

# Python's repr, fixed and scientific notation of doubles: ties, halves of the last digit, extremes.
floats = [0.0, -0.0, 0.5, 1.5, 2.5, 0.125, 0.375, 0.03125, 0.09375, 1 / 64, 3 / 64, 1e22, 1e23, 1e21, 1e20, 5e-324]
floats += [1.7976931348623157e308, 2.2250738585072014e-308, 1e16, 1e15, 9999999999999998.0, 1e-4, 1e-5, 0.0001234]
floats += [nan, inf, -inf, 123456789012345680.0, 2.0**70, 2.0**53, 0.1, 0.2, 0.30000000000000004, 999.5, 9.5, 0.95]
floats += [1.005, 2.675, 1.45, 10.5, 11.5, 125.0, 135.0, 1250.0, 1350.0, 12500.0, 2451.202869415283]
floats += [draw.randrange(1, 4000) / 2 ** draw.randrange(1, 9) for _ in range(150)]
floats += [draw.uniform(-10, 10) for _ in range(50)] + spread(100, -320, 308)
while len(floats) < 450:
    value = struct.unpack("d", struct.pack("Q", draw.getrandbits(64)))[0]
    if math.isfinite(value):
        floats.append(value)
decimals = []
for x in floats:
    digits = draw.choice((0, 1, 2, 3, 4, 4, 6, 15))
    decimals.append(f"{x!r} {digits} {x:.{digits}f} {x:.{digits}e}")

golden = {"cases": cases, "decimals": decimals}
path = pathlib.Path(__file__).with_suffix(".json")
lists = [f'"{name}": [\n' + ",\n".join(json.dumps(x, ensure_ascii=False) for x in v) + "\n]" for name, v in golden.items()]
path.write_text("{\n" + ",\n".join(lists) + "\n}\n")
print(len(cases), "tensors,", len(decimals), "floats")
