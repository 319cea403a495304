"""Writes counting.json: the run of notebook 000, cells 4 to 11, as PyTorch repeats it.

Run it with PyTorch 2.13 (1.13 prints the same 50 losses); it takes some minutes:

    python3 tests/goldens/counting.py

The notebook set no seed. Its history was recovered from what it printed: this seed, the model built twice, the
embedding of cell 7 drawn three times, 20 epochs that the notebook does not show, 50 that it does, and the
generation.
"""

import json
import pathlib

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.set_num_threads(1)


def number(x):
    return float(f"{float(x):.9g}")


class SmallLLM(nn.Module):
    def __init__(self, vocab_size, embed_size, num_heads, num_layers):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.transformer = nn.Transformer(embed_size, num_heads, num_layers)
        self.fc = nn.Linear(embed_size, vocab_size)

    def forward(self, x):
        x = self.embedding(x)
        return self.fc(self.transformer(x, x))


torch.manual_seed(1327059842)
SmallLLM(10, 32, 2, 2)
model = SmallLLM(10, 32, 2, 2)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
for _ in range(3):
    nn.Embedding(5, 3)

sequences = torch.tensor([list(range(10))] * 100)
targets = torch.tensor([[*range(1, 10), 0]] * 100)
loader = DataLoader(TensorDataset(sequences, targets), batch_size=8, shuffle=True)
golden = {"losses": [], "norms": {}}
for epoch in range(70):
    for batch, target in loader:
        loss = criterion(model(batch).view(-1, 10), target.view(-1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        golden["losses"].append(number(loss))
    if epoch == 0:
        golden["norms"] = {name: number(p.norm()) for name, p in model.named_parameters()}
        # Of the queries', keys' and values' biases: a key's has no gradient but for rounding.
        golden["biases"] = {
            name: [number(part.norm()) for part in p.chunk(3)]
            for name, p in model.named_parameters()
            if name.endswith("in_proj_bias")
        }

written = list(range(10))
golden["margins"] = []
for _ in range(20):
    scores = model(torch.tensor([written[-10:]]).transpose(0, 1))[0, -1]
    first, second = scores.topk(2).values
    golden["margins"].append(number(first - second))
    written.append(scores.argmax().item())
golden["written"] = written

path = pathlib.Path(__file__).with_name("counting.json")
# The first epoch by 1.13, which rounds otherwise: run this once with Debian's python3-torch, then with 2.13.
before = json.loads(path.read_text()) if path.exists() else golden
first = {"losses": before["losses"][:13], "norms": before["norms"]}
golden["older"] = before.get("older", first) if torch.__version__ >= "2" else None
path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
