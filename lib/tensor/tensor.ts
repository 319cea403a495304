/*
 * The tensor: a shape and strides over a storage on the GPU, and its place in the graph of gradients.
 *
 * Only what every op needs stands here. What can be computed with tensors is in lib/ops, which adds its
 * functions to this class as methods. Numbers leave the GPU in three ways, and these are awaited: `item()`,
 * `data()` and `repr()`; everything else returns at once.
 */
import { a, type Given, parameters } from "../python/arguments.ts";
import { awaited } from "../python/habits.ts";
import type { Device } from "../gpu/device.ts";
import { defaultDevice } from "../gpu/default.ts";
import type { Storage, Window } from "../gpu/storage.ts";
import { type DType, dtypes, type Values } from "./dtype.ts";
import { byHand, checkAsks } from "./leaf.ts";
import { formatTensor, printOptions, summaryIndices } from "../python/tensor.ts";
import {
  denseStrides,
  isDense,
  type NoneBelowZero,
  normalizeDim,
  numelOf,
  type Shape,
  shapeText,
} from "./shape.ts";

const sizeOptions = parameters<{ dim?: number }>("size", { dim: a.whole });

/** How {@linkcode Tensor.backward} walks. */
export interface BackwardOptions {
  /** What this tensor's own gradient is; 1 for a scalar, required otherwise. */
  gradient?: Tensor;
  /** Whether the graph can be walked again. */
  retainGraph?: boolean;
  /** Gradients of gradients are not offered. */
  createGraph?: false;
}

const backwardOptions = parameters<BackwardOptions>("backward", {
  gradient: a.tensor,
  retainGraph: a.flag,
  createGraph: a.refused(false, "gradients of gradients are not offered"),
});

/** A shape that prints as PyTorch's: `torch.Size([2, 4])`. */
export class Size extends Array<number> {
  /** As PyTorch prints it. */
  repr(): string {
    return `torch.Size(${shapeText(this)})`;
  }
}

/** Nested lists of numbers or booleans, as deep as the tensor has dimensions. */
export type Nested = number | boolean | Nested[];

/** Which part of a tensor: so many of its elements along a dimension, from `start` on. */
export interface Part {
  readonly dim: number;
  readonly start: number;
  readonly length: number;
}

/** Parts of a tensor, with their elements. */
export interface Gathered {
  readonly parts: readonly (Part & { readonly tensor: Tensor })[];
  /** Memory for the whole, in which some may be in their places already. */
  readonly whole?: Tensor;
}

/** What a backward pass knows of the gradients of a call's inputs. */
export interface Known {
  /** The gradient that has reached the i-th input on other ways so far, if any: who asks for it returns the sum. */
  before(i: number): Tensor | null;
  /**
   * Where the gradient of the i-th input belongs, if it is a part of a tensor: what is written there and returned
   * need not be copied.
   */
  place(i: number): Tensor | null;
}

/** What backward needs of one call of an op. */
export interface Node {
  /** PyTorch's name of it, which printing shows: `AddmmBackward0`. */
  readonly name: string;
  /** Later calls have larger numbers; backward walks from the largest down. */
  readonly sequence: number;
  /** What the call returned. */
  readonly output: Tensor;
  /** What it was called with. */
  inputs: readonly Tensor[];
  /**
   * Which part of the one input the output is, if it is one: the place of its gradient in that of the input.
   *
   * @internal
   */
  readonly part?: Part;
  /**
   * Gradients of the inputs, given that of the output; null where an input needs none.
   *
   * @internal
   */
  backward: (grad: Tensor, known: Known) => (Tensor | null)[];
  /**
   * The memory that this call made: freed when backward is done with the graph.
   *
   * @internal
   */
  made: readonly Storage[];
  /** Set when what the node kept has been freed. */
  done: boolean;
  /** Whether it was computed from a graph that backward had freed. */
  readonly late: boolean;
  /** As PyTorch prints it, without an address. */
  repr(): string;
  /** The same. */
  toString(): string;
}

/** Functions of modules above this one that a tensor calls. */
interface Lent {
  add(x: Tensor, y: Tensor): Tensor;
  clone(x: Tensor): Tensor;
  /** A tensor of a shape put together from parts; 0 where none is. */
  joined(shape: Shape, gathered: Gathered): Tensor;
  backward(root: Tensor, gradient: Tensor | undefined, retainGraph: boolean): void;
}
const notLoaded = () => {
  throw new Error("the ops are not loaded: import lib/mod.ts");
};
/** Filled in by autograd.ts and lib/ops, so that this module imports nothing from above. */
export const lent: Lent = {
  add: notLoaded,
  clone: notLoaded,
  joined: notLoaded,
  backward: notLoaded,
};

/** An n-dimensional array on the GPU. */
export class Tensor {
  /** The gradient that `backward()` left here, or null: no gradient is not a gradient of zeros. */
  grad: Tensor | null = null;
  /** How this was computed, if that was recorded. */
  gradFn: Node | null = null;
  #requiresGrad = false;
  /** Whether this tensor, though no leaf, keeps its gradient. */
  retainsGrad = false;

  /** Tensors are made by {@linkcode tensor}, `zeros`, `randn`, … and by ops, rarely by hand. */
  constructor(
    /**
     * Its memory, which other tensors may be views of.
     *
     * @internal
     */
    readonly storage: Storage<Device>,
    readonly dtype: DType,
    readonly shape: Shape = byHand(),
    readonly strides: readonly number[] = denseStrides(shape),
    /** Where the first element lies in the storage, in elements. */
    readonly offset = 0,
  ) {}

  /** The device that holds it. */
  get device(): Device {
    return this.storage.device;
  }

  /** How many dimensions it has. */
  get ndim(): number {
    return this.shape.length;
  }

  /** How many dimensions it has. */
  dim(): number {
    return this.shape.length;
  }

  /** How many elements it has. */
  numel(): number {
    return numelOf(this.shape);
  }

  /** Its shape, printing as `torch.Size([…])`; or the size of one dimension. */
  size(): Size & NoneBelowZero;
  /** The size of one dimension, counted from the end where negative. */
  size(dim: number): number;
  size(...args: [dim?: number]): Size | number {
    const { dim } = sizeOptions(args);
    return dim === undefined ? Size.from(this.shape) as Size : this.sizeAt(dim);
  }

  /** The size of one dimension, counted from the end where negative. */
  sizeAt(dim: number): number {
    return this.shape[normalizeDim(dim, this.ndim)];
  }

  /** Whether it was made by the user rather than computed from something that needs gradients. */
  get isLeaf(): boolean {
    return this.gradFn === null;
  }

  /** Whether its elements follow each other in memory, row by row. */
  isContiguous(): boolean {
    return isDense(this.shape, this.strides);
  }

  /** Whether gradients flow to or through this tensor. */
  get requiresGrad(): boolean {
    return this.#requiresGrad;
  }

  set requiresGrad(requiresGrad: boolean) {
    checkAsks(this, requiresGrad);
    this.#requiresGrad = requiresGrad;
  }

  /** Asks for gradients of this leaf, and returns it. */
  requiresGrad_(requiresGrad = true): this {
    this.requiresGrad = requiresGrad;
    return this;
  }

  /** Keeps the gradient (and, after backward, the memory) of this tensor, which is not a leaf. */
  retainGrad(): this {
    this.retainsGrad = !this.isLeaf;
    return this;
  }

  /** The same memory without its history; it is not freed by backward or a no-grad region. */
  detach(): Tensor {
    this.storage.keep();
    return this.viewed();
  }

  /** Cuts off its own history: it becomes a leaf, and is not freed by backward or a no-grad region. */
  detach_(): Tensor {
    this.storage.keep();
    this.gradFn = null;
    this.requiresGrad = false;
    return this;
  }

  /**
   * Computes the gradient of this tensor with respect to every leaf that it was computed from, adds it to
   * their `grad`, and frees the graph: what lies between the leaves and this tensor can't be used after.
   *
   * @param gradient what this tensor's own gradient is; 1 for a scalar, required otherwise
   * @throws without a graph, for a second time, or for a non-scalar without `gradient`
   * @example
   * ```ts
   * import { tensor } from "#lib";
   * import { assertEquals } from "@std/assert";
   * const w = tensor([1.5, 2.5], { requiresGrad: true });
   * w.pow(2).sum().backward();
   * assertEquals(await w.grad!.tolist(), [3, 5]); // 2 w
   * ```
   */
  backward(
    ...args: Given<[gradient?: Tensor, retainGraph?: boolean, createGraph?: false], BackwardOptions>
  ): void {
    const { gradient, retainGraph = false } = backwardOptions(args);
    lent.backward(this, gradient, retainGraph);
  }

  /** Its elements in order, row by row. */
  data(): Promise<Values> {
    return awaited(Tensor.#data(this), "x.data()");
  }

  static async #data(x: Tensor): Promise<Values> {
    const dense = x.isContiguous() ? x : lent.clone(x.viewed());
    const [bytes] = await x.device.reader.read([window(dense, 0, x.numel())]);
    if (dense !== x) dense.storage.release("after it was read");
    return new dtypes[x.dtype].array(bytes.buffer);
  }

  /** The number in a tensor of one element. */
  item(): Promise<number> {
    return awaited(Tensor.#item(this), "x.item()");
  }

  static async #item(x: Tensor): Promise<number> {
    if (x.numel() !== 1) {
      throw new Error(
        `a Tensor with ${x.numel()} elements cannot be converted to Scalar; use tolist() or data()`,
      );
    }
    return (await Tensor.#data(x))[0];
  }

  /** Its elements as nested lists. */
  tolist(): Promise<Nested> {
    return awaited(Tensor.#tolist(this), "x.tolist()");
  }

  static async #tolist(x: Tensor): Promise<Nested> {
    const data = await Tensor.#data(x);
    const value = (i: number) => x.dtype === "bool" ? data[i] !== 0 : data[i];
    const strides = denseStrides(x.shape);
    const list = (d: number, start: number): Nested =>
      d === x.ndim
        ? value(start)
        : Array.from({ length: x.shape[d] }, (_, i) => list(d + 1, start + i * strides[d]));
    return list(0, 0);
  }

  /** As PyTorch prints it; of a large tensor, only the elements that are shown are read. */
  async repr(): Promise<string> {
    const options = { ...printOptions }; // those that hold now, not when the numbers are there
    const indices = summaryIndices(this.shape, options);
    const values = indices ? await this.pick(indices) : await this.data();
    const suffix = this.gradFn
      ? [`grad_fn=<${this.gradFn.name}>`]
      : this.requiresGrad
      ? ["requires_grad=True"]
      : [];
    return formatTensor({ values, shape: this.shape, dtype: this.dtype, suffix }, options);
  }

  /** The elements at these row-by-row indices. */
  private async pick(indices: ArrayLike<number>): Promise<Values> {
    const dense = denseStrides(this.shape);
    const ranges = Array.from(indices, (flat) => {
      const place = this.shape.reduce(
        (sum, size, d) => sum + (Math.floor(flat / dense[d]) % size) * this.strides[d],
        0,
      );
      return window(this, place, 1);
    });
    const bytes = await this.device.reader.read(ranges);
    const { array } = dtypes[this.dtype];
    const values = new array(ranges.length);
    bytes.forEach(({ buffer }, i) => values[i] = new array(buffer)[0]);
    return values;
  }

  /** The same view, without its history. */
  private viewed(): Tensor {
    return new Tensor(this.storage, this.dtype, this.shape, this.strides, this.offset);
  }

  /** A short description for the console and in a text, which can't wait for the GPU. */
  toString(): string {
    const grad = this.requiresGrad ? ", requires_grad=True" : "";
    return `Tensor(${shapeText(this.shape)}, ${this.dtype}${grad}) /* await x.repr() prints it */`;
  }

  /** The same, for the console. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  /**
   * What JavaScript calls for `${x}`, where it gives the short description, and for `x + y`, `2 * x` and `x < y`, which
   * would be made of it and not of the numbers.
   *
   * @throws {TypeError} for operators
   */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return this.toString();
    throw new TypeError(
      "a Tensor has no operators; write x.add(y), x.mul(2), x.lt(y), or await x.item() for its number",
    );
  }
}

/** The bytes of `count` elements that follow each other from an element's place. */
function window({ storage, offset }: Tensor, place: number, count: number): Window {
  return { storage, offset: (offset + place) * 4, size: count * 4 };
}

/** A tensor with undefined content, for a kernel to fill. */
export function allocate(
  shape: Shape,
  dtype: DType = "float32",
  device: Device = defaultDevice,
): Tensor {
  return allocated(shape, dtype, device, false);
}

/** A tensor that is about to be filled from TypeScript. */
export const allocateForUpload = (shape: Shape, dtype: DType, device = defaultDevice): Tensor =>
  allocated(shape, dtype, device, true);

function allocated(shape: Shape, dtype: DType, device: Device, idle: boolean): Tensor {
  const what = () => `${dtype} tensor of shape ${shapeText(shape)}`;
  return new Tensor(device.pool.allocate(numelOf(shape) * 4, what, idle), dtype, [...shape]);
}

/** A tensor of these values. */
export function fromValues(
  values: Values,
  shape: Shape,
  dtype: DType,
  device: Device = defaultDevice,
): Tensor {
  const result = allocateForUpload(shape, dtype, device);
  if (values.length > 0) device.launcher.upload(result.storage, values);
  return result;
}
