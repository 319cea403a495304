/*
 * What a step of a random program may be: for each op, how it is called with the values at hand, or that it
 * can't be. Margins keep away from kinks, where neither rounding nor a difference tells the right slope.
 */
import type { DType } from "../../lib/tensor/dtype.ts";
import type { NdArray } from "../../lib/tensor/ndarray.ts";
import { largest } from "./compare.ts";

/** Which op, of which values, how. */
export interface Choice {
  op: number;
  a: number;
  b: number;
  how: number;
}

/** A value of a program: a leaf, or what a step made. */
export interface Value {
  array: NdArray;
  dtype: DType;
}

/** An op applied to earlier values, by their places in the list of values. */
export interface Step {
  op: string;
  inputs: number[];
  args: unknown;
}

/** Steps that apply an op, the last of which is its result; null where it does not fit. */
type Pick = (values: readonly Value[], choice: Choice) => Step[] | null;

const MARGIN = 1e-3;
const CONSTANTS = [0.5, -1.5, 2, -0.25, 1.25];

const isFloat = ({ dtype }: Value) => dtype === "float32";
const shapeOf = ({ array }: Value) => array.shape;
const same = (a: readonly number[], b: readonly number[]) => `${a}` === `${b}`;

/** The place of a float among the values, from the n-th on and around. */
function floatAt(
  values: readonly Value[],
  n: number,
  fits: (value: Value) => boolean = () => true,
) {
  for (let i = 0; i < values.length; i++) {
    const at = (n + i) % values.length;
    if (isFloat(values[at]) && fits(values[at])) return at;
  }
  return -1;
}

/** Offers the values in turn until one fits. */
const from = (
  pick: (x: Value, at: number, choice: Choice, values: readonly Value[]) => Step | Step[] | null,
): Pick =>
(values, choice) => {
  const at = floatAt(values, choice.a);
  const picked = at < 0 ? null : pick(values[at], at, choice, values);
  return picked && [picked].flat();
};

const unary = (op: string, fits: (data: Float64Array) => boolean = () => true): Pick =>
  from((x, at) => fits(x.array.data) ? { op, inputs: [at], args: {} } : null);

const atMost = (bound: number) => (data: Float64Array) => largest(data) <= bound;
const awayFrom = (...kinks: number[]) => (data: Float64Array) =>
  data.every((v) => kinks.every((kink) => Math.abs(v - kink) > MARGIN));

/** Whether sizes broadcast, and to what the trailing ones lead. */
const broadcasts = (a: readonly number[], b: readonly number[]) =>
  a.every((size, i) => {
    const other = b[b.length - a.length + i];
    return other === undefined || size === other || size === 1 || other === 1;
  });

const binary = (op: string, fits: (x: Value, y: Value) => boolean = () => true): Pick =>
  from((x, at, { b, how }, values) => {
    const other = how % 4 === 0
      ? -1
      : floatAt(values, b, (y) => broadcasts(shapeOf(x), shapeOf(y)) && fits(x, y));
    if (other >= 0) return { op, inputs: [at, other], args: {} };
    const constant = CONSTANTS[b % CONSTANTS.length];
    const number = {
      array: { shape: [], data: Float64Array.of(constant) },
      dtype: "float32",
    } as const;
    return fits(x, number) ? { op, inputs: [at], args: { other: constant } } : null;
  });

/** No element of the one is within the margin of any of the other: more than is needed, and simple. */
const apart = (x: Value, y: Value) => awayFrom(...y.array.data)(x.array.data);
const sizeable = (_: Value, y: Value) => y.array.data.every((v) => Math.abs(v) > 0.5);

const dims = (x: Value, how: number) => {
  const n = shapeOf(x).length;
  const dim = n ? how % n : 0;
  return [undefined, dim, n > 1 ? [dim, (dim + 1) % n] : dim, dim - Math.max(n, 1)][how % 4];
};

const reduction = (op: string, fits: (data: Float64Array) => boolean = () => true): Pick =>
  from((x, at, { b, how }) =>
    x.array.data.length > 0 && fits(x.array.data)
      ? { op, inputs: [at], args: { dim: dims(x, how), keepdim: b % 2 === 1 } }
      : null
  );

const distinct = (data: Float64Array) => {
  const sorted = data.toSorted();
  return sorted.every((v, i) => i === 0 || v - sorted[i - 1] > MARGIN);
};

const alongDim = (op: string, smallest = 0): Pick =>
  from((x, at, { how }) => {
    const n = shapeOf(x).length;
    if (n < smallest || x.array.data.length === 0) return null;
    return { op, inputs: [at], args: { dim: (how % Math.max(n, 1)) - (how % 2) * Math.max(n, 1) } };
  });

/** The matrices that a matrix can be multiplied with from the right; its own transpose if there is none. */
const product: Pick = from((x, at, { b }, values) => {
  const [m, k, ...more] = shapeOf(x);
  if (k === undefined || more.length || m * k === 0) return null;
  const other = floatAt(values, b, (y) => shapeOf(y).length === 2 && shapeOf(y)[0] === k);
  if (other >= 0) return { op: "mm", inputs: [at, other], args: {} };
  const turned = { op: "transpose", inputs: [at], args: { dim0: 0, dim1: 1 } };
  return [turned, { op: "mm", inputs: [at, values.length], args: {} }];
});

/** One name an entry, for the test that counts which were used. */
export const menu: { op: string; pick: Pick }[] = [
  { op: "tanh", pick: unary("tanh") },
  { op: "add", pick: binary("add") },
  { op: "mul", pick: binary("mul") },
  { op: "sub", pick: binary("sub") },
  { op: "div", pick: binary("div", sizeable) },
  { op: "maximum", pick: binary("maximum", apart) },
  { op: "minimum", pick: binary("minimum", apart) },
  { op: "sin", pick: unary("sin") },
  { op: "exp", pick: unary("exp", atMost(2)) },
  { op: "square", pick: unary("square") },
  { op: "sigmoid", pick: unary("sigmoid") },
  { op: "silu", pick: unary("silu") },
  { op: "geluExact", pick: unary("geluExact", atMost(3)) },
  { op: "geluTanh", pick: unary("geluTanh", atMost(2)) },
  { op: "relu", pick: unary("relu", awayFrom(0)) },
  { op: "abs", pick: unary("abs", awayFrom(0)) },
  { op: "sqrt", pick: unary("sqrt", (data) => data.every((v) => v > 0.1)) },
  { op: "log", pick: unary("log", (data) => data.every((v) => v > 0.1)) },
  {
    op: "clamp",
    pick: from((x, at) =>
      awayFrom(-0.75, 0.5)(x.array.data)
        ? { op: "clamp", inputs: [at], args: { min: -0.75, max: 0.5 } }
        : null
    ),
  },
  { op: "sum", pick: reduction("sum") },
  { op: "mean", pick: reduction("mean") },
  { op: "amax", pick: reduction("amax", distinct) },
  { op: "amin", pick: reduction("amin", distinct) },
  { op: "softmax", pick: alongDim("softmax") },
  { op: "logSoftmax", pick: alongDim("logSoftmax") },
  { op: "cumsum", pick: alongDim("cumsum") },
  {
    op: "layerNorm",
    pick: from((x, at) => {
      const last = shapeOf(x).at(-1) ?? 0;
      return last > 1
        ? { op: "layerNorm", inputs: [at], args: { normalizedShape: [last], eps: 0.1 } }
        : null;
    }),
  },
  { op: "mm", pick: product },
  {
    op: "bmm",
    pick: from((x, at, _, values) => {
      if (shapeOf(x).length !== 3 || x.array.data.length === 0) return null;
      const turned = { op: "transpose", inputs: [at], args: { dim0: 1, dim1: 2 } };
      return [turned, { op: "bmm", inputs: [values.length, at], args: {} }];
    }),
  },
  {
    op: "linear",
    pick: from((x, at, { b }, values) => {
      if (shapeOf(x).length !== 2 || x.array.data.length === 0) return null;
      const weight = floatAt(
        values,
        b,
        (w) => shapeOf(w).length === 2 && shapeOf(w)[1] === shapeOf(x)[1],
      );
      const bias = floatAt(values, b, (v) => same(shapeOf(v), [shapeOf(values[weight])[0]]));
      return { op: "linear", inputs: bias < 0 ? [at, weight] : [at, weight, bias], args: {} };
    }),
  },
  {
    op: "reshape",
    pick: from((x, at, { how }) => {
      const n = x.array.data.length;
      const size = [1, 2, 3, n][how % 4];
      const fits = size > 0 && n % size === 0;
      const shape = fits ? [[size, n / size], [-1, size], [n], [size, 1, n / size]][how % 3] : [n];
      return n === 0 ? null : { op: "reshape", inputs: [at], args: { shape } };
    }),
  },
  {
    op: "permute",
    pick: from((x, at, { how }) => {
      const n = shapeOf(x).length;
      const order = Array.from({ length: n }, (_, d) => (d + how) % n);
      return { op: "permute", inputs: [at], args: { dims: how % 2 ? order.toReversed() : order } };
    }),
  },
  {
    op: "expand",
    pick: from((x, at, { how }) => {
      const shape = shapeOf(x).map((size) => size === 1 ? 3 : -1);
      return { op: "expand", inputs: [at], args: { shape: how % 2 ? [2, ...shape] : shape } };
    }),
  },
  {
    op: "slice",
    pick: from((x, at, { b, how }) => {
      const dim = how % Math.max(shapeOf(x).length, 1);
      const size = shapeOf(x)[dim];
      if (size === undefined || size === 0) return null;
      const step = 1 + b % 2;
      const start = b % size;
      return {
        op: "slice",
        inputs: [at],
        args: { dim, start, length: Math.ceil((size - start) / step), step },
      };
    }),
  },
  {
    op: "select",
    pick: from((x, at, { b, how }) => {
      const dim = how % Math.max(shapeOf(x).length, 1);
      const size = shapeOf(x)[dim];
      return size
        ? { op: "select", inputs: [at], args: { dim, index: b % size - (how % 2) * size } }
        : null;
    }),
  },
  {
    op: "tril",
    pick: from((x, at, { how }) =>
      shapeOf(x).length < 2
        ? null
        : { op: how % 2 ? "tril" : "triu", inputs: [at], args: { diagonal: how % 3 - 1 } }
    ),
  },
  {
    op: "cat",
    pick: from((x, at, { b, how }, values) => {
      const n = shapeOf(x).length;
      if (n === 0) return null;
      const dim = how % n;
      const rest = shapeOf(x).toSpliced(dim, 1);
      const other = floatAt(
        values,
        b,
        (y) => shapeOf(y).length === n && same(shapeOf(y).toSpliced(dim, 1), rest),
      );
      return { op: "cat", inputs: [at, other, at].slice(how % 2), args: { dim } };
    }),
  },
  {
    op: "stack",
    pick: from((x, at, { b, how }, values) => {
      const other = floatAt(values, b, (y) => same(shapeOf(y), shapeOf(x)));
      return { op: "stack", inputs: [at, other], args: { dim: how % (shapeOf(x).length + 1) } };
    }),
  },
  {
    op: "where",
    pick: from((x, at, { b }, values) => {
      const bound = CONSTANTS[b % CONSTANTS.length];
      if (!awayFrom(bound)(x.array.data)) return null;
      const other = floatAt(values, b, (y) => broadcasts(shapeOf(x), shapeOf(y)));
      const mask = { op: "gt", inputs: [at], args: { other: bound } };
      return [mask, { op: "where", inputs: [values.length, at, other], args: {} }];
    }),
  },
  {
    op: "topk",
    pick: from((x, at, { b, how }) => {
      const dim = how % Math.max(shapeOf(x).length, 1);
      const size = shapeOf(x)[dim] ?? 1;
      if (x.array.data.length === 0 || !distinct(x.array.data)) return null;
      return { op: "topk", inputs: [at], args: { k: 1 + b % size, dim, largest: how % 2 === 0 } };
    }),
  },
];
