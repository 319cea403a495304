/*
 * The launch of elementwise kernels: operands that broadcast, dense or strided, and tensors larger than one
 * binding, which are worked through window by window.
 */
import type { Device } from "../gpu/device.ts";
import type { DType } from "../tensor/dtype.ts";
import { dtypes } from "../tensor/dtype.ts";
import {
  broadcastShapes,
  broadcastStrides,
  collapse,
  numelOf,
  type Shape,
} from "../tensor/shape.ts";
import { allocate, type Tensor } from "../tensor/tensor.ts";
import { inMemoryOrder } from "./layout.ts";
import { bindable, bound, mostBound, windowOf } from "./limits.ts";
import { oneByOne, tuningOf } from "./tuning.ts";
import unarySource from "../../kernels/unary.wgsl" with { type: "text" };
import binarySource from "../../kernels/binary.wgsl" with { type: "text" };
import { inUnits } from "./declare.ts";

/** Invocations in a workgroup of the elementwise kernels. */
const LANES = 64;
const MAX_RANK = 8;

const unaryKernels = inUnits("unary", unarySource);
const binaryKernels = inUnits("binary", binarySource);

/** Workgroups for `n` elements. */
export const groupsFor = (n: number): number => Math.ceil(n / LANES);

/** What a kernel calls a dtype. */
export const wgslType = (dtype: DType): string => dtypes[dtype].wgsl;

/** Sizes and strides as a kernel takes them: dimensions that lie in memory as one are one; 8 may be left. */
export function walk(shape: Shape, operands: readonly (readonly number[])[], kernel: string) {
  const walked = collapse(shape, operands);
  if (walked.shape.length > MAX_RANK) {
    throw new RangeError(
      `${kernel}: operands of ${walked.shape.length} separate dimensions, at most ${MAX_RANK} can be ` +
        `walked at once; call contiguous() on them first`,
    );
  }
  return { rank: walked.shape.length, ...walked };
}

/** The largest divisor of a number that is at most `most`. */
export function divisor(of: number, most: number): number {
  while (of % most !== 0) most--;
  return most;
}

/** Whether a tensor is laid out row by row in this shape, so that element i lies at offset + i. */
const isPlain = (x: Tensor, shape: Shape) =>
  x.isContiguous() && x.numel() === shape.reduce((a, b) => a * b, 1);

/** How a kernel walks over its operands; `shape` and `strides` are of no use where all are dense. */
interface Walk {
  dense: boolean;
  /** How many elements it takes at a time. */
  unit: 1 | 4;
  /** How many units side by side an invocation takes: it looks for the place of the first only. */
  run: number;
  /** How far the units of a run are apart, in each operand. */
  steps: readonly number[];
  /** From run to run. */
  rank: number;
  shape: readonly number[];
  strides: readonly (readonly number[])[];
}

/** A walk over the places of operands of one shape. */
export type Walked = Pick<Walk, "rank" | "shape" | "strides">;

/**
 * How a kernel walks over operands of one shape: row by row where all are dense, else by shape and strides. It
 * takes four elements at a time where there are many, and all operands' neighbors lie side by side and aligned.
 */
function walkInUnits(shape: Shape, operands: readonly Tensor[], kernel: string): Walk {
  const many = numelOf(shape) > oneByOne.upTo;
  const aligned = many && operands.every(({ offset }) => offset % 4 === 0);
  if (operands.every((x) => isPlain(x, shape))) {
    const [unit, none] = [aligned ? 4 : 1, { rank: 1, shape: [], strides: [[], []] }] as const;
    return { dense: true, unit, run: 1, steps: [0, 0], ...none };
  }
  const repeated = operands.map((x) => broadcastStrides(x.shape, x.strides, shape));
  const [{ device }] = operands;
  return { dense: false, ...inRuns(inFours(walk(shape, repeated, kernel), aligned), device) };
}

/** A walk from run to run: as many neighbors in a row as an adapter's tuning says, if they divide it. */
export function inRuns(
  { unit, ...walked }: Walked & Pick<Walk, "unit">,
  device: Device,
): Omit<Walk, "dense"> {
  const last = walked.rank - 1;
  const size = walked.shape[last];
  const run = divisor(size, tuningOf(device).run);
  const steps = walked.strides.map((s) => s[last]);
  const [shape, strides] = run === size // then a run is a row
    ? [walked.shape.slice(0, last), walked.strides.map((s) => s.slice(0, last))]
    : [walked.shape.with(last, size / run), walked.strides.map((s) => s.with(last, s[last] * run))];
  return { unit, run, steps, rank: shape.length, shape, strides };
}

/** A walk in fours, where its innermost elements lie side by side; `aligned` says that it begins with whole fours. */
export function inFours(walked: Walked, aligned: boolean): Walked & Pick<Walk, "unit"> {
  const last = walked.rank - 1;
  const whole = (stride: number, d: number) => d === last ? stride === 1 : stride % 4 === 0;
  if (!aligned || walked.shape[last] % 4 !== 0 || !walked.strides.every((s) => s.every(whole))) {
    return { unit: 1, ...walked };
  }
  return {
    unit: 4,
    rank: walked.rank,
    shape: walked.shape.with(last, walked.shape[last] / 4),
    strides: walked.strides.map((s) => s.map((stride, d) => d === last ? 1 : stride / 4)),
  };
}

/** What windows are multiples of: the elements of a workgroup that takes four at a time. */
const WHOLE_GROUPS = 4 * LANES;

/** Cuts the `n` elements of operands into windows that each fit one binding; most tensors are one. */
export function* windows(
  n: number,
  operands: readonly Tensor[],
): Generator<{ start: number; count: number }> {
  const most = operands.every(bindable)
    ? n
    : Math.floor(mostBound(operands[0].device) / WHOLE_GROUPS) * WHOLE_GROUPS;
  for (let start = 0; start < n; start += most) yield { start, count: Math.min(most, n - start) };
}

/** The part of a dense tensor that a window covers, and where its first element lies in it. */
export const part = (x: Tensor, start: number, count: number, whole: boolean) =>
  whole ? bound(x) : windowOf(x.storage, x.offset + start, count);

/** What an elementwise kernel computes: the WGSL expression that its `fn op` returns, and the dtype of it. */
export interface Elementwise {
  op: string;
  out: DType;
  /** Numbers that `op` may use as `p.x` and `p.y`. */
  x?: number;
  y?: number;
}

/** Runs a function of one tensor. */
export const launchUnary = (a: Tensor, what: Elementwise): Tensor =>
  inMemoryOrder(a.shape, [a], (_, [a]) => unaryInRows(a, what));

function unaryInRows(a: Tensor, { op, out: dtype, x = 0, y = 0 }: Elementwise): Tensor {
  const out = allocate(a.shape, dtype, a.device);
  const n = out.numel();
  const { dense, unit, run, steps, rank, shape, strides } = walkInUnits(a.shape, [a], "unary");
  const { launcher } = a.device;
  const pipeline = launcher.pipeline(unaryKernels[unit], {
    constants: { DENSE: Number(dense) },
    replace: { A: wgslType(a.dtype), Out: wgslType(dtype), op },
  });
  for (const { start, count } of windows(n, [a, out])) {
    const whole = count === n;
    if (!whole && !dense) throw tooLarge(a.shape);
    const from = part(a, start, count, whole);
    const to = part(out, start, count, whole);
    const runs = Math.ceil(count / unit / run);
    launcher.launch(
      pipeline,
      { a: from.buffer, out: to.buffer },
      {
        ...{ n: runs, run, step: steps[0], rank, offset: from.offset / unit },
        ...{ x, y, shape, strides: strides[0] },
      },
      groupsFor(runs),
      run,
    );
  }
  return out;
}

/** Runs a function of two tensors that broadcast, or of a tensor and a number. */
export function launchBinary(a: Tensor, b: Tensor | number, what: Combined): Tensor {
  if (typeof b === "number") {
    return inMemoryOrder(a.shape, [a], (shape, [a]) => binaryInRows(shape, a, b, what));
  }
  const shape = broadcastShapes(a.shape, b.shape);
  return inMemoryOrder(shape, [a, b], (shape, [a, b]) => binaryInRows(shape, a, b, what));
}

/** What a kernel of two tensors computes: the expression, of which dtype, and what comes out. */
interface Combined {
  op: string;
  compute: DType;
  out: DType;
  /** A number that `op` may use as `p.scalar`, where there are two tensors. */
  scalar?: number;
}

function binaryInRows(
  result: Shape,
  a: Tensor,
  b: Tensor | number,
  { op, compute, out: dtype, scalar: number = 0 }: Combined,
): Tensor {
  const scalar = typeof b === "number";
  const other = scalar ? a : b;
  const out = allocate(result, dtype, a.device);
  const n = out.numel();
  const operands = [a, other];
  const { dense, unit, run, steps, rank, shape, strides } = walkInUnits(result, operands, "binary");
  const { launcher } = a.device;
  const pipeline = launcher.pipeline(binaryKernels[unit], {
    constants: {
      DENSE: Number(dense),
      SCALAR_B: Number(scalar),
      ...(compute === "int64" ? { INT: 1 } : {}),
    },
    replace: {
      A: wgslType(a.dtype),
      B: wgslType(other.dtype),
      C: wgslType(compute),
      Out: wgslType(dtype),
      op,
    },
  });
  for (const { start, count } of windows(n, [a, other, out])) {
    const whole = count === n;
    if (!whole && !dense) throw tooLarge(result);
    const left = part(a, start, count, whole);
    const right = part(other, start, count, whole);
    const to = part(out, start, count, whole);
    const runs = Math.ceil(count / unit / run);
    launcher.launch(
      pipeline,
      { a: left.buffer, b: right.buffer, out: to.buffer },
      {
        n: runs,
        run,
        a_step: steps[0],
        b_step: steps[1],
        rank,
        a_offset: left.offset / unit,
        b_offset: right.offset / unit,
        scalar: scalar ? b : number,
        int_scalar: scalar ? b : 0,
        nothing: 0,
        shape,
        a_strides: strides[0],
        b_strides: strides[1],
      },
      groupsFor(runs),
      run,
    );
  }
  return out;
}

/** The whole number of times that y goes into x, rounded down. */
export const floorDivide = (x: Tensor, y: Tensor | number): Tensor =>
  launchBinary(x, y, {
    op: "floorDivide(x, y)",
    compute: "float32",
    out: "float32",
  });

const tooLarge = (shape: Shape) =>
  new RangeError(
    `a result of shape [${shape.join(", ")}] is larger than this adapter can bind at once; ` +
      `work on it in parts (split or narrow it along its first dimension)`,
  );
