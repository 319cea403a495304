/*
 * Attention in fused kernels, forward and backward: what grows with queries × keys is computed, never held.
 * Nothing is added by two invocations at once, so the same input gives the same bits.
 *
 * Operands are stacks: tensors whose first dimension puts q, k and v one after the other. All three may come in
 * one stack, as a layer's projection leaves them; or q by itself and k with v; or each by itself. Gradients come
 * back as the same stacks, laid out in memory as the operands are, so that a projection's backward copies
 * nothing.
 */
import type { Kernel } from "../gpu/launch.ts";
import { type NdArray, ndarray, sumOf } from "../tensor/ndarray.ts";
import { defineOp } from "../tensor/op.ts";
import { bools, floats, given, type Sample } from "../tensor/sample.ts";
import { shapeText } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import forwardSource from "../../kernels/attention.wgsl" with { type: "text" };
import gradSource from "../../kernels/attention_grad.wgsl" with { type: "text" };
import {
  type Args,
  emptyGradients,
  emptyLike,
  launchOver,
  narrowed,
  prepare,
  readable,
  stacksOf,
  unstacked,
} from "./attention_launch.ts";
import { mul } from "./binary.ts";
import { sum } from "./reduce.ts";

const forwardKernel: Kernel = { name: "attention", source: forwardSource };
const gradKernel: Kernel = { name: "attention_grad", source: gradSource };

/** The same by the formula: shares of every query, then values by shares. */
function attentionNd(inputs: readonly NdArray[], args: Args): NdArray {
  const [q, k, v] = stacksOf(inputs, args).flatMap(({ shape: [n, ...shape], data }) => {
    const size = data.length / n;
    return Array.from(
      { length: n },
      (_, i) => ndarray(shape, data.slice(i * size, (i + 1) * size)),
    );
  });
  const table = inputs.at(-1)!;
  const [N, H, L, E] = q.shape;
  const S = k.shape[2];
  const out = { shape: q.shape, data: new Float64Array(q.data.length) };
  for (let row = 0; row < N * H * L; row++) {
    const [head, i] = [Math.floor(row / L), row % L];
    const seen = args.causal ? Math.min(i + 1, S) : S;
    const number = (x: NdArray, j: number, c: number) => x.data[(head * S + j) * E + c];
    const scores = Array.from({ length: seen }, (_, j) => {
      let sum = args.table === "mask" ? table.data[row * S + j] : 0;
      for (let c = 0; c < E; c++) sum += args.scale * q.data[row * E + c] * number(k, j, c);
      return sum;
    });
    const largest = Math.max(...scores);
    const powers = scores.map((score) => Math.exp(score - largest));
    const total = sumOf(powers);
    for (let c = 0; c < E; c++) {
      out.data[row * E + c] = sumOf(
        powers.map((power, j) =>
          power / total * (args.table === "drop" ? table.data[row * S + j] : 1) * number(v, j, c)
        ),
      );
    }
  }
  return out;
}

const sample = (
  [N, H, L, E]: number[],
  S: number,
  { stacks = [3], table = "none" as Args["table"], causal = false } = {},
): Sample<Args> => ({
  inputs: [
    ...stacks.map((n, i) => floats([n, N, H, i === 0 ? L : S, E])),
    ...(table === "none" ? [] : [floats([N, H, L, S], { fixed: true })]),
  ],
  args: { causal, scale: 0.5, table },
});

const samples: Sample<Args>[] = [
  sample([1, 1, 1, 1], 1),
  sample([2, 3, 5, 4], 5, { causal: true }),
  sample([1, 2, 7, 3], 7),
  sample([2, 1, 3, 8], 6, { stacks: [1, 2] }),
  sample([1, 2, 6, 5], 3, { stacks: [1, 2], causal: true }),
  sample([2, 2, 3, 4], 5, { stacks: [1, 1, 1], table: "mask" }),
  sample([1, 3, 4, 12], 4, { table: "drop", causal: true }),
  sample([1, 1, 2, 68], 9, { stacks: [1, 2], table: "drop" }),
  sample([0, 2, 3, 4], 3),
  {
    // The second query sees nothing, the third all but one.
    inputs: [
      floats([3, 1, 1, 3, 4], { fixed: true }),
      given([0, 1, -1, ...[0, 0, 0].map(() => -Infinity), 0, -Infinity, 2], [1, 1, 3, 3]),
    ],
    args: { causal: false, scale: 1, table: "mask" },
  },
];

/** The op; `attend` (attention.ts) calls it. */
export const attentionOp = defineOp<Args>({
  name: "attention",
  gradFn: "ScaledDotProductAttentionBackward0",
  torch: "(lambda q, k, v: (torch.softmax(a['scale'] * q @ k.transpose(-2, -1)" +
    " + (i[-1] if a['table'] == 'mask' else 0)" +
    " + (torch.full((q.shape[-2], k.shape[-2]), float('-inf')).triu(1) if a['causal'] else 0), -1)" +
    " * (i[-1] if a['table'] == 'drop' else 1)) @ v)" +
    "(*[x for stack in (i if a['table'] == 'none' else i[:-1]) for x in stack])",
  forward(inputs, args) {
    check(inputs, args);
    const ready = prepare(inputs, args);
    const [q] = ready.parts;
    const out = emptyLike(q);
    const lse = empty(q.shape.slice(0, 3), "float32", q.device);
    const buffers = { lse: lse.storage };
    launchOver(forwardKernel, ready, { own: "queries" }, { out }, buffers);
    return [narrowed(out, inputs[0].shape[4]), lse];
  },
  gradient(grad, saved) {
    const inputs = Array.from({ length: saved.count }, (_, i) => saved.input(i));
    const ready = prepare(inputs, saved.args);
    const g = readable(grad);
    const delta = sum(mul(grad, saved.output(0)), { dim: -1 });
    const slopes = emptyGradients(ready.stacks);
    const [dq, dk, dv] = unstacked(slopes);
    const buffers = (own: Tensor) => ({
      lse: saved.output(1).storage,
      delta: delta.storage,
      grad: own.storage,
    });
    const launch = (own: "queries" | "keys", places: [own: Tensor, more: Tensor]) => {
      const constants = { OF_KEYS: Number(own === "keys") };
      const rows = { g, own: places[0], more: places[1] };
      launchOver(gradKernel, ready, { own, constants }, rows, buffers(places[0]));
    };
    launch("queries", [dq, dq]);
    launch("keys", [dk, dv]);
    const narrow = slopes.map((x) => narrowed(x, inputs[0].shape[4]));
    return [...narrow, ...(saved.args.table === "none" ? [] : [null])];
  },
  reference: (inputs, args) => attentionNd(inputs, args),
  samples,
  rejects: [
    {
      inputs: [floats([1, 1, 2, 3, 4]), floats([2, 1, 2, 3, 5])],
      args: { causal: false, scale: 1, table: "none" },
      error: "attention: q is [1, 2, 3, 4], k [1, 2, 3, 5], v [1, 2, 3, 5]",
    },
    {
      inputs: [floats([2, 1, 2, 3, 4])],
      args: { causal: false, scale: 1, table: "none" },
      error: "attention: the stacks hold 2 tensors, wanted q, k and v",
    },
    {
      inputs: [floats([3, 1, 2, 3, 4]), bools([1, 2, 3, 3])],
      args: { causal: false, scale: 1, table: "mask" },
      error: "attention: expected float32",
    },
  ],
});

function check(inputs: readonly Tensor[], args: Args): void {
  const wrong = inputs.find(({ dtype }) => dtype !== "float32");
  if (wrong) throw new TypeError(`attention: expected float32 but got ${wrong.dtype}; use float()`);
  const parts = unstacked(stacksOf(inputs, args));
  if (parts.length !== 3) {
    throw new RangeError(`attention: the stacks hold ${parts.length} tensors, wanted q, k and v`);
  }
  const [q, k, v] = parts.map(({ shape }) => shape);
  const { ndim } = parts[0];
  const fits = ndim === 4 && shapeText(k) === shapeText(v) &&
    shapeText(q.with(2, k[2])) === shapeText(k);
  if (!fits) {
    throw new RangeError(
      `attention: q is ${shapeText(q)}, k ${shapeText(k)}, v ${
        shapeText(v)
      }; wanted (N, H, L, E), (N, H, S, E) ` +
        `and the same again`,
    );
  }
  const table = inputs.at(-1)!.shape;
  const wanted = [...q.slice(0, 3), k[2]];
  if (args.table !== "none" && shapeText(table) !== shapeText(wanted)) {
    throw new RangeError(
      `attention: the ${args.table} is ${shapeText(table)}, wanted ${shapeText(wanted)}; expand it`,
    );
  }
}
