"""Writes gpt.json: what PyTorch gives for the numbers that lesson 8 shows, from the same seeds.

Run it with PyTorch 2.13; it needs about 2 GB of memory:

    python3 tests/goldens/gpt.py

The model is the lesson's, written in PyTorch in the same order; attention is spelt out, as
there. A small model of the same code is trained for a few steps, with
dropout, so that a test can follow every gradient.
"""

import json
import pathlib

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(1)


def numbers(x):
    return [float(f"{v:.8g}") for v in x.detach().reshape(-1).tolist()]


class FeedForward(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        width = cfg["embDim"]
        self.layers = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width)
        )

    def forward(self, x):
        return self.layers(x)


class MultiHeadAttention(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.cfg = cfg
        width, bias = cfg["embDim"], cfg["qkvBias"]
        self.w_query = nn.Linear(width, width, bias=bias)
        self.w_key = nn.Linear(width, width, bias=bias)
        self.w_value = nn.Linear(width, width, bias=bias)
        self.out_proj = nn.Linear(width, width)

    def forward(self, x):
        B, T, C = x.shape
        H = self.cfg["nHeads"]
        maps = (self.w_query, self.w_key, self.w_value)
        q, k, v = [map(x).view(B, T, H, C // H).transpose(1, 2) for map in maps]
        scores = q @ k.transpose(-2, -1) / (C // H) ** 0.5
        weights = scores.masked_fill(torch.ones(T, T).triu(1).bool(), -torch.inf).softmax(-1)
        weights = F.dropout(weights, self.cfg["dropRate"], self.training)
        return self.out_proj((weights @ v).transpose(1, 2).flatten(2))


class TransformerBlock(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.att = MultiHeadAttention(cfg)
        self.ff = FeedForward(cfg)
        self.norm1 = nn.LayerNorm(cfg["embDim"])
        self.norm2 = nn.LayerNorm(cfg["embDim"])
        self.drop = nn.Dropout(cfg["dropRate"])

    def forward(self, x):
        x = x + self.drop(self.att(self.norm1(x)))
        return x + self.drop(self.ff(self.norm2(x)))


class GPTModel(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.tok_emb = nn.Embedding(cfg["vocabSize"], cfg["embDim"])
        self.pos_emb = nn.Embedding(cfg["contextLength"], cfg["embDim"])
        self.drop_emb = nn.Dropout(cfg["dropRate"])
        self.trf_blocks = nn.Sequential(*[TransformerBlock(cfg) for _ in range(cfg["nLayers"])])
        self.final_norm = nn.LayerNorm(cfg["embDim"])
        self.out_head = nn.Linear(cfg["embDim"], cfg["vocabSize"], bias=False)

    def forward(self, ids):
        x = self.drop_emb(self.tok_emb(ids) + self.pos_emb(torch.arange(ids.shape[1])))
        return self.out_head(self.final_norm(self.trf_blocks(x)))


def gradient_sizes(shortcuts):
    torch.manual_seed(123)
    layers = [nn.Linear(16, 16) for _ in range(12)]
    x = torch.randn(4, 16)
    for layer in layers:
        y = F.gelu(layer(x))
        x = x + y if shortcuts else y
    x.square().mean().backward()
    return torch.stack([layer.weight.grad.abs().mean() for layer in layers])


golden = {"without": numbers(gradient_sizes(False)), "withShortcuts": numbers(gradient_sizes(True))}

scores = torch.tensor([3.0, 2.5, 1.5, 0.5, 0.0])
warmed = torch.stack([(scores / t).softmax(-1) for t in (0.5, 1, 2)])
kept = scores.masked_fill(scores < scores.topk(3).values[-1], -torch.inf).softmax(-1)
golden["warmed"], golden["kept"] = numbers(warmed), numbers(kept)
torch.manual_seed(123)
draws = [torch.multinomial(p, 1000, replacement=True) for p in (warmed[1], kept)]
golden["draws"] = [torch.bincount(d, minlength=5).tolist() for d in draws]

small = dict(
    vocabSize=37, contextLength=16, embDim=24, nHeads=3, nLayers=2, dropRate=0.1, qkvBias=True
)
torch.manual_seed(123)
model = GPTModel(small)
ids = torch.randint(0, 37, (2, 11))
golden["small"] = {"logits": numbers(model.eval()(ids[:, :-1])), "losses": []}
optimizer = torch.optim.SGD(model.train().parameters(), lr=0.5)
for step in range(5):
    loss = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    golden["small"]["losses"].append(*numbers(loss))
    if step == 0:
        golden["small"]["gradients"] = [numbers(p.grad.norm())[0] for p in model.parameters()]

torch.manual_seed(123)
model = GPTModel(
    dict(vocabSize=50257, contextLength=1024, embDim=768, nHeads=12, nLayers=12, dropRate=0.1, qkvBias=False)
)
batch = torch.tensor([[6109, 3626, 6100, 345], [6109, 1110, 6622, 257]])
with torch.no_grad():
    for name, training in ("logits", True), ("evalLogits", False):
        logits = model.train(training)(batch)
        golden[name] = numbers(torch.cat([logits[..., :3], logits[..., -3:]], -1))
    written, golden["margins"] = batch[:1], []
    for _ in range(6):
        best = model(written)[:, -1].topk(2)
        golden["margins"].append(numbers(best.values[0, 0] - best.values[0, 1])[0])
        written = torch.cat([written, best.indices[:, :1]], 1)
golden["written"] = written.tolist()[0]

path = pathlib.Path(__file__).with_name("gpt.json")
path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
