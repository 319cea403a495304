"""Writes optim.json: what PyTorch's optimizers, schedules and clipping do in a hundred steps.

Run it with a Python that has torch 2.13 (for processors):

    python3 tests/goldens/optim.py

Parameters and gradients are drawn from seeds, which give the same numbers in tests/optim_test.ts; only results
are written, of large tensors a few elements. Option names are ours, and become PyTorch's here.
"""

import copy
import json
import math
import pathlib
import re

import torch
from torch.optim import lr_scheduler

torch.set_num_threads(2)

SHAPES = [[3, 5], [], [67], [1], [129, 131], [130, 3], [2]]
STEPS = 100
SNAPSHOTS = [1, 10, 100]

# Optimizer, options of the groups (a list: which parameters each has), what happens to the rate at step 50.
CASES = {
    "SGD": ["SGD", {"lr": 0.1}],
    "SGD, momentum": ["SGD", {"lr": 0.1, "momentum": 0.9}],
    "SGD, dampening, weight decay": ["SGD", {"lr": 0.05, "momentum": 0.8, "dampening": 0.3, "weightDecay": 0.01}],
    "SGD, Nesterov, weight decay": ["SGD", {"lr": 0.02, "momentum": 0.9, "nesterov": True, "weightDecay": 0.1}],
    "SGD, weight decay": ["SGD", {"lr": 0.02, "weightDecay": 0.1}],
    "Adam": ["Adam", {}],
    "Adam, every option": ["Adam", {"lr": 0.01, "betas": [0.8, 0.95], "eps": 1e-3, "weightDecay": 0.1}],
    "Adam, AMSGrad": ["Adam", {"lr": 0.01, "betas": [0.7, 0.8], "amsgrad": True}],
    "AdamW": ["AdamW", {}],
    "AdamW, every option": [
        "AdamW",
        {"lr": 0.01, "betas": [0.8, 0.95], "eps": 1e-6, "weightDecay": 0.5, "amsgrad": True},
    ],
    "RMSprop": ["RMSprop", {}],
    "RMSprop, every option": [
        "RMSprop",
        {"lr": 0.02, "alpha": 0.9, "eps": 1e-4, "weightDecay": 0.1, "momentum": 0.8, "centered": True},
    ],
    "RMSprop, centered": ["RMSprop", {"lr": 0.01, "alpha": 0.3, "centered": True, "eps": 1e-2}],
    "Adagrad": ["Adagrad", {}],
    "Adagrad, every option": [
        "Adagrad",
        {"lr": 0.1, "lrDecay": 0.05, "weightDecay": 0.1, "initialAccumulatorValue": 0.5, "eps": 1e-3},
    ],
    "SGD in groups": [
        "SGD",
        {"lr": 0.1, "momentum": 0.5},
        [{"params": [0, 4, 2]}, {"params": [1, 3], "lr": 0.01, "momentum": 0}, {"params": [5, 6], "weightDecay": 0.2}],
    ],
    "Adam in groups": [
        "Adam",
        {"lr": 0.01},
        [{"params": [3, 4]}, {"params": [0, 1, 2], "lr": 0.003, "betas": [0.5, 0.6]}, {"params": [5, 6], "amsgrad": True}],
    ],
}


def python(name):
    return re.sub("[A-Z]", lambda m: "_" + m[0].lower(), name)


def pythonic(options):
    return {python(k): v for k, v in options.items()}


def sampled(x):
    """At most 24 elements, evenly spaced, with the first and the last."""
    flat = x.detach().reshape(-1)
    n = flat.numel()
    count = min(n, 24)
    at = [i * (n - 1) // max(count - 1, 1) for i in range(count)]
    return [single(v) for v in flat[at].numpy()]


def single(v):
    """The shortest number that reads back as the same float32."""
    return float(str(v))


def numbers():
    """The parameters, and their gradients at every step: of several sizes, some left out at some steps."""
    torch.manual_seed(1)
    params = [torch.randn(s) for s in SHAPES]
    grads = []
    for step in range(STEPS):
        grads.append([torch.randn(s) * 10.0 ** ((i + step) % 5 - 3) for i, s in enumerate(SHAPES)])
        if step % 3 == 1:
            grads[-1][2] = None
        if step % 7 == 0:
            grads[-1][0] = None
    return params, grads


def run(kind, options, groups=None):
    start, grads = numbers()
    params = [torch.nn.Parameter(p) for p in start]
    if groups:
        given = [{**pythonic(g), "params": [params[i] for i in g["params"]]} for g in groups]
    else:
        given = params
    optimizer = getattr(torch.optim, kind)(given, **pythonic(options))
    snapshots = []
    for step in range(STEPS):
        for p, g in zip(params, grads[step]):
            p.grad = None if g is None else g.clone()
        if step == 50:
            optimizer.param_groups[0]["lr"] *= 0.1
        optimizer.step()
        if step + 1 in SNAPSHOTS:
            states = [
                {k: float(v) if k == "step" else sampled(v) for k, v in optimizer.state[p].items() if v is not None}
                if p in optimizer.state else {}
                for p in params
            ]
            snapshots.append({"params": [sampled(p) for p in params], "states": states})
    return snapshots


def regression(kind, options):
    """A small network learns sines; its loss at every step."""
    torch.manual_seed(7)
    model = torch.nn.Sequential(torch.nn.Linear(3, 32), torch.nn.Tanh(), torch.nn.Linear(32, 2))
    x = torch.randn(64, 3)
    y = torch.sin(x @ torch.randn(3, 2))
    optimizer = getattr(torch.optim, kind)(model.parameters(), **pythonic(options))
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad(set_to_none=True)
        loss = (model(x) - y).pow(2).mean()
        loss.backward()
        optimizer.step()
        losses.append(single(loss.detach().numpy()))
    return losses


def long(kind, options):
    """All of a parameter after 300 steps, each with a gradient drawn anew."""
    torch.manual_seed(3)
    p = torch.nn.Parameter(torch.randn(64))
    optimizer = getattr(torch.optim, kind)([p], **pythonic(options))
    for _ in range(300):
        p.grad = torch.randn(64)
        optimizer.step()
    return [single(v) for v in p.detach().numpy()]


def rates(make):
    a, b = torch.nn.Parameter(torch.zeros(1)), torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([{"params": [a]}, {"params": [b], "lr": 0.3}], lr=0.1)
    schedule = make(optimizer)
    seen = [schedule.get_last_lr()]
    for _ in range(60):
        optimizer.step()
        schedule.step()
        seen.append(schedule.get_last_lr())
    return seen


LOSSES = [10, 9, 9.5, 9, 8.9999, 8, 8, 8, 8, 7.9, 8, 8, 8, 8, 8, 5, 6, 6, 6, 6, 6, 6, 6, 1, 1, 1, 1, 1, 1]


def plateau(options):
    """The rates of two groups while a loss goes down and stays."""
    a, b = torch.nn.Parameter(torch.zeros(1)), torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([{"params": [a]}, {"params": [b], "lr": 0.3}], lr=0.1)
    schedule = lr_scheduler.ReduceLROnPlateau(optimizer, **pythonic(options))
    seen = []
    for loss in LOSSES:
        schedule.step(loss)
        seen.append(schedule.get_last_lr())
    return {"options": options, "rates": seen}


def cycled(adam):
    """Rate and momentum of an optimizer in one cycle."""
    param = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.AdamW([param]) if adam else torch.optim.SGD([param], lr=0.1, momentum=0.9)
    schedule = lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=12)
    seen = []
    for _ in range(12):
        group = optimizer.param_groups[0]
        seen.append([group["lr"], group["betas"][0] if adam else group["momentum"]])
        optimizer.step()
        schedule.step()
    return seen


# Epochs that are given, in parts; None goes on from the one before.
EPOCHS = [0.5, 1, 1.5, 2, None, None, 3.75, None, 4, 11.25, 12, None, 0.1, None, 40.5, None, None, 5, 36, 1000]


def restarted(options):
    """The rates of warm restarts at epochs that are given."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    schedule = lr_scheduler.CosineAnnealingWarmRestarts(optimizer, **options)
    seen = []
    for epoch in EPOCHS:
        optimizer.step()
        schedule.step(epoch)
        seen.append([schedule.last_epoch, schedule.get_last_lr()[0]])
    return {"t0": options["T_0"], "tMult": options["T_mult"], "seen": seen}


def unbounded(kind, options):
    """Parameters that are infinite, after two steps."""
    param = torch.nn.Parameter(torch.tensor([math.inf, 1.5, -math.inf]))
    optimizer = getattr(torch.optim, kind)([param], **pythonic(options))
    for _ in range(2):
        param.grad = torch.tensor([1.0, 2.0, 3.0])
        optimizer.step()
    return {"kind": kind, "options": options, "want": [str(single(v)) for v in param.detach().numpy()]}


def warm(t):
    return min(1.0, (t + 1) / 10)


SCHEDULES = {
    "StepLR": lambda o: lr_scheduler.StepLR(o, 7, gamma=0.3),
    "LambdaLR": lambda o: lr_scheduler.LambdaLR(o, [warm, lambda t: 0.9 ** t]),
    "LinearLR": lambda o: lr_scheduler.LinearLR(o),
    "LinearLR, down": lambda o: lr_scheduler.LinearLR(o, start_factor=0.9, end_factor=0.2, total_iters=33),
    "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, 25),
    "CosineAnnealingLR, etaMin": lambda o: lr_scheduler.CosineAnnealingLR(o, 9, eta_min=0.01),
    "SequentialLR": lambda o: lr_scheduler.SequentialLR(
        o,
        [
            lr_scheduler.LinearLR(o, start_factor=0.1, total_iters=10),
            lr_scheduler.CosineAnnealingLR(o, 30, eta_min=0.007),
            lr_scheduler.StepLR(o, 4, gamma=0.5),
        ],
        [10, 42],
    ),
    "SequentialLR, cosine first": lambda o: lr_scheduler.SequentialLR(
        o,
        [lr_scheduler.CosineAnnealingLR(o, 12, eta_min=0.007), lr_scheduler.LambdaLR(o, lambda t: 1 / (1 + t))],
        [20],
    ),
    "SequentialLR, no warm-up": lambda o: lr_scheduler.SequentialLR(
        o,
        [lr_scheduler.LinearLR(o, start_factor=0.1), lr_scheduler.CosineAnnealingLR(o, 10)],
        [0],
    ),
    "ExponentialLR": lambda o: lr_scheduler.ExponentialLR(o, 0.9),
    "MultiStepLR": lambda o: lr_scheduler.MultiStepLR(o, [5, 20, 20, 41], gamma=0.5),
    "ConstantLR": lambda o: lr_scheduler.ConstantLR(o, factor=0.5, total_iters=7),
    "ConstantLR, a third": lambda o: lr_scheduler.ConstantLR(o),
    "CosineAnnealingWarmRestarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 5, T_mult=2, eta_min=0.01),
    "OneCycleLR": lambda o: lr_scheduler.OneCycleLR(o, 0.5, total_steps=70),
    "OneCycleLR, linear, three phases": lambda o: lr_scheduler.OneCycleLR(
        o, [0.5, 0.1], epochs=7, steps_per_epoch=10, pct_start=0.4, anneal_strategy="linear", three_phase=True,
        div_factor=10.0, final_div_factor=100.0,
    ),
}


def clipped(kind, limit):
    torch.manual_seed(3)
    params = [torch.nn.Parameter(torch.zeros(s)) for s in SHAPES]
    for i, p in enumerate(params):
        p.grad = None if i == 3 else torch.randn(p.shape) * 10.0 ** (i - 3)
    if kind == "value":
        torch.nn.utils.clip_grad_value_(params, limit)
        norm = None
    else:
        norm = single(torch.nn.utils.clip_grad_norm_(params, limit, norm_type=float(kind)).numpy())
    return {"kind": kind, "limit": limit, "norm": norm, "grads": [None if p.grad is None else sampled(p.grad) for p in params]}


def main():
    goldens = {
        "shapes": SHAPES,
        "snapshots": SNAPSHOTS,
        "cases": [
            {"name": name, "kind": case[0], "options": case[1], "groups": (case[2:] or [None])[0], "want": run(*case)}
            for name, case in CASES.items()
        ],
        "regressions": [
            {"kind": kind, "options": options, "losses": regression(kind, options)}
            for kind, options in [
                ["SGD", {"lr": 0.1, "momentum": 0.9}],
                ["Adam", {"lr": 0.01}],
                ["AdamW", {"lr": 0.01, "weightDecay": 0.1}],
            ]
        ],
        "long": [
            {"kind": kind, "options": options, "values": long(kind, options)}
            for kind, options in [
                ["SGD", {"lr": 0.01}],
                ["SGD", {"lr": 0.01, "momentum": 0.9}],
                ["SGD", {"lr": 0.01, "momentum": 0.9, "nesterov": True, "weightDecay": 0.1}],
            ]
        ],
        "schedules": {name: rates(make) for name, make in SCHEDULES.items()},
        "losses": LOSSES,
        "plateaus": [
            plateau(options)
            for options in [
                {"patience": 2},
                {"factor": 0.5, "patience": 0, "threshold": 0.2, "thresholdMode": "abs", "cooldown": 2},
                {"mode": "max", "patience": 3, "minLr": [0.002, 0.05]},
            ]
        ],
        "cycles": {"AdamW": cycled(True), "SGD": cycled(False)},
        "epochs": EPOCHS,
        "restarted": [restarted({"T_0": 4, "T_mult": m}) for m in [1, 2, 3]],
        "unbounded": [
            unbounded(kind, options)
            for kind, options in [
                ["SGD", {"lr": 0.1}],
                ["SGD", {"lr": 0.1, "momentum": 0.9}],
                ["Adam", {"lr": 0.1}],
                ["AdamW", {"lr": 0.1}],
                ["AdamW", {"lr": 0.1, "amsgrad": True}],
                ["RMSprop", {"lr": 0.1, "momentum": 0.9, "centered": True}],
                ["Adagrad", {"lr": 0.1}],
                ["SGD", {"lr": 0.1, "weightDecay": 0.1}],
            ]
        ],
        "clipped": [
            clipped(kind, limit)
            for kind, limit in [["2", 1.0], ["2", 1e6], ["1", 10.0], ["inf", 0.5], ["value", 0.25]]
        ],
    }
    path = pathlib.Path(__file__).parent / "optim.json"
    path.write_text("{\n" + ",\n".join(f'"{k}": {json.dumps(v, separators=(",", ":"))}' for k, v in goldens.items()) + "\n}\n")
    print(f"{path.name}: {path.stat().st_size:,} bytes")


main()
