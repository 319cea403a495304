/*
 * How the fused kernels of attention are launched: they read operands where they lie, write results in the same
 * order, and loop in stretches that no adapter cuts short.
 */
import type { Kernel } from "../../gpu/launch.ts";
import type { Storage } from "../../gpu/storage.ts";
import { allocate, type Tensor } from "../../tensor/tensor.ts";
import { cloneInRows, contiguous, copyInto } from "../copy.ts";
import { zeros } from "../create.ts";
import { divisor, groupsFor } from "../elementwise.ts";
import { viewOf } from "../layout.ts";
import {
  ATTENTION_HEADS,
  ATTENTION_LANES as LANES,
  ATTENTION_ROUNDS,
  ATTENTION_SUMS,
} from "../tuning.ts";

/**
 * How many vec4 of its sums a kernel keeps in variables, for a head of `width` vec4. It goes over the other side once
 * for each such part of the head, and computes the scores again each time. It is one number for all small heads, since
 * the kernel is compiled for each; and more for a very wide one, so that it takes no more rounds than an adapter allows.
 */
function vec4AtOnce(width: number): number {
  const parts = Math.ceil(width / ATTENTION_SUMS);
  return Math.max(4, Math.ceil(width / parts), Math.ceil(width * (width + 2) / 15_000));
}

/** Rows that the kernels take at once: one number of each fills a vec4, and four of each a matrix. */
const ROWS = 4;

/** The tensors in stacks, as views: (parts, …) → parts times (…). */
export const unstacked = (stacks: readonly Tensor[]): Tensor[] =>
  stacks.flatMap((x) =>
    Array.from({ length: x.shape[0] }, (_, i) => {
      const offset = x.offset + i * x.strides[0];
      return viewOf(x, x.shape.slice(1), x.strides.slice(1), offset);
    })
  );

/** The first `size` numbers of every row. */
export const narrowed = (x: Tensor, size: number): Tensor =>
  viewOf(x, x.shape.with(-1, size), x.strides);

/** A tensor to be filled, whose dimensions lie in memory in the same order as those of x, the last one innermost. */
export function allocateLike(
  { shape, strides, device }: Pick<Tensor, "shape" | "strides" | "device">,
): Tensor {
  const last = shape.length - 1;
  const outer = [...shape.keys()].slice(0, last).sort((a, b) => strides[b] - strides[a]);
  const order = [...outer, last];
  const dense = allocate(order.map((d) => shape[d]), "float32", device);
  const steps = shape.map((_, d) => dense.strides[order.indexOf(d)]);
  return viewOf(dense, shape, steps);
}

/** Tensors for the gradients of stacks; those of k and v share memory even where k and v do not. */
export function allocateGradients(stacks: readonly Tensor[]): Tensor[] {
  if (stacks.length < 3) return stacks.map(allocateLike);
  const [q, { shape, strides, device }] = stacks;
  const both = allocateLike({
    shape: shape.with(0, 2),
    strides: strides.with(0, Infinity),
    device,
  });
  const one = (i: number) => viewOf(both, shape, both.strides, i * both.strides[0]);
  return [allocateLike(q), one(0), one(1)];
}

/** A tensor whose rows are whole vec4: itself where they lie so, else a copy, with rows filled up with zeros. */
export function readable(x: Tensor): Tensor {
  const size = x.shape.at(-1)!;
  if (size % ROWS !== 0) {
    const wide = zeros(x.shape.with(-1, Math.ceil(size / ROWS) * ROWS), { device: x.device });
    copyInto(narrowed(wide, size), x);
    return wide;
  }
  const steps = x.strides.slice(0, -1).filter((_, d) => x.shape[d] > 1);
  const whole = x.strides.at(-1) === 1 && [x.offset, ...steps].every((n) => n % ROWS === 0);
  return whole ? x : cloneInRows(x);
}

/** Where the rows of a (N, H, rows, …) lie: the steps along each dimension, and the start. */
const placeOf = ({ shape, strides, offset }: Tensor, unit = ROWS): number[] => [
  ...strides.slice(0, 3).map((n, d) => shape[d] > 1 ? n / unit : 0),
  offset / unit,
];

/** A mask as the kernels read it: with neighbors side by side. */
const lines = (x: Tensor): Tensor =>
  x.shape.at(-1) === 1 || x.strides.at(-1) === 1 ? x : contiguous(x);

/** The operands of an attention, in a form that the kernels can read. */
export interface Operands {
  stacks: Tensor[];
  parts: [q: Tensor, k: Tensor, v: Tensor];
  /** (N, H, L, S), added to the scores. */
  mask?: Tensor;
  /** (N, H, L, S), multiplied with the attention weights. */
  drop?: Tensor;
}

/** Makes operands readable. */
export function prepare(stacks: readonly Tensor[], mask?: Tensor, drop?: Tensor): Operands {
  const readables = stacks.map(readable);
  const parts = unstacked(readables) as Operands["parts"];
  return { stacks: readables, parts, mask: mask && lines(mask), drop };
}

/** What the kernels of an attention are told besides its operands. */
export interface Told {
  causal: boolean;
  past: number;
  scale: number;
  /** More tensors that are read or written row by row, by name; the kernel finds their places as `name_place`. */
  rows: Record<string, Tensor>;
  /** More buffers, by name. */
  buffers: Record<string, Storage>;
}

/** All that a kernel of attention may declare, by name: it takes what it needs of it. */
export function namesFor(
  { parts: [q, k, v], mask, drop }: Operands,
  { causal, past, scale, rows, buffers }: Told,
) {
  const [batch, heads, queries, head] = q.shape;
  const bound = Object.entries({ q, k, v, ...rows });
  return {
    buffers: {
      ...Object.fromEntries(bound.map(([name, x]) => [name, x.storage])),
      mask: (mask ?? q).storage,
      drop: (drop ?? q).storage,
      ...buffers,
    },
    params: {
      ...{ batch, heads, queries, keys: k.shape[2], width: head / ROWS },
      ...{ causal: Number(causal), past, scale },
      ...{ masked: Number(mask !== undefined), dropped: Number(drop !== undefined) },
      ...Object.fromEntries(bound.map(([name, x]) => [`${name}_place`, placeOf(x)])),
      mask_place: mask ? placeOf(mask, 1) : [],
      drop_place: drop ? placeOf(drop, 1) : [],
    },
  };
}

/** How a kernel of which an invocation owns four rows is launched. */
export interface Launch extends Told {
  kernel: Kernel;
  /** An invocation owns four of these, and goes over all of the other. */
  own: "queries" | "keys";
  constants?: Record<string, number>;
}

/** Launches a kernel, stretch by stretch. */
export function launchOver(
  operands: Operands,
  { kernel, own, constants, ...told }: Launch,
): void {
  const { buffers, params } = namesFor(operands, told);
  const { batch, heads, queries, keys, width } = params;
  const [owned, across] = own === "queries" ? [queries, keys] : [keys, queries];
  const { launcher } = operands.parts[0].device;
  const together = told.causal ? divisor(batch * heads, ATTENTION_HEADS) : 1;
  const atOnce = vec4AtOnce(width);
  const pipeline = launcher.pipeline(kernel, {
    replace: { AT_ONCE: `${atOnce}u` },
    constants: { ...constants, LANES, MASK: params.masked, DROP: params.dropped },
  });
  // For four of the other side.
  const rounds = Math.ceil(width / atOnce) * (width + 2);
  const stretch = 2 * ROWS * Math.max(1, Math.floor(ATTENTION_ROUNDS / rounds / 2) - 1);
  for (let first = 0; first < across; first += stretch) {
    launcher.launch(
      pipeline,
      buffers,
      { ...params, together, first, last: Math.min(across, first + stretch) },
      Math.ceil(batch * heads * Math.ceil(owned / ROWS) / LANES),
      2 * width * Math.min(across, stretch),
    );
  }
}

/** Whether the kernel for a single query in each head can take this: its loops must not exceed an adapter's rounds. */
export const isOneRow = ({ parts: [q, k], mask, drop }: Operands): boolean =>
  q.shape[2] === 1 && !mask && !drop &&
  Math.ceil(k.shape[2] / ROWS) * (2 * q.shape[3] / ROWS + 4) < ATTENTION_ROUNDS;

/** Launches the kernel for a single query in each head, which sees the first `seen` keys. */
export function launchRow(
  { parts: [q, k, v] }: Operands,
  { kernel, seen, scale, out, rows }: {
    kernel: Kernel;
    seen: number;
    scale: number;
    out: Tensor;
    rows: Tensor;
  },
): void {
  const [batch, heads, , head] = q.shape;
  const { launcher } = q.device;
  // Of a size that does not grow with each token of a text: then its memory is there already.
  const room = 2 ** Math.ceil(Math.log2(Math.max(seen, 1024)));
  const scores = allocate([batch * heads * room], "float32", q.device);
  const tensors = Object.entries({ q, k, v, out, scores, rows });
  launcher.launch(
    launcher.pipeline(kernel, { constants: { LANES } }),
    Object.fromEntries(tensors.map(([name, x]) => [name, x.storage])),
    {
      ...{ batch, heads, keys: seen, width: head / ROWS, scale },
      ...Object.fromEntries(tensors.slice(0, 4).map(([name, x]) => [`${name}_place`, placeOf(x)])),
    },
    Math.ceil(batch * heads / LANES),
    2 * head / ROWS * seen,
  );
  scores.storage.release("when its attention was launched");
}

/**
 * Launches a kernel that computes one number for every row of several (N, H, L, E); `rows` holds one after the
 * other.
 */
export function launchRows(kernel: Kernel, read: Record<string, Tensor>, rows: Storage): void {
  const [any] = Object.values(read);
  const [batch, heads, queries, head] = any.shape;
  const { launcher } = any.device;
  const all = Object.entries(read);
  launcher.launch(
    launcher.pipeline(kernel),
    { ...Object.fromEntries(all.map(([name, x]) => [name, x.storage])), rows },
    {
      ...{ batch, heads, queries, width: Math.ceil(head / ROWS) },
      ...Object.fromEntries(all.map(([name, x]) => [`${name}_place`, placeOf(x)])),
    },
    groupsFor(batch * heads * queries),
    Math.ceil(head / ROWS),
  );
}
