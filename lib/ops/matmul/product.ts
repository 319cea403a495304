/*
 * Matrix products of tensors of any size, layout and stride, in the fastest way for the adapter.
 *
 * Operands are views of three dimensions (batch, rows, columns) with any strides: a transpose is a view, so the
 * products of the backward pass copy nothing. Here a product is cut until each part fits the adapter's bindings
 * and loops; plan.ts chooses the kernel of each part from the table in tuning.ts, and launch.ts launches it. The parts and
 * their order depend only on shapes and adapter, so the same numbers give the same bits.
 */
import { allocate, Tensor } from "../../tensor/tensor.ts";
import { cut, extent, viewOf } from "../layout.ts";
import { mostBound } from "../limits.ts";
import { readByProduct } from "../settle.ts";
import { largestLaunch, LONGEST_PRODUCT, type Plan, tuningOf, WORK_A_READ } from "../tuning.ts";
import { launchProduct } from "./launch.ts";
import { isAtHome, planFor, type Product, type Task } from "./plan.ts";

export type { Product };

/** The product of two batches of matrices, as (batch, m, n). */
export function multiply(product: Product): Tensor {
  const { a, b, bias } = product;
  const out = allocate([a.shape[0], a.shape[1], b.shape[2]], a.dtype, a.device);
  noteReads(product);
  if (out.numel() > 0) multiplyParts({ ...product, out, accumulate: false, biased: bias ? 1 : 0 });
  return out;
}

/** Writes the product of two batches of matrices over `out` (batch, m, n), or adds it to what is there. */
export function multiplyInto(out: Tensor, product: Product, { accumulate = false } = {}): void {
  noteReads(product);
  if (out.numel() > 0) multiplyParts({ ...product, out, accumulate, biased: product.bias ? 1 : 0 });
  out.storage.version++;
}

/** A product as a task whose result has a layout, but no memory of its own yet. */
function sketched(product: Product): Task {
  const { a, b, bias } = product;
  const out = viewOf(a, [a.shape[0], a.shape[1], b.shape[2]]);
  return { ...product, out, accumulate: false, biased: bias ? 1 : 0 };
}

/** If B is the transpose of a matrix, as a linear layer's weight is, notes that it is read. */
function noteReads({ b, form, plan }: Product): void {
  const { storage, dtype, shape: [batch, k, n], strides, offset } = b;
  const isWeight = !form && !plan && dtype === "float32" && (batch === 1 || strides[0] === 0) &&
    strides[1] === 1 && strides[2] === k;
  if (isWeight) readByProduct(new Tensor(storage, dtype, [n, k], [k, 1], offset));
}

/** The kernel that a product would get, if it need not be cut. */
export const planOf = (product: Product): Plan => planFor(sketched(product));

/** Whether the kernel of a product can sum A's rows as it goes, in the order in which `sum` would. */
export function sumsToo(product: Product): boolean {
  const { a: { device, shape: [batch, , k] } } = product;
  const task = sketched(product);
  return batch === 1 && k <= tuningOf(device).longestColumn && planFor(task).form === "tile" &&
    !toCut(task);
}

/** No tile is wider; a packed operand is padded to a multiple of its tile. */
const WIDEST = 16;
/** Cuts fall at its multiples: what was aligned stays aligned, and a part of a weight at home begins with a panel. */
const GRAIN = 64;

/** The dimensions of a product, and where each operand has them. */
const dimensions = {
  batch: { a: 0, b: 0, out: 0 },
  m: { a: 1, out: 1 },
  n: { b: 2, out: 2 },
  k: { a: 2, b: 1 },
} as const;
type Dimension = keyof typeof dimensions;

/** Cuts the task in two until an adapter can do each part, then launches. */
function multiplyParts(task: Task): void {
  const dimension = toCut(task);
  if (!dimension) return launchProduct(task);
  const place: { a?: number; b?: number; out?: number } = dimensions[dimension];
  const size = place.a === undefined ? task.b.shape[2] : task.a.shape[place.a];
  const grain = size > GRAIN ? GRAIN : 1;
  const half = Math.ceil(size / 2 / grain) * grain;
  const part = (from: number, count: number): Task => {
    const take = (name: "a" | "b" | "out") =>
      place[name] === undefined ? task[name] : cut(task[name], place[name], from, count);
    /** What lies as the result does. */
    const beside = (x?: Tensor) =>
      x && place.out !== undefined ? cut(x, place.out, from, count) : x;
    const { drop, plus } = { drop: beside(task.drop), plus: beside(task.plus) };
    return { ...task, a: take("a"), b: take("b"), out: take("out"), drop, plus };
  };
  const [first, second] = [part(0, half), part(half, size - half)];
  if (dimension === "n" && task.bias) {
    first.bias = cut(task.bias, 0, 0, half);
    second.bias = cut(task.bias, 0, half, size - half);
  }
  if (dimension === "k") {
    delete first.activation;
    delete first.drop;
    delete first.plus;
    second.accumulate = true;
    second.biased = 0;
  }
  multiplyParts(first);
  multiplyParts(second);
}

/** The dimension along which a task must be cut, or null. */
function toCut(task: Task): Dimension | null {
  const { a, b, out } = task;
  const mostGroups = out.device.limits.maxComputeWorkgroupsPerDimension;
  const most = mostBound(out.device);
  const [batch, m, n] = out.shape;
  const k = a.shape[2];
  if (batch > mostGroups) return "batch";
  if (m > mostGroups) return "m";
  if (n > mostGroups) return "n";
  if (k > LONGEST_PRODUCT) return "k";
  // Integers have the plain kernel alone, which shares nothing of what it reads.
  const mostWork = largestLaunch.upTo / (out.dtype === "float32" ? 1 : WORK_A_READ);
  if (!out.device.software && out.numel() * k > mostWork) {
    return batch > 1 ? "batch" : m > n ? "m" : "n";
  }
  const atHome = isAtHome(task); // an image can be larger than what is bound
  if (extent(b) > most && !atHome) return longest(b, ["batch", "k", "n"]);
  if (extent(a) > most) return longest(a, ["batch", "m", "k"]);
  if (extent(out) > most) return longest(out, ["batch", "m", "n"]);
  const packed = (x: Tensor, side: number) =>
    (x.strides[0] === 0 ? 1 : batch) * Math.ceil(side / WIDEST) * WIDEST * k;
  if (packed(b, n) > most && !atHome) {
    return batch > 1 && b.strides[0] ? "batch" : n > WIDEST ? "n" : "k";
  }
  if (packed(a, m) > most) return batch > 1 && a.strides[0] ? "batch" : m > WIDEST ? "m" : "k";
  return null;
}

/** The dimension along which a view reaches furthest. */
function longest({ shape, strides }: Tensor, names: readonly Dimension[]): Dimension {
  const reach = shape.map((size, d) => (size - 1) * strides[d]);
  return names[reach.indexOf(Math.max(...reach))];
}
