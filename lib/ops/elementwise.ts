/*
 * The launch of elementwise kernels: operands that broadcast, dense or strided, and tensors larger than one
 * binding, which are worked through window by window.
 */
import type { Device } from "../gpu/device.ts";
import type { Kernel, Specialisation } from "../gpu/launch.ts";
import type { Storage, Window } from "../gpu/memory.ts";
import type { DType } from "../tensor/dtype.ts";
import { dtypes } from "../tensor/dtype.ts";
import { broadcastShapes, broadcastStrides, collapse, type Shape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import unarySource from "../../kernels/unary.wgsl" with { type: "text" };
import mathSource from "../../kernels/math.wgsl" with { type: "text" };
import binarySource from "../../kernels/binary.wgsl" with { type: "text" };

/** Invocations in a workgroup of the elementwise kernels. */
const LANES = 64;
const MAX_RANK = 8;

const unaryKernel: Kernel = { name: "unary", source: unarySource };
const binaryKernel: Kernel = { name: "binary", source: binarySource };

/** Workgroups for `n` elements. */
export const groupsFor = (n: number): number => Math.ceil(n / LANES);

/** `alias A = i32;` for a tensor of that dtype. */
export const alias = (name: string, dtype: DType): string =>
  `alias ${name} = ${dtypes[dtype].wgsl};`;

/** Sizes or strides as a kernel's two vec4, and how many of them count. */
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

/** Whether a tensor is laid out row by row in this shape, so that element i lies at offset + i. */
const isPlain = (x: Tensor, shape: Shape) =>
  x.isContiguous() && x.numel() === shape.reduce((a, b) => a * b, 1);

/** Cuts `n` elements into windows that each fit one binding; most tensors are one. */
export function* windows(n: number, device: Device): Generator<{ start: number; count: number }> {
  const most = Math.floor(device.limits.maxStorageBufferBindingSize / 256) * LANES;
  for (let start = 0; start < n; start += most) yield { start, count: Math.min(most, n - start) };
}

/** The part of a dense tensor that a window covers, and where its first element lies in it. */
export function part(x: Tensor, start: number, count: number, whole: boolean) {
  if (whole) return { buffer: x.storage as Storage | Window, offset: x.offset };
  const first = (x.offset + start) * 4;
  const offset = Math.floor(first / 256) * 256;
  const size = Math.min(first - offset + count * 4, x.storage.block.bytes - offset);
  return { buffer: { storage: x.storage, offset, size }, offset: (first - offset) / 4 };
}

/** What an elementwise kernel computes: its `fn op`, and the dtype that comes out. */
export interface Elementwise {
  op: string;
  out: DType;
  /** Numbers that `op` may use as `p.x` and `p.y`. */
  x?: number;
  y?: number;
}

/** Runs a function of one tensor. */
export function launchUnary(a: Tensor, { op, out: dtype, x = 0, y = 0 }: Elementwise): Tensor {
  const out = empty(a.shape, dtype, a.device);
  const dense = a.isContiguous();
  const { rank, shape, strides } = walk(a.shape, [a.strides], "unary");
  const pipeline = a.device.launcher.pipeline(unaryKernel, {
    constants: { DENSE: Number(dense) },
    replace: { A: alias("A", a.dtype), Out: alias("Out", dtype), op: mathSource + op },
  });
  const n = a.numel();
  for (const { start, count } of windows(n, a.device)) {
    const from = part(a, start, count, count === n);
    const params = { n: count, rank, offset: from.offset, x, y, shape, strides: strides[0] };
    const to = part(out, start, count, count === n);
    a.device.launcher.launch(
      pipeline,
      { a: from.buffer, out: to.buffer },
      params,
      groupsFor(count),
    );
  }
  return out;
}

/** Runs a function of two tensors that broadcast, or of a tensor and a number. */
export function launchBinary(
  a: Tensor,
  b: Tensor | number,
  { op, compute, out: dtype }: { op: string; compute: DType; out: DType },
): Tensor {
  const scalar = typeof b === "number";
  const other = scalar ? a : b;
  const shape = scalar ? [...a.shape] : broadcastShapes(a.shape, other.shape);
  const out = empty(shape, dtype, a.device);
  const n = out.numel();
  const plainA = isPlain(a, shape);
  const plainB = isPlain(other, shape);
  const specialisation: Specialisation = {
    constants: { DENSE_A: Number(plainA), DENSE_B: Number(plainB), SCALAR_B: Number(scalar) },
    replace: {
      A: alias("A", a.dtype),
      B: alias("B", other.dtype),
      C: alias("C", compute),
      Out: alias("Out", dtype),
      op: mathSource + op,
    },
  };
  const walked = walk(shape, [
    broadcastStrides(a.shape, a.strides, shape),
    broadcastStrides(other.shape, other.strides, shape),
  ], "binary");
  const { launcher } = a.device;
  const pipeline = launcher.pipeline(binaryKernel, specialisation);
  for (const { start, count } of windows(n, a.device)) {
    const one = count === n || !(plainA && plainB);
    if (one && count !== n) throw tooLarge(shape);
    const left = part(a, start, count, one);
    const right = part(other, start, count, one);
    const to = part(out, start, count, one);
    launcher.launch(pipeline, { a: left.buffer, b: right.buffer, out: to.buffer }, {
      n: count,
      rank: walked.rank,
      a_offset: left.offset,
      b_offset: right.offset,
      scalar: scalar ? b : 0,
      shape: walked.shape,
      a_strides: walked.strides[0],
      b_strides: walked.strides[1],
    }, groupsFor(count));
  }
  return out;
}

const tooLarge = (shape: Shape) =>
  new RangeError(
    `a broadcast result of shape [${
      shape.join(", ")
    }] is larger than this adapter can bind at once; ` +
      `work on it in parts (split or narrow it along its first dimension)`,
  );
