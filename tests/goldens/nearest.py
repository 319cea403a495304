"""
Writes nearest.json: which tokens have vectors similar to those of some others, by their cosine, after lesson 13's whole
run in PyTorch with the seed 1.

Run from the repository's root with PyTorch 2.13; it takes four minutes. Deno lends lesson 11's tokens.
"""

import json
import pathlib
import subprocess

import torch
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)

STEPS = 10_000
BATCH, CONTEXT = 64, 32
WORDS = " he", " my", "."

code = """
import { tokenizer, trainData } from "./lessons/11-tokenizer.ts";
const tokens = Array.from({ length: 512 }, (_, id) => tokenizer.decode([id]));
console.log(JSON.stringify([[...await trainData.data()], tokens]));
"""
command = ["deno", "eval", "--no-check", "--ext=ts", code, "--data", "shipped"]
lent = subprocess.run(command, check=True, capture_output=True, text=True).stdout
ids, tokens = json.loads(lent)
data = torch.tensor(ids)


def get_batch():
    ix = torch.randint(len(data) - CONTEXT - 1, (BATCH,))
    rows = ix[:, None] + torch.arange(CONTEXT)
    return data[rows], data[rows + 1][:, -1]


torch.manual_seed(1)
table = nn.Embedding(512, 64)
net = nn.Sequential(nn.Linear(CONTEXT * 64, 512), nn.Tanh(), nn.Linear(512, 512))
optimizer = torch.optim.AdamW([*table.parameters(), *net.parameters()], lr=1e-3)
golden = {"version": torch.__version__, "seed": 1, "steps": STEPS, "nearest": {}}
for step in range(STEPS):
    x, y = get_batch()
    loss = F.cross_entropy(net(table(x).view(BATCH, -1)), y)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    if step % 1000 == 0:
        print(step, loss.item(), flush=True)

unit = F.normalize(table.weight.detach(), dim=1)
for word in WORDS:
    cosines, near = (unit @ unit[tokens.index(word)]).topk(6)
    golden["nearest"][word] = [[tokens[i], round(c, 4)] for c, i in zip(cosines.tolist()[1:], near.tolist()[1:])]
path = pathlib.Path(__file__).with_name("nearest.json")
path.write_text(json.dumps(golden) + "\n")
