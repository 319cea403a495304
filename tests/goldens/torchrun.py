"""Goes on training a folder that `deno task export` wrote, on several processes or machines, and writes it back.

    torchrun --nproc_per_node=2 tests/goldens/torchrun.py FOLDER OUT --data data/songs.json --steps 200

Each process takes its part of every batch, and DistributedDataParallel makes one mean of their gradients, so that two
processes with half a batch each learn what one learns with the whole. On a machine with GPUs it takes one for each
process (NCCL), else the processors (gloo). Over machines, on each of them:

    torchrun --nnodes=2 --nproc_per_node=8 --rdzv_backend=c10d --rdzv_endpoint=FIRST_MACHINE:29500 ...

FILE is JSON with texts, {"train": [...]}, or one text. OUT is a folder as FOLDER is: AutoModelForCausalLM opens it, and
so does loadPretrained in TypeScript. `--dropout 0` leaves dropout out; by default it is as config.json says.

    python3 tests/goldens/torchrun.py judge    writes torchrun.json; run it from the repository's root

That draws and exports a model with Deno, trains it here in two processes on halves of the batches, and lets Deno read
it back and go on. Made with torch 2.13 and transformers 5.18 on a processor, gloo.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from transformers import AutoModelForCausalLM, AutoTokenizer


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("out")
    parser.add_argument("--data", required=True)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--batch", type=int, default=64, help="of all processes together")
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--dropout", type=float)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--losses", help="a file to write the losses to")
    return parser.parse_args()


def tokens_of(path, tokenizer):
    text = pathlib.Path(path).read_text()
    if path.endswith(".json"):
        text = "\n".join(json.loads(text)["train"])
    return torch.tensor(tokenizer(text, verbose=False)["input_ids"])


def main():
    given = arguments()
    gpus = torch.cuda.is_available()
    dist.init_process_group("nccl" if gpus else "gloo")
    rank, processes = dist.get_rank(), dist.get_world_size()
    if given.batch % processes:
        sys.exit(f"--batch {given.batch} can't be shared by {processes} processes; give a multiple of it")
    device = torch.device("cuda", int(os.environ["LOCAL_RANK"])) if gpus else torch.device("cpu")

    tokenizer = AutoTokenizer.from_pretrained(given.folder)
    changed = {} if given.dropout is None else {
        name: given.dropout for name in ("hidden_dropout", "embd_pdrop", "attn_pdrop", "resid_pdrop")
    }
    model = AutoModelForCausalLM.from_pretrained(given.folder, **{
        name: value for name, value in changed.items()
        if name in json.loads((pathlib.Path(given.folder) / "config.json").read_text())
    }).to(device).train()
    data = tokens_of(given.data, tokenizer)
    T = model.config.max_position_embeddings
    own = slice(rank * given.batch // processes, (rank + 1) * given.batch // processes)

    parallel = DistributedDataParallel(model, device_ids=[device.index] if gpus else None)
    optimizer = torch.optim.AdamW(parallel.parameters(), lr=given.lr)
    torch.manual_seed(given.seed + 1000 * rank)  # of dropout: each process its own
    batches = torch.Generator().manual_seed(given.seed)  # of batches: all the same
    losses = []
    for step in range(given.steps):
        starts = torch.randint(len(data) - T - 1, (given.batch,), generator=batches)[own]
        rows = starts[:, None] + torch.arange(T)
        x, y = data[rows].to(device), data[rows + 1].to(device)
        logits = parallel(input_ids=x, use_cache=False).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        mean = loss.detach().clone()
        dist.all_reduce(mean)
        losses.append(mean.item() / processes)
        if rank == 0 and (step % 10 == 0 or step == given.steps - 1):
            print(f"step {step}: loss {losses[-1]:.4f}", flush=True)
    if rank == 0:
        # What the folder holds beside the weights goes with them: tokenizer, card, settings.
        shutil.copytree(given.folder, given.out, dirs_exist_ok=True)
        config = (pathlib.Path(given.out) / "config.json").read_text()
        model.save_pretrained(given.out)
        (pathlib.Path(given.out) / "config.json").write_text(config)
        if given.losses:
            pathlib.Path(given.losses).write_text(json.dumps(losses))
    dist.destroy_process_group()


def judge():
    deno = ["deno", "run", "--allow-all", "--no-check"]
    here = pathlib.Path(__file__)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*deno, "tests/support/exported.ts", folder], check=True)

        def learn(source, out, processes, seed):
            subprocess.run(
                [sys.executable, "-m", "torch.distributed.run", f"--nproc_per_node={processes}", here, f"{folder}/{source}",
                 f"{folder}/{out}", "--data", "data/songs.json", "--steps", "10", "--dropout", "0", "--seed", f"{seed}",
                 "--losses", f"{folder}/{out}.json"],
                check=True, env=os.environ | {"OMP_NUM_THREADS": "1"},
            )
            return json.loads(pathlib.Path(f"{folder}/{out}.json").read_text())

        golden = {name: {"two": learn(name, f"{name}-two", 2, 1)} for name in ("gpt", "dropout")}
        one = learn("gpt", "gpt-one", 1, 1)
        print("one process:", one, "two:", golden["gpt"]["two"])
        on = learn("gpt-two", "gpt-on", 1, 2)
        # The way back: Deno loads what PyTorch wrote, saves it again, and the bytes are the same; and it goes on.
        subprocess.run([*deno, "tests/support/went_on.ts", f"{folder}/gpt-two", f"{folder}/again", f"{folder}/again.json"], check=True)
        same = [(pathlib.Path(folder) / name / "model.safetensors").read_bytes() for name in ("gpt-two", "again")]
        assert same[0] == same[1]
        ours = json.loads(pathlib.Path(f"{folder}/again.json").read_text())
        far = max(abs(a - b) for a, b in zip(on, ours))
        print("going on here and in Deno:", on, ours, "apart by", far)
        assert far < 1e-4
    golden["on"] = {"torch": on, "apart": far}
    here.with_suffix(".json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    judge() if sys.argv[1:] == ["judge"] else main()
