"""What Hugging Face's clients make of the folders that `deno task export` writes.

    python3 tests/goldens/export.py            writes export.json; run it from the repository's root

Made with torch 2.13 and transformers 5.18 on a processor. Deno draws the models and exports them
(tests/support/exported.ts); here AutoModelForCausalLM and AutoTokenizer open each folder, as users do. Held here: what
transformers saves of such a folder again is the same file, byte for byte; the code in the MLP's model card runs; the
Hub's cache is listed, and a model is found in it by its name. Noted in export.json, for the tests: ids of a thousand
texts, logits, greedy texts. `pythia` is the other kind of GPT-NeoX, made by transformers itself: half of a block beside
the other, a quarter of a head turned; `rotated` are such that turn 0, 1, 3 and 5 dimensions of a head.
"""

import hashlib
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GPTNeoXConfig, GPTNeoXForCausalLM

torch.set_num_threads(1)
PROMPT = [10, 77, 425, 109, 97]
deno = ["deno", "run", "--allow-all", "--no-check"]


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def numbers(x):
    return [float(f"{v:.8g}") for v in x.reshape(-1).tolist()]


@torch.no_grad()
def described(model, vocabulary):
    """Logits of a text as long as the model reads, every seventh; and a greedy text."""
    T = model.config.max_position_embeddings
    ids = torch.tensor([[(7 * i * i + 3 * i) % vocabulary for i in range(T)]])
    prompt = torch.tensor([[i % vocabulary for i in PROMPT]])
    model.generation_config.eos_token_id = None
    greedy = model.generate(prompt, do_sample=False, max_new_tokens=T - len(PROMPT), pad_token_id=0)
    return {"logits": numbers(model(ids).logits.reshape(-1)[::7]), "greedy": greedy[0].tolist()}


def opened(folder, texts):
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = [tokenizer(text)["input_ids"] for text in texts]
    for text, some in zip(texts, ids):
        assert tokenizer.decode(some) == text, text
    with tempfile.TemporaryDirectory() as again:
        model.save_pretrained(again)
        assert sha256(pathlib.Path(again) / "model.safetensors") == sha256(folder / "model.safetensors")
    return {
        "class": type(model).__name__,
        "sha256": sha256(folder / "model.safetensors"),
        "ids": hashlib.sha256(json.dumps(ids, separators=(",", ":")).encode()).hexdigest(),
        "tokens": sum(map(len, ids)),
        "some": ids[::100],
    } | described(model, len(tokenizer))


@torch.no_grad()
def mlp(folder, texts):
    """The MLP by the code that stands in its model card."""
    code = re.search(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.S)[1]
    names = {"FOLDER": str(folder)}
    exec(code, names)
    ids = torch.arange(2 * 32).reshape(2, 32) * 7 % 512
    tokens = [names["tokenizer"](text)["input_ids"] for text in texts]
    return {
        "sha256": sha256(folder / "model.safetensors"),
        "logits": numbers(names["model"](ids)),
        "ids": hashlib.sha256(json.dumps(tokens, separators=(",", ":")).encode()).hexdigest(),
    }


def pythia(hidden_size=32, turned=0.25):
    config = GPTNeoXConfig(
        vocab_size=300, hidden_size=hidden_size, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=64, hidden_act="gelu", use_parallel_residual=True,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0, "partial_rotary_factor": turned},
    )
    model = GPTNeoXForCausalLM(config).eval()
    torch.manual_seed(123)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            x = torch.randn(parameter.shape)
            if parameter.ndim == 1:
                x = x * 0.1 + (1 if "norm" in name and name.endswith("weight") else 0)
            else:
                x = x * (1.4 / math.sqrt(parameter.shape[1]))
            parameter.copy_(x)
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        folder = pathlib.Path(folder)
        told = {"config": json.loads((folder / "config.json").read_text()), "sha256": sha256(folder / "model.safetensors")}
    return told | described(model, 300)


def rotated():
    for size, turned in ((16, 0.1), (16, 0.125), (24, 0.25), (20, 0.5)):
        told = pythia(size, turned)
        yield {"config": told["config"], "logits": told["logits"][::20]}


def in_the_cache(runs, home, logits):
    """Exports into the Hub's cache, lists it with Hugging Face's own command, and opens the model by its name."""
    env = os.environ | {"HF_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    subprocess.run([*deno, "lib/tools/export.ts", "lesson-14", "--from", runs, "--cache", "lessons/songs"], check=True, env=env)
    hf = pathlib.Path(sys.executable).with_name("hf")
    listed = subprocess.run([hf, "cache", "ls"], check=True, env=env, capture_output=True, text=True).stdout
    assert "model/lessons/songs" in listed, listed
    code = "from transformers import AutoModelForCausalLM, AutoTokenizer; " \
        "m = AutoModelForCausalLM.from_pretrained('lessons/songs'); " \
        "print(type(m).__name__, len(AutoTokenizer.from_pretrained('lessons/songs')))"
    said = subprocess.run([sys.executable, "-c", code], check=True, env=env, capture_output=True, text=True).stdout
    assert said == "GPTNeoXForCausalLM 512\n", said
    print(listed)


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        subprocess.run([*deno, "tests/support/exported.ts", str(folder)], check=True)
        texts = json.loads((folder / "texts.json").read_text())
        golden = {"texts": len(texts)}
        for name in ("gpt", "dropout", "gpt2"):
            golden[name] = opened(folder / name, texts)
            print(name, golden[name]["class"], golden[name]["greedy"])
        golden |= {"mlp": mlp(folder / "mlp", texts), "pythia": pythia(), "rotated": list(rotated())}
        in_the_cache(f"{folder}/runs/lesson-14", folder / "home", golden["gpt"]["logits"])
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")


main()
