/*
 * The op of two operands that a row declares: which dtype it is computed in, its launch, its samples.
 */
import type { FaultMessage } from "../gpu/doubts.ts";
import { type DType, promote } from "../tensor/dtype.ts";
import { map } from "../tensor/ndarray.ts";
import { defineOp, type Op } from "../tensor/op.ts";
import { floats, ints } from "../tensor/sample.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Args, Row } from "./binary_row.ts";
import { launchBinary } from "./elementwise.ts";
import { checkIndex, doubtWith } from "./faults.ts";
import { checkInteger } from "./fits.ts";

/** Pairs of shapes: equal, scalars, nothing, repeated either way, both ways, and with a missing dimension. */
const shapes = [
  [[], []],
  [[3, 0], [3, 0]],
  [[3, 67], [3, 67]],
  [[2, 3, 5], [5]],
  [[1], [4, 3]],
  [[2, 1, 5], [3, 1]],
] as const;

/** Declares the op of a row. */
export function define(name: string, row: Row): Op<Args> {
  const [lo, hi] = row.domain ?? [-2, 2];
  return defineOp<Args>({
    name,
    gradFn: row.gradFn,
    torch: `(lambda x, y: ${row.torch})(i[0], i[1] if len(i) > 1 else a['other'])`,
    forward([x, y], { other }) {
      const second = y ?? other!;
      const compute = computeType(name, row, x, second);
      const ofFloats = typeof second === "number" ? row.by?.[second] : undefined;
      const own = { int64: row.ofInts, bool: row.ofBools, float32: ofFloats }[compute];
      const wgsl = own ?? row.wgsl;
      const dividing = compute === "int64" && row.divides;
      if (compute === "int64" && typeof second === "number") checkInteger(name, second);
      if (dividing && !y && other === 0) throw new RangeError(BY_ZERO);
      const out = launchBinary(x, second, { op: wgsl, compute, out: row.gives ?? compute });
      if (dividing && y) {
        const zeros = launchBinary(y, 0, { op: "i32(x == y)", compute: "int64", out: "int64" });
        doubtWith(out, checkIndex(zeros, 1, { wrap: false, says: byZero }));
      }
      return out;
    },
    gradient: row.gradient,
    reference: ([x, y], { other }) =>
      y ? map(row.reference, x, y) : map((v) => row.reference(v, other!), x),
    samples: [
      ...shapes.map(([a, b]) => ({
        inputs: [floats(a, { lo, hi }), floats(b, { lo, hi })],
        args: {},
      })),
      { inputs: [floats([2, 5], { lo, hi })], args: { other: 1.5 } },
      { inputs: [ints([2, 5], 5, 1), ints([2, 1], 5, 1)], args: {} },
      { inputs: [ints([2, 5], 5, 1), floats([5], { lo: 0.5, hi: 2 })], args: {} },
      { inputs: [ints([6], 5, 1)], args: { other: 2 } },
      ...(row.samples ?? []),
    ],
    rejects: [{
      inputs: [floats([3, 4]), floats([3, 5])],
      args: {},
      error: "The size of tensor a (4) must match the size of tensor b (5)",
    }],
  });
}

function computeType(name: string, row: Row, x: Tensor, y: Tensor | number): DType {
  const scalar: DType = typeof y === "number" && !Number.isInteger(y) ? "float32" : "bool";
  const common = promote(x.dtype, typeof y === "number" ? scalar : y.dtype);
  if (row.real) return "float32";
  if (name === "sub" && [x, y].some((v) => typeof v !== "number" && v.dtype === "bool")) {
    throw new TypeError(
      "Subtraction with a bool tensor is not supported; use logicalNot() or logicalXor(), or long() to count",
    );
  }
  if (common !== "bool") return common;
  if (row.gives === "bool" || typeof y === "number") return "int64";
  if (row.ofBools) return "bool";
  throw new TypeError(
    `${name}: both operands are bool; use logicalAnd, logicalOr or logicalXor, or long() to count`,
  );
}

const BY_ZERO = "ZeroDivisionError: an integer is divided by 0";
/** Noted where a divisor is 0. */
const byZero: FaultMessage = () => BY_ZERO;
