"""
Writes lesson14.json: what PyTorch makes of lesson 14's models on the same tokens. `first`: the losses of 30 steps
under one seed, in the order of the lesson's draws, in the sizes that a test has time for. `band`: what the seeds reach
in full width and in the full number of steps: train loss, validation loss, validation loss with the full context.
`after`: the last of these after other numbers of steps, of which the lesson's prose tells.

Run from the repository's root with PyTorch 2.13 and transformers 5.18: `lesson14.py first` takes a minute,
`lesson14.py after` two, `lesson14.py band` half an hour on one thread; each leaves the others' parts of the file alone,
and `band` what is there already, so that it may be interrupted. Deno lends lesson 11's tokens, so that the data is the same.

Before it writes, it holds the last model against GPTNeoXForCausalLM of transformers with the same weights.
"""

import json
import math
import pathlib
import subprocess
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)

SEED = 4273904858
SEEDS = 1, 2, 3
FIRST = 30
EVAL_ITERS = 1
N_TOKEN, BATCH, N_HEAD, N_LAYER = 512, 64, 4, 2
N_EMBD, CONTEXT = (32, 8) if sys.argv[1:] == ["first"] else (96, 32)  # a test has no time for the lesson's sizes
MLP_CONTEXT = 32
PATH = pathlib.Path(__file__).with_name("lesson14.json")

code = """
import { trainData, valData } from "./lessons/11-tokenizer.ts";
const ids = async (x) => [...await x.data()];
console.log(JSON.stringify([await ids(trainData), await ids(valData)]));
"""
command = ["deno", "eval", "--no-check", "--ext=ts", code, "--data", "shipped"]
lent = subprocess.run(command, check=True, capture_output=True, text=True).stdout
train_data, val_data = map(torch.tensor, json.loads(lent))
tokens = [len(train_data), len(val_data), int(train_data.sum()), int(val_data.sum())]


def get_batch(data, context):
    ix = torch.randint(len(data) - context - 1, (BATCH,))
    rows = ix[:, None] + torch.arange(context)
    return data[rows], data[rows + 1]


class Bigram(nn.Module):
    context = CONTEXT

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(N_TOKEN, N_TOKEN)

    def forward(self, idx):
        return self.table(idx)


class MultiHead(nn.Module):
    def __init__(self, n_head):
        super().__init__()
        self.n_head = n_head
        self.query = nn.Linear(N_EMBD, N_EMBD)
        self.key = nn.Linear(N_EMBD, N_EMBD)
        self.value = nn.Linear(N_EMBD, N_EMBD)

    def place(self, x):
        return x

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = (
            layer(x).view(B, T, self.n_head, C // self.n_head).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        found = F.scaled_dot_product_attention(self.place(q), self.place(k), v, is_causal=True)
        return found.transpose(1, 2).flatten(2)


class RotaryHeads(MultiHead):
    def place(self, x):
        T, half = x.shape[-2], x.shape[-1] // 2
        speeds = 1.0 / 10_000 ** (torch.arange(half) / half)
        angles = torch.arange(T)[:, None] * speeds
        a, b = x.chunk(2, -1)
        cos, sin = angles.cos(), angles.sin()
        return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


def feed_forward(dropout=0.0):
    return nn.Sequential(
        nn.Linear(N_EMBD, 4 * N_EMBD), nn.ReLU(), nn.Linear(4 * N_EMBD, N_EMBD), nn.Dropout(dropout)
    )


def attention(heads, dropout=0.0):
    return nn.Sequential(heads(N_HEAD), nn.Linear(N_EMBD, N_EMBD), nn.Dropout(dropout))


class Block(nn.Module):
    def __init__(self, dropout=0.0, heads=MultiHead):
        super().__init__()
        self.norm1 = nn.LayerNorm(N_EMBD)
        self.attention = attention(heads, dropout)
        self.norm2 = nn.LayerNorm(N_EMBD)
        self.feed_forward = feed_forward(dropout)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.feed_forward(self.norm2(x))


class Reader(nn.Module):
    context = CONTEXT

    def __init__(self, body, positions=True):
        super().__init__()
        self.token_embedding = nn.Embedding(N_TOKEN, N_EMBD)
        self.position_embedding = nn.Embedding(CONTEXT, N_EMBD) if positions else None
        self.body = body()
        self.lm_head = nn.Linear(N_EMBD, N_TOKEN, bias=False)

    def forward(self, idx):
        x = self.token_embedding(idx)
        if self.position_embedding:
            x = x + self.position_embedding(torch.arange(idx.shape[1]))
        return self.lm_head(self.body(x))


def bare(dropout=0.0):
    return nn.Sequential(attention(MultiHead, dropout), feed_forward(dropout))


def blocks(dropout=0.0, heads=MultiHead, n_layer=N_LAYER):
    return nn.Sequential(
        nn.Dropout(dropout), *(Block(dropout, heads) for _ in range(n_layer)), nn.LayerNorm(N_EMBD)
    )


def gpt():
    model = Reader(lambda: blocks(0.15, RotaryHeads), positions=False)
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
    for block in model.body[1:-1]:
        for layer in (block.attention[1], block.feed_forward[2]):
            nn.init.normal_(layer.weight, std=0.02 / math.sqrt(2 * N_LAYER))
    return model


class MLP(nn.Module):
    context = MLP_CONTEXT

    def __init__(self, dropout=0.0):
        super().__init__()
        self.table = nn.Embedding(N_TOKEN, 64)
        self.net = nn.Sequential(
            nn.Linear(MLP_CONTEXT * 64, 512), nn.Tanh(), nn.Dropout(dropout), nn.Linear(512, N_TOKEN)
        )

    def forward(self, idx):
        return self.net(self.table(idx).view(len(idx), -1))


def loss_of(model, X, Y):
    logits = model(X)
    if logits.ndim == 2:
        return F.cross_entropy(logits, Y[:, -1])
    return F.cross_entropy(logits.flatten(0, 1), Y.flatten())


@torch.no_grad()
def estimate(model, iters):
    model.eval()
    means = [torch.stack([loss_of(model, *get_batch(d, model.context)) for _ in range(iters)]).mean() for d in (train_data, val_data)]
    model.train()
    return [mean.item() for mean in means]


@torch.no_grad()
def exact(model):
    """The mean loss of the unseen tokens, each predicted from at least 29 before it (an MLP's from 32)."""
    model.eval()
    one = model(val_data[None, :model.context]).ndim == 2
    stride = 1 if one else 4
    starts = torch.arange(0, len(val_data) - model.context, stride)
    total = 0.0
    for part in starts.split(256):
        rows = part[:, None] + torch.arange(model.context)
        logits, Y = model(val_data[rows]), val_data[rows + 1][:, -stride:]
        logits = logits[:, None] if one else logits[:, -stride:]
        total += F.cross_entropy(logits.flatten(0, 1), Y.flatten(), reduction="sum").item()
    model.train()
    return total / (len(starts) * stride)


def warm_up_cosine(steps, warm_up):
    def rate(t):
        if t < warm_up:
            return (t + 1) / warm_up
        return 0.05 + 0.95 * (1 + math.cos(math.pi * (t - warm_up) / (steps - warm_up))) / 2

    return rate


TUNED = {"weight_decay": 0.1, "betas": (0.9, 0.99)}
# name: how it is made, steps, learning rate, and what else AdamW is told
STAGES = {
    "bigram": (Bigram, 1000, 1e-2, {}),
    "one head": (lambda: Reader(lambda: MultiHead(1)), 400, 5e-3, {}),
    "several heads": (lambda: Reader(lambda: MultiHead(N_HEAD)), 400, 5e-3, {}),
    "feed-forward": (lambda: Reader(bare), 400, 5e-3, {}),
    "three bare": (lambda: Reader(lambda: nn.Sequential(bare(), bare(), bare())), 100, 5e-3, {}),
    "one block": (lambda: Reader(lambda: blocks(n_layer=1)), 300, 5e-3, {}),
    "two blocks": (lambda: Reader(blocks), 300, 5e-3, {}),
    "dropout": (lambda: Reader(lambda: blocks(0.1)), 400, 5e-3, {}),
    "rotary": (lambda: Reader(lambda: blocks(0.1, RotaryHeads), positions=False), 400, 5e-3, {}),
    "gpt": (gpt, 800, 7e-3, TUNED),
    "MLP, dropout": (lambda: MLP(0.5), 7_000, 1e-3, {"weight_decay": 0.3}),
}


# Not a stage: what three bare ones would have become with shortcuts and layer norms.
OTHERS = {"three blocks": (lambda: Reader(lambda: blocks(n_layer=3)), 100, 5e-3, {})}
# Name, steps, seed.
AFTER = (
    ("feed-forward", 100, 1),
    ("three bare", 300, 1),
    ("three bare", 300, 2),
    ("three bare", 600, 1),
    ("three blocks", 100, 1),
)


def learn(name, seed, limit, iters, steps=None):
    make, full, lr, options = (STAGES | OTHERS)[name]
    steps = steps or full
    torch.manual_seed(seed)
    model = make()
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, **options)
    schedule = None
    if name == "gpt":
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, warm_up_cosine(steps, 50))
    losses = []
    for step in range(min(steps, limit)):
        if step == 0 and iters:
            losses.append(estimate(model, iters)[0])
        loss = loss_of(model, *get_batch(train_data, model.context))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if schedule:
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if schedule:
            schedule.step()
        losses.append(loss.item())
    return model, losses


def hold_to_gpt_neox(model):
    """The last model is GPT-NeoX's, to the last bits: half-split rotary positions, pre-norm, biases."""
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    config = GPTNeoXConfig(
        vocab_size=N_TOKEN,
        hidden_size=N_EMBD,
        num_hidden_layers=N_LAYER,
        num_attention_heads=N_HEAD,
        intermediate_size=4 * N_EMBD,
        max_position_embeddings=CONTEXT,
        hidden_act="relu",
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0, "partial_rotary_factor": 1.0},
        use_parallel_residual=False,
        tie_word_embeddings=False,
    )
    names = {"norm1": "input_layernorm", "norm2": "post_attention_layernorm", "attention.1": "attention.dense"}
    names |= {"feed_forward.0": "mlp.dense_h_to_4h", "feed_forward.2": "mlp.dense_4h_to_h"}
    own = model.state_dict()
    state = {"gpt_neox.embed_in.weight": own["token_embedding.weight"], "lm_head.weight": own["lm_head.weight"]}
    state |= {f"gpt_neox.final_layer_norm.{k}": own[f"body.{N_LAYER + 1}.{k}"] for k in ("weight", "bias")}
    for i in range(N_LAYER):
        for kind in ("weight", "bias"):
            for ours, theirs in names.items():
                state[f"gpt_neox.layers.{i}.{theirs}.{kind}"] = own[f"body.{i + 1}.{ours}.{kind}"]
            three = [own[f"body.{i + 1}.attention.0.{part}.{kind}"] for part in ("query", "key", "value")]
            # head by head: its queries' rows, its keys', its values'
            by_head = torch.stack([x.view(N_HEAD, N_EMBD // N_HEAD, -1) for x in three], 1)
            state[f"gpt_neox.layers.{i}.attention.query_key_value.{kind}"] = by_head.view(3 * N_EMBD, -1).squeeze(-1)
    theirs = GPTNeoXForCausalLM(config)
    theirs.load_state_dict(state)
    idx, _ = get_batch(val_data, CONTEXT)
    with torch.no_grad():
        torch.testing.assert_close(model.eval()(idx), theirs.eval()(idx).logits, rtol=0, atol=1e-5)


def write(part, value):
    golden = json.loads(PATH.read_text()) if PATH.exists() else {}
    golden |= {"tokens": tokens, part: value}
    PATH.write_text(json.dumps(golden, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["first"]:
        torch.manual_seed(1)
        model = gpt()
        for p in model.parameters():
            nn.init.normal_(p, std=0.1)
        hold_to_gpt_neox(model)
        first = {}
        for name in STAGES:
            _, losses = learn(name, SEED, FIRST, EVAL_ITERS)
            first[name] = {"losses": losses[1:]}
            print(name, losses[:2], losses[-1], flush=True)
        write("first", first)
    elif sys.argv[1:] == ["after"]:
        after = []
        for name, steps, seed in AFTER:
            model, _ = learn(name, seed, steps, 0, steps)
            after.append([name, steps, seed, round(exact(model), 4)])
            print(after[-1], flush=True)
        write("after", after)
    else:
        for name in STAGES:
            for seed in SEEDS:
                golden = json.loads(PATH.read_text())
                band = golden.get("band", {})
                if str(seed) in band.setdefault(name, {}):
                    continue
                start = time.time()
                model, _ = learn(name, seed, 10**9, 0)
                train, val = estimate(model, 100)
                band[name][seed] = [round(x, 4) for x in (train, val, exact(model))]
                count = sum(p.numel() for p in model.parameters())
                print(seed, name, count, band[name][seed], f"{time.time() - start:.0f} s", flush=True)
                write("band", band)
