"""
Writes band.json: the losses of lesson 13's whole run with three other seeds, by PyTorch: how far a run may lie from
the one that the lesson shows.

Run from the repository's root with a Python that has torch 2.13 (for processors); it takes ten minutes a seed. Deno
lends lesson 11's tokens, so that the data is the same.
"""

import json
import pathlib
import subprocess

import torch
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)

SEEDS = 1, 2, 3
STEPS = 10_000
BATCH, CONTEXT = 64, 32

code = """
import { trainData, valData } from "./lessons/11-tokenizer.ts";
const ids = async (x) => [...await x.data()];
console.log(JSON.stringify([await ids(trainData), await ids(valData)]));
"""
command = ["deno", "eval", "--no-check", "--ext=ts", code, "--data", "shipped"]
lent = subprocess.run(command, check=True, capture_output=True, text=True).stdout
train_data, val_data = map(torch.tensor, json.loads(lent))


def get_batch(data):
    ix = torch.randint(len(data) - CONTEXT - 1, (BATCH,))
    rows = ix[:, None] + torch.arange(CONTEXT)
    return data[rows], data[rows + 1]


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(512, 64)
        self.net = nn.Sequential(nn.Linear(CONTEXT * 64, 512), nn.Tanh(), nn.Linear(512, 512))

    def forward(self, idx, y):
        logits = self.net(self.table(idx).view(len(idx), -1))
        return F.cross_entropy(logits, y[:, -1])


def run(seed):
    torch.manual_seed(seed)
    model = MLP()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    losses = []
    for step in range(STEPS):
        if step % 1000 == 0 or step == STEPS - 1:
            with torch.no_grad():
                seen = [torch.stack([model(*get_batch(d)) for _ in range(100)]).mean() for d in (train_data, val_data)]
            losses.append([step, *(round(loss.item(), 4) for loss in seen)])
        loss = model(*get_batch(train_data))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if step % 1000 == 999:
            print(f"seed {seed}, step {step + 1:,} of {STEPS:,}: {losses[-1]}", flush=True)
    return {"seed": seed, "losses": losses}


golden = [run(seed) for seed in SEEDS]
path = pathlib.Path(__file__).with_name("band.json")
path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
print(f"{path.name}: torch {torch.__version__}")
