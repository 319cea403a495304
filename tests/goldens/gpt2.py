"""What Hugging Face's transformers computes with GPT-2 folders whose weights are drawn from a seed.

    python3 tests/goldens/gpt2.py              writes gpt2.json: what the small folder of tests/fixtures/gpt2 gives
    python3 tests/goldens/gpt2.py FOLDER       the same of GPT-2's full size; FOLDER/today and FOLDER/published are
                                               written (548 MB each), and FOLDER/golden.json. FOLDER/today must hold
                                               vocab.json and merges.txt:
                                               deno run -A tests/support/gpt2_folder.ts FOLDER/today full none

Made with torch 2.13 and transformers 5.18 on a processor. The weights are drawn in the order of the model's
parameters (tests/support/gpt2_folder.ts draws the same), wide enough that the model's text does not stand still.
"""

import hashlib
import json
import math
import pathlib
import shutil
import sys
import tempfile

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import GPT2Config, GPT2LMHeadModel, GPT2Tokenizer

torch.set_num_threads(2)
here = pathlib.Path(__file__).parent
fixture = here.parent / "fixtures" / "gpt2"
SEED = 123

TEXTS = [
    "Every effort moves you",
    "The man in the boat, and the other one; it's 7:45 and all's well.",
    "naïve café\n\n  two  spaces\tand a tab 東京 🙂",
]
LONG = (
    "A good model is not surprised. It has read that the sun rises, that rivers run to the sea, "
    "and that a man who says he will be brief is not."
)


def build(config):
    model = GPT2LMHeadModel(config).eval()
    torch.manual_seed(SEED)
    with torch.no_grad():
        for name, parameter in model.transformer.named_parameters():
            x = torch.randn(parameter.shape)
            if "ln_" in name:
                x = x * 0.1 + (1 if name.endswith("weight") else 0)
            elif name.endswith("bias"):
                x = x * 0.1
            elif name in ("wte.weight", "wpe.weight"):
                x = x * (1.2 / math.sqrt(config.n_embd))
            else:
                x = x * (1.4 / math.sqrt(parameter.shape[0]))
            parameter.copy_(x)
    return model


def save(model, folder, tokenizer_files):
    """Both layouts: as the library saves today, and as the weights of 2019 were published."""
    today, published = folder / "today", folder / "published"
    for path in (today, published):
        path.mkdir(parents=True, exist_ok=True)
        for name in ("vocab.json", "merges.txt"):
            if tokenizer_files != path:
                shutil.copy(tokenizer_files / name, path / name)
    model.save_pretrained(today)
    shutil.copy(today / "config.json", published / "config.json")
    tensors = {
        name.removeprefix("transformer."): tensor
        for name, tensor in load_file(today / "model.safetensors").items()
    }
    P = model.config.n_positions
    for n in range(model.config.n_layer):
        tensors[f"h.{n}.attn.bias"] = torch.ones(P, P).tril().reshape(1, 1, P, P)
    save_file(tensors, published / "model.safetensors", {"format": "pt"})
    return today, published


def numbers(x):
    return [float(f"{v:.8g}") for v in x.reshape(-1).tolist()]


def described(path):
    with safe_open(path, "pt") as file:
        names = {name: file.get_slice(name).get_shape() for name in file.keys()}
    return {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "shapes": names}


@torch.no_grad()
def golden(folder, every):
    """Logits, greedy and sampled text, and perplexity of the model in a folder, loaded as users load it."""
    model = GPT2LMHeadModel.from_pretrained(folder).eval()
    tokenizer = GPT2Tokenizer.from_pretrained(folder)
    model.generation_config.eos_token_id = None
    model.generation_config.pad_token_id = 0
    prompt = torch.tensor([tokenizer.encode(TEXTS[0])])
    logits = model(prompt).logits[0]
    greedy = model.generate(prompt, do_sample=False, max_new_tokens=40)[0].tolist()
    scores = model(torch.tensor([greedy])).logits[0, prompt.shape[1] - 1 : -1]
    best = scores.topk(2).values
    margin = (best[:, 0] - best[:, 1]).min().item()
    sampled = {}
    for name, options in {
        "topK": dict(temperature=1.5, top_k=50),
        "topP": dict(temperature=1.0, top_k=0, top_p=0.9),
        "plain": dict(temperature=1.0, top_k=0),
    }.items():
        torch.manual_seed(SEED)
        options = dict(do_sample=True, max_new_tokens=40, **options)
        sampled[name] = model.generate(prompt, **options)[0].tolist()
    ways = {}
    for name, options in {
        "penalty": dict(do_sample=False, repetition_penalty=1.3),
        "ends": dict(do_sample=False, eos_token_id=[250, 285]),
        "least": dict(do_sample=False, eos_token_id=[250, 285], min_new_tokens=12),
        "all": dict(do_sample=True, top_k=40, top_p=0.8, temperature=0.9, repetition_penalty=0.9, eos_token_id=28),
    }.items():
        torch.manual_seed(SEED)
        ways[name] = model.generate(prompt, max_new_tokens=40, **options)[0].tolist()
    text = torch.tensor([tokenizer.encode(LONG)[: model.config.n_positions]])
    loss = model(text, labels=text).loss.item()
    half = GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float16).float().eval()
    attentions = GPT2LMHeadModel.from_pretrained(folder, attn_implementation="eager").eval()(
        prompt, output_attentions=True
    ).attentions
    return {
        "ids": {text: tokenizer.encode(text) for text in TEXTS},
        "logits": numbers(logits[:, ::every]),
        "greedy": greedy,
        "half": numbers(half(prompt).logits[0][:, ::every]),
        "margin": margin,
        "sampled": sampled,
        "ways": ways,
        "text": LONG,
        "tokens": text.shape[1],
        "loss": loss,
        "perplexity": math.exp(loss),
        "attentions": [numbers(attentions[-1][0])[:: max(1, every // 7)]],
    }


@torch.no_grad()
def another_head(folder):
    """Logits where the file holds a head that is not the token embedding, though config.json ties the two."""
    tensors = load_file(folder / "model.safetensors")
    tensors["lm_head.weight"] = tensors["transformer.wte.weight"].flip(0).contiguous()
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    model = GPT2LMHeadModel.from_pretrained(folder).eval()
    prompt = torch.tensor([GPT2Tokenizer.from_pretrained(folder).encode(TEXTS[0])])
    return numbers(model(prompt).logits[0])


@torch.no_grad()
def activated(folder, name):
    """Logits where config.json names another activation."""
    model = GPT2LMHeadModel.from_pretrained(folder, activation_function=name).eval()
    prompt = torch.tensor([GPT2Tokenizer.from_pretrained(folder).encode(TEXTS[0])])
    return numbers(model(prompt).logits[0])


def main():
    if len(sys.argv) > 1:
        folder = pathlib.Path(sys.argv[1])
        config = GPT2Config()
        today, published = save(build(config), folder, folder / "today")
        result = {"today": described(today / "model.safetensors")} | {
            "published": described(published / "model.safetensors"),
            "every": 97,
        } | golden(today, 97)
        (folder / "golden.json").write_text(json.dumps(result))
    else:
        config = GPT2Config(**json.loads((fixture / "config.json").read_text()))
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            today, published = save(build(config), folder, fixture)
            result = {"today": described(today / "model.safetensors")} | {
                "published": described(published / "model.safetensors"),
                "every": 1,
            } | golden(today, 1) | {
                "activations": {name: activated(today, name) for name in ("silu", "swish", "sigmoid", "relu")},
                "another_head": another_head(today),
            }
        (here / "gpt2.json").write_text(json.dumps(result) + "\n")
    print("margin", result["margin"], "greedy", result["greedy"], "perplexity", result["perplexity"])


main()
