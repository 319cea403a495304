/*
 * The launch of matrix products: which kernel for which problem, and operands larger than one binding.
 *
 * Operands are views of three dimensions (batch, rows, columns) with any strides: a transpose is a view, so
 * the products of the backward pass copy nothing.
 */
import type { Kernel } from "../gpu/launch.ts";
import type { Storage, Window } from "../gpu/memory.ts";
import { empty, Tensor } from "../tensor/tensor.ts";
import matmulSource from "../../kernels/matmul.wgsl" with { type: "text" };
import { groupsFor } from "./elementwise.ts";

const plain: Kernel = { name: "matmul", source: matmulSource };

/** out = a · b + bias. */
export interface Product {
  /** (batch, m, k) */
  a: Tensor;
  /** (batch, k, n) */
  b: Tensor;
  /** (n) */
  bias?: Tensor;
}

/** The product of two batches of matrices, as (batch, m, n). */
export function gemm({ a, b, bias }: Product): Tensor {
  const out = empty([a.shape[0], a.shape[1], b.shape[2]], "float32", a.device);
  multiply({ a, b, bias, out, accumulate: false });
  return out;
}

interface Task extends Product {
  out: Tensor;
  /** Whether to add to what `out` holds. */
  accumulate: boolean;
}

/** Cuts the task in two until each operand fits a binding, then launches. */
function multiply(task: Task): void {
  const { a, b, out } = task;
  const [m, k, n] = [a.shape[1], a.shape[2], b.shape[2]];
  if (!fits(b)) {
    if (b.strides[2] > b.strides[1]) {
      return halves(n, (from, size) => ({
        ...task,
        b: cut(b, 2, from, size),
        bias: task.bias && cut(task.bias, 0, from, size),
        out: cut(out, 2, from, size),
      }));
    }
    return alongK(task, k);
  }
  if (!fits(a)) {
    if (a.strides[2] > a.strides[1]) return alongK(task, k);
    return alongM(task, m);
  }
  if (!fits(out)) return alongM(task, m);
  launch(task);
}

const halves = (size: number, task: (from: number, size: number) => Task): void => {
  const half = Math.ceil(size / 2);
  multiply(task(0, half));
  multiply(task(half, size - half));
};

const alongM = (task: Task, m: number): void =>
  halves(m, (from, size) => ({
    ...task,
    a: cut(task.a, 1, from, size),
    out: cut(task.out, 1, from, size),
  }));

const alongK = (task: Task, k: number): void =>
  halves(k, (from, size) => ({
    ...task,
    a: cut(task.a, 2, from, size),
    b: cut(task.b, 1, from, size),
    bias: from === 0 ? task.bias : undefined,
    accumulate: task.accumulate || from > 0,
  }));

/** A part of a view, along one dimension. */
const cut = (x: Tensor, dim: number, from: number, size: number): Tensor =>
  new Tensor(
    x.storage,
    x.dtype,
    x.shape.with(dim, size),
    x.strides,
    x.offset + from * x.strides[dim],
  );

/** How many elements lie from the first to the last of a view. */
const extent = (x: Tensor): number =>
  x.shape.reduce((sum, size, d) => sum + (size - 1) * x.strides[d], 1);

const fits = (x: Tensor): boolean =>
  extent(x) * 4 + 256 <= x.device.limits.maxStorageBufferBindingSize;

/** What to bind for a view, and where its first element lies in that. */
function bound(x: Tensor): { buffer: Storage | Window; offset: number } {
  const { storage, offset } = x;
  const { bytes } = storage.block;
  if (bytes <= x.device.limits.maxStorageBufferBindingSize) return { buffer: storage, offset };
  const start = Math.floor(offset * 4 / 256) * 256;
  const end = Math.min(bytes, Math.ceil((offset + extent(x)) / 64) * 256);
  return { buffer: { storage, offset: start, size: end - start }, offset: offset - start / 4 };
}

function launch({ a, b, bias, out, accumulate }: Task): void {
  const [batch, m, k] = a.shape;
  const n = b.shape[2];
  const [boundA, boundB, boundOut] = [bound(a), bound(b), bound(out)];
  const { launcher } = a.device;
  const pipeline = launcher.pipeline(plain, {
    constants: { BIAS: Number(bias !== undefined), ACCUMULATE: Number(accumulate) },
  });
  launcher.launch(
    pipeline,
    {
      a: boundA.buffer,
      b: boundB.buffer,
      bias: bias?.storage ?? boundA.buffer,
      out: boundOut.buffer,
    },
    {
      m,
      n,
      k,
      batch,
      a_offset: boundA.offset,
      b_offset: boundB.offset,
      out_offset: boundOut.offset,
      bias_offset: bias?.offset ?? 0,
      a_strides: a.strides,
      b_strides: b.strides,
      out_strides: out.strides,
    },
    groupsFor(batch * m * n),
  );
}
