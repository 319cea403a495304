"""Writes the model of `GPT-2 writing` for ONNX Runtime: `onnx_model.py cpu FOLDER`, the work as JSON on standard input.

FOLDER gets `onnx/model.onnx`, exported by torch.onnx with the tensors of works.ts, and a `config.json`, so that
transformers.js opens it too. Inputs and outputs have the names that it knows: `past_key_values.0.key` and so on go in,
`present.0.key` come out.
"""

import json
import pathlib
import sys
import warnings

import torch
import torch.nn.functional as F
from torch_works import numbers

work = json.loads(sys.stdin.readline())
folder = pathlib.Path(sys.argv[2])
heads = work["heads"]
shapes = {spec["name"]: spec["shape"] for spec in work["tensors"]}
vocab, embed = shapes["tokens.weight"]
places = shapes["places.weight"][0]
layers = sum(name.endswith("query.weight") for name in shapes)


class GPT2(torch.nn.Module):
    """GPT-2 with a cache, as torch_works.py has it; queries, keys and values are one product."""

    def __init__(self):
        super().__init__()
        self.w = {spec["name"]: numbers(spec) for spec in work["tensors"]}
        for i in range(layers):
            parts = [self.w.pop(f"blocks.{i}.{part}.weight") for part in ("query", "key", "value")]
            self.w[f"blocks.{i}.joined.weight"] = torch.cat(parts)
        for name, values in self.w.items():
            self.register_buffer(name.replace(".", "_"), values)

    def apply_to(self, x, name):
        y = x @ self.w[name + ".weight"].T
        return y if name + ".bias" not in self.w else y + self.w[name + ".bias"]

    def norm(self, x, name):
        return F.layer_norm(x, [embed], self.w[name + ".weight"], self.w[name + ".bias"])

    def forward(self, input_ids, attention_mask, position_ids, *past):
        x = F.embedding(input_ids, self.w["tokens.weight"]) + F.embedding(position_ids, self.w["places.weight"])
        B, T = input_ids.shape
        # Each position sees those up to its own.
        places = torch.arange(attention_mask.shape[1])
        hidden = torch.where(places <= position_ids[:, :, None], 0.0, -torch.inf)[:, None]
        present = []
        for i in range(layers):
            at = f"blocks.{i}."
            parts = self.apply_to(self.norm(x, at + "norm1"), at + "joined").split(embed, -1)
            q, k, v = (part.reshape(B, T, heads, embed // heads).transpose(1, 2) for part in parts)
            k, v = torch.cat([past[2 * i], k], 2), torch.cat([past[2 * i + 1], v], 2)
            present += [k, v]
            weights = (q @ k.transpose(2, 3) * (embed // heads) ** -0.5 + hidden).softmax(-1)
            found = (weights @ v).transpose(1, 2).reshape(B, T, embed)
            x = x + self.apply_to(found, at + "out")
            x = x + self.apply_to(F.gelu(self.apply_to(self.norm(x, at + "norm2"), at + "up"), approximate="tanh"), at + "down")
        return (self.apply_to(self.norm(x, "norm"), "head"), *present)


names = [f"{i}.{part}" for i in range(layers) for part in ("key", "value")]
inputs = ["input_ids", "attention_mask", "position_ids", *(f"past_key_values.{name}" for name in names)]
outputs = ["logits", *(f"present.{name}" for name in names)]
ids = torch.zeros(1, 2, dtype=torch.int64)
past = [torch.zeros(1, heads, 3, embed // heads) for _ in names]
axes = {"input_ids": {1: "length"}, "attention_mask": {1: "total"}, "position_ids": {1: "length"}, "logits": {1: "length"}}
axes |= {f"past_key_values.{name}": {2: "past"} for name in names} | {f"present.{name}": {2: "total"} for name in names}
(folder / "onnx").mkdir(parents=True, exist_ok=True)
with torch.no_grad(), warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the exporter that needs no further packages
    torch.onnx.export(
        GPT2().eval(),
        (ids, torch.ones(1, 5, dtype=torch.int64), torch.tensor([[3, 4]]), *past),
        str(folder / "onnx" / "model.onnx"),
        input_names=inputs,
        output_names=outputs,
        dynamic_axes=axes,
        opset_version=18,
        dynamo=False,
    )
config = {
    "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "vocab_size": vocab, "n_positions": places, "n_ctx": places,
    "n_embd": embed, "n_layer": layers, "n_head": heads, "eos_token_id": vocab - 1, "bos_token_id": vocab - 1,
}
(folder / "config.json").write_text(json.dumps(config))
