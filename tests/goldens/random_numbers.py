"""Writes random_numbers.json: what PyTorch's CPU generator draws, for tests/random_test.ts.

Run with a Python that has torch 2.13, on a processor with AVX2.
"""

import hashlib
import json
import random as python_random
from pathlib import Path

import numpy as np
import torch

torch.set_num_threads(2)

SIZES = [1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 100, 1000]
SEEDS = [0, 1, 123, 2**32 - 1, 2**32 + 5, -1, -5]
ENDS = 24  # a long array is held by its first and last values and its sum


def weights(n):
    """Unequal, unsummed weights with zeros and ties, n of them."""
    return torch.tensor([(i * 7 + 3) % 11 for i in range(n)], dtype=torch.float32)


def shares(n):
    return weights(n) / 10.5


def empty(n):
    return torch.empty(n, dtype=torch.float32)


def multinomial(n, samples, rows, replacement):
    w = weights(n * rows).reshape(rows, n)
    return torch.multinomial(w, samples, replacement).flatten()


# name -> (draw of n numbers with arguments, the argument lists to try)
DRAWS = {
    "uniform": (lambda n, a, b: empty(n).uniform_(a, b), [[0, 1], [-0.036, 0.036], [5, 9]]),
    "normal": (lambda n, m, s: empty(n).normal_(m, s), [[0, 1], [0.1, 0.02], [-1, 0], [2, 0.3]]),
    "exponential": (lambda n, r: empty(n).exponential_(r), [[1], [0.3]]),
    "cauchy": (lambda n, m, s: empty(n).cauchy_(m, s), [[0, 1], [1, 3]]),
    "geometric": (lambda n, p: empty(n).geometric_(p), [[0.3], [0.01]]),
    "logNormal": (lambda n, m, s: empty(n).log_normal_(m, s), [[1, 2], [0, 0.5]]),
    "truncNormal": (
        lambda n, m, s, a, b: torch.nn.init.trunc_normal_(empty(n), m, s, a, b),
        # the last three keep so little of the bell that uniform numbers are drawn and most are refused
        [[0, 1, -2, 2], [0.1, 0.02, 0.08, 0.3], [1.5, 0.5, 1.2, 1.4], [0, 1, 2, 3], [0, 1, -4, -2.5]],
    ),
    "randint": (
        lambda n, a, b: torch.randint(a, b, (n,)),
        [[0, 10], [-5, 1238679], [-(2**31), 2**31 - 1]],
    ),
    "randintLong": (
        lambda n, a, b: torch.randint(int(a), int(b), (n,)),
        [["-7", "7"], ["0", str(2**32)], [str(-(2**40)), str(2**50)], [str(-(2**63)), str(2**63 - 1)]],
    ),
    "random": (lambda n: torch.empty(n, dtype=torch.int64).random_(), [[]]),
    "randperm": (lambda n: torch.randperm(n), [[]]),
    "bernoulli": (lambda n, p: empty(n).bernoulli_(p), [[0.5], [0.1], [0], [1]]),
    "bernoulliEach": (lambda n: torch.bernoulli(shares(n)), [[]]),
    "dropout": (
        lambda n, p: torch.nn.functional.dropout(torch.ones(n), p),
        [[0.1], [0.15], [0.5], [0], [1]],
    ),
    # n is the number of categories; (samples, rows, replacement)
    "multinomial": (
        lambda n, *a: multinomial(n, *a),
        [[1, 1, False], [5, 1, False], [20, 1, True], [1, 3, False], [7, 2, False], [3, 2, True]],
    ),
}
WHOLE = {"geometric", "randint", "randperm", "bernoulli", "bernoulliEach", "multinomial"}
BIG = {"randintLong", "random"}


def number(x):
    """The shortest decimal that is this float32."""
    return json.loads(str(np.float32(x)))


def step(name, n, args):
    values = DRAWS[name][0](n, *args)
    one = int if name in WHOLE else str if name in BIG else number
    listed = [one(v) for v in values.tolist()]
    entry = {"draw": name, "n": n, "args": args}
    if len(listed) <= 2 * ENDS:
        return entry | {"values": listed}
    total = {"sum": float(values.double().sum())} if name not in BIG else {}
    return entry | {"first": listed[:ENDS], "last": listed[-ENDS:]} | total


def program(seed, steps):
    torch.manual_seed(seed)
    run = [step(*s) for s in steps]
    return {
        "seed": str(seed),
        "initialSeed": str(torch.initial_seed()),
        "steps": run,
        "next": torch.randint(0, 2**28 - 1, (1,)).item(),
    }


def usable(name, n, args):
    """Whether the weights suffice: where they run out, the order is an accident of sorting."""
    if name != "multinomial":
        return True
    samples, rows, replacement = args
    positive = (weights(n * rows).reshape(rows, n) > 0).sum(1).min()
    return positive >= (1 if replacement else samples)


def every_size():
    """Every distribution at every size, the arguments taken in turn."""
    steps = []
    for name, (_, arguments) in DRAWS.items():
        steps += [(name, n, arguments[i % len(arguments)]) for i, n in enumerate(SIZES)]
    return [s for s in steps if usable(*s)]


def shuffled(seed, count):
    """Draws in no order, so that what one leaves behind meets the next."""
    choice = python_random.Random(seed)
    steps = []
    while len(steps) < count:
        name = choice.choice([*DRAWS, "normal", "normal", "logNormal"])
        candidate = (name, choice.choice(SIZES[:-2]), choice.choice(DRAWS[name][1]))
        if usable(*candidate):
            steps.append(candidate)
    return steps


SPARE = [("normal", n, [0, 1]) for n in [3, 3, 5, 16, 1, 7, 17, 1, 15, 33, 1]]
SPARE += [("logNormal", 5, [0, 1]), ("normal", 1, [3, 2]), ("logNormal", 17, [0, 1])]
SPARE += [("normal", 2, [0, 1]), ("uniform", 3, [0, 1]), ("normal", 1, [0, 1])]


def state(seed, words, normals):
    torch.manual_seed(seed)
    for _ in range(words):
        torch.randint(10, (1,))
    if normals:
        empty(normals).normal_()
    saved = bytes(torch.get_rng_state().numpy())
    return {
        "seed": seed,
        "words": words,
        "normals": normals,
        "sha256": hashlib.sha256(saved).hexdigest(),
        "spare": np.frombuffer(saved[5024:5032], np.float64)[0].item(),
        "hasSpare": saved[5040],
        "engine": hashlib.sha256(saved[:5016]).hexdigest(),
    }


def bulk(seed, n):
    """Uniforms and normals of single precision have one right answer on every machine, to the bit."""
    torch.manual_seed(seed)
    drawn = {"uniform": empty(n).uniform_(-0.036, 0.036), "normal": empty(n).normal_(0.1, 0.02)}
    hashes = {k: hashlib.sha256(v.numpy().tobytes()).hexdigest() for k, v in drawn.items()}
    return {"seed": seed, "n": n} | hashes


def loader(seed, n, epochs):
    """Two numbers of 63 bits an epoch, the second one a seed: a DataLoader that shuffles."""
    torch.manual_seed(seed)
    batches = torch.utils.data.DataLoader(range(n), batch_size=8, shuffle=True)
    return {"seed": seed, "orders": [torch.cat(list(batches)).tolist() for _ in range(epochs)]}


def seeded(seed, draw):
    torch.manual_seed(seed)
    return draw().tolist()


def apart():
    """Draws at the ends of what one way of drawing is for."""
    many = torch.full((2**20 + 1,), 2.0**-25)
    many[0] = 1
    narrow = lambda b: [number(x) for x in seeded(1, lambda: torch.nn.init.trunc_normal_(empty(6), 0, 1, -b, b))]
    return {
        "2^28": seeded(137, lambda: torch.randint(0, 2**28, (3,))),
        "one, replaced": [seeded(s, lambda: torch.multinomial(weights(7), 1, True))[0] for s in range(8)],
        "small shares of a sum": seeded(3, lambda: torch.multinomial(many, 100, True)),
        "31 % of a bell": narrow(0.4),
        "29 % of a bell": narrow(0.38),
    }


def message(call):
    try:
        call()
    except (RuntimeError, ValueError) as error:
        return str(error).split("\n")[0]
    raise AssertionError("no error")


T = torch.tensor


def past_its_end():
    """The state of a generator that has used 625 of its 624 words."""
    saved = torch.Generator().manual_seed(1).get_state()
    saved[8:12], saved[16:20] = T([0, 0, 0, 0]), T([0x71, 2, 0, 0])
    return saved


ERRORS = {
    "normal": lambda: empty(3).normal_(0, -1),
    "normal of many": lambda: empty(16).normal_(0, -1),
    "uniform": lambda: empty(3).uniform_(1, 0),
    "uniform too wide": lambda: empty(3).uniform_(-3e38, 3e38),
    "exponential": lambda: empty(3).exponential_(-1),
    "geometric 0": lambda: empty(3).geometric_(0),
    "geometric 1": lambda: empty(3).geometric_(1),
    "cauchy": lambda: empty(3).cauchy_(0, 0),
    "logNormal": lambda: empty(3).log_normal_(0, 0),
    "bernoulli": lambda: empty(3).bernoulli_(1.5),
    "dropout": lambda: torch.nn.functional.dropout(empty(3), 1.5),
    "randint": lambda: torch.randint(3, 3, (3,)),
    "randint int": lambda: torch.randint(0, 2**33, (3,), dtype=torch.int32),
    "multinomial negative": lambda: torch.multinomial(T([1.0, -1]), 1),
    "multinomial nan": lambda: torch.multinomial(T([1.0, float("nan")]), 1),
    "multinomial zero": lambda: torch.multinomial(T([0.0, 0]), 1),
    "multinomial's second row": lambda: torch.multinomial(T([[1.0, 2], [1, -1]]), 1),
    "multinomial many": lambda: torch.multinomial(T([1.0, 2]), 3),
    "multinomial none": lambda: torch.multinomial(T([1.0, 2]), 0),
    "replacement negative": lambda: torch.multinomial(T([1.0, -1]), 1, True),
    "replacement nan": lambda: torch.multinomial(T([1.0, float("nan")]), 1, True),
    "replacement infinite": lambda: torch.multinomial(T([1.0, float("inf")]), 1, True),
    "replacement zero": lambda: torch.multinomial(T([0.0, 0]), 1, True),
    "seed": lambda: torch.manual_seed(2**64),
    "seed negative": lambda: torch.manual_seed(-(2**63) - 1),
    "state": lambda: torch.set_rng_state(torch.zeros(5056, dtype=torch.uint8)),
    "state past its end": lambda: torch.set_rng_state(past_its_end()),
}


def main():
    golden = {
        "torch": torch.__version__,
        "programs": {
            "every distribution at every size": program(137, every_size()),
            "the spare normal, carried": program(137, SPARE),
            **{f"shuffled, seed {s}": program(s, shuffled(s, 24)) for s in SEEDS},
        },
        "bulk": bulk(137, 1_000_003),
        "states": [state(3, w, n) for w in [0, 5, 623, 624, 625] for n in [0, 3]],
        "loader": loader(7, 20, 3),
        "apart": apart(),
        "errors": {name: message(call) for name, call in ERRORS.items()},
    }
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(golden, separators=(",", ":"), allow_nan=False) + "\n")
    print(f"{path.name}: {path.stat().st_size} bytes")


main()
