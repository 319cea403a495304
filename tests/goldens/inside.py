"""Writes inside.json: what PyTorch gives for the numbers that lesson 3 shows, from the same seed.

Run it with a Python that has torch 2.13 (for processors):

    python3 tests/goldens/inside.py

The lesson's own layers are PyTorch's here, drawn in the lesson's order, so that its hand-made parts are held
against a second judge beside the library.
"""

import json
import pathlib

import torch
import torch.nn as nn

torch.set_num_threads(2)


def numbers(x):
    return [float(f"{v:.7g}") for v in x.detach().reshape(-1).tolist()]


def sinusoids(T, E):
    angles = torch.arange(T)[:, None] * torch.exp(torch.arange(0, E, 2) * (-torch.log(torch.tensor(1e4)) / E))
    return torch.stack([angles.sin(), angles.cos()], 2).flatten(1)


golden = {}
torch.manual_seed(123)
embedding = nn.Embedding(4, 32)
x = embedding(torch.tensor([0, 1, 2, 0, 3, 1])).detach()
q, k = torch.randn(1000, 64), torch.randn(1000, 64)
products = q @ k.T
golden["variances"] = numbers(torch.stack([products.var(), (products / 8).var()]))
shares = torch.stack([s.view(1000, 100, 10).softmax(-1) for s in (products, products / 8)])
golden["largest"] = numbers(shares.amax(-1).mean((1, 2)))
golden["slopes"] = numbers((shares * (1 - shares)).mean((1, 2, 3)))

head = [nn.Linear(32, 32) for _ in range(3)]
nn.MultiheadAttention(32, 1)
theirs = nn.MultiheadAttention(32, 2, batch_first=True)
batch = torch.stack([x, embedding(torch.tensor([0, 3, 1, 0, 0, 0])).detach()])
hidden = torch.ones(6, 6).triu(1).bool()
padding = torch.tensor([[0] * 6, [0, 0, 0, 1, 1, 1]]).bool()
got, weights = theirs(
    batch, batch, batch, attn_mask=hidden, key_padding_mask=padding, average_attn_weights=False
)
golden["got"], golden["gotWeights"] = numbers(got), numbers(weights)

placed = x + sinusoids(6, 32)
golden["clocks"] = numbers(sinusoids(16, 32))
golden["placedWeights"] = numbers((placed @ placed.T / 32**0.5).softmax(-1))

torch.manual_seed(123)
prebuilt = nn.Transformer(32, 2, 2).eval()
turned = (batch + sinusoids(6, 32)).transpose(0, 1)
mask = torch.full((6, 6), -torch.inf).triu(1)
golden["output"] = numbers(prebuilt(turned, turned, tgt_mask=mask).transpose(0, 1))

path = pathlib.Path(__file__).with_name("inside.json")
path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
