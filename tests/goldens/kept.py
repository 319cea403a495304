"""Writes kept.json: what PyTorch 2.13 keeps for backward, of every function: which operand may not be written over.

Run it with a Python that has torch 2.13 (for processors):

    python3 tests/goldens/kept.py

Each line is run once for each set of operands that ask for a gradient (all that can, then each alone), and each time
one operand, or the result, is written over before backward: "x" where backward refuses that, "." where it goes on.
tests/kept_test.ts does the same.
"""

import json
import pathlib

import torch
import torch.nn.functional as F

torch.set_num_threads(1)

# Operands: m (2, 3), s (3, 3), v (3), b (2, 3, 3), n (), all floats from 0.1 to 0.9; i, two ids; g (2, 1), ids; k, a mask (2, 3); J, integers (2, 3).
# A capital letter asks for no gradient.
SHAPES = {"m": [2, 3], "s": [3, 3], "v": [3], "b": [2, 3, 3], "n": []}
UNARY = """abs ceil clone contiguous cos erf exp expm1 floor log log10 log1p log2 neg reciprocal round rsqrt sigmoid sign
    sin sqrt square tanh relu nan_to_num tril triu sum mean amax amin max min prod norm std var flatten t
    detach median trace""".split()
NN = """celu elu gelu hardsigmoid hardswish hardtanh leaky_relu logsigmoid mish relu6 selu silu softplus softsign
    tanhshrink""".split()
BINARY = "add sub mul div pow remainder maximum minimum".split()
LOSSES = """mse_loss l1_loss smooth_l1_loss binary_cross_entropy binary_cross_entropy_with_logits kl_div""".split()
LINES = {
    **{name: (f"i[0].{name}()", "s" if name in ("t", "trace") else "m") for name in UNARY},
    **{name: (f"F.{name}(i[0])", "m") for name in NN},
    **{name: (f"torch.{name}(i[0], i[1])", "mm") for name in BINARY},
    **{f"{name}, broadcast": (f"torch.{name}(i[0], i[1])", "mv") for name in BINARY},
    **{f"{name} of a number": (f"torch.{name}(i[0], 0.5)", "m") for name in "add sub mul div pow remainder".split()},
    **{f"{kind} of a base": (f"{code}", "m") for kind, code in {"sub": "2 - i[0]", "div": "2 / i[0]", "pow": "2 ** i[0]"}.items()},
    **{f"{name}, {reduction}": (f"F.{name}(i[0], i[1], reduction='{reduction}')", "mm")
       for name in LOSSES for reduction in ("none", "mean", "sum")},
    **{f"{name}, {'an int' if kinds == 'mJ' else 'an int first'}": (f"torch.{name}(i[0], i[1])", kinds)
       for name in BINARY for kinds in ("mJ", "Jm")},
    **{f"{name}, {'an int' if kinds == 'mJ' else 'an int first'}": (f"F.{name}(i[0], i[1])", kinds)
       for name in LOSSES[:3] for kinds in ("mJ", "Jm")},
    "pow 1": ("i[0] ** 1", "m"), "pow 2": ("i[0] ** 2", "m"), "pow 0": ("i[0] ** 0", "m"),
    "add alpha": ("torch.add(i[0], i[1], alpha=2)", "mm"),
    "kl_div of logs": ("F.kl_div(i[0], i[1], reduction='batchmean', log_target=True)", "mm"),
    "binary_cross_entropy weighted": ("F.binary_cross_entropy(i[0], i[1], i[2])", "mmM"),
    "binary_cross_entropy_with_logits weighted": ("F.binary_cross_entropy_with_logits(i[0], i[1], i[2])", "mmM"),
    "binary_cross_entropy_with_logits posWeight": ("F.binary_cross_entropy_with_logits(i[0], i[1], pos_weight=i[2])", "mmM"),
    "cross_entropy": ("F.cross_entropy(i[0], i[1])", "mi"),
    "cross_entropy sum": ("F.cross_entropy(i[0], i[1], reduction='sum')", "mi"),
    "cross_entropy none": ("F.cross_entropy(i[0], i[1], reduction='none')", "mi"),
    "cross_entropy weighted": ("F.cross_entropy(i[0], i[1], i[2])", "miV"),
    "cross_entropy smoothed": ("F.cross_entropy(i[0], i[1], label_smoothing=0.1)", "mi"),
    "cross_entropy of probabilities": ("F.cross_entropy(i[0], i[1])", "mm"),
    "nll_loss": ("F.nll_loss(i[0], i[1])", "mi"), "nll_loss none": ("F.nll_loss(i[0], i[1], reduction='none')", "mi"),
    "nll_loss weighted": ("F.nll_loss(i[0], i[1], i[2])", "miV"),
    "clamp": ("i[0].clamp(0.2, 0.6)", "m"), "clamp min": ("i[0].clamp(min=0.2)", "m"),
    "where": ("torch.where(i[0], i[1], i[2])", "kmm"), "masked_fill": ("i[0].masked_fill(i[1], 0.5)", "mk"),
    "softmax": ("i[0].softmax(1)", "m"), "log_softmax": ("i[0].log_softmax(1)", "m"), "softmin": ("F.softmin(i[0], 1)", "m"),
    "cumsum": ("i[0].cumsum(1)", "m"), "cumprod": ("i[0].cumprod(1)", "m"),
    **{f"{name} along": (f"i[0].{name}(1)", "m") for name in "sum mean prod norm std var amax amin logsumexp".split()},
    **{f"{name} along": (f"i[0].{name}(1)[0]", "m") for name in "max min median".split()},
    "norm 1": ("i[0].norm(p=1)", "m"), "norm 3": ("i[0].norm(p=3)", "m"), "norm inf": ("i[0].norm(p=float('inf'))", "m"),
    "topk": ("i[0].topk(2)[0]", "m"), "sort": ("i[0].sort()[0]", "m"),
    "mm": ("torch.mm(i[0], i[1])", "ms"), "matmul": ("torch.matmul(i[0], i[1])", "ms"),
    "matmul of batches": ("torch.matmul(i[0], i[1])", "bs"), "matmul of vectors": ("torch.matmul(i[0], i[1])", "vv"),
    "matmul of a vector": ("torch.matmul(i[0], i[1])", "mv"), "bmm": ("torch.bmm(i[0], i[1])", "bb"),
    "dot": ("torch.dot(i[0], i[1])", "vv"), "mv": ("torch.mv(i[0], i[1])", "mv"), "outer": ("torch.outer(i[0], i[1])", "vv"),
    "linear": ("F.linear(i[0], i[1])", "ms"), "linear with a bias": ("F.linear(i[0], i[1], i[2])", "msv"),
    "linear of batches": ("F.linear(i[0], i[1], i[2])", "bsv"),
    "einsum": ("torch.einsum('ij,jk->ik', i[0], i[1])", "ms"), "einsum of products": ("torch.einsum('ij,ij->ij', i[0], i[1])", "mm"),
    "addmm": ("torch.addmm(i[0], i[1], i[2])", "mms"), "addmm scaled": ("torch.addmm(i[0], i[1], i[2], beta=2, alpha=3)", "mms"),
    "baddbmm": ("torch.baddbmm(i[0], i[1], i[2])", "bbb"), "addmv": ("torch.addmv(i[0], i[1], i[2])", "vsv"),
    "addcmul": ("torch.addcmul(i[0], i[1], i[2])", "mmm"), "addcmul scaled": ("torch.addcmul(i[0], i[1], i[2], value=2)", "mmm"),
    "addcdiv": ("torch.addcdiv(i[0], i[1], i[2])", "mmm"), "addcdiv scaled": ("torch.addcdiv(i[0], i[1], i[2], value=2)", "mmm"),
    "lerp": ("torch.lerp(i[0], i[1], 0.3)", "mm"),
    "normalize": ("F.normalize(i[0])", "m"), "cosine_similarity": ("F.cosine_similarity(i[0], i[1])", "mm"),
    "cdist": ("torch.cdist(i[0], i[1])", "ms"), "prelu": ("F.prelu(i[0], i[1])", "mv"), "glu": ("F.glu(i[0], 1)", "b4"),
    "threshold": ("F.threshold(i[0], 0.5, 0.7)", "m"), "softplus 2": ("F.softplus(i[0], 2.0)", "m"),
    "gelu tanh": ("F.gelu(i[0], approximate='tanh')", "m"), "elu 2": ("F.elu(i[0], 2.0)", "m"),
    "layer_norm": ("F.layer_norm(i[0], [3])", "m"), "layer_norm weighted": ("F.layer_norm(i[0], [3], i[1], i[2])", "mvv"),
    "embedding": ("F.embedding(i[0], i[1])", "is"), "gather": ("i[0].gather(1, i[1])", "mg"),
    "index_select": ("i[0].index_select(0, i[1])", "mi"), "index": ("i[0][i[1]]", "mi"),
    "index_add": ("i[0].index_add(0, i[1], i[2])", "mim"), "index_fill": ("i[0].index_fill(0, i[1], 0.5)", "mi"),
    "scatter": ("i[0].scatter(1, i[1], i[2])", "mge"), "scatter_add": ("i[0].scatter_add(1, i[1], i[2])", "mge"),
    "index_put": ("i[0].index_put((i[1],), i[2])", "mim"), "take_along_dim": ("i[0].take_along_dim(i[1], 1)", "mg"),
    "cat": ("torch.cat([i[0], i[1]])", "mm"), "stack": ("torch.stack([i[0], i[1]])", "mm"),
    "reshape": ("i[0].reshape(3, 2)", "m"), "view": ("i[0].view(6)", "m"), "transpose": ("i[0].transpose(0, 1)", "m"),
    "permute": ("i[0].permute(1, 0)", "m"), "narrow": ("i[0].narrow(0, 0, 1)", "m"),
    "select": ("i[0].select(0, 0)", "m"), "squeeze": ("i[0].unsqueeze(0).squeeze()", "m"), "flip": ("i[0].flip(0)", "m"),
    "roll": ("i[0].roll(1)", "m"), "repeat": ("i[0].repeat(2, 1)", "m"),
    "repeat_interleave": ("i[0].repeat_interleave(2)", "m"), "pad": ("F.pad(i[0], [1, 1])", "m"), "diag": ("i[0].diag()", "s"),
    "conv1d": ("F.conv1d(i[0], i[1], i[2])", "bw2"),
    "attention": ("F.scaled_dot_product_attention(i[0], i[1], i[2])", "bbb"),
    "attention fused": ("F.scaled_dot_product_attention(i[0][None], i[1][None], i[2][None])", "bbb"),
}
SHAPES |= {"4": [2, 3, 4], "w": [2, 3, 2], "2": [2], "e": [2, 1]}
LINES["glu"] = ("F.glu(i[0])", "4")


def operand(kind, at):
    if kind == "k":
        return torch.tensor([[True, False, True], [False, True, True]])
    if kind in "ig":
        return torch.tensor([0, 1]) if kind == "i" else torch.tensor([[0], [2]])
    if kind == "J":
        return torch.tensor([[1, 2, 3], [4, 5, 6]])
    shape = SHAPES[kind.lower()]
    count = torch.Size(shape).numel()
    return (torch.arange(at, at + count) * 5 % 9 / 10.0 + 0.05).reshape(shape)


def kept(code, kinds):
    floats = [n for n, kind in enumerate(kinds) if kind not in "ikgJMV"]
    answers = []
    for asked in [floats, *([n] for n in floats if len(floats) > 1)]:
        said = ""
        for over in range(len(kinds) + 1):
            i = [operand(kind, n) for n, kind in enumerate(kinds)]
            for n in asked:
                i[n].requires_grad_()
            out = eval(code, {"torch": torch, "F": F, "i": i})
            if not out.requires_grad:
                said += "-"
                continue
            with torch.no_grad():
                target = [*i, out][over]
                target.copy_(target.clone())
            try:
                out.backward(torch.ones_like(out))
                said += "."
            except RuntimeError as error:
                assert "inplace" in str(error), error
                said += "x"
        answers.append(said)
    return " ".join(answers)


lines = []
for name, (code, kinds) in LINES.items():
    lines.append(f"{json.dumps(name)}: {json.dumps([code, kinds, kept(code, kinds)])}")
path = pathlib.Path(__file__).with_name("kept.json")
path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
print(f"{path.name}: {len(lines)} lines, torch {torch.__version__}")
