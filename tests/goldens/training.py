"""
Writes training.json: what PyTorch makes of lesson 13's first 200 steps, from the notebook's seed, on the
same tokens and in the same order of draws.

Run from the repository's root with PyTorch 2.13. Deno lends lesson 11's tokens, so that the data is the same.
"""

import json
import subprocess

import torch
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)

STEPS = 200
EVAL_ITERS = 5
BATCH, CONTEXT = 64, 32

code = """
import { trainData, valData, tokenizer } from "./lessons/11-tokenizer.ts";
const ids = async (x) => [...await x.data()];
console.log(JSON.stringify([await ids(trainData), await ids(valData), tokenizer.encode("\\n")]));
"""
command = ["deno", "eval", "--no-check", "--ext=ts", code, "--data", "shipped"]
lent = subprocess.run(command, check=True, capture_output=True, text=True).stdout
train_data, val_data, newline = map(torch.tensor, json.loads(lent))


def get_batch(split, context_length):
    data = train_data if split == "train" else val_data
    ix = torch.randint(len(data) - context_length - 1, (BATCH,))
    rows = ix[:, None] + torch.arange(context_length)
    return data[rows], data[rows + 1]


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.token_embedding_table = nn.Embedding(512, 64)
        self.net = nn.Sequential(nn.Linear(CONTEXT * 64, 512), nn.Tanh(), nn.Linear(512, 512))

    def forward(self, idx, y=None):
        logits = self.net(self.token_embedding_table(idx).view(len(idx), -1))
        return logits, None if y is None else F.cross_entropy(logits, y[:, -1])


@torch.no_grad()
def generate(model, tokens, topk=5):
    idx = newline.repeat(1, CONTEXT)
    for _ in range(tokens):
        logits, _ = model(idx[:, -CONTEXT:])
        best, _ = torch.topk(logits, topk)
        logits[logits < best[:, [-1]]] = -float("inf")
        following = torch.multinomial(F.softmax(logits, dim=-1), num_samples=1)
        idx = torch.cat((idx, following), dim=1)
    return idx[0, CONTEXT:].tolist()


@torch.no_grad()
def estimate(model):
    means = [
        torch.stack([model(*get_batch(split, CONTEXT))[1] for _ in range(EVAL_ITERS)]).mean()
        for split in ("train", "val")
    ]
    return [mean.item() for mean in means]


# What lesson 12 draws, then lesson 13's tables.
torch.manual_seed(4273904858)
torch.randint(len(train_data) - 64, (1,))
get_batch("train", 8)
torch.randn(3, 5)
torch.randint(5, (3,))
nn.Embedding(3, 4)
torch.randint(4, (2, 3))
nn.Embedding(5, 5)

model = MLP()
before = generate(model, 50)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
losses, estimates = [], []
for step in range(STEPS):
    if step in (0, STEPS - 1):
        estimates.append(estimate(model))
    _, loss = model(*get_batch("train", CONTEXT))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
after = generate(model, 50)

golden = {
    "tokens": [len(train_data), len(val_data), int(train_data.sum()), int(val_data.sum())],
    "before": before,
    "losses": losses,
    "estimates": estimates,
    "after": after,
    "next": torch.randint(2**31 - 1, (1,)).item(),
}
with open("tests/goldens/training.json", "w") as file:
    json.dump(golden, file, separators=(",", ":"))
    file.write("\n")
