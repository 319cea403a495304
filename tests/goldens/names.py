"""Writes names.json: what PyTorch calls the arguments of its functions.

    pip install torch   (made with torch 2.13)
    python tests/goldens/names.py

For torch, Tensor, torch.nn.functional and torch.nn.init: each function with its forms, and each form as its arguments
in order, the optional ones with "?", all in camelCase. They are read from the signatures of functions written in Python
and from the stubs beside the others. What chooses memory, names of dimensions or a device is left out, and so is `out`.
"""

import ast
import inspect
import json
import pathlib
import re

import torch

LEFT_OUT = {"out", "layout", "memory_format", "pin_memory", "names", "device", "non_blocking", "_stacklevel"}
# Forms that PyTorch deprecated in 1.5: a number before the tensors that it multiplies.
DEPRECATED = re.compile(r"(^| )(alpha|beta|value) (alpha )?(other|tensor1|mat1|mat|batch1|input)\b")
camel = lambda name: re.sub(r"(?<=.)_+([a-z0-9])", lambda found: found[1].upper(), name)


def form(arguments):
    """One form from (name, is optional) pairs; what follows "*" has no position."""
    kept = " ".join(camel(n).rstrip("_") + "?" * optional for n, optional in arguments if n not in LEFT_OUT)
    return kept.removesuffix("*").strip()


def of_stub(node, method):
    """The form of a function in a stub; what a function in a stub calls self is the input."""
    a = node.args
    positional = [*a.posonlyargs, *a.args]
    for each in positional:
        each.arg = "input" if each.arg == "self" else each.arg
    if method:
        positional = positional[1:]
    required = len(positional) - len(a.defaults)
    pairs = [(each.arg, i >= required) for i, each in enumerate(positional)]
    if a.vararg:
        pairs.append((f"*{a.vararg.arg}", True))
    elif a.kwonlyargs:
        pairs.append(("*", False))
    pairs += [(each.arg, value is not None) for each, value in zip(a.kwonlyargs, a.kw_defaults)]
    return form(pairs)


def of_python(function):
    parameters = [p for p in inspect.signature(function).parameters.values() if p.name != "self"]
    star = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    pairs = [(star.get(p.kind, "") + p.name, p.default is not p.empty) for p in parameters]
    for i, p in enumerate(parameters):
        if p.kind is p.KEYWORD_ONLY and not any(name.startswith("*") for name, _ in pairs):
            pairs.insert(i, ("*", False))
    return form(pairs)


def stubs(path, inside=None):
    """All functions of a stub, or of a class in it."""
    body = ast.parse((pathlib.Path(torch.__file__).parent / path).read_text()).body
    if inside:
        body = next(each for each in body if isinstance(each, ast.ClassDef) and each.name == inside).body
    found = {}
    for node in body:
        if isinstance(node, ast.FunctionDef):
            found.setdefault(node.name, []).append(of_stub(node, inside))
    return found


compiled = {
    "torch": stubs("_C/_VariableFunctions.pyi"),
    "Tensor": stubs("_C/__init__.pyi", "TensorBase"),
    "functional": {**stubs("_C/_nn.pyi"), **stubs("nn/functional.pyi")},
    "init": {},
}
places = {"torch": torch, "Tensor": torch.Tensor, "functional": torch.nn.functional, "init": torch.nn.init}
golden = {"torch": torch.__version__.split("+")[0], "names": {}}
for place, module in places.items():
    rows = golden["names"][place] = {}
    for name in sorted(dir(module)):
        function = getattr(module, name)
        if name.startswith("_") or not callable(function) or inspect.isclass(function):
            continue
        forms = compiled[place].get(name) or compiled["torch"].get(name) or []
        if inspect.isfunction(function):
            own = of_python(function)
            # A function that only dispatches to its forms says "*args"; the stub says more.
            if "*" not in own or not forms:
                forms = [own]
        forms = sorted(set(each for each in forms if each and not DEPRECATED.search(each)), key=forms.index)
        if forms:
            rows[camel(name)] = forms

path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(golden, separators=(",", ":")).replace('],"', '],\n"') + "\n")
