"""Which names of PyTorch the field's notebooks call: python used.py FOLDER > used.json

FOLDER holds clones of the repositories, each as owner+name/repo (bare or not); only names are kept, no line of theirs.
A method counts where a Tensor, a Module, an Optimizer or a Generator of PyTorch 2.13 has it.
"""
import ast
import json
import re
import subprocess
import sys

import torch

CHAPTER = "{0}/01_main-chapter-code/"
RASBT, KARPATHY = "rasbt+LLMs-from-scratch", "karpathy+"
SOURCES = {
    "ng-video-lecture": (KARPATHY + "ng-video-lecture", ["bigram.py", "gpt.py"]),
    "nanoGPT": (KARPATHY + "nanoGPT", ["model.py", "train.py", "sample.py"]),
    "minGPT": (KARPATHY + "minGPT", ["mingpt/", "projects/", "demo.ipynb", "generate.ipynb"]),
    "makemore.py": (KARPATHY + "makemore", ["makemore.py"]),
    "minbpe": (KARPATHY + "minbpe", ["minbpe/", "train.py"]),
    **{f"makemore {i}": (KARPATHY + "nn-zero-to-hero", [f"lectures/makemore/makemore_part{i}_"]) for i in range(1, 6)},
    "LLMs-from-scratch ch02": (RASBT, ["ch02/01", "ch02/03", "ch02/04"]),
    "LLMs-from-scratch ch03": (RASBT, ["ch03/"]),
    "LLMs-from-scratch ch04": (RASBT, [f"ch04/{n}" for n in ("01", "03", "04", "05", "06", "07")]),
    **{f"LLMs-from-scratch ch0{n}": (RASBT, [f"ch0{n}/01"]) for n in (5, 6, 7)},
    **{f"LLMs-from-scratch {x}": (RASBT, [f"appendix-{x}/01"]) for x in "ADE"},
}
OWNERS = torch.Tensor, torch.nn.Module, torch.optim.Optimizer, torch.Generator
ROOTS = "torch", "F", "nn", "init"


def git(repo, *args):
    return subprocess.run(["git", "-C", f"{sys.argv[1]}/{repo}/repo", *args], capture_output=True, text=True, check=True).stdout


def cells(path, text):
    """The programs in a file: a notebook's cells without their magic lines."""
    if path.endswith(".py"):
        return [text]
    sources = ("".join(c["source"]) for c in json.loads(text)["cells"] if c["cell_type"] == "code")
    return ["\n".join("pass" if re.match(r"\s*[%!]", line) else line for line in s.split("\n")) for s in sources]


def names(program):
    for node in ast.walk(ast.parse(program)):
        if not isinstance(node, ast.Attribute):
            continue
        whole = ast.unparse(node)
        if re.fullmatch(r"[\w.]+", whole) and whole.split(".")[0] in ROOTS:
            yield re.sub(r"^(torch\.nn\.functional|nn\.functional|F)\.", "F.", re.sub(r"^torch\.nn\.(?!functional)", "nn.", whole))
    for node in ast.walk(ast.parse(program)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            root = ast.unparse(node.func).split(".")[0].split("(")[0]
            name = node.func.attr
            if root not in ROOTS + ("os", "np", "re", "json", "plt", "random", "math") and any(hasattr(o, name) for o in OWNERS):
                if not name.startswith("_"):
                    yield "." + name


PYTHONS = {".add", ".index", ".values"}  # of sets, texts and dictionaries in these sources
PACKAGES = {"torch.nn.functional", "torch.nn", "torch.optim", "torch.utils", "torch.utils.data", "torch.backends", "nn.functional", "nn.init", "nn.utils", "torch.cuda.amp"}
found = {}
for source, (repo, starts) in SOURCES.items():
    paths = [p for p in git(repo, "ls-tree", "-r", "--name-only", "HEAD").split("\n") if p.endswith((".py", ".ipynb")) and p.startswith(tuple(starts)) and "test" not in p]
    programs = [cell for path in paths for cell in cells(path, git(repo, "show", f"HEAD:{path}"))]
    found[source] = {"files": len(paths), "names": sorted({name for p in programs for name in names(p)} - PACKAGES - PYTHONS)}
print(json.dumps({"torch": torch.__version__, "sources": found}, indent=1))
