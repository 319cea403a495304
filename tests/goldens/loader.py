"""Writes loader.json: the batches that PyTorch's DataLoader makes, and what the generators give after them.

Run it with a Python that has torch 2.13, whose wide integers take two words:

    python3 tests/goldens/loader.py
"""

import json
import pathlib

import torch
from torch.utils.data import DataLoader

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


def main():
    path = pathlib.Path(__file__).parent / "loader.json"
    path.write_text("[\n" + ",\n".join(json.dumps(case(*c), separators=(",", ":")) for c in CASES) + "\n]\n")
    print(f"{path.name}: {path.stat().st_size:,} bytes")


main()
