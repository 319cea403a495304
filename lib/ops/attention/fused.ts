/*
 * Attention in fused kernels, forward and backward: what grows with queries × keys is computed, never stored
 * (except dropout's factors, which are drawn on the processor). No two invocations add to the same place, so the
 * same input gives the same bits.
 *
 * Operands are stacks: tensors whose first dimension puts q, k and v one after the other. All three may come in
 * one stack, as a layer's projection leaves them; or q by itself and k with v; or each by itself. Gradients come
 * back as the same stacks, laid out in memory as the operands are, so that a projection's backward copies
 * nothing.
 */
import type { Generator } from "../../random/mod.ts";
import { type NdArray, ndarray, sumOf } from "../../tensor/ndarray.ts";
import { defineOp } from "../../tensor/op.ts";
import { bools, floats, given, type Sample } from "../../tensor/sample.ts";
import { denseStrides, shapeText } from "../../tensor/shape.ts";
import { allocate, type Tensor } from "../../tensor/tensor.ts";
import { deltaKernel, forwardKernel, gradKernel, gradTilesKernel, rowKernel } from "./kernels.ts";
import {
  allocateGradients,
  allocateLike,
  isOneRow,
  launchOver,
  launchRow,
  launchRows,
  narrowed,
  prepare,
  readable,
  unstacked,
} from "./launch.ts";
import { clone } from "../copy.ts";
import { dropoutMask } from "../random.ts";
import { tuningOf } from "../tuning.ts";
import { launchBlocks, launchShared } from "./shared.ts";

type Args = {
  /** Whether a query sees no key after its own position. */
  causal: boolean;
  /** How many keys come before the first query's own position; 0. */
  past?: number;
  /** What the scores are multiplied by. */
  scale: number;
  /** The share of the attention weights that is dropped, by factors drawn from the generator; 0. */
  dropoutP?: number;
  generator?: Generator;
  /** Whether the result lies row by row, as from PyTorch's plain way; else it lies as the queries do. */
  plain?: boolean;
};

/** The stacks among the inputs, and the mask (N, H, L, S) after them, if there is one. */
function split<X extends { shape: readonly number[] }>(inputs: readonly X[]) {
  const stacks = inputs.filter(({ shape }) => shape.length === 5);
  const mask: X | undefined = inputs[stacks.length];
  return { stacks, mask };
}

/** The same by the formula: the attention weights of every query, then their mean of the values. */
function attentionNd(inputs: readonly NdArray[], { causal, past = 0, scale }: Args): NdArray {
  const { stacks, mask } = split(inputs);
  const [q, k, v] = stacks.flatMap(({ shape: [n, ...shape], data }) => {
    const size = data.length / n;
    return Array.from(
      { length: n },
      (_, i) => ndarray(shape, data.slice(i * size, (i + 1) * size)),
    );
  });
  const [N, H, L, E] = q.shape;
  const S = k.shape[2];
  const out = { shape: q.shape, data: new Float64Array(q.data.length) };
  for (let row = 0; row < N * H * L; row++) {
    const [head, i] = [Math.floor(row / L), row % L];
    const number = (x: NdArray, j: number, c: number) => x.data[(head * S + j) * E + c];
    const scores = Array.from({ length: causal ? Math.min(i + 1 + past, S) : S }, (_, j) => {
      let score = mask ? mask.data[row * S + j] : 0;
      for (let c = 0; c < E; c++) score += scale * q.data[row * E + c] * number(k, j, c);
      return score;
    });
    const largest = Math.max(...scores);
    if (largest === -Infinity) continue; // all is hidden: zeros
    const powers = scores.map((score) => Math.exp(score - largest));
    const total = sumOf(powers);
    for (let c = 0; c < E; c++) {
      out.data[row * E + c] = sumOf(powers.map((power, j) => power / total * number(v, j, c)));
    }
  }
  return out;
}

const sample = (
  [N, H, L, E]: number[],
  S: number,
  { stacks = [3], mask = false, causal = false, past = 0 } = {},
): Sample<Args> => ({
  inputs: [
    ...stacks.map((n, i) => floats([n, N, H, i === 0 ? L : S, E])),
    ...(mask ? [floats([N, H, L, S], { fixed: true })] : []),
  ],
  args: { causal, scale: 1 / Math.sqrt(E), ...(past ? { past } : {}) },
});

/** The op; `attend` (attention.ts) calls it. */
export const attentionOp = defineOp<Args>({
  name: "attention",
  gradFn: (_, { plain }) =>
    plain ? "UnsafeViewBackward0" : "ScaledDotProductFlashAttentionForCpuBackward0",
  torch: "attended(i, a)",
  forward(inputs, { causal, past = 0, scale, dropoutP = 0, generator, plain }) {
    check(inputs);
    const { stacks, mask } = split(inputs);
    const [q, k] = unstacked(stacks);
    const { device } = q;
    const grid = [...q.shape.slice(0, 3), k.shape[2]];
    const drop = dropoutP > 0 ? dropoutMask(grid, dropoutP, { device, generator }) : undefined;
    const operands = prepare(stacks, mask, drop);
    const [{ shape, strides }] = operands.parts;
    const out = allocateLike({ shape, device, strides: plain ? denseStrides(shape) : strides });
    // Every query's largest score and its sum of exponentials, and room for delta.
    const rows = allocate([3, ...q.shape.slice(0, 3)], "float32", device);
    if (tuningOf(device).attentionShares) {
      launchShared(operands, { causal, past, scale, out, rows });
    } else if (isOneRow(operands)) {
      const seen = causal ? Math.min(grid[3], past + 1) : grid[3];
      launchRow(operands, { kernel: rowKernel, seen, scale, out, rows });
    } else {
      const launch = { kernel: forwardKernel, own: "queries", causal, past, scale } as const;
      const buffers = { rows: rows.storage };
      launchOver(operands, { ...launch, rows: { out }, buffers });
    }
    // Rows that were filled up to whole vec4 are laid side by side, so that the result can be viewed in other shapes.
    const padded = out.shape[3] !== q.shape[3];
    const result = padded ? clone(narrowed(out, q.shape[3])) : out;
    return [result, rows, ...(drop ? [drop] : [])];
  },
  gradient(grad, saved) {
    const { causal, past = 0, scale, dropoutP = 0 } = saved.args;
    const { stacks, mask } = split(Array.from({ length: saved.count }, (_, i) => saved.input(i)));
    const operands = prepare(stacks, mask, dropoutP > 0 ? saved.output(2) : undefined);
    const [g, out] = [grad, saved.output(0)].map(readable);
    const rows = saved.output(1);
    launchRows(deltaKernel, { g, out }, rows.storage);
    const slopes = allocateGradients(operands.stacks);
    const [dq, dk, dv] = unstacked(slopes);
    const [over, kernel] = tuningOf(g.device).attentionShares
      ? [launchBlocks, gradTilesKernel]
      : [launchOver, gradKernel];
    const launch = (of: "queries" | "keys", own: Tensor, more: Tensor) =>
      over(operands, {
        ...{ kernel, own: of, causal, past, scale },
        constants: { OF_KEYS: Number(of === "keys") },
        rows: { g, own, more },
        buffers: { rows: rows.storage, grad: own.storage },
      });
    launch("queries", dq, dq);
    launch("keys", dk, dv);
    const narrow = slopes.map((x) => narrowed(x, stacks[0].shape[4]));
    return mask ? [...narrow, null] : narrow;
  },
  reference: attentionNd,
  samples: [
    sample([1, 1, 1, 1], 1),
    sample([2, 3, 5, 4], 5, { causal: true }),
    sample([1, 2, 7, 3], 7),
    sample([2, 1, 3, 8], 6, { stacks: [1, 2] }),
    sample([1, 2, 6, 5], 3, { stacks: [1, 2], causal: true }),
    sample([2, 2, 3, 4], 5, { stacks: [1, 1, 1], mask: true }),
    sample([1, 3, 13, 12], 13, { mask: true, causal: true }),
    sample([1, 2, 1, 8], 9, { stacks: [1, 2], causal: true, past: 8 }),
    sample([2, 2, 5, 4], 11, { stacks: [1, 2], causal: true, past: 6 }),
    sample([1, 1, 2, 68], 9, { stacks: [1, 2] }),
    sample([0, 2, 3, 4], 3),
    {
      // The second query sees nothing, the third all but one.
      inputs: [
        floats([3, 1, 1, 3, 4], { fixed: true }),
        given([0, 1, -1, ...[0, 0, 0].map(() => -Infinity), 0, -Infinity, 2], [1, 1, 3, 3]),
      ],
      args: { causal: false, scale: 1 },
    },
  ],
  rejects: [
    {
      inputs: [floats([1, 1, 2, 3, 4]), floats([2, 1, 2, 3, 5])],
      args: { causal: false, scale: 1 },
      error: "attention: q is [1, 2, 3, 4], k [1, 2, 3, 5], v [1, 2, 3, 5]",
    },
    {
      inputs: [floats([2, 1, 2, 3, 4])],
      args: { causal: false, scale: 1 },
      error: "attention: expected q, k and v, but the stacks hold 2 tensors",
    },
    {
      inputs: [floats([3, 1, 2, 3, 4]), bools([1, 2, 3, 3])],
      args: { causal: false, scale: 1 },
      error: "attention: expected float32",
    },
    {
      inputs: [floats([3, 1, 2, 3, 4]), floats([1, 1, 3, 3])],
      args: { causal: false, scale: 1 },
      error: "attention: expected a mask of [1, 2, 3, 3], but got [1, 1, 3, 3]",
    },
  ],
});

function check(inputs: readonly Tensor[]): void {
  const { stacks, mask } = split(inputs);
  const wrong = inputs.find(({ dtype }) => dtype !== "float32");
  if (wrong) throw new TypeError(`attention: expected float32 but got ${wrong.dtype}; use float()`);
  const parts = unstacked(stacks);
  if (parts.length !== 3) {
    throw new RangeError(
      `attention: expected q, k and v, but the stacks hold ${parts.length} tensors`,
    );
  }
  const [q, k, v] = parts.map(({ shape }) => shape);
  if (shapeText(k) !== shapeText(v) || shapeText(q.with(2, k[2])) !== shapeText(k)) {
    throw new RangeError(
      `attention: q is ${shapeText(q)}, k ${shapeText(k)}, v ${shapeText(v)}; ` +
        `wanted (N, H, L, E), and (N, H, S, E) twice`,
    );
  }
  const grid = shapeText([...q.slice(0, 3), k[2]]);
  if (mask && shapeText(mask.shape) !== grid) {
    throw new RangeError(
      `attention: expected a mask of ${grid}, but got ${shapeText(mask.shape)}; expand it`,
    );
  }
}
