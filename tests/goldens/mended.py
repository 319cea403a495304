"""Writes mended.json: the small model of lesson 4 that learns to count, and its two crippled twins, as
PyTorch trains them.

Run it with PyTorch 2.13:

    python3 tests/goldens/mended.py
"""

import json
import math
import pathlib

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.set_num_threads(1)


def number(x):
    return float(f"{float(x):.7g}")


def count(start, step, length):
    return [(start + step * i) % 10 for i in range(length)]


class CountingLLM(nn.Module):
    def __init__(self, masked, placed):
        super().__init__()
        self.masked, self.placed = masked, placed
        self.embedding = nn.Embedding(10, 64)
        self.places = nn.Embedding(10, 64)
        self.layer = nn.TransformerEncoderLayer(
            64, 2, dim_feedforward=128, dropout=0.2, batch_first=True, norm_first=True
        )
        self.norm = nn.LayerNorm(64)
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        T = x.shape[1]
        y = self.embedding(x)
        if self.placed:
            y = y + self.places(torch.arange(T))
        mask = torch.full((T, T), -torch.inf).triu(1) if self.masked else None
        return self.fc(self.norm(self.layer(y, mask)))


torch.manual_seed(123)
counts = [(start, step) for step in (1, 2, -1, -2) for start in range(10)]
order = torch.randperm(40).tolist()
golden = {"heldOut": [counts[i] for i in order[:8]]}
held_out = torch.tensor([count(*c, 20) for c in golden["heldOut"]])
seen = torch.tensor([count(*counts[i], 11) for i in order[8:]])

for name, masked, placed in ("mended", True, True), ("peeking", False, True), ("placeless", True, False):
    torch.manual_seed(123)
    model = CountingLLM(masked, placed)
    loader = DataLoader(TensorDataset(seen[:, :-1], seen[:, 1:]), batch_size=16, shuffle=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.1)
    rate = lambda step: min(1, (step + 1) / 20) * (1 + math.cos(math.pi * step / 400)) / 2
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    losses = []
    for epoch in range(200):
        for x, y in loader:
            scores = model.train()(x)
            loss = F.cross_entropy(scores[:, 1:].flatten(0, 1), y[:, 1:].flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(number(loss))
    model.eval()
    with torch.no_grad():
        right = model(held_out[:, :10]).argmax(-1) == held_out[:, 1:11]
        written = held_out[:, :3]
        for _ in range(17):
            best = model(written[:, -10:])[:, -1].argmax(-1, keepdim=True)
            written = torch.cat([written, best], 1)
    golden[name] = {
        "losses": losses,
        "right": number(right[:, 1:].float().mean()),
        "continued": number((written == held_out)[:, 3:].float().mean()),
    }
    print(name, losses[-1], golden[name]["right"], golden[name]["continued"])

path = pathlib.Path(__file__).with_name("mended.json")
path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
