"""Writes loader.json: the batches that PyTorch's DataLoader makes, what its samplers and random_split draw, and what
the generators give after them.

Run it with a Python that has torch 2.13, whose wide integers take two words:

    python3 tests/goldens/loader.py
"""

import json
import pathlib

import torch
from torch.utils.data import DataLoader, RandomSampler, SubsetRandomSampler, WeightedRandomSampler, random_split

# Samples, options, and after how many batches each epoch is left (None: never).
CASES = [
    [10, {"batchSize": 4}, [None]],
    [10, {"batchSize": 4, "dropLast": True}, [None]],
    [10, {"batchSize": 4, "shuffle": True}, [None] * 3],
    [12, {"batchSize": 4, "shuffle": True}, [None] * 2],
    [10, {"batchSize": 4, "shuffle": True, "dropLast": True}, [None] * 2],
    [10, {"batchSize": 4, "shuffle": True, "generator": 5}, [None] * 3],
    [12, {"batchSize": 4, "shuffle": True, "generator": 5}, [None] * 3],
    [12, {"batchSize": 4, "shuffle": True, "dropLast": True, "generator": 5}, [None] * 2],
    [10, {"batchSize": 4, "shuffle": True, "dropLast": True, "generator": 5}, [1, None]],
    [10, {"batchSize": 5, "shuffle": True, "generator": 6}, [0, 2, 1, None]],
    [10, {"batchSize": 5, "shuffle": True}, [0, 1, None]],
    [10, {"batchSize": 3, "generator": 7}, [None, 1]],
    [1, {"shuffle": True, "generator": 8}, [None, None]],
    [5, {"batchSize": 100, "shuffle": True}, [None] * 2],
    [1000, {"batchSize": 64, "shuffle": True}, [None]],
    [100, {"batchSize": 8, "shuffle": True}, [None] * 3],
]
NAMES = {"batchSize": "batch_size", "dropLast": "drop_last"}


def case(n, options, epochs):
    torch.manual_seed(1234 + n)
    given = {NAMES.get(k, k): v for k, v in options.items()}
    if "generator" in given:
        given["generator"] = torch.Generator().manual_seed(given["generator"])
    loader = DataLoader(range(n), **given)
    seen = []
    for leave in epochs:
        batches = []
        walk = iter(loader)
        while leave is None or len(batches) < leave:
            batch = next(walk, None)
            if batch is None:
                break
            batches.append(batch.tolist())
        seen.append(batches)
    own = given.get("generator", torch.default_generator)
    return {
        "n": n,
        "options": options,
        "leave": epochs,
        "length": len(loader),
        "epochs": seen,
        # What is drawn next: as integers, which float32 can't round.
        "next": torch.randint(2**31 - 1, (3,)).tolist(),
        "nextOwn": torch.randint(2**31 - 1, (3,), generator=own).tolist(),
    }


def own(seed):
    return None if seed is None else torch.Generator().manual_seed(seed)


# What a sampler is made of, and its options; the seed of its generator is None for the default one.
SAMPLERS = [
    ["RandomSampler", 10, {"replacement": True, "numSamples": 70}, None],
    ["RandomSampler", 5, {"replacement": True}, 3],
    ["RandomSampler", 5, {"numSamples": 12}, 4],
    ["RandomSampler", 5, {"numSamples": 10}, None],
    ["RandomSampler", 7, {"numSamples": 3}, 5],
    ["SubsetRandomSampler", [4, 2, 9, 9, 0], {}, None],
    ["SubsetRandomSampler", [4, 2, 9, 9, 0], {}, 6],
    ["WeightedRandomSampler", [0.1, 2, 0, 3.5], {"numSamples": 9}, 7],
    ["WeightedRandomSampler", [0.1, 2, 0, 3.5], {"numSamples": 3, "replacement": False}, None],
]
MADE = {"RandomSampler": RandomSampler, "SubsetRandomSampler": SubsetRandomSampler}
MADE["WeightedRandomSampler"] = WeightedRandomSampler


def sampler(name, of, options, seed):
    torch.manual_seed(99)
    given = {"num_samples" if k == "numSamples" else k: v for k, v in options.items()}
    made = MADE[name](range(of) if isinstance(of, int) else of, **given, generator=own(seed))
    epochs = [[int(i) for i in made] for _ in range(2)]
    after = torch.randint(2**31 - 1, (3,)).tolist()
    return {"name": name, "of": of, "options": options, "seed": seed, "epochs": epochs, "next": after}


SPLITS = [
    [10, [3, 7], 42],
    [10, [0.5, 0.3, 0.2], 42],
    [11, [0.3, 0.3, 0.4], None],
    [23, [0.1] * 10, 1],
    [5, [0, 5], None],
    [100, [0.9, 0.1], 2],
]


def split(n, lengths, seed):
    torch.manual_seed(99)
    generator = own(seed) or torch.default_generator
    parts = [list(part) for part in random_split(range(n), lengths, generator=generator)]
    return {"n": n, "lengths": lengths, "seed": seed, "parts": parts, "next": torch.randint(2**31 - 1, (3,)).tolist()}


def listed(made):
    return "[\n" + ",\n".join(json.dumps(one, separators=(",", ":")) for one in made) + "\n]"


def main():
    path = pathlib.Path(__file__).parent / "loader.json"
    parts = {
        "batches": [case(*c) for c in CASES],
        "samplers": [sampler(*c) for c in SAMPLERS],
        "splits": [split(*c) for c in SPLITS],
    }
    path.write_text("{\n" + ",\n".join(f'"{name}": {listed(made)}' for name, made in parts.items()) + "\n}\n")
    print(f"{path.name}: {path.stat().st_size:,} bytes")


main()
