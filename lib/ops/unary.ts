/*
 * Functions of one tensor, element by element: one row of the table for each. A row is its WGSL, its derivative in
 * WGSL, and the same in float64; the ops, their gradients and their tests are made from the rows.
 *
 * In the WGSL, `v` is the input; in a derivative, `y` is the result too.
 */
import { renamed } from "../gpu/wgsl.ts";
import { a, type Given, parameters, takes } from "../python/arguments.ts";
import { map } from "../tensor/ndarray.ts";
import { defineOp, type Op } from "../tensor/op.ts";
import { floats, given, ints, type SampleInput } from "../tensor/sample.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  type ActivationName,
  activations,
  erfReference,
  gradientOf,
  type UnaryRow,
} from "./activation.ts";
import { clone, to } from "./copy.ts";
import { launchBinary, launchUnary } from "./elementwise.ts";
import { checkFloat } from "./limits.ts";

const { gelu: geluExact, ...others } = activations;
const roundToEven = (v: number) => Math.abs(v % 1) === 0.5 ? 2 * Math.round(v / 2) : Math.round(v);

/** PyTorch's formula, whose numbers are floats on the way. */
function rounded(v: number, power: number, up: boolean): number {
  const [by, f] = [Math.fround(power), Math.fround];
  return up ? f(roundToEven(f(v / by)) * by) : f(roundToEven(f(v * by)) / by);
}

const rows = {
  neg: { wgsl: "-v", slope: "-1.0", reference: (v) => -v, ofInts: "-v", bools: "refused" },
  abs: {
    wgsl: "abs(v)",
    slope: "select(sign(v), 0.0, isnan(v))",
    reference: Math.abs,
    ofInts: "abs(v)",
    bools: "refused",
  },
  sign: {
    wgsl: "select(sign(v), 0.0, isnan(v))",
    slope: "0.0",
    reference: (v) => Math.sign(v) || 0,
    ofInts: "sign(v)",
    bools: "bool",
  },
  exp: { wgsl: "power_of_e(v)", slope: "y", reference: Math.exp },
  log: { wgsl: "logarithm(v)", slope: "quotient(g, v)", reference: Math.log, domain: [0.1, 4] },
  log2: {
    wgsl: "logarithm2(v)",
    slope: `quotient(g, v * ${Math.LN2})`,
    reference: Math.log2,
    domain: [0.1, 4],
  },
  log10: {
    wgsl: "logarithm10(v)",
    slope: `quotient(g, v * ${Math.LN10})`,
    reference: Math.log10,
    domain: [0.1, 4],
  },
  expm1: { wgsl: "expm1(v)", slope: "y + 1.0", reference: Math.expm1 },
  log1p: {
    wgsl: "log1p(v)",
    slope: "quotient(g, v + 1.0)",
    reference: Math.log1p,
    gradFn: "Log1PBackward0",
    domain: [-0.9, 4],
  },
  sqrt: {
    wgsl: "squareRoot(v)",
    slope: "quotient(g, 2.0 * y)",
    reference: Math.sqrt,
    domain: [0.1, 4],
  },
  rsqrt: {
    wgsl: "quotient(1.0, squareRoot(v))",
    slope: "-0.5 * y * y * y",
    reference: (v) => 1 / Math.sqrt(v),
    domain: [0.1, 4],
  },
  reciprocal: {
    wgsl: "quotient(1.0, v)",
    slope: "-y * y",
    reference: (v) => 1 / v,
    domain: [0.3, 3],
  },
  square: {
    wgsl: "v * v",
    slope: "2.0 * v",
    reference: (v) => v * v,
    gradFn: "PowBackward0",
    ofInts: "v * v",
    bools: "int64",
  },
  sin: { wgsl: "sine(v)", slope: "cosine(v)", reference: Math.sin },
  cos: { wgsl: "cosine(v)", slope: "-sine(v)", reference: Math.cos },
  floor: { wgsl: "floor(v)", slope: "0.0", reference: Math.floor, ofInts: "v", bools: "refused" },
  ceil: { wgsl: "ceil(v)", slope: "0.0", reference: Math.ceil, ofInts: "v", bools: "refused" },
  round: { wgsl: "round(v)", slope: "0.0", reference: roundToEven, ofInts: "v", bools: "refused" },
  trunc: { wgsl: "trunc(v)", slope: "0.0", reference: Math.trunc, ofInts: "v", bools: "refused" },
  erf: { wgsl: "erf(v)", slope: "1.1283791671 * power_of_e(-v * v)", reference: erfReference },
  ...others,
  geluExact,
} satisfies Record<string, UnaryRow>;

/** Shapes that every row is tried with: a scalar, an empty one, a single element, and no multiple of a tile. */
const shapes = [[], [0], [1, 1], [7], [3, 65], [2, 3, 5]];

function define(name: string, row: UnaryRow): Op<Record<never, never>> {
  const { wgsl, reference, gradFn } = row;
  const [lo, hi] = row.domain ?? [-2, 2];
  const gradient = gradientOf(row);
  const inputs: SampleInput[] = shapes.map((shape) => floats(shape, { lo, hi }));
  return defineOp({
    name,
    gradFn,
    torch: row.torch ?? `torch.${name}(i[0])`,
    forward: ([x]) => {
      if (x.dtype !== "float32" && row.real) checkFloat(name, x);
      if (x.dtype === "bool" && row.bools) {
        if (row.bools === "bool") return clone(x);
        if (row.bools === "int64") return to(x, "int64");
        throw new TypeError(`${name}: not offered for bool; use logicalNot(), long() or float()`);
      }
      if (row.ofInts && x.dtype === "int64") {
        return launchUnary(x, { op: row.ofInts, out: "int64" });
      }
      return launchUnary(asFloat(x), { op: wgsl, out: "float32" });
    },
    gradient(grad, saved) {
      const { wgsl: op, of } = gradient;
      const out = "float32";
      if (of === null) return [launchUnary(grad, { op: renamed(op, { g: "v" }), out })];
      const [other, names]: [Tensor, Record<string, string>] = of === "y"
        ? [saved.output(0), { g: "x" }]
        : [saved.input(0), { g: "x", v: "y" }];
      return [launchBinary(grad, other, { op: renamed(op, names), compute: out, out })];
    },
    reference: ([x]) => map(reference, x),
    samples: [...inputs, ...(row.real ? [] : [ints([2, 5], 3, 1)])].map((input) => ({
      inputs: [input],
      args: {},
    })),
    ...(row.real
      ? { rejects: [{ inputs: [ints([2], 3, 1)], args: {}, error: "not implemented for int64" }] }
      : {}),
  });
}

const one = { input: a.tensor };

/** Ints and booleans become floats before a function of real numbers sees them, as in PyTorch. */
export const asFloat: (x: Tensor) => Tensor = takes("asFloat", one, function asFloat(x): Tensor {
  if (x.dtype === "float32") return x;
  return launchUnary(x, { op: "Out(v)", out: "float32" });
});

/** The ops of the table. */
const table = Object.fromEntries(
  Object.entries(rows).map(([name, row]) => [name, define(name, row)]),
) as Record<keyof typeof rows, Op<Record<never, never>>>;

/** The function of a row. */
const of = (name: keyof typeof rows): (x: Tensor) => Tensor =>
  takes(name, one, (x: Tensor) => table[name]([x], {}));

/** −x. */
export const neg: (x: Tensor) => Tensor = of("neg");
/** |x|. */
export const abs: (x: Tensor) => Tensor = of("abs");
/** −1, 0 or 1. */
export const sign: (x: Tensor) => Tensor = of("sign");
/** e^x. */
export const exp: (x: Tensor) => Tensor = of("exp");
/** The natural logarithm. */
export const log: (x: Tensor) => Tensor = of("log");
/** The logarithm to base 2. */
export const log2: (x: Tensor) => Tensor = of("log2");
/** The logarithm to base 10. */
export const log10: (x: Tensor) => Tensor = of("log10");
/** e^x − 1, exact near 0 too. */
export const expm1: (x: Tensor) => Tensor = of("expm1");
/** The natural logarithm of 1 + x, exact near 0 too. */
export const log1p: (x: Tensor) => Tensor = of("log1p");
/** The square root. */
export const sqrt: (x: Tensor) => Tensor = of("sqrt");
/** 1 / √x. */
export const rsqrt: (x: Tensor) => Tensor = of("rsqrt");
/** 1 / x. */
export const reciprocal: (x: Tensor) => Tensor = of("reciprocal");
/** x². */
export const square: (x: Tensor) => Tensor = of("square");
/** The sine, of radians. */
export const sin: (x: Tensor) => Tensor = of("sin");
/** The cosine, of radians. */
export const cos: (x: Tensor) => Tensor = of("cos");
/** The largest whole number that is not above. */
export const floor: (x: Tensor) => Tensor = of("floor");
/** The smallest whole number that is not below. */
export const ceil: (x: Tensor) => Tensor = of("ceil");
/** The part before the point. */
export const trunc: (x: Tensor) => Tensor = of("trunc");
/** To what is rounded. */
export interface RoundOptions {
  /** How many decimals are left; below 0, how many digits before the point are not. */
  decimals?: number;
}

const readRound = parameters<RoundOptions>("round", { decimals: a.whole }, { positional: 0 });

const roundOp = defineOp<Required<RoundOptions>>({
  name: "roundDecimals",
  gradFn: "RoundBackward1",
  torch: "torch.round(i[0], decimals=a['decimals'])",
  forward([x], { decimals }) {
    checkFloat("round", x);
    const op = decimals < 0 ? "round(quotient(v, p.x)) * p.x" : "quotient(round(v * p.x), p.x)";
    return launchUnary(x, { op, out: "float32", x: 10 ** Math.abs(decimals) });
  },
  gradient: (grad) => [launchUnary(grad, { op: "0.0", out: "float32" })],
  reference: ([x], { decimals }) =>
    map((v) => rounded(v, 10 ** Math.abs(decimals), decimals < 0), x),
  samples: [0, 1, 2, -1].flatMap((decimals) => [
    { inputs: [floats([3, 65], { lo: -20, hi: 20 })], args: { decimals } },
    { inputs: [given([1.25, -2.5, 0.05, -0.004, Infinity, NaN, 1e30])], args: { decimals } },
  ]),
  rejects: [{ inputs: [ints([2], 3)], args: { decimals: 1 }, error: "not implemented for int64" }],
});

/** The nearest whole number, or the nearest with so many decimals; halves go to the even one. */
export const round = (x: Tensor, ...args: Given<[], RoundOptions>): Tensor => {
  const { decimals } = readRound(args);
  return decimals === undefined ? table.round([x], {}) : roundOp([x], { decimals });
};
/** The error function. */
export const erf: (x: Tensor) => Tensor = of("erf");
/** The hyperbolic tangent. */
export const tanh: (x: Tensor) => Tensor = of("tanh");
/** 1 / (1 + e^−x). */
export const sigmoid: (x: Tensor) => Tensor = of("sigmoid");
/** max(x, 0). */
export const relu: (x: Tensor) => Tensor = of("relu");
/** x · sigmoid(x), also called swish. */
export const silu: (x: Tensor) => Tensor = of("silu");

/**
 * x · Φ(x), the Gaussian error linear unit (https://arxiv.org/abs/1606.08415).
 *
 * @param approximate `"tanh"` for the form that GPT-2 was trained with
 */
export const gelu = (x: Tensor, ...args: Given<[], GeluOptions>): Tensor =>
  (geluOptions(args).approximate === "tanh" ? table.geluTanh : table.geluExact)([x], {});

/** Which GELU. */
export interface GeluOptions {
  /** `"tanh"` for GPT-2's form, `"none"` for the exact one; `"none"`. */
  approximate?: "none" | "tanh";
}

const geluOptions = parameters<GeluOptions>("gelu", { approximate: a.oneOf("none", "tanh") }, {
  positional: 0,
});

/** One of the activations, by name. */
export const activated = (x: Tensor, name: ActivationName): Tensor =>
  table[name === "gelu" ? "geluExact" : name]([x], {});
