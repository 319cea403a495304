/*
 * Products along a dimension: of all elements, and of those up to each one.
 */
import { a, type Given, parameters } from "../python/arguments.ts";
import { called } from "../tensor/autograd.ts";
import type { DType } from "../tensor/dtype.ts";
import { along, reduce as reduceNd } from "../tensor/ndarray.ts";
import { defineOp } from "../tensor/op.ts";
import { floats, given, ints } from "../tensor/sample.ts";
import { normalizeDim } from "../tensor/shape.ts";
import { allocate, type Tensor } from "../tensor/tensor.ts";
import cumprodSource from "../../kernels/cumprod.wgsl" with { type: "text" };
import { flip } from "./arrange.ts";
import { div, eq, gt, mul } from "./binary.ts";
import { clone, type Computed, contiguous, inDtype, to } from "./copy.ts";
import { full } from "./create.ts";
import { alongDim, cumsum, running } from "./cumsum.ts";
import { declared } from "./declare.ts";
import { groupsFor, wgslType } from "./elementwise.ts";
import { checkFits } from "./fits.ts";
import { cat } from "./join.ts";
import { cut, ordered, orderOf, viewOf } from "./layout.ts";
import { checkRounds } from "./limits.ts";
import { logicalAnd } from "./logic.ts";
import { asRows } from "./order.ts";
import { all, type ReduceOptions, sum } from "./reduce.ts";
import { launchReduce, type Reducer } from "./reduction.ts";
import { narrow } from "./slices.ts";
import { permute, reshape } from "./views.ts";
import { where } from "./where.ts";

const cumprodKernel = declared("cumprod", cumprodSource);

const multiplier = (dtype: DType): Reducer => ({
  load: "Acc(v)",
  combine: "x * y",
  identity: "Acc(1)",
  acc: dtype,
  out: dtype,
  inOrder: true,
});

/** So many numbers that lie side by side PyTorch multiplies at once: four vectors of eight. */
const AT_ONCE = 32;

/**
 * The product along a dimension, flat, in PyTorch's order (its vectorized_inner_reduction, with AVX2): the order
 * decides whether an infinity meets what has become 0 on the way.
 */
function multiplied(x: Tensor, d: number): Tensor {
  const by = multiplier(x.dtype);
  const size = x.shape[d];
  const whole = size - size % AT_ONCE;
  if (whole === 0 || x.strides[d] !== 1 || x.numel() === 0) return launchReduce(x, [d], by);
  const others = [...x.shape.keys()].filter((dim) => dim !== d);
  const last = ordered(x, [...others, d]);
  const end = x.ndim - 1;
  const rows = x.numel() / size;
  const reduced = (y: Tensor, shape: readonly number[], dim: number) =>
    launchReduce(viewOf(y, shape), [dim], by);
  const vectors = reduced(contiguous(cut(last, end, 0, whole)), [rows, whole / AT_ONCE, 4, 8], 1);
  const pairs = reduced(vectors, [rows, 2, 2, 8], 2);
  const first = reduced(reduced(pairs, [rows, 2, 8], 1), [rows, 8], 1);
  const rest = reshape(cut(last, end, whole, size - whole), [rows, size - whole]);
  return launchReduce(cat([viewOf(first, [rows, 1]), rest], 1), [1], by);
}

/** Along which dimension a product is taken. */
export type ProductOptions = Omit<ReduceOptions, "dim"> & { dim?: number };

const readProd = parameters<ProductOptions & Computed>(
  "prod",
  { dim: a.whole, keepdim: a.flag, dtype: a.dtype },
  { positional: 2 },
);

/** For each element the product of those before it along a dimension. */
function productBefore(x: Tensor, d: number): Tensor {
  const ones = full(x.shape.with(d, 1), 1, { device: x.device });
  return cumprod(cat([ones, narrow(x, d, 0, x.shape[d] - 1)], d), d);
}

const prodOp = defineOp<{ dim: number; whole: boolean }>({
  name: "prod",
  gradFn: (_, { whole }) => `ProdBackward${whole ? 0 : 1}`,
  torch: "i[0].prod(a['dim'], keepdim=True)",
  forward([x], { dim }) {
    const flat = multiplied(x, dim);
    if (x.dtype === "int64") checkFits("prod", flat, multiplied(to(x, "float32"), dim));
    return reshape(flat, x.shape.with(dim, 1));
  },
  // The result divided by each element; as PyTorch, by products of the others where any element is 0.
  gradient(grad, saved) {
    const { dim, whole } = saved.args;
    const x = saved.input(0);
    const zeros = sum(eq(x, 0));
    const divided = mul(grad, div(saved.output(0), x));
    const others = x.shape[dim] > 1
      ? mul(grad, mul(productBefore(x, dim), flip(productBefore(flip(x, dim), dim), dim)))
      : grad;
    const found = where(eq(zeros, 0), divided, others);
    return [whole ? where(gt(zeros, 1), 0, found) : found];
  },
  reference: ([x], { dim }) => reduceNd(x, [dim], true, (v) => v.reduce((a, b) => a * b, 1)),
  samples: [
    { inputs: [floats([7], { lo: 0.5, hi: 2 })], args: { dim: 0, whole: true } },
    { inputs: [floats([3, 5], { lo: 0.5, hi: 2 })], args: { dim: 1, whole: false } },
    { inputs: [floats([2, 70], { lo: 0.8, hi: 1.2 })], args: { dim: 1, whole: false } },
    { inputs: [floats([4, 1])], args: { dim: 1, whole: false } },
    { inputs: [given([2, 0, 3, 4, 0, 0], [2, 3])], args: { dim: 1, whole: false } },
    { inputs: [ints([2, 6], 4, -4)], args: { dim: 1, whole: false } },
    { inputs: [floats([2, 0])], args: { dim: 1, whole: false } },
  ],
});

/** The product of all elements, or of those along a dimension. */
export function prod(
  x: Tensor,
  ...args: Given<[dim?: number, keepdim?: boolean], ProductOptions, Computed>
): Tensor {
  const { dtype, ...over } = readProd(args);
  return inDtype(x, dtype, (x) => dtype === "bool" ? all(x, over) : product(x, over));
}

function product(x: Tensor, { dim, keepdim = false }: ProductOptions): Tensor {
  const factors = to(x, x.dtype === "bool" ? "int64" : x.dtype);
  const d = normalizeDim(dim ?? 0, dim === undefined ? 0 : x.ndim);
  if (x.ndim === 0) return factors === x ? clone(x) : factors;
  const whole = dim === undefined;
  const line = whole ? reshape(permute(factors, orderOf(factors)), [-1]) : factors;
  const y = prodOp([line], { dim: d, whole });
  if (keepdim) return y;
  return called(
    `ProdBackward${whole ? 0 : 1}`,
    reshape(y, whole ? [] : x.shape.toSpliced(d, 1)),
  );
}

function launchCumprod(x: Tensor, dim: number): Tensor {
  const { dense, rows, columns, back } = asRows(x, dim);
  checkRounds("cumprod", 9 * columns, columns);
  const out = allocate(dense.shape, x.dtype, x.device);
  const { launcher } = x.device;
  launcher.launch(
    launcher.pipeline(cumprodKernel, {
      constants: { FLOAT: Number(x.dtype === "float32") },
      replace: { T: wgslType(x.dtype) },
    }),
    { x: dense.storage, out: out.storage },
    { rows, columns, offset: dense.offset, nothing: 0 },
    groupsFor(rows),
    columns,
  );
  return back(out);
}

const cumprodOp = defineOp<{ dim: number }>({
  name: "cumprod",
  torch: "torch.cumprod(i[0], a['dim'])",
  forward([x], { dim }) {
    const product = launchCumprod(x.dtype === "bool" ? to(x, "int64") : x, dim);
    if (x.dtype === "int64") checkFits("cumprod", product, launchCumprod(to(x, "float32"), dim));
    return product;
  },
  // Up to the first 0 the results that an element is in, over the element. At the 0 itself the results without it;
  // after it nothing depends on an element any more.
  gradient(grad, saved) {
    const { dim } = saved.args;
    const x = saved.input(0);
    const summed = (y: Tensor) => flip(cumsum(flip(mul(grad, y), dim), dim), dim);
    const zero = eq(x, 0);
    const zeros = cumsum(zero, dim);
    const first = logicalAnd(zero, eq(zeros, 1));
    const without = summed(cumprod(where(first, 1, x), dim));
    const divided = div(summed(saved.output(0)), x);
    return [where(first, without, where(eq(zeros, 0), divided, 0))];
  },
  reference: ([x], { dim }) =>
    along(x, dim, (values) => {
      let product = 1;
      return values.map((v) => product *= v);
    }),
  samples: [
    { inputs: [floats([])], args: { dim: 0 } },
    { inputs: [floats([3, 70], { lo: 0.8, hi: 1.2 })], args: { dim: 1 } },
    { inputs: [floats([5, 2, 3])], args: { dim: 0 } },
    { inputs: [given([2, 0, 3, 4, 0, 0], [2, 3])], args: { dim: 1 } },
    { inputs: [ints([2, 7], 4, -4)], args: { dim: -1 } },
    { inputs: [floats([2, 0])], args: { dim: 1 } },
  ],
  rejects: [{ inputs: [floats([2])], args: { dim: 1 }, error: "Dimension out of range" }],
});

/** The products of all elements up to each one, along a dimension. */
export const cumprod = (
  x: Tensor,
  ...args: Given<[dim: number], { dim: number }, Computed>
): Tensor => {
  const { dtype, dim } = readCumprod(args);
  return inDtype(x, running("cumprod", dtype), (x) => cumprodOp([x], { dim }));
};

const readCumprod = alongDim("cumprod");
