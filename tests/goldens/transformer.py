"""Writes transformer.json: what PyTorch makes of attention and the transformer layers, from a seed.

Run it with PyTorch 2.13:

    python3 tests/goldens/transformer.py

Every case is a seed, a layer, its inputs and masks; kept are the parameters it begins with, its outputs in use and
in training, all gradients, and the parameters after five steps. Inputs are drawn from the same generator after the
layer, masks are made by the formulas below, so the test makes the same ones. Of a tensor, its norm and some of its
elements are kept.
"""

import base64
import json
import pathlib

import torch
from torch import nn

torch.set_num_threads(1)
SAMPLES = 12
STEPS = 5


def sample(x):
    """A tensor as its shape, norm and some elements, spread evenly."""
    flat = x.detach().reshape(-1)
    n = flat.numel()
    places = [i * n // min(n, SAMPLES) for i in range(min(n, SAMPLES))]
    short = lambda v: float(f"{v:.7g}")
    norm = short(flat.double().norm().item())
    return {"shape": list(x.shape), "norm": norm, "values": [short(flat[i].item()) for i in places]}


def attention_mask(kind, rows, columns):
    """(rows, columns): "causal" additive, "bool" with holes, "float" with holes and numbers."""
    if kind == "causal":
        return nn.Transformer.generate_square_subsequent_mask(rows)
    i, j = torch.arange(rows)[:, None], torch.arange(columns)[None]
    hidden = ((3 * i + 5 * j) % 4 == 0) & (j > 0)
    if kind == "bool":
        return hidden
    return (((i + 2 * j) % 5) * 0.25).masked_fill(hidden, float("-inf"))


def head_mask(kind, batches, rows, columns):
    """(batches, rows, columns): as above, moved along by one for each."""
    base = attention_mask(kind, rows + batches, columns)
    return torch.stack([base[b : b + rows] for b in range(batches)])


def padding_mask(kind, batches, columns):
    """(batches, columns): the last 0, 1, 2 are padding, in turn."""
    n, j = torch.arange(batches)[:, None], torch.arange(columns)[None]
    hidden = (j >= columns - n % 3) & (j > 0)
    return hidden if kind == "bool" else torch.zeros(batches, columns).masked_fill(hidden, float("-inf"))


def made(spec):
    """A mask from its description, such as ["heads", "bool", 6, 5, 7]."""
    what, kind, *sizes = spec
    return {"attention": attention_mask, "heads": head_mask, "padding": padding_mask}[what](kind, *sizes)


def build(case):
    args, options = case["args"], case.get("options", {})
    if case["layer"].endswith("coder"):
        layer = getattr(nn, case["layer"] + "Layer")(*args[:2], **options)
        norm = nn.LayerNorm(args[0]) if case.get("norm") else None
        return getattr(nn, case["layer"])(layer, args[2], norm)
    return getattr(nn, case["layer"])(*args, **options)


def run(case):
    torch.manual_seed(case["seed"])
    model = build(case)
    inputs = [torch.randn(shape, requires_grad=True) for shape in case["inputs"]]
    given = [inputs[i] for i in case.get("given", range(len(inputs)))]
    masks = {name: made(spec) for name, spec in case.get("masks", {}).items()}
    forward = {**masks, **case.get("forward", {})}

    def call():
        out = model(*given, **forward)
        return out if isinstance(out, tuple) else (out, None)

    result = {"start": {name: sample(p) for name, p in model.named_parameters()}}
    model.eval()
    result["eval"] = [None if x is None else sample(x) for x in call()]
    model.train()
    out, weights = call()
    result["train"] = [None if x is None else sample(x) for x in (out, weights)]
    against = torch.randn(out.shape)
    (out * against).sum().backward()
    result["inputGrads"] = [sample(x.grad) for x in inputs]
    result["grads"] = {name: sample(p.grad) for name, p in model.named_parameters()}
    optimizer = getattr(torch.optim, case["optimizer"][0])(model.parameters(), lr=case["optimizer"][1])
    for step in range(STEPS):
        optimizer.zero_grad()
        (call()[0] * against).mean().backward()
        optimizer.step()
    result["end"] = {name: sample(p) for name, p in model.named_parameters()}
    result["word"] = int(torch.empty((), dtype=torch.int64).random_(0, 2**31 - 1))
    return {**case, **result}


MHA, ENC, DEC = "MultiheadAttention", "TransformerEncoderLayer", "TransformerDecoderLayer"
SGD, ADAM = ["SGD", 1.0], ["Adam", 1e-3]
SELF = {"given": [0, 0, 0]}
CROSS = {"given": [0, 1, 1]}
PLAIN = {"need_weights": False}
CASES = [
    # Attention: layouts, heads, biases, masks, dropout, lengths.
    {"layer": MHA, "args": [12, 3], "inputs": [[5, 2, 12]], **SELF},
    {"layer": MHA, "args": [12, 1], "options": {"batch_first": True, "dropout": 0.25}, "inputs": [[3, 7, 12]], **SELF},
    {"layer": MHA, "args": [12, 12], "options": {"bias": False}, "inputs": [[4, 3, 12]], **SELF, "forward": PLAIN,
     "optimizer": ADAM},
    {"layer": MHA, "args": [14, 2], "options": {"dropout": 0.1}, "inputs": [[5, 3, 14], [7, 3, 14]], **CROSS,
     "masks": {"attn_mask": ["heads", "bool", 6, 5, 7], "key_padding_mask": ["padding", "bool", 3, 7]},
     "forward": {"average_attn_weights": False}},
    {"layer": MHA, "args": [14, 2], "inputs": [[5, 3, 14], [7, 3, 14]], **CROSS,
     "masks": {"attn_mask": ["attention", "float", 5, 7], "key_padding_mask": ["padding", "bool", 3, 7]},
     "forward": PLAIN},
    {"layer": MHA, "args": [14, 2], "options": {"batch_first": True}, "inputs": [[3, 5, 14], [3, 7, 14]], **CROSS,
     "masks": {"key_padding_mask": ["padding", "float", 3, 7]}, "forward": PLAIN},
    {"layer": MHA, "args": [8, 2], "options": {"kdim": 5, "vdim": 6, "add_bias_kv": True, "add_zero_attn": True},
     "inputs": [[4, 3, 8], [6, 3, 5], [6, 3, 6]], "masks": {"attn_mask": ["attention", "bool", 4, 6]}},
    {"layer": MHA, "args": [8, 2], "options": {"add_bias_kv": True, "dropout": 0.5}, "inputs": [[6, 2, 8]], **SELF,
     "masks": {"attn_mask": ["attention", "causal", 6, 6]}, "forward": PLAIN},
    {"layer": MHA, "args": [8, 4], "inputs": [[3, 2, 8], [5, 2, 8], [5, 2, 8]], "forward": PLAIN},
    {"layer": MHA, "args": [8, 2], "options": {"batch_first": True, "dropout": 0.1}, "inputs": [[6, 8]], **SELF,
     "masks": {"attn_mask": ["attention", "bool", 6, 6]}},
    {"layer": MHA, "args": [8, 2], "inputs": [[1, 1, 8]], **SELF},
    {"layer": MHA, "args": [20, 4], "inputs": [[300, 2, 20]], **SELF, "forward": PLAIN,
     "masks": {"attn_mask": ["attention", "causal", 300, 300]}},
    # The layers: both orders of norms, both layouts, both activations.
    {"layer": ENC, "args": [12, 3, 17], "inputs": [[5, 2, 12]]},
    {"layer": ENC, "args": [12, 1, 17], "options": {"batch_first": True, "norm_first": True, "activation": "gelu"},
     "inputs": [[3, 7, 12]], "masks": {"src_mask": ["attention", "causal", 7, 7], "src_key_padding_mask": ["padding", "bool", 3, 7]}},
    {"layer": ENC, "args": [8, 1, 16], "options": {"batch_first": True, "dropout": 0.3, "layer_norm_eps": 1e-2, "bias": False},
     "inputs": [[2, 6, 8]]},
    {"layer": ENC, "args": [8, 2, 16], "inputs": [[9, 8]], "masks": {"src_mask": ["attention", "bool", 9, 9]}},
    {"layer": ENC, "args": [8, 2, 16], "options": {"dropout": 0.0}, "inputs": [[128, 3, 8]]},
    {"layer": DEC, "args": [12, 3, 17], "inputs": [[5, 2, 12], [7, 2, 12]], "masks": {
        "tgt_mask": ["attention", "causal", 5, 5], "memory_mask": ["attention", "float", 5, 7]}},
    {"layer": DEC, "args": [12, 2, 17], "options": {"batch_first": True, "norm_first": True, "activation": "gelu"},
     "inputs": [[3, 5, 12], [3, 7, 12]], "masks": {
        "tgt_mask": ["heads", "bool", 6, 5, 5], "tgt_key_padding_mask": ["padding", "bool", 3, 5],
        "memory_key_padding_mask": ["padding", "bool", 3, 7]}},
    {"layer": DEC, "args": [8, 1, 16], "options": {"batch_first": True, "dropout": 0.2}, "inputs": [[2, 1, 8], [2, 3, 8]]},
    # The stacks and the whole.
    {"layer": "TransformerEncoder", "args": [8, 2, 3], "options": {"dim_feedforward": 12}, "norm": True, "inputs": [[4, 3, 8]],
     "masks": {"src_key_padding_mask": ["padding", "bool", 3, 4]}},
    {"layer": "TransformerDecoder", "args": [8, 2, 2], "options": {"dim_feedforward": 12, "batch_first": True},
     "inputs": [[3, 4, 8], [3, 6, 8]]},
    {"layer": "Transformer", "args": [8, 2, 2, 3, 16], "inputs": [[5, 3, 8], [4, 3, 8]],
     "masks": {"tgt_mask": ["attention", "causal", 4, 4]}},
    {"layer": "Transformer", "args": [8, 1, 1, 2, 16], "options": {"batch_first": True, "norm_first": True, "bias": False},
     "inputs": [[3, 5, 8], [3, 4, 8]], "masks": {
        "src_key_padding_mask": ["padding", "bool", 3, 5], "tgt_mask": ["attention", "causal", 4, 4],
        "memory_key_padding_mask": ["padding", "bool", 3, 5]}},
    {"layer": "Transformer", "args": [32, 2, 2], "inputs": [[8, 10, 32]], "given": [0, 0]},
]


def safetensors(state):
    """A state dict as the bytes of a safetensors file, with its names in their order."""
    header, data = {}, b""
    for name, x in state.items():
        values = x.numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(x.shape), "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def checkpoint():
    """A whole transformer's weights, and what it makes of an input."""
    torch.manual_seed(7)
    model = nn.Transformer(4, 2, 1, 1, 6).eval()
    for p in model.parameters():
        nn.init.normal_(p)  # biases and norms too
    src, tgt = torch.randn(3, 2, 4), torch.randn(5, 2, 4)
    with torch.no_grad():
        out = model(src, tgt)
    return {
        "file": base64.b64encode(safetensors(model.state_dict())).decode(),
        "names": list(model.state_dict()),
        "src": src.tolist(),
        "tgt": tgt.tolist(),
        "out": out.flatten().tolist(),
    }


def blind():
    """Attention of queries that may see nothing: with weights, and without; and after a step back."""
    torch.manual_seed(8)
    model = nn.MultiheadAttention(4, 2)
    x = torch.randn(3, 1, 4)
    mask = torch.tensor([[False, True, True], [True, True, True], [False, False, True]])
    out, weights = model(x, x, x, attn_mask=mask)
    texts = lambda t: [str(v) if v != v else float(f"{v:.7g}") for v in t.flatten().tolist()]
    fused, _ = model(x, x, x, attn_mask=mask, need_weights=False)
    return {"out": texts(out), "weights": texts(weights), "fused": texts(fused)}


def main():
    cases = [run({"seed": 100 + i, "optimizer": SGD, **case}) for i, case in enumerate(CASES)]
    path = pathlib.Path(__file__).with_suffix(".json")
    short = lambda x: json.dumps(x, separators=(",", ":"))
    lines = ",\n".join(map(short, cases))
    rest = f'"checkpoint": {short(checkpoint())},\n"blind": {short(blind())}'
    path.write_text(f'{{"cases": [\n{lines}\n],\n{rest}}}\n')
    print(f"{path.name}: {len(cases)} cases, {path.stat().st_size:,} bytes")


main()
