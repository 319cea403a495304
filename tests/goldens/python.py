"""Writes python.json: values as Python 3.11 writes them, and as IPython 9 lays them out.

Run with a python3 that has IPython, then `deno fmt tests/goldens/python.json`. What JSON lacks is
an object with one key: int, float, bytes, tuple, dict, size, or text for an object with a repr.
"""

import json
import math
import pathlib
import random

from IPython.lib.pretty import pretty

draw = random.Random(137)


class Size(tuple):
    """torch.Size, for its repr."""

    def __repr__(self):
        return f"torch.Size({list(self)})"


class Block:
    """Something that prints on several lines, as tensors do."""

    def __init__(self, *lines):
        self.text = "\n".join(lines)

    def __repr__(self):
        return self.text


def encode(x):
    if x is None or isinstance(x, (bool, str)):
        return x
    if isinstance(x, int):
        return x if abs(x) < 2**53 else {"int": str(x)}
    if isinstance(x, float):
        return {"float": repr(x)}
    if isinstance(x, bytes):
        return {"bytes": list(x)}
    if isinstance(x, Size):
        return {"size": list(x)}
    if isinstance(x, Block):
        return {"text": x.text}
    if isinstance(x, dict):
        return {"dict": [[encode(k), encode(v)] for k, v in x.items()]}
    items = [encode(item) for item in x]
    return {"tuple": items} if isinstance(x, tuple) else items


cases = []


def case(x):
    record = {"value": encode(x), "repr": repr(x)}
    shown = pretty(x)
    if shown != record["repr"]:
        record["display"] = shown
    cases.append(record)


tensor = Block("tensor([[1, 2],", "        [3, 4]])")
cube = Block("tensor([[[1.],", "         [2.]],", "", "        [[3.],", "         [4.]]])")

for x in [None, True, False, 0, -7, 10**15, 2**53, 10**30, -(2**64), (), [], {}, b"", "", Size(()), Size((2, 4))]:
    case(x)
for x in [0.0, -0.0, 1.0, -2.0, 0.1, 1e-4, 1e-5, 1.5e-7, 1e15, 1e16, 1.25e16, 1e22, 1e100, 5e-324, 2.451202869415283]:
    case(x)
for x in [math.nan, math.inf, -math.inf, 1e20, 123456789.0, 9007199254740993.0, 1 / 3, 100.0, 1e-10]:
    case(x)
for x in ["it's", 'say "hi"', "it's \"both\"", "a\\b", "a\nb\tc\rd", "\x00\x07\x1b\x7f\x80\xa0\xad", "é ü ß", " lonesome"]:
    case(x)
for x in ["\u2028\u200b\ufeff\u3000", "\ue000\U000e0001", "😀 and 日本", "\ufffd", "e\u0301", "\U0010ffff", "''", '"']:
    case(x)
for x in [bytes(range(256)), b"it's", b'"', b"'\"", b"hello\n"]:
    case(x)

# What the notebooks show.
case((Size([2, 3, 5]), tensor))
case((Size([2, 3, 5]), cube))
case((Size([64, 8]), Size([64, 8])))
case(([257, 273, 111, 369, 317], ["he", "ll", "o", " wor", "ld"], "hello world"))
case([" lonesome", " tonight", "onesome", " heaven", " gonna", " right", " broke", " every", " worry", " heave"])
case({"text": "They say everything can be replaced\nYet every distance is not near\nSo I remember every face"})
case({"vocab_size": 50257, "context_length": 1024, "emb_dim": 768, "drop_rate": 0.1, "qkv_bias": False})
case((1,))
case(((1,), [(2,)], {(3,): ()}))
case([tensor, tensor])
case({"weight": tensor, "bias": Block("tensor([1., 2.])"), "nested": {"deep": [cube, 1]}})

# At the edge of 79 columns, and beyond 1000 entries.
for n in range(70, 84):
    case(["x" * (n - 9), 1])
    case([[1, 2], "x" * (n - 12)])
    case({"key": "x" * (n - 10)})
    case(("x" * 30, ["y" * 20, "z" * (n - 62)]))
case(list(range(1000)))
case(list(range(1001)))


def value(depth):
    """A random value; deeper down, more often a leaf."""
    kind = draw.random()
    if depth == 0 or kind < 0.25:
        return draw.choice(
            [
                lambda: draw.randint(-9, 10 ** draw.randint(0, 8)),
                lambda: draw.gauss(0, 1),
                lambda: "w" * draw.randint(0, 40),
                lambda: draw.choice([None, True, False]),
                lambda: Size(draw.randint(0, 99) for _ in range(draw.randint(0, 4))),
                lambda: draw.choice([tensor, cube]),
                lambda: b"bytes",
            ]
        )()
    items = [value(depth - 1) for _ in range(draw.choice((0, 1, 2, 2, 3, 4, 6)))]
    if kind < 0.5:
        return tuple(items)
    if kind < 0.8:
        return items
    return {draw.choice((f"key{i}", i, (i, f"{i}"))): item for i, item in enumerate(items)}


while len(cases) < 350:
    x = value(draw.randint(1, 4))
    if isinstance(x, (list, tuple, dict)) and len(repr(x)) < 800:
        case(x)

path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps({"cases": cases}, separators=(",", ":")) + "\n")
print(len(cases), "values")
