"""The works in PyTorch, for `deno task bench:peers`: `torch_works.py DEVICE [--tiny]`.

The same lines of JSON as child.ts takes and gives; the tensors by the formula of works.ts. What is measured is
PyTorch as it is installed, in float32 on every device.
"""

import json
import os
import sys
import time

import torch
import torch.nn.functional as F

device = sys.argv[1]
torch.set_num_threads(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False


def hashed(start, count):
    """works.ts's hash, in 64-bit arithmetic that keeps the low 32 bits."""
    low = 0xFFFFFFFF
    x = torch.arange(start, start + count, dtype=torch.int64)
    x ^= x >> 16
    x = (x * 0x21F0AAAD) & low
    x ^= x >> 15
    x = (x * 0x735A2D97) & low
    x ^= x >> 15
    return x


def numbers(spec):
    count = 1
    for size in spec["shape"]:
        count *= size
    values = torch.empty(count)
    step = 1 << 22
    for at in range(0, count, step):
        part = hashed(spec["start"] + at, min(step, count - at)) >> 8
        values[at : at + step] = part.float().mul_(2**-24).sub_(0.5).mul_(spec["scale"]).add_(spec["shift"])
    return values.view(spec["shape"]).to(device)


def read(out, every):
    """One number of a tensor, or all of them."""
    return out.flatten().tolist() if every else [out.flatten()[0].item()]


def matmul(work):
    a, b = (numbers(spec) for spec in work["tensors"])
    return lambda every: read(a @ b, every)


def linear(work):
    x, weight = (numbers(spec) for spec in work["tensors"])
    return lambda every: read(F.linear(x, weight), every)


def training(work):
    w = {spec["name"]: numbers(spec).requires_grad_() for spec in work["tensors"]}
    optimizer = torch.optim.AdamW(w.values(), lr=1e-3)
    batches = [torch.tensor(rows, device=device) for rows in work["ids"]]
    targets = [torch.tensor(row, device=device) for row in work["targets"]]

    def run(every):
        losses = []
        for ids, target in zip(batches, targets):
            x = F.embedding(ids, w["table.weight"]).view(len(ids), -1)
            x = torch.tanh(F.linear(x, w["net.0.weight"], w["net.0.bias"]))
            loss = F.cross_entropy(F.linear(x, w["net.2.weight"], w["net.2.bias"]), target)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        return read(torch.stack(losses), True)

    return run


def gpt_training(work):
    w = {spec["name"]: numbers(spec).requires_grad_() for spec in work["tensors"]}
    optimizer = torch.optim.AdamW(w.values(), lr=1e-3)
    batches = [torch.tensor(rows, device=device) for rows in work["ids"]]
    targets = [torch.tensor(row, device=device) for row in work["targets"]]
    batch, length = batches[0].shape
    embed = w["tokens.weight"].shape[1]
    layers = sum(name.endswith("query.weight") for name in w)
    half = embed // work["heads"] // 2
    angles = torch.arange(length)[:, None] * 10_000 ** (-torch.arange(half) / half)
    cos, sin = angles.cos().repeat(1, 2).to(device), torch.cat((-angles.sin(), angles.sin()), 1).to(device)

    def apply(x, name):
        return F.linear(x, w[name + ".weight"], w.get(name + ".bias"))

    def norm(x, name):
        return F.layer_norm(x, [embed], w[name + ".weight"], w[name + ".bias"])

    def turned(x):
        a, b = x.chunk(2, -1)
        return x * cos + torch.cat((b, a), -1) * sin

    def loss_of(ids, target):
        x = F.embedding(ids, w["tokens.weight"])
        for i in range(layers):
            at = f"blocks.{i}."
            y = norm(x, at + "norm1")
            q, k, v = (
                apply(y, at + part).view(batch, length, work["heads"], -1).transpose(1, 2)
                for part in ("query", "key", "value")
            )
            found = attention(turned(q), turned(k), v).transpose(1, 2).reshape(batch, length, embed)
            x = x + apply(found, at + "out")
            x = x + apply(F.relu(apply(norm(x, at + "norm2"), at + "up")), at + "down")
        return F.cross_entropy(apply(norm(x, "norm"), "head").flatten(0, 1), target)

    def run(every):
        losses = []
        for ids, target in zip(batches, targets):
            loss = loss_of(ids, target)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        return read(torch.stack(losses), True)

    return run


def attention(q, k, v):
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    length = q.shape[-2]
    later = torch.ones(length, length, dtype=torch.bool, device=device).triu(1)
    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
    return scores.masked_fill(later, -torch.inf).softmax(-1) @ v


def forward(work):
    w = {spec["name"]: numbers(spec) for spec in work["tensors"]}
    ids = torch.tensor(work["ids"][0], device=device)
    batch, length = ids.shape
    embed = w["tokens.weight"].shape[1]
    layers = sum(name.endswith("query.weight") for name in w)

    def apply(x, name):
        return F.linear(x, w[name + ".weight"], w.get(name + ".bias"))

    def norm(x, name):
        return F.layer_norm(x, [embed], w[name + ".weight"], w[name + ".bias"])

    @torch.no_grad()
    def run(every):
        x = F.embedding(ids, w["tokens.weight"]) + w["places.weight"][:length]
        for i in range(layers):
            at = f"blocks.{i}."
            y = norm(x, at + "norm1")
            parts = (
                apply(y, at + part).view(batch, length, work["heads"], -1).transpose(1, 2)
                for part in ("query", "key", "value")
            )
            found = attention(*parts).transpose(1, 2).reshape(batch, length, embed)
            x = x + apply(found, at + "out")
            x = x + apply(F.gelu(apply(norm(x, at + "norm2"), at + "up"), approximate="tanh"), at + "down")
        return read(apply(norm(x, "norm"), "head"), every)

    return run


def writing(work):
    w = {spec["name"]: numbers(spec) for spec in work["tensors"]}
    ids = torch.tensor(work["ids"][0], device=device)
    heads, length = work["heads"], ids.shape[1]
    half = length // 2
    embed = w["tokens.weight"].shape[1]
    layers = sum(name.endswith("query.weight") for name in w)
    joined = [
        torch.cat([w[f"blocks.{i}.{part}.weight"] for part in ("query", "key", "value")]) for i in range(layers)
    ]
    keys, values = (
        [torch.zeros(1, heads, length, embed // heads, device=device) for _ in range(layers)] for _ in range(2)
    )

    def apply(x, name):
        return F.linear(x, w[name + ".weight"], w.get(name + ".bias"))

    def norm(x, name):
        return F.layer_norm(x, [embed], w[name + ".weight"], w[name + ".bias"])

    def step(start, end):
        count = end - start
        x = F.embedding(ids[:, start:end], w["tokens.weight"]) + w["places.weight"][start:end]
        for i in range(layers):
            at = f"blocks.{i}."
            parts = F.linear(norm(x, at + "norm1"), joined[i]).split(embed, -1)
            q, k, v = (part.view(1, count, heads, -1).transpose(1, 2) for part in parts)
            keys[i][:, :, start:end], values[i][:, :, start:end] = k, v
            found = F.scaled_dot_product_attention(
                q, keys[i][:, :, :end], values[i][:, :, :end], is_causal=count > 1
            )
            x = x + apply(found.transpose(1, 2).reshape(1, count, embed), at + "out")
            x = x + apply(F.gelu(apply(norm(x, at + "norm2"), at + "up"), approximate="tanh"), at + "down")
        return apply(norm(x[:, -1], "norm"), "head")[0]

    with torch.no_grad():
        step(0, half)

    @torch.no_grad()
    def run(every):
        for at in range(half, length):
            logits = step(at, at + 1)
            logits.argmax().item()
        return read(logits, every)

    return run


def say(**answer):
    print(json.dumps(answer), flush=True)


def serve():
    work = json.loads(sys.stdin.readline())
    kinds = {"matmul": matmul, "linear": linear, "training": training, "gptTraining": gpt_training}
    kinds |= {"forward": forward, "writing": writing}
    run = kinds[work["kind"]](work)
    where = torch.cuda.get_device_name() if device == "cuda" else f"{torch.get_num_threads()} threads"
    say(about=f"PyTorch {torch.__version__}, {where}")
    for line in sys.stdin:
        every = line.strip() == "all"
        start = time.perf_counter()
        result = run(every)
        ms = (time.perf_counter() - start) * 1000
        say(ms=ms, values=[result[place] for place in work["samples"]]) if every else say(ms=ms)


if __name__ == "__main__":
    if "--tiny" in sys.argv:
        print((torch.tensor([1.0, 2.0, 3.0], device=device) * 2).sum().item(), flush=True)
    else:
        serve()
