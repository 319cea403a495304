/*
 * How the fused kernels of attention are launched: what they read where it lies, what they write in the same
 * order, and loops in stretches that no adapter cuts short.
 */
import type { Kernel } from "../gpu/launch.ts";
import type { Storage } from "../gpu/memory.ts";
import { empty, Tensor } from "../tensor/tensor.ts";
import { clone, contiguous, copyInto } from "./copy.ts";
import { zeros } from "./create.ts";
import { groupsFor } from "./elementwise.ts";

/** Rows that the kernels take at once: they fill a vec4, and four numbers of each a matrix. */
const ROWS = 4;

/** Rounds that a launch may run its loops, those inside counted too; adapters stop at 65,535. */
const MAX_ROUNDS = 60_000;

/** What the op is told. */
export type Args = {
  /** Whether a query sees no key after its own place. */
  causal: boolean;
  scale: number;
  /** What the last input is, if one follows the stacks: (N, H, L, S), added to scores or multiplied with shares. */
  table: "none" | "mask" | "drop";
};

/** The inputs without the table. */
export const stacksOf = <T>(inputs: readonly T[], { table }: Args): readonly T[] =>
  table === "none" ? inputs : inputs.slice(0, -1);

/** The tensors in stacks, as views: (parts, …) → parts times (…). */
export const unstacked = (stacks: readonly Tensor[]): Tensor[] =>
  stacks.flatMap((x) =>
    Array.from({ length: x.shape[0] }, (_, i) => {
      const offset = x.offset + i * x.strides[0];
      return new Tensor(x.storage, x.dtype, x.shape.slice(1), x.strides.slice(1), offset);
    })
  );

/** The first `size` numbers of every row. */
export const narrowed = (x: Tensor, size: number): Tensor =>
  new Tensor(x.storage, x.dtype, x.shape.with(-1, size), x.strides, x.offset);

/** A tensor to be filled, whose dimensions lie in memory in the same order as those of x, the last one innermost. */
export function emptyLike(
  { shape, strides, device }: Pick<Tensor, "shape" | "strides" | "device">,
): Tensor {
  const last = shape.length - 1;
  const outer = [...shape.keys()].slice(0, last).sort((a, b) => strides[b] - strides[a]);
  const order = [...outer, last];
  const dense = empty(order.map((d) => shape[d]), "float32", device);
  const steps = shape.map((_, d) => dense.strides[order.indexOf(d)]);
  return new Tensor(dense.storage, "float32", shape, steps);
}

/** Tensors for the gradients of stacks; those of k and v share their memory also where k and v do not. */
export function emptyGradients(stacks: readonly Tensor[]): Tensor[] {
  if (stacks.length < 3) return stacks.map(emptyLike);
  const [q, { shape, strides, device }] = stacks;
  const both = emptyLike({ shape: shape.with(0, 2), strides: strides.with(0, Infinity), device });
  const one = (i: number) =>
    new Tensor(both.storage, "float32", shape, both.strides, i * both.strides[0]);
  return [emptyLike(q), one(0), one(1)];
}

/** A tensor whose rows are whole vec4: itself where they lie so, else a copy, with zeros behind odd ones. */
export function readable(x: Tensor): Tensor {
  const size = x.shape.at(-1)!;
  if (size % ROWS !== 0) {
    const wide = zeros(x.shape.with(-1, Math.ceil(size / ROWS) * ROWS), { device: x.device });
    copyInto(narrowed(wide, size), x);
    return wide;
  }
  const steps = x.strides.slice(0, -1).filter((_, d) => x.shape[d] > 1);
  const whole = x.strides.at(-1) === 1 && [x.offset, ...steps].every((n) => n % ROWS === 0);
  return whole ? x : clone(x);
}

/** Where the rows of a (N, H, rows, …) lie: the steps along each dimension, and the start. */
const placeOf = ({ shape, strides, offset }: Tensor, unit = ROWS): number[] => [
  ...strides.slice(0, 3).map((n, d) => shape[d] > 1 ? n / unit : 0),
  offset / unit,
];

/** A table as the kernels read it: with neighbours side by side. */
const tableOf = (x: Tensor): Tensor =>
  x.shape.at(-1) === 1 || x.strides.at(-1) === 1 ? x : contiguous(x);

/** An attention whose operands the kernels can read. */
export interface Ready {
  stacks: Tensor[];
  parts: [q: Tensor, k: Tensor, v: Tensor];
  table: Tensor | null;
  args: Args;
}

/** Makes an attention's operands readable. */
export function prepare(inputs: readonly Tensor[], args: Args): Ready {
  const stacks = stacksOf(inputs, args).map(readable);
  const table = args.table === "none" ? null : tableOf(inputs.at(-1)!);
  return { stacks, parts: unstacked(stacks) as Ready["parts"], table, args };
}

/**
 * Launches a kernel, each of whose invocations owns four queries (or keys) and goes over all keys (or queries).
 *
 * @param rows more tensors that the kernel reads or writes row by row, by name; it finds their places as `name_place`
 * @param numbers more that it binds
 */
export function launchOver(
  kernel: Kernel,
  { parts: [q, k, v], table, args }: Ready,
  { own, constants = {} }: { own: "queries" | "keys"; constants?: Record<string, number> },
  rows: Record<string, Tensor>,
  buffers: Record<string, Storage>,
): void {
  const [batch, heads, queries, head] = q.shape;
  const sizes = { queries, keys: k.shape[2] };
  const across = own === "queries" ? sizes.keys : sizes.queries;
  const width = head / ROWS;
  const bound = { q, k, v, ...rows };
  const places = Object.entries(bound).map(([name, x]) => [`${name}_place`, placeOf(x)]);
  const storages = Object.entries(bound).map(([name, x]) => [name, x.storage]);
  const flags = {
    ...constants,
    MASK: Number(args.table === "mask"),
    DROP: Number(args.table === "drop"),
  };
  const { launcher } = q.device;
  const stretch = ROWS * Math.floor(MAX_ROUNDS / (2 * width + 1) - 2);
  for (let first = 0; first < across; first += stretch) {
    launcher.launch(
      launcher.pipeline(kernel, { constants: flags }),
      { ...Object.fromEntries(storages), table: (table ?? q).storage, ...buffers },
      {
        ...{ batch, heads, ...sizes, width, causal: Number(args.causal), scale: args.scale },
        ...Object.fromEntries(places),
        table_place: table ? placeOf(table, 1) : [],
        first,
        last: Math.min(across, first + stretch),
      },
      groupsFor(batch * heads * Math.ceil(sizes[own] / ROWS)),
    );
  }
}
