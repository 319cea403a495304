/*
 * Reductions along dimensions: sums, extremes, and whether any or all are true; each a row of a table.
 */
import { a, type Given, parameters, type Reader } from "../python/arguments.ts";
import type { DType } from "../tensor/dtype.ts";
import { reduce as reduceNd, sumOf } from "../tensor/ndarray.ts";
import { defineOp, type Gradient, type Op } from "../tensor/op.ts";
import { bools, floats, ints, type Sample, type SampleInput } from "../tensor/sample.ts";
import { isNone, normalizeDims, reducedShape, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Computed, inDtype, to } from "./copy.ts";
import { div, eq, mul, ne } from "./binary.ts";
import { checkFits } from "./fits.ts";
import { adder, launchReduce, type Reducer } from "./reduction.ts";
import { expand, reshape } from "./views.ts";

/** Which dimensions to reduce, and whether to keep them with size 1. */
export interface ReduceOptions {
  /** One dimension or several, from the end where negative; all unless given, and for an empty list. */
  dim?: number | readonly number[];
  /** Whether they stay, with size 1; false. */
  keepdim?: boolean;
}

/** What a reduction is declared by. */
interface Row {
  reducer: (x: Tensor) => Reducer;
  reference: (values: number[]) => number;
  torch: string;
  gradient: Gradient<ReduceOptions> | { none: string };
  gradFn: [whole: string, along: string];
  samples?: SampleInput[];
  /** Whether it is defined for no elements. */
  ofEmpty: boolean;
  /** The same in floats, where the result of integers may not fit. */
  inFloats?: Reducer;
}

/** A gradient of the reduced shape, read as if it had the input's. */
export function spread(grad: Tensor, shape: Shape, { dim }: ReduceOptions): Tensor {
  const kept = reducedShape(shape, normalizeDims(dim, shape.length), true);
  return expand(reshape(grad, kept), shape);
}

/** The gradient of an extreme goes to its place, in equal parts where it was found more than once. */
const toWinners: Gradient<ReduceOptions> = (grad, saved) => {
  const x = saved.input(0);
  const wins = to(eq(x, spread(saved.output(0), x.shape, saved.args)), "float32");
  const share = div(wins, sum(wins, { ...saved.args, keepdim: true }));
  return [mul(spread(grad, x.shape, saved.args), share)];
};

const extreme = (name: "max" | "min") => (x: Tensor): Reducer => {
  const float = x.dtype === "float32";
  // By their bits: WGSL can't write an infinity, nor the least integer.
  const ends = float ? ["0xff800000u", "0x7f800000u"] : ["0x80000000u", "0x7fffffffu"];
  return {
    load: "Acc(v)",
    combine: float ? `${name}Nan(x, y)` : `${name}(x, y)`,
    identity: `bitcast<Acc>(bitsOf(${name === "max" ? ends[0] : ends[1]}))`,
    acc: float ? "float32" : "int64",
    out: x.dtype,
  };
};

const countable = (x: Tensor): DType => x.dtype === "float32" ? "float32" : "int64";
const adderFor = (x: Tensor) => adder(countable(x));

const rows = {
  sum: {
    reducer: adderFor,
    reference: sumOf,
    torch: "sum",
    gradient: (grad, { shape, args }) => [spread(grad, shape(0), args)],
    gradFn: ["SumBackward0", "SumBackward1"],
    samples: [ints([3, 4], 9), bools([5, 2])],
    ofEmpty: true,
    inFloats: adder("float32"),
  },
  amax: {
    reducer: extreme("max"),
    reference: (v) => v.reduce((a, b) => a > b || Number.isNaN(a) ? a : b),
    torch: "amax",
    gradient: toWinners,
    gradFn: ["AmaxBackward0", "AmaxBackward0"],
    samples: [ints([3, 4], 9)],
    ofEmpty: false,
  },
  amin: {
    reducer: extreme("min"),
    reference: (v) => v.reduce((a, b) => a < b || Number.isNaN(a) ? a : b),
    torch: "amin",
    gradient: toWinners,
    gradFn: ["AminBackward0", "AminBackward0"],
    samples: [ints([3, 4], 9)],
    ofEmpty: false,
  },
  any: {
    reducer: () => ({
      load: "select(1u, 0u, v == A(0))",
      combine: "x | y",
      identity: "Acc(0)",
      acc: "bool",
      out: "bool",
    }),
    reference: (v) => Number(v.some((x) => x !== 0)),
    torch: "any",
    gradient: { none: "its result is booleans" },
    gradFn: ["", ""],
    samples: [bools([3, 4]), ints([2, 3], 2)],
    ofEmpty: true,
  },
  all: {
    reducer: () => ({
      load: "select(1u, 0u, v == A(0))",
      combine: "x & y",
      identity: "Acc(1)",
      acc: "bool",
      out: "bool",
    }),
    reference: (v) => Number(v.every((x) => x !== 0)),
    torch: "all",
    gradient: { none: "its result is booleans" },
    gradFn: ["", ""],
    samples: [bools([3, 4]), ints([2, 3], 2)],
    ofEmpty: true,
  },
} satisfies Record<string, Row>;

/** Every way to reduce: everything, the last, the first, a middle one, several, apart, and long ones. */
const ways: [Shape, ReduceOptions][] = [
  [[], {}],
  [[7], {}],
  [[3, 67], {}],
  [[3, 67], { dim: 1 }],
  [[130, 3], { dim: 0, keepdim: true }],
  [[2, 5, 3], { dim: -2 }],
  [[2, 3, 4], { dim: [0, 2] }],
  [[2, 3, 4], { dim: [1, 2], keepdim: true }],
  [[1, 4, 1], { dim: 0 }],
];

const empties: [Shape, ReduceOptions][] = [
  [[0], {}],
  [[2, 0], { dim: 1 }],
  [[2, 0], { dim: 0 }],
  [[0, 2], { dim: 1 }],
];

function define(name: string, row: Row): Op<ReduceOptions> {
  const dims = (x: { shape: Shape }, { dim }: ReduceOptions) => normalizeDims(dim, x.shape.length);
  const ofWay = ([shape, args]: [Shape, ReduceOptions]): Sample<ReduceOptions> => ({
    inputs: [row.gradFn[0] ? floats(shape) : bools(shape)],
    args,
  });
  return defineOp<ReduceOptions>({
    name,
    gradFn: (_, { dim }) => row.gradFn[dim === undefined ? 0 : 1],
    torch: `reduced(i[0], '${row.torch}', a)`,
    forward([x], args) {
      const over = dims(x, args);
      if (!row.ofEmpty && over.some((d) => x.shape[d] === 0)) {
        throw new RangeError(
          `${name}(): Expected reduction dim ${over[0]} to have non-zero size; ` +
            `the shape is [${x.shape.join(", ")}]`,
        );
      }
      const flat = launchReduce(x, over, row.reducer(x));
      if (row.inFloats && x.dtype === "int64") {
        checkFits(name, flat, launchReduce(x, over, row.inFloats));
      }
      return reshape(flat, reducedShape(x.shape, over, args.keepdim ?? false));
    },
    gradient: row.gradient,
    reference: ([x], args) => reduceNd(x, dims(x, args), args.keepdim ?? false, row.reference),
    samples: [
      ...ways.map(ofWay),
      ...(row.gradFn[0] ? [ofWay([[2, 3], { dim: [] }])] : []),
      ...(row.ofEmpty ? empties.map(ofWay) : []),
      ...(row.samples ?? []).map((input) => ({ inputs: [input], args: { dim: 1 } })),
    ],
    rejects: [{ inputs: [floats([2, 3])], args: { dim: 2 }, error: "Dimension out of range" }],
  });
}

const table = Object.fromEntries(
  Object.entries(rows).map(([name, row]) => [name, define(name, row)]),
) as Record<keyof typeof rows, Op<ReduceOptions>>;

/** The arguments of a reduction: `(dim, keepdim)`, or these by name. */
export type ReduceArguments = Given<
  [dim?: number | readonly number[], keepdim?: boolean],
  ReduceOptions
>;

/** The arguments of a sum or a mean: `(dim, keepdim, { dtype })`, or these by name. */
export type SumArguments = Given<
  [dim?: number | readonly number[], keepdim?: boolean],
  ReduceOptions,
  Computed
>;

/** Reads the arguments of a sum or a mean. */
export const summing = (name: string): Reader<ReduceOptions & Computed> =>
  parameters<ReduceOptions & Computed>(name, {
    dim: a.orNone(a.dims),
    keepdim: a.flag,
    dtype: a.dtype,
  }, {
    positional: 2,
  });

/** Reads the arguments of a reduction. */
export const reduction = (name: string): Reader<ReduceOptions> =>
  parameters<ReduceOptions>(name, { dim: a.orNone(a.dims), keepdim: a.flag });

/** The function of a row. */
function of(name: "amax" | "amin"): (x: Tensor, ...args: ReduceArguments) => Tensor {
  const read = reduction(name);
  return (x, ...args) => table[name]([x], read(args));
}

/** The same for `any` and `all`: PyTorch takes an empty list for each element by itself. */
function test(name: "any" | "all"): (x: Tensor, ...args: ReduceArguments) => Tensor {
  const read = reduction(name);
  return (x, ...args) => {
    const over = read(args);
    return isNone(over.dim) ? ne(x, 0) : table[name]([x], over);
  };
}

const readSum = summing("sum");

/**
 * The sum over the named dimensions, or over everything; int64 of int64 and of booleans, unless a dtype is given.
 *
 * @throws {RangeError} for a dimension that x does not have
 * @example
 * ```ts
 * import { sum, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const x = tensor([[1, 2], [3, 4]]);
 * assertEquals(await sum(x).item(), 10);
 * assertEquals(await sum(x, { dim: 1, keepdim: true }).tolist(), [[3], [7]]);
 * ```
 */
export const sum = (x: Tensor, ...args: SumArguments): Tensor => {
  const over = readSum(args);
  const { dtype } = over;
  return inDtype(x, dtype, (x) => table[dtype === "bool" ? "any" : "sum"]([x], over));
};
/** The largest element along the named dimensions. */
export const amax: (x: Tensor, ...args: ReduceArguments) => Tensor = of("amax");
/** The smallest element along the named dimensions. */
export const amin: (x: Tensor, ...args: ReduceArguments) => Tensor = of("amin");
/** Whether any element is true, or not zero. */
export const any: (x: Tensor, ...args: ReduceArguments) => Tensor = test("any");
/** Whether all elements are true, or not zero. */
export const all: (x: Tensor, ...args: ReduceArguments) => Tensor = test("all");
