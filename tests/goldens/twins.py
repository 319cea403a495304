"""
Writes twins.json: what PyTorch 2.13 prints in the programs of tests/twins, whose twins stand here under the same names.

python twins.py > twins.json
"""

import copy
import json
import math
import sys

import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(1)

NAMES = (
    "emma olivia ava isabella sophia charlotte mia amelia harper evelyn abigail emily elizabeth mila ella "
    "avery sofia camila aria scarlett"
).split()


def tree(model):
    """As a module prints; of a layer norm as older PyTorch prints it, and as the course's notebooks have it."""
    return str(model).replace(", elementwise_affine=True, bias=True)", ", elementwise_affine=True)")


def names(say):
    chars = sorted(set("".join(NAMES)))
    stoi = {c: i + 1 for i, c in enumerate(chars)}
    itos = ["."] + chars
    longest = max(map(len, NAMES)) + 1
    x = torch.zeros(len(NAMES), longest, dtype=torch.long)
    y = torch.full((len(NAMES), longest), -1, dtype=torch.long)
    for i, name in enumerate(NAMES):
        ids = torch.tensor([stoi[c] for c in name])
        x[i, 1:1 + len(ids)] = ids
        y[i, :len(ids)] = ids
        y[i, len(ids)] = 0

    class NameModel(nn.Module):
        def __init__(self, kind):
            super().__init__()
            self.wte = nn.Embedding(len(itos), 12)
            self.rnn = kind(12, 16, num_layers=2, batch_first=True, dropout=0.1)
            self.lm_head = nn.Linear(16, len(itos))

        def forward(self, idx, targets=None, state=None):
            h, state = self.rnn(self.wte(idx), state)
            logits = self.lm_head(h)
            loss = None
            if targets is not None:
                loss = F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1), ignore_index=-1)
            return logits, loss, state

    @torch.no_grad()
    def sample(model, steps):
        model.eval()
        idx, state, out = torch.zeros(8, 1, dtype=torch.long), None, []
        for _ in range(steps):
            logits, _, state = model(idx, state=state)
            probs = F.softmax(logits[:, -1, :] / 0.8, dim=-1)
            idx = torch.multinomial(probs, num_samples=1)
            out.append(idx)
        model.train()
        rows = torch.cat(out, dim=1).tolist()
        return ["".join(itos[i] for i in row).split(".")[0] for row in rows]

    for kind in (nn.GRU, nn.LSTM):
        torch.manual_seed(3407)
        model = NameModel(kind)
        say(tree(model))
        say(sum(p.numel() for p in model.parameters()))
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.01, betas=(0.9, 0.99), eps=1e-8)
        for step in range(20):
            batch = torch.randint(len(NAMES), (8,))
            logits, loss, _ = model(x[batch], y[batch])
            model.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            if step % 5 == 4:
                say(f"step {step}", loss)
        say("bias", model.rnn.bias_hh_l1.grad[:4])
        say(", ".join(sample(model, 10)))


def classifier(say):
    from torch.nn.utils.rnn import pad_sequence
    from torch.utils.data import DataLoader, Dataset, random_split

    class Sequences(Dataset):
        """More small numbers than large ones, or not."""

        def __init__(self, n):
            g = torch.Generator().manual_seed(7)
            lengths = torch.randint(3, 9, (n,), generator=g)
            self.rows = [torch.randint(1, 20, (int(length),), generator=g) for length in lengths]

        def __len__(self):
            return len(self.rows)

        def __getitem__(self, i):
            row = self.rows[i]
            return row, int((row < 10).sum() * 2 > len(row))

    def collate(batch):
        rows, labels = zip(*batch)
        padded = pad_sequence(rows, batch_first=True, padding_value=0)
        return padded, padded == 0, torch.tensor(labels)

    class PositionalEncoding(nn.Module):
        def __init__(self, d_model, max_len=32):
            super().__init__()
            position = torch.arange(max_len).unsqueeze(1)
            div_term = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / d_model))
            pe = torch.zeros(max_len, d_model)
            pe[:, 0::2] = torch.sin(position * div_term)
            pe[:, 1::2] = torch.cos(position * div_term)
            self.register_buffer("pe", pe)

        def forward(self, x):
            return x + self.pe[:x.size(1)]

    class Classifier(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(20, 16, padding_idx=0)
            self.pos = PositionalEncoding(16)
            layer = nn.TransformerEncoderLayer(16, 2, dim_feedforward=32, dropout=0.1, activation="gelu", batch_first=True)
            self.encoder = nn.TransformerEncoder(layer, num_layers=2)
            self.head = nn.Linear(16, 2)

        def forward(self, x, padding):
            h = self.encoder(self.pos(self.embed(x)), src_key_padding_mask=padding)
            keep = (~padding).unsqueeze(-1).float()
            return self.head((h * keep).sum(1) / keep.sum(1))

    torch.manual_seed(0)
    train, test = random_split(Sequences(60), [0.8, 0.2], generator=torch.Generator().manual_seed(42))
    say(len(train), len(test), test.indices)
    loader = DataLoader(train, batch_size=12, shuffle=True, collate_fn=collate, drop_last=True)
    model = Classifier()
    say(tree(model))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-2, steps_per_epoch=len(loader), epochs=6)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    for epoch in range(6):
        model.train()
        for x, padding, labels in loader:
            optimizer.zero_grad()
            loss = criterion(model(x, padding), labels)
            loss.backward()
            norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
        say(f"epoch {epoch}", loss, norm, scheduler.get_last_lr())
    model.eval()
    x, padding, labels = next(iter(DataLoader(test, batch_size=len(test), collate_fn=collate)))
    with torch.no_grad():
        logits = model(x, padding)
    say(logits, (logits.argmax(1) == labels).float().mean())
    say(model.pos.pe[3, :6], model.embed.weight[0].abs().sum(), list(model.state_dict())[:3])


def lora(say):
    torch.manual_seed(7)

    class LoRALinear(nn.Module):
        def __init__(self, base, r=2, alpha=4):
            super().__init__()
            self.base, self.scale = base, alpha / r
            self.A = nn.Parameter(torch.empty(r, base.in_features))
            self.B = nn.Parameter(torch.zeros(base.out_features, r))
            nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
            for p in self.base.parameters():
                p.requires_grad = False

        def forward(self, x):
            return self.base(x) + F.linear(F.linear(x, self.A), self.B) * self.scale

        def merged(self):
            out = nn.Linear(self.base.in_features, self.base.out_features)
            out.weight.data = self.base.weight + self.scale * self.B @ self.A
            out.bias.data.copy_(self.base.bias)
            return out

    model = nn.Sequential(nn.Linear(6, 16), nn.GELU(), nn.Linear(16, 16), nn.GELU(), nn.Linear(16, 3))
    X = torch.randn(48, 6)
    Y = (X[:, :3] + X[:, 3:] * 0.5).argmax(1)
    frozen = copy.deepcopy(model)
    for i, layer in enumerate(model):
        if isinstance(layer, nn.Linear) and i < 4:
            model[i] = LoRALinear(layer)
    say(tree(model))
    trainable = [n for n, p in model.named_parameters() if p.requires_grad]
    say(trainable)
    total = sum(p.numel() for p in model.parameters())
    count = sum(p.numel() for p in model.parameters() if p.requires_grad)
    say(f"{count} of {total} ({100 * count / total:.2f}%)")
    adapters = [p for n, p in model.named_parameters() if n.endswith(("A", "B"))]
    optimizer = torch.optim.AdamW([
        {"params": adapters, "lr": 2e-2, "weight_decay": 0.0},
        {"params": model[4].parameters()},
    ], lr=5e-3, weight_decay=0.1)
    for step in range(30):
        loss = F.cross_entropy(model(X), Y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 6 == 5:
            say(f"step {step}", loss)
    say("grad of frozen", model[0].base.weight.grad, "of A", model[0].A.grad.norm())
    say([(g["lr"], g["weight_decay"], len(g["params"])) for g in optimizer.param_groups])
    merged = nn.Sequential(*[m.merged() if isinstance(m, LoRALinear) else m for m in model])
    say(torch.allclose(merged(X), model(X), atol=1e-5), (merged(X).argmax(1) == Y).float().mean())
    own = {k: v for k, v in model.state_dict().items() if k.endswith((".A", ".B"))}
    missing, unexpected = frozen.load_state_dict(own, strict=False)
    say(missing[:2], unexpected)
    say("change", (merged[0].weight - model[0].base.weight).norm())


def losses(say):
    torch.manual_seed(11)
    N, D, K = 8, 6, 5
    images, texts = torch.randn(N, 10), torch.randn(N, 7)
    labels = torch.randint(0, K, (N,))

    def focal(logits, target, gamma=2.0, alpha=0.25):
        ce = F.cross_entropy(logits, target, reduction="none")
        pt = torch.exp(-ce)
        return (alpha * (1 - pt) ** gamma * ce).mean()

    class CLIP(nn.Module):
        def __init__(self):
            super().__init__()
            self.image, self.text = nn.Linear(10, D, bias=False), nn.Linear(7, D, bias=False)
            self.logit_scale = nn.Parameter(torch.ones([]) * math.log(1 / 0.07))

        def forward(self, i, t):
            i, t = F.normalize(self.image(i), dim=-1), F.normalize(self.text(t), dim=-1)
            return self.logit_scale.exp() * i @ t.t()

    clip = CLIP()
    optimizer = torch.optim.Adam(clip.parameters(), lr=0.02)
    for step in range(20):
        logits = clip(images, texts)
        target = torch.arange(N)
        loss = (F.cross_entropy(logits, target) + F.cross_entropy(logits.t(), target)) / 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 5 == 4:
            say(f"clip {step}", loss, clip.logit_scale)
    e = clip.image(images).detach().requires_grad_()

    def ntxent(z, temperature=0.5):
        z = F.normalize(z, dim=1)
        sim = z @ z.T / temperature
        sim.fill_diagonal_(-1e9)
        half = len(z) // 2
        return F.cross_entropy(sim, torch.cat([torch.arange(half, 2 * half), torch.arange(half)]))

    head = nn.Linear(D, K)
    logits = head(e)
    teacher = torch.randn(N, K)
    weights = torch.tensor([0.2, 1.0, 1.0, 2.0, 0.5])
    signs = torch.tensor([1, -1] * 4)
    multi = torch.zeros(N, K).scatter_(1, labels.unsqueeze(1), 1.0)
    found = {
        "focal": focal(logits, labels),
        "smooth": F.cross_entropy(logits, labels, weight=weights, label_smoothing=0.1),
        "soft": F.cross_entropy(logits, teacher.softmax(1)),
        "distill": F.kl_div(F.log_softmax(logits / 2, 1), F.softmax(teacher / 2, 1), reduction="batchmean") * 4,
        "triplet": F.triplet_margin_loss(e[:3], e[3:6], e[5:8], margin=1.0),
        "cosine": F.cosine_embedding_loss(e, e.flip(0), signs, margin=0.2),
        "ranking": F.margin_ranking_loss(e[:, 0], e[:, 1], signs, margin=0.3),
        "huber": F.huber_loss(e, e.roll(1, 0), delta=0.5),
        "hinge": F.hinge_embedding_loss(e[:, 0], signs),
        "bce": F.binary_cross_entropy_with_logits(logits, multi, pos_weight=weights),
        "smooth l1": F.smooth_l1_loss(e, e.roll(1, 0), beta=0.5),
        "l1": nn.L1Loss()(e, torch.zeros_like(e)),
        "ntxent": ntxent(e),
        "pairs": (F.pairwise_distance(e[:4], e[4:]) ** 2).mean(),
    }
    for name, loss in found.items():
        (grad,) = torch.autograd.grad(loss, e, retain_graph=True)
        say(name, loss, grad.abs().sum(), grad[5])


def ema(say):
    torch.manual_seed(99)

    class Tied(nn.Module):
        def __init__(self, V=14, D=10):
            super().__init__()
            self.wte = nn.Embedding(V, D)
            self.drop = nn.Dropout(0.2)
            self.block = nn.ModuleDict({"norm": nn.LayerNorm(D), "mlp": nn.Sequential(nn.Linear(D, 4 * D), nn.GELU(approximate="tanh"), nn.Linear(4 * D, D))})
            self.lm_head = nn.Linear(D, V, bias=False)
            self.lm_head.weight = self.wte.weight
            self.apply(self._init_weights)
            for name, p in self.named_parameters():
                if name.endswith("mlp.2.weight"):
                    nn.init.normal_(p, mean=0.0, std=0.02 / math.sqrt(2))

        def _init_weights(self, module):
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, mean=0.0, std=0.02)

        def forward(self, idx):
            x = self.drop(self.wte(idx))
            x = x + self.block["mlp"](self.block["norm"](x))
            return self.lm_head(x)

    model = Tied()
    say(tree(model))
    say([n for n, _ in model.named_parameters()], len(model.state_dict()))
    shadow = copy.deepcopy(model).eval().requires_grad_(False)
    say(shadow.lm_head.weight is shadow.wte.weight, shadow.wte.weight is model.wte.weight)

    seen = {}
    hook = model.block["mlp"][1].register_forward_hook(lambda m, i, o: seen.update(act=o.detach()))
    model.wte.weight.register_hook(lambda g: g.clamp(-0.5, 0.5))
    decay = {id(p) for p in model.parameters() if p.dim() >= 2}
    groups = [
        {"params": [p for p in model.parameters() if id(p) in decay], "weight_decay": 0.1},
        {"params": [p for p in model.parameters() if id(p) not in decay], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=1e-2, betas=(0.9, 0.95))
    data = torch.arange(60) * 5 % 14
    for step in range(30):
        ix = torch.randint(len(data) - 6, (4,))
        x = torch.stack([data[i:i + 5] for i in ix])
        y = torch.stack([data[i + 1:i + 6] for i in ix])
        loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for s, p in zip(shadow.parameters(), model.parameters()):
                s.lerp_(p, 1 - 0.9)
        if step % 6 == 5:
            say(f"step {step}", loss, "dead", (seen["act"] < 0).float().mean(), "grad", model.wte.weight.grad.norm())
    hook.remove()
    model.eval()
    with torch.no_grad():
        say("model", F.cross_entropy(model(data[:-1]), data[1:]), "ema", F.cross_entropy(shadow(data[:-1]), data[1:]))
    state = {k: v for k, v in model.state_dict().items() if "norm" not in k}
    state["extra.weight"] = torch.zeros(1)
    fresh = Tied()
    say(*fresh.load_state_dict(state, strict=False))
    try:
        fresh.load_state_dict(state)
    except RuntimeError as error:
        say(str(error).replace(". \n", ".\n").rstrip())
    try:
        fresh.load_state_dict({**model.state_dict(), "block.mlp.0.bias": torch.zeros(3)})
    except RuntimeError as error:
        say(str(error).replace(". \n", ".\n").rstrip())


def llama(say):
    torch.manual_seed(1234)
    B, T, C, H, KV, V = 4, 16, 32, 4, 2, 24
    D = C // H

    class RMSNorm(nn.Module):
        def __init__(self, dim, eps=1e-5):
            super().__init__()
            self.eps, self.weight = eps, nn.Parameter(torch.ones(dim))

        def forward(self, x):
            return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight

    freqs = 1.0 / (10000 ** (torch.arange(0, D, 2).float() / D))
    angles = torch.outer(torch.arange(64).float(), freqs)
    angles = torch.cat([angles, angles], dim=-1)
    cos, sin = angles.cos(), angles.sin()
    say("angles", angles[3], "cos", cos[63])

    def rotate_half(x):
        a, b = x.chunk(2, dim=-1)
        return torch.cat((-b, a), dim=-1)

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.wq, self.wk = nn.Linear(C, H * D, bias=False), nn.Linear(C, KV * D, bias=False)
            self.wv, self.wo = nn.Linear(C, KV * D, bias=False), nn.Linear(H * D, C, bias=False)
            self.cache = None

        def forward(self, x, start=0, use_cache=False):
            b, t, _ = x.shape
            q = self.wq(x).view(b, t, H, D).transpose(1, 2)
            k = self.wk(x).view(b, t, KV, D).transpose(1, 2)
            v = self.wv(x).view(b, t, KV, D).transpose(1, 2)
            c, s = cos[start:start + t], sin[start:start + t]
            q, k = q * c + rotate_half(q) * s, k * c + rotate_half(k) * s
            if use_cache:
                if self.cache is not None:
                    k, v = torch.cat([self.cache[0], k], 2), torch.cat([self.cache[1], v], 2)
                self.cache = (k, v)
            y = F.scaled_dot_product_attention(q, k, v, is_causal=t > 1, enable_gqa=True)
            return self.wo(y.transpose(1, 2).reshape(b, t, -1))

    class SwiGLU(nn.Module):
        def __init__(self, hidden=48):
            super().__init__()
            self.w1, self.w2, self.w3 = nn.Linear(C, hidden, bias=False), nn.Linear(hidden, C, bias=False), nn.Linear(C, hidden, bias=False)

        def forward(self, x):
            return self.w2(F.silu(self.w1(x)) * self.w3(x))

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.attn_norm, self.attn, self.ffn_norm, self.ffn = RMSNorm(C), Attention(), RMSNorm(C), SwiGLU()

        def forward(self, x, **kw):
            x = x + self.attn(self.attn_norm(x), **kw)
            return x + self.ffn(self.ffn_norm(x))

    class Llama(nn.Module):
        def __init__(self):
            super().__init__()
            self.tok = nn.Embedding(V, C)
            self.layers = nn.ModuleList(Block() for _ in range(2))
            self.norm, self.output = RMSNorm(C), nn.Linear(C, V, bias=False)

        def forward(self, idx, **kw):
            x = self.tok(idx)
            for layer in self.layers:
                x = layer(x, **kw)
            return self.output(self.norm(x))

    model = Llama()
    say(tree(model))
    say("parameters", sum(p.numel() for p in model.parameters()))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.95), weight_decay=0.1)
    data = (torch.arange(200) ** 2) % V
    for step in range(25):
        ix = torch.randint(0, len(data) - T - 1, (B,))
        rows = ix[:, None] + torch.arange(T + 1)
        x, y = data[rows][:, :-1], data[rows][:, 1:]
        loss = F.cross_entropy(model(x).view(-1, V), y.reshape(-1))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 5 == 4:
            say(f"step {step}", loss)
    say("grad", model.layers[0].attn.wk.weight.grad[0, :5], model.norm.weight.grad[:5])

    model.eval()

    def top_p(logits, p=0.9, temperature=0.8):
        probs = F.softmax(logits / temperature, dim=-1)
        sorted_probs, order = torch.sort(probs, dim=-1, descending=True)
        mask = torch.cumsum(sorted_probs, dim=-1) - sorted_probs > p
        sorted_probs[mask] = 0.0
        sorted_probs.div_(sorted_probs.sum(dim=-1, keepdim=True))
        return torch.gather(order, -1, torch.multinomial(sorted_probs, num_samples=1))

    with torch.inference_mode():
        idx = data[None, :5].repeat(3, 1)
        logits, start = model(idx, use_cache=True)[:, -1], 5
        for _ in range(12):
            token = top_p(logits)
            idx = torch.cat([idx, token], dim=1)
            logits = model(token, start=start, use_cache=True)[:, -1]
            start += 1
        say("written", idx)
        for layer in model.layers:
            layer.attn.cache = None
        say("cached", (model(idx)[:, -1] - logits).abs().max() < 1e-4, logits[0, :6])


def moe(say):
    torch.manual_seed(31)
    C, E, K = 12, 4, 2

    class Expert(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(nn.Linear(C, 2 * C), nn.ReLU(), nn.Linear(2 * C, C))

        def forward(self, x):
            return self.net(x)

    class MoE(nn.Module):
        def __init__(self):
            super().__init__()
            self.gate, self.noise = nn.Linear(C, E), nn.Linear(C, E)
            self.experts = nn.ModuleList([Expert() for _ in range(E)])

        def forward(self, x):
            logits = self.gate(x)
            if self.training:
                logits = logits + torch.randn_like(logits) * F.softplus(self.noise(x))
            top, which = logits.topk(K, dim=-1)
            sparse = torch.full_like(logits, float("-inf")).scatter(-1, which, top)
            weights = F.softmax(sparse, dim=-1)  # (N, E)
            out = torch.zeros_like(x)
            for e, expert in enumerate(self.experts):
                mask = (which == e).any(dim=-1)
                rows = mask.nonzero().squeeze(-1)
                if rows.numel() > 0:
                    out = out.index_add(0, rows, expert(x[rows]) * weights[rows, e].unsqueeze(1))
            load = torch.zeros(E).scatter_add(0, which.flatten(), torch.ones(which.numel())) / which.numel()
            balance = E * (load * logits.softmax(-1).mean(0)).sum()
            return out, balance, load

    X = torch.randn(40, C)
    Y = torch.where(X[:, :1] > 0, X.roll(1, dims=1), -X)
    model = MoE()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for step in range(25):
        out, balance, load = model(X)
        loss = F.mse_loss(out, Y) + 0.01 * balance
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 5 == 4:
            say(f"step {step}", loss, "balance", balance, "load", load)
    model.eval()
    out, _, load = model(X)
    say("out", out[0], "load", load)
    say("grad", model.gate.weight.grad[0, :4], model.experts[3].net[0].bias.grad[:4])

    # The same without a loop: all experts on all tokens, and einsum.
    w1 = torch.stack([e.net[0].weight for e in model.experts])
    b1 = torch.stack([e.net[0].bias for e in model.experts])
    w2 = torch.stack([e.net[2].weight for e in model.experts])
    b2 = torch.stack([e.net[2].bias for e in model.experts])
    h = F.relu(torch.einsum("nc,ehc->enh", X, w1) + b1[:, None])
    each = torch.einsum("enh,ech->enc", h, w2) + b2[:, None]
    top, which = model.gate(X).topk(K)
    weights = torch.zeros(len(X), E).scatter_(1, which, top.softmax(-1))
    say("dense", torch.allclose(torch.einsum("ne,enc->nc", weights, each), out, atol=1e-5))


def loaders(say):
    from torch.utils.data import ConcatDataset, DataLoader, Dataset, Subset, TensorDataset, WeightedRandomSampler, random_split

    class Windows(Dataset):
        def __init__(self, ids, T):
            self.ids, self.T = ids, T

        def __len__(self):
            return len(self.ids) - self.T

        def __getitem__(self, i):
            return self.ids[i:i + self.T], self.ids[i + 1:i + self.T + 1]

    torch.manual_seed(77)
    windows = Windows(torch.arange(30), 4)
    train, val, test = random_split(windows, [18, 5, 3])
    say(len(windows), train.indices, val.indices, test.indices)
    for x, y in DataLoader(val, batch_size=2):
        say(x, y[:, -1])
    for x, y in DataLoader(train, batch_size=7, shuffle=True, generator=torch.Generator().manual_seed(3)):
        say(x.shape, x[:, 0])

    labels = torch.tensor([0] * 12 + [1] * 3 + [2])
    features = torch.arange(16).float().unsqueeze(1)
    weights = (1.0 / torch.bincount(labels).float())[labels]
    sampler = WeightedRandomSampler(weights, num_samples=16, replacement=True)
    seen = torch.zeros(3, dtype=torch.long)
    for f, l in DataLoader(TensorDataset(features, labels), batch_size=5, sampler=sampler):
        say(f.squeeze(1).tolist(), l)
        seen += torch.bincount(l, minlength=3)
    say("seen", seen)
    both = ConcatDataset([Subset(windows, [0, 5]), Subset(windows, range(20, 22))])
    say(len(both), both[3][0])
    dicts = [{"id": i, "x": torch.full((2,), float(i)), "name": f"n{i}"} for i in range(5)]
    for batch in DataLoader(dicts, batch_size=3):
        say(batch["id"], batch["x"], batch["name"])

    # What goes wrong in training.
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(1, 4), nn.ReLU(), nn.Linear(4, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    best, patience, bad = math.inf, 2, 0
    for epoch in range(12):
        total = torch.zeros(())
        for f, l in DataLoader(TensorDataset(features, labels), batch_size=8):
            loss = F.cross_entropy(model(f), l)
            if torch.isnan(loss) or not torch.isfinite(loss):
                say("not finite")
                break
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach()
        say(f"epoch {epoch}", total)
        if total < best - 1e-3:
            best, bad = total.item(), 0
        else:
            bad += 1
            if bad > patience:
                say("stopped early")
                break
    grads = torch.cat([p.grad.view(-1) for p in model.parameters()])
    say(torch.isfinite(grads).all(), grads.norm(), grads[:4])
    x = torch.tensor([1.0, float("nan"), float("inf")])
    say(x, x.nan_to_num(0.0, posinf=9.0), x.isnan().any())


PROGRAMS = [names, classifier, lora, losses, ema, llama, moe, loaders]


def kept(value):
    """What was said, as JSON keeps it."""
    if isinstance(value, torch.Tensor):
        numbers = [v if not isinstance(v, float) or math.isfinite(v) else str(v) for v in value.detach().flatten().tolist()]
        return {"dtype": str(value.dtype).removeprefix("torch."), "shape": list(value.shape), "values": numbers, "printed": str(value)}
    if isinstance(value, (list, tuple)):
        return [kept(v) for v in value]
    return value if isinstance(value, (int, float, bool)) or value is None else str(value)


if __name__ == "__main__":
    chosen = sys.argv[1:]
    said = {}
    for program in PROGRAMS:
        if chosen and program.__name__ not in chosen:
            continue
        lines = said[program.__name__] = []
        program(lambda *values: lines.append([kept(v) for v in values]))
    print(json.dumps({"torch": torch.__version__.split("+")[0], "programs": said}, separators=(",", ":")))
