/*
 * Functions of two tensors that broadcast, element by element: arithmetic, comparisons, logic. One row a
 * function, as in unary.ts. A plain number may stand for the second tensor.
 *
 * A number does not promote a tensor, except that a fraction makes an int tensor float, as in PyTorch.
 */
import { a, described, type Given, named, parameters, takesNames } from "../python/arguments.ts";
import { called, goesWith } from "../tensor/autograd.ts";
import type { Op } from "../tensor/op.ts";
import { given, ints, type Sample } from "../tensor/sample.ts";
import { lent, type Tensor } from "../tensor/tensor.ts";
import { define } from "./binary_op.ts";
import { floorDivide } from "./elementwise.ts";
import { scaledSum } from "./fused_sums.ts";
import { full } from "./create.ts";
import { type Args, comparison, pair, type Row } from "./binary_row.ts";
import { log, reciprocal } from "./unary.ts";
import { dtypeBeside, unless, where } from "./where.ts";

/**
 * The gradient of a maximum's operand: half of it at a tie, 0 for the loser. Selected and not multiplied, since 0 times
 * infinity is NaN.
 */
const share = (g: Tensor, loses: Tensor, ties: Tensor) => {
  const shared = where(ties, mul(g, 0.5), g);
  return where(loses, 0, shared);
};

const oneLess = (y: Tensor | number) => typeof y === "number" ? y - 1 : sub(y, 1);
const isZero = (y: Tensor | number) => typeof y === "number" ? y === 0 : eq(y, 0);

/** The gradient of a function of steps. */
const flat = pair((g) => [() => unless(true, g), () => unless(true, g)]);

/** What a rounded quotient is tried with: all signs, what is no number, and a number of times that is 0. */
const quotients: Sample<Args>[] = [2, -2, 0.5].map((other) => ({
  inputs: [given([-7.5, 7.5, -0.5, 0.5, -0, 0, 1, Infinity, -Infinity, NaN, 1e30])],
  args: { other },
}));
quotients.push(
  { inputs: [given([-1.5, 0, 2.5])], args: { other: 0 } },
  { inputs: [ints([9], 9, -9)], args: { other: 4 } },
  { inputs: [ints([9], 9, -9), given([-3], [1], "int64")], args: {} },
);

const rows = {
  add: {
    wgsl: "x + y",
    reference: (x, y) => x + y,
    torch: "x + y",
    ofBools: "x | y",
    gradient: pair((g) => [() => g, () => g]),
  },
  sub: {
    wgsl: "x - y",
    reference: (x, y) => x - y,
    torch: "x - y",
    gradient: pair((g) => [() => g, () => mul(g, -1)]),
  },
  mul: {
    wgsl: "x * y",
    reference: (x, y) => x * y,
    torch: "x * y",
    ofBools: "x & y",
    gradient: pair((g, x, y) => [() => mul(g, y()), () => mul(g, x())]),
  },
  div: {
    wgsl: "quotient(x, y)",
    reference: (x, y) => x / y,
    torch: "x / y",
    real: true,
    domain: [0.5, 2],
    gradient: pair((g, x, y) => [
      () => div(g, y()),
      // −g x / y², in PyTorch's order, in which what cancels exactly there does so here.
      () => mul(mul(g, -1), div(div(x(), y()), y())),
    ]),
  },
  divFloor: {
    wgsl: "floorDivide(x, y)",
    ofInts: "intFloorDivide(x, y)",
    // Of an infinity there is no remainder, of which PyTorch makes it.
    reference: (x, y) => Math.abs(x) === Infinity && y !== 0 ? NaN : Math.floor(x / y),
    torch: "torch.div(x, y, rounding_mode='floor')",
    gradFn: "DivBackward2",
    domain: [0.5, 2],
    gradient: flat,
    divides: true,
    samples: quotients,
  },
  divTrunc: {
    wgsl: "trunc(quotient(x, y))",
    ofInts: "intTimes(x, y)",
    reference: (x, y) => Math.trunc(x / y),
    torch: "torch.div(x, y, rounding_mode='trunc')",
    gradFn: "DivBackward2",
    domain: [0.5, 2],
    gradient: flat,
    divides: true,
    samples: quotients,
  },
  pow: {
    wgsl: "power(x, y)",
    by: {
      3: "x * x * x",
      0.5: "squareRoot(x)",
      [-0.5]: "quotient(1.0, squareRoot(x))",
      [-1]: "quotient(1.0, x)",
      [-2]: "quotient(1.0, x * x)",
    },
    ofInts: "intPower(x, y)",
    reference: (x, y) => x ** y,
    torch: "x ** y",
    domain: [0.5, 2],
    gradFn: (inputs) => `PowBackward${inputs.length - 1}`,
    gradient(grad, saved) {
      const result = saved.count > 1 ? saved.output(0) : null; // a number has no gradient
      return pair((g, x, y) => [
        // g y x^(y − 1), and 0 where y = 0.
        () => unless(isZero(y()), mul(g, mul(pow(x(), oneLess(y())), y()))),
        // g x^y ln x. Where x = 0 and y ≥ 0 the slope is 0: multiplied by, so that a NaN that arrives stays one.
        () => mul(g, unless(mul(eq(x(), 0), ge(y() as Tensor, 0)), mul(result!, log(x())))),
      ])(grad, saved);
    },
  },
  remainder: {
    wgsl: "remainderOf(x, y)",
    ofInts: "intRemainder(x, y)",
    reference: (x, y) => {
      const rest = x % y;
      return rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest;
    },
    torch: "x % y",
    divides: true,
    domain: [0.5, 2],
    gradient: pair((g, x, y) => [() => g, () => mul(mul(g, floorDivide(x(), y())), -1)]),
  },
  fmod: {
    wgsl: "bitcast<f32>(bitcast<u32>(restOf(x, y)) | (bitcast<u32>(x) & 0x80000000u))",
    ofInts: "x - y * intTimes(x, y)",
    reference: (x, y) => x % y,
    torch: "torch.fmod(x, y)",
    divides: true,
    domain: [0.5, 2],
    gradient: pair((g, x, y) => [
      () => g,
      () => mul(mul(g, -1), div(x(), y(), { roundingMode: "trunc" })),
    ]),
    samples: quotients,
  },
  maximum: {
    wgsl: "maxNan(x, y)",
    ofInts: "max(x, y)",
    ofBools: "max(x, y)",
    reference: Math.max,
    torch: "torch.maximum(x, torch.as_tensor(y))",
    gradient: pair((g, x, y) => [
      () => share(g, lt(x(), y()), eq(x(), y())),
      () => share(g, gt(x(), y()), eq(x(), y())),
    ]),
  },
  minimum: {
    wgsl: "minNan(x, y)",
    ofInts: "min(x, y)",
    ofBools: "min(x, y)",
    reference: Math.min,
    torch: "torch.minimum(x, torch.as_tensor(y))",
    gradient: pair((g, x, y) => [
      () => share(g, gt(x(), y()), eq(x(), y())),
      () => share(g, lt(x(), y()), eq(x(), y())),
    ]),
  },
  eq: comparison("x == y", (x, y) => x === y),
  // Not `x != y` in WGSL, which some compilers make false for a NaN.
  ne: comparison("x != y", (x, y) => x !== y, "!(x == y)"),
  lt: comparison("x < y", (x, y) => x < y),
  le: comparison("x <= y", (x, y) => x <= y),
  gt: comparison("x > y", (x, y) => x > y),
  ge: comparison("x >= y", (x, y) => x >= y),
} satisfies Record<string, Row>;

const table = Object.fromEntries(
  Object.entries(rows).map(([name, row]) => [name, define(name, row)]),
) as Record<keyof typeof rows, Op<Args>>;
lent.add = (x, y) => table.add([x, y], {});

const call = (op: Op<Args>, x: Tensor | number, y: Tensor | number): Tensor => {
  if (typeof y === "number" && typeof x !== "number") return op([x], { other: y });
  if (op === table.pow && typeof x === "number") {
    return called("PowBackward2", op([asTensor(x, y), y as Tensor], {}));
  }
  if (op === table.div && typeof x === "number") return mul(reciprocal(y as Tensor), x); // as PyTorch
  const operands = [asTensor(x, y), asTensor(y, x)];
  const result = goesWith(op(operands, {}), ...operands.filter((v) => v !== x && v !== y));
  return op === table.sub && typeof x === "number" ? called("RsubBackward1", result) : result;
};

/** A number beside a tensor, as a tensor on its device. */
function asTensor(x: Tensor | number, beside: Tensor | number): Tensor {
  if (typeof x !== "number") {
    if (a.tensor.accepts(x)) return x;
    throw new TypeError(`${described(x)} is neither a Tensor nor a number; write tensor(…)`);
  }
  if (typeof beside === "number") throw new TypeError("expected a Tensor, got two numbers");
  return full([], x, { dtype: dtypeBeside(x, beside), device: beside.device });
}

/** What the second operand of a sum is multiplied by. */
export interface Scaled {
  /** The factor; 1. */
  alpha?: number;
}

/** What `name` says, of x and alpha · y. */
function scaled(name: "add" | "sub", x: Tensor | number, y: Tensor | number, alpha: number) {
  const operands = [asTensor(x, y), asTensor(y, x)] as const;
  const made = operands.filter((v) => v !== x && v !== y);
  if (operands.some(({ dtype }) => dtype === "float32")) {
    const sum = scaledSum(operands, { factor: name === "add" ? alpha : -alpha });
    return called(name === "add" ? "AddBackward0" : "SubBackward0", goesWith(sum, ...made));
  }
  if (Number.isInteger(alpha)) return table[name]([operands[0], mul(operands[1], alpha)], {});
  throw new TypeError(
    `${name}(): for integers, alpha must not be a fraction, and is ${alpha}; use float()`,
  );
}

/** A function of two operands, the second of which has a name. */
export type OfOther<X = Tensor> = (
  x: X,
  ...args: Given<[other: Tensor | number], { other: Tensor | number }>
) => Tensor;

/** The function of a row. */
const of = <F extends (...args: never[]) => unknown = OfOther<Tensor | number>>(
  name: keyof typeof rows,
  second = "other",
): F =>
  takesNames(
    name,
    { input: a.operand, [second]: a.operand },
    (x: Tensor | number, y: Tensor | number) => call(table[name], x, y),
  );

/** A sum of two, the second of which is multiplied by `alpha`. */
export type OfScaled<X = Tensor> = (
  x: X,
  ...args: Given<[other: Tensor | number], { other: Tensor | number }, Scaled>
) => Tensor;

const scaling = (name: "add" | "sub"): OfScaled<Tensor | number> => {
  const read = parameters<Scaled>(name, { alpha: a.number }, { positional: 0 });
  const sum = (x: Tensor | number, y: Tensor | number, ...args: unknown[]) => {
    const { alpha = 1 } = read(args);
    return alpha === 1 ? call(table[name], x, y) : scaled(name, x, y, alpha);
  };
  return named(name, ["input", "other"], sum);
};

/** x + y, or x + alpha · y. */
export const add: OfScaled = scaling("add");
/** x − y, or x − alpha · y. */
export const sub: OfScaled<Tensor | number> = scaling("sub");
/** x · y. */
export const mul: OfOther = of("mul");
/** How a quotient is rounded. */
export interface DivOptions {
  /** `"floor"` for Python's `//`, `"trunc"` for the part before the point; not at all unless given. */
  roundingMode?: "floor" | "trunc" | null;
}

/** A quotient, which may be rounded. */
export type OfDivided<X = Tensor> = (
  x: X,
  ...args: Given<[other: Tensor | number], { other: Tensor | number }, DivOptions>
) => Tensor;

const readDiv = parameters<DivOptions>(
  "div",
  { roundingMode: a.orNull(a.oneOf("floor", "trunc")) },
  { positional: 0 },
);

/**
 * x / y, always a float; or rounded, and then of integers an integer.
 *
 * @throws {RangeError} for an integer divided by the integer 0 and rounded, where the result is read
 * @example
 * ```ts
 * import { div, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const ids = tensor([7, -7]);
 * assertEquals(await div(ids, 2).tolist(), [3.5, -3.5]);
 * assertEquals(await div(ids, 2, { roundingMode: "floor" }).tolist(), [3, -4]); // Python's ids // 2
 * ```
 */
export const div: OfDivided<Tensor | number> = named(
  "div",
  ["input", "other"],
  (x: Tensor | number, y: Tensor | number, ...args: unknown[]) => {
    const { roundingMode } = readDiv(args);
    return call(table[modes[roundingMode ?? "none"]], x, y);
  },
);
const modes = { none: "div", floor: "divFloor", trunc: "divTrunc" } as const;
/** x to the power y. */
export const pow: (
  x: Tensor | number,
  ...args: Given<[exponent: Tensor | number], { exponent: Tensor | number }>
) => Tensor = of("pow", "exponent");
/** The remainder with the sign of the divisor, as Python's `%`. */
export const remainder: OfOther<Tensor | number> = of("remainder");
/** The remainder with the sign of x, as C's `fmod`. */
export const fmod: OfOther = of("fmod");
/** The larger of two; a NaN where either is one. */
export const maximum: OfOther = of("maximum");
/** The smaller of two; a NaN where either is one. */
export const minimum: OfOther = of("minimum");
/** x == y, as bool. */
export const eq: OfOther = of("eq");
/** x != y, as bool. */
export const ne: OfOther = of("ne");
/** x < y, as bool. */
export const lt: OfOther = of("lt");
/** x <= y, as bool. */
export const le: OfOther = of("le");
/** x > y, as bool. */
export const gt: OfOther = of("gt");
/** x >= y, as bool. */
export const ge: OfOther = of("ge");
