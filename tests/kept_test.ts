/*
 * What a function keeps for backward: which of its operands may not be written over until then, and whether its result
 * may. Each line is compared with PyTorch 2.13 (tests/goldens/kept.py, which says what "x" and "." are).
 */
import { assertEquals } from "@std/assert";
import * as torch from "#lib";
import { nn, noGrad, type Tensor, tensor } from "#lib";
import goldens from "./goldens/kept.json" with { type: "json" };
import { attempt } from "./support/judge.ts";
import "./support/no_kernels.ts";

const { functional: F } = nn;
type Function = (...operands: Tensor[]) => Tensor;
type Lines = Record<string, Function>;

/** A line for each name. */
const each = (names: string, made: (name: string) => Function, heading = ""): Lines =>
  Object.fromEntries(names.split(" ").map((name) => [`${name}${heading}`, made(name)]));

const camel = (name: string) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
// deno-lint-ignore no-explicit-any
const method = (x: Tensor, name: string, ...args: unknown[]): any =>
  (x as unknown as Record<string, (...args: unknown[]) => unknown>)[camel(name)](...args);
// deno-lint-ignore no-explicit-any
const called = (module: any, name: string, ...args: unknown[]): any => module[camel(name)](...args);

const PAIRS = "add sub mul div pow remainder maximum minimum";
const LOSSES =
  "mse_loss l1_loss smooth_l1_loss binary_cross_entropy binary_cross_entropy_with_logits kl_div";
const sdpa = torch.scaledDotProductAttention;

const lines: Lines = {
  ...each(
    "abs ceil clone contiguous cos erf exp expm1 floor log log10 log1p log2 neg reciprocal round rsqrt sigmoid sign " +
      "sin sqrt square tanh relu nan_to_num tril triu sum mean amax amin max min prod norm std var flatten t detach " +
      "median trace",
    (name) => (x) => method(x, name),
  ),
  ...each(
    "celu elu gelu hardsigmoid hardswish hardtanh leaky_relu logsigmoid mish relu6 selu silu softplus softsign " +
      "tanhshrink",
    (name) => (x) => called(F, name, x),
  ),
  ...each(PAIRS, (name) => (x, y) => method(x, name, y)),
  ...each(PAIRS, (name) => (x, y) => method(x, name, y), ", broadcast"),
  ...each("add sub mul div pow remainder", (name) => (x) => method(x, name, 0.5), " of a number"),
  ...each("sub div pow", (name) => (x) => called(torch, name, 2, x), " of a base"),
  ...Object.assign(
    {},
    ...(["none", "mean", "sum"] as const).map((reduction) =>
      each(LOSSES, (name) => (x, y) => called(F, name, x, y, { reduction }), `, ${reduction}`)
    ),
  ),
  ...Object.assign(
    {},
    ...["an int", "an int first"].flatMap((kind) => [
      each(PAIRS, (name) => (x, y) => method(x, name, y), `, ${kind}`),
      each(
        "mse_loss l1_loss smooth_l1_loss",
        (name) => (x, y) => called(F, name, x, y),
        `, ${kind}`,
      ),
    ]),
  ),
  "pow 1": (x) => x.pow(1),
  "pow 2": (x) => x.pow(2),
  "pow 0": (x) => x.pow(0),
  "add alpha": (x, y) => x.add(y, { alpha: 2 }),
  "kl_div of logs": (x, y) => F.klDiv(x, y, { reduction: "batchmean", logTarget: true }),
  "binary_cross_entropy weighted": (x, y, w) => F.binaryCrossEntropy(x, y, w),
  "binary_cross_entropy_with_logits weighted": (x, y, w) => F.binaryCrossEntropyWithLogits(x, y, w),
  "binary_cross_entropy_with_logits posWeight": (x, y, posWeight) =>
    F.binaryCrossEntropyWithLogits(x, y, { posWeight }),
  "cross_entropy": (x, y) => F.crossEntropy(x, y),
  "cross_entropy sum": (x, y) => F.crossEntropy(x, y, { reduction: "sum" }),
  "cross_entropy none": (x, y) => F.crossEntropy(x, y, { reduction: "none" }),
  "cross_entropy weighted": (x, y, w) => F.crossEntropy(x, y, w),
  "cross_entropy smoothed": (x, y) => F.crossEntropy(x, y, { labelSmoothing: 0.1 }),
  "cross_entropy of probabilities": (x, y) => F.crossEntropy(x, y),
  "nll_loss": (x, y) => F.nllLoss(x, y),
  "nll_loss none": (x, y) => F.nllLoss(x, y, { reduction: "none" }),
  "nll_loss weighted": (x, y, w) => F.nllLoss(x, y, w),
  "clamp": (x) => x.clamp(0.2, 0.6),
  "clamp min": (x) => x.clamp({ min: 0.2 }),
  "where": (mask, x, y) => torch.where(mask, x, y),
  "masked_fill": (x, mask) => x.maskedFill(mask, 0.5),
  "softmax": (x) => x.softmax(1),
  "log_softmax": (x) => x.logSoftmax(1),
  "softmin": (x) => F.softmin(x, 1),
  "cumsum": (x) => x.cumsum(1),
  "cumprod": (x) => x.cumprod(1),
  ...each(
    "sum mean prod std var amax amin logsumexp",
    (name) => (x) => method(x, name, 1),
    " along",
  ),
  "norm along": (x) => x.norm({ dim: 1 }),
  ...each("max min median", (name) => (x) => method(x, name, 1)[0], " along"),
  "norm 1": (x) => x.norm(1),
  "norm 3": (x) => x.norm(3),
  "norm inf": (x) => x.norm(Infinity),
  "topk": (x) => x.topk(2)[0],
  "sort": (x) => x.sort()[0],
  ...each("mm matmul bmm dot mv outer", (name) => (x, y) => called(torch, name, x, y)),
  "matmul of batches": (x, y) => x.matmul(y),
  "matmul of vectors": (x, y) => x.matmul(y),
  "matmul of a vector": (x, y) => x.matmul(y),
  "linear": (x, w) => F.linear(x, w),
  "linear with a bias": (x, w, b) => F.linear(x, w, b),
  "linear of batches": (x, w, b) => F.linear(x, w, b),
  "einsum": (x, y) => torch.einsum("ij,jk->ik", x, y),
  "einsum of products": (x, y) => torch.einsum("ij,ij->ij", x, y),
  ...each(
    "addmm baddbmm addmv addcmul addcdiv",
    (name) => (x, y, z) => called(torch, name, x, y, z),
  ),
  "addmm scaled": (x, y, z) => torch.addmm(x, y, z, { beta: 2, alpha: 3 }),
  "addcmul scaled": (x, y, z) => torch.addcmul(x, y, z, { value: 2 }),
  "addcdiv scaled": (x, y, z) => torch.addcdiv(x, y, z, { value: 2 }),
  "lerp": (x, y) => torch.lerp(x, y, 0.3),
  "normalize": (x) => F.normalize(x),
  "cosine_similarity": (x, y) => F.cosineSimilarity(x, y),
  "cdist": (x, y) => torch.cdist(x, y),
  "prelu": (x, w) => F.prelu(x, w),
  "glu": (x) => F.glu(x),
  "threshold": (x) => F.threshold(x, 0.5, 0.7),
  "softplus 2": (x) => F.softplus(x, 2),
  "gelu tanh": (x) => F.gelu(x, { approximate: "tanh" }),
  "elu 2": (x) => F.elu(x, 2),
  "layer_norm": (x) => F.layerNorm(x, [3]),
  "layer_norm weighted": (x, w, b) => F.layerNorm(x, [3], w, b),
  "embedding": (ids, w) => F.embedding(ids, w),
  "gather": (x, ids) => x.gather(1, ids),
  "index_select": (x, ids) => x.indexSelect(0, ids),
  "index": (x, ids) => x.index(ids),
  "index_add": (x, ids, y) => x.indexAdd(0, ids, y),
  "index_fill": (x, ids) => x.indexFill(0, ids, 0.5),
  "scatter": (x, ids, y) => x.scatter(1, ids, y),
  "scatter_add": (x, ids, y) => x.scatterAdd(1, ids, y),
  "index_put": (x, ids, y) => x.indexPut([ids], y),
  "take_along_dim": (x, ids) => x.takeAlongDim(ids, 1),
  "cat": (x, y) => torch.cat([x, y]),
  "stack": (x, y) => torch.stack([x, y]),
  "reshape": (x) => x.reshape(3, 2),
  "view": (x) => x.view(6),
  "transpose": (x) => x.transpose(0, 1),
  "permute": (x) => x.permute(1, 0),
  "narrow": (x) => x.narrow(0, 0, 1),
  "select": (x) => x.select(0, 0),
  "squeeze": (x) => x.unsqueeze(0).squeeze(),
  "flip": (x) => x.flip(0),
  "roll": (x) => x.roll(1),
  "repeat": (x) => x.repeat(2, 1),
  "repeat_interleave": (x) => x.repeatInterleave(2),
  "pad": (x) => F.pad(x, [1, 1]),
  "diag": (x) => x.diag(),
  "conv1d": (x, w, b) => F.conv1d(x, w, b),
  "attention": (q, k, v) => sdpa(q, k, v),
  "attention fused": (q, k, v) => sdpa(q.unsqueeze(0), k.unsqueeze(0), v.unsqueeze(0)),
};

const SHAPES: Record<string, number[]> = {
  ...{ m: [2, 3], s: [3, 3], v: [3], b: [2, 3, 3], n: [], 4: [2, 3, 4], w: [2, 3, 2], 2: [2] },
  e: [2, 1],
};

/** An operand of a kind, as tests/goldens/kept.py makes it. */
function operand(kind: string, at: number): Tensor {
  if (kind === "k") return tensor([[true, false, true], [false, true, true]]);
  if (kind === "i") return tensor([0, 1]);
  if (kind === "g") return tensor([[0], [2]]);
  if (kind === "J") return tensor([[1, 2, 3], [4, 5, 6]]);
  const shape = SHAPES[kind.toLowerCase()];
  const count = shape.reduce((a, b) => a * b, 1);
  return torch.arange(at, at + count).mul(5).remainder(9).div(10).add(0.05).reshape(shape);
}

/** Whether backward refuses that an operand, or the result (the last), was written over. */
function refuses(of: Function, kinds: string, asked: number[], over: number): string {
  const operands = [...kinds].map(operand);
  for (const at of asked) operands[at] = operands[at].clone().requiresGrad_();
  const out = of(...operands);
  if (!out.requiresGrad) return "-";
  noGrad(() => {
    const written = [...operands, out][over];
    written.copy_(written.clone());
  });
  const message = attempt(() => out.backward({ gradient: torch.onesLike(out.detach()) }));
  if (message === undefined) return ".";
  return message.includes("modified by an inplace operation") ? "x" : message;
}

function kept(of: Function, kinds: string): string {
  const floats = [...kinds].flatMap((kind, at) => "ikgJMV".includes(kind) ? [] : [at]);
  const sets = [floats, ...floats.length > 1 ? floats.map((at) => [at]) : []];
  return sets.map((asked) =>
    Array.from({ length: kinds.length + 1 }, (_, over) => refuses(of, kinds, asked, over)).join("")
  ).join(" ");
}

/**
 * Where more is refused here than there: what cross-entropy keeps are the logits and not their logarithms, which would
 * be as many numbers again; and attention is one kernel for any number of dimensions.
 */
const STRICTER: Record<string, string> = {
  "cross_entropy": "xx.",
  "cross_entropy sum": "xx.",
  "cross_entropy none": "xx.",
  "cross_entropy weighted": "xxx.",
  "cross_entropy smoothed": "xx.",
  "attention": "xxxx x.xx .xxx ..xx",
};

Deno.test("what was kept for backward may not be written over, and all else may, as in PyTorch", () => {
  assertEquals(Object.keys(lines).sort(), Object.keys(goldens).sort());
  const differ: string[] = [];
  for (const [name, [code, kinds, want]] of Object.entries(goldens)) {
    const of = lines[name];
    const got = kept(of, kinds);
    if (got !== (STRICTER[name] ?? want)) {
      differ.push(`${name}: ${code} of ${kinds}: ${got}, wanted ${want}`);
    }
  }
  assertEquals(differ, [], `\n${differ.join("\n")}`);
});
