/*
 * Bringing numbers into a range.
 */
import { a, type Given, parameters } from "../python/arguments.ts";
import { map } from "../tensor/ndarray.ts";
import { defineOp } from "../tensor/op.ts";
import { floats, given } from "../tensor/sample.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { ge, gt, le, lt, maximum, minimum, type OfOther } from "./binary.ts";
import { sumTo } from "./broadcast.ts";
import { full } from "./create.ts";
import { logicalAnd, logicalOr } from "./logic.ts";
import { isnan } from "./nan.ts";
import { asFloat } from "./unary.ts";
import { launchUnary } from "./elementwise.ts";
import { dtypeBeside, where } from "./where.ts";
import { to } from "./copy.ts";

/** The ends of a range, numbers or tensors that broadcast; one that is not given sets no bound. */
export type ClampOptions = { min?: number | Tensor; max?: number | Tensor };
type Range = { min?: number; max?: number };

/** A WGSL function of `v`; a bound that is not given sets none, not even for an infinity. */
const bounded = (
  { min, max }: Range,
  of: (lo: string | null, hi: string | null) => string,
) => ({
  op: of(min === undefined ? null : "p.x", max === undefined ? null : "p.y"),
  out: "float32" as const,
  x: min,
  y: max,
});

const clampOp = defineOp<Range>({
  name: "clamp",
  gradFn: "ClampBackward1",
  torch: "torch.clamp(i[0], a.get('min'), a.get('max'))",
  forward: ([v], bounds) =>
    launchUnary(
      asFloat(v),
      bounded(bounds, (lo, hi) => {
        const raised = lo ? `maxNan(v, ${lo})` : "v";
        return hi ? `minNan(${raised}, ${hi})` : raised;
      }),
    ),
  // PyTorch lets the gradient through at the bounds themselves.
  gradient: (grad, saved) => [
    where(
      launchUnary(saved.input(0), {
        ...bounded(saved.args, (lo, hi) => {
          const inside = [lo && `v >= ${lo}`, hi && `v <= ${hi}`].filter(Boolean).join(" && ");
          return `u32(!isnan(v) && ${inside})`;
        }),
        out: "bool",
      }),
      grad,
      0,
    ),
  ],
  reference: ([x], { min = -Infinity, max = Infinity }) =>
    map((v) => Math.min(Math.max(v, min), max), x),
  samples: [
    { inputs: [floats([3, 67])], args: { min: -0.5, max: 1 } },
    { inputs: [floats([7])], args: { min: 0 } },
    { inputs: [floats([])], args: { max: 0.25 } },
    { inputs: [given([NaN, 5, -5, 1])], args: { min: -1, max: 1 } },
    { inputs: [given([-Infinity, Infinity, NaN])], args: { min: 0 } },
    { inputs: [given([-Infinity, Infinity, NaN])], args: { max: 0 } },
  ],
});

const boundsOf = parameters<ClampOptions>("clamp", { min: a.operand, max: a.operand });

/** Numbers below `min` become `min`, those above `max` become `max`. */
export function clamp(
  x: Tensor,
  ...args: Given<[min?: number | Tensor, max?: number | Tensor], ClampOptions>
): Tensor {
  const bounds = boundsOf(args);
  if (bounds.min === undefined && bounds.max === undefined) {
    throw new TypeError("torch.clamp: At least one of 'min' or 'max' must not be None");
  }
  return isRange(bounds) ? byNumbers(x, bounds) : byTensors(x, bounds);
}

const isRange = (bounds: ClampOptions): bounds is Range =>
  typeof bounds.min !== "object" && typeof bounds.max !== "object";

function byNumbers(x: Tensor, bounds: Range): Tensor {
  if (x.dtype === "float32") return clampOp([x], bounds);
  const { min, max } = bounds;
  const whole = [min, max].every((v) => v === undefined || Number.isInteger(v));
  if (!whole) return clampOp([to(x, "float32")], bounds);
  const ints = to(x, "int64");
  const raised = min === undefined ? ints : maximum(ints, min);
  return max === undefined ? raised : minimum(raised, max);
}

type Bounds = { min: boolean; max: boolean };
/** The bounds that follow the tensor among an op's inputs. */
const boundsIn = <T>([, ...rest]: readonly T[], { min, max }: Bounds) => ({
  lo: min ? rest[0] : undefined,
  hi: max ? rest.at(-1) : undefined,
});

const clampByOp = defineOp<Bounds>({
  name: "clampBy",
  gradFn: "ClampBackward0",
  torch: "torch.clamp(i[0], i[1] if a['min'] else None, i[-1] if a['max'] else None)",
  forward(inputs, args) {
    const { lo, hi } = boundsIn(inputs, args);
    const held = (x: Tensor, bound: Tensor | undefined, beyond: OfOther) =>
      bound ? where(logicalOr(beyond(x, bound), isnan(bound)), bound, x) : x;
    return held(held(inputs[0], lo, lt), hi, gt);
  },
  // PyTorch's formulas: of a NaN, and of a lower bound that is not below the upper one, nothing arrives.
  gradient(grad, saved) {
    const inputs = Array.from({ length: saved.count }, (_, i) => saved.input(i));
    const [x] = inputs;
    const { lo, hi } = boundsIn(inputs, saved.args);
    const both = (one: Tensor | undefined, other: Tensor | undefined) =>
      one && other ? logicalAnd(one, other) : one ?? other;
    const under = lo && lt(x, lo), over = hi && gt(x, hi);
    const ways = [
      both(lo && ge(x, lo), hi && le(x, hi)),
      lo && both(under, hi && lt(lo, hi)),
      hi && (lo ? logicalOr(over!, lt(hi, lo)) : over),
    ].filter((way) => way !== undefined);
    return ways.map((way, i) => saved.needs(i) ? sumTo(where(way, grad, 0), saved.shape(i)) : null);
  },
  reference(inputs, args) {
    const { lo, hi } = boundsIn(inputs, args);
    const raised = lo ? map(Math.max, inputs[0], lo) : inputs[0];
    return hi ? map(Math.min, raised, hi) : raised;
  },
  samples: [[true, false], [false, true], [true, true]].map(([min, max]) => ({
    inputs: [floats([3, 67]), ...min ? [floats([67])] : [], ...max ? [floats([3, 1])] : []],
    args: { min, max },
  })),
});

/** A gradient goes to where the number came from: to `x`, where that equals a bound. */
function byTensors(x: Tensor, { min, max }: ClampOptions): Tensor {
  const bounds = [min, max].flatMap((bound) =>
    bound === undefined ? [] : typeof bound === "object" ? [bound] : [
      full([], bound, { dtype: dtypeBeside(bound, x), device: x.device }),
    ]
  );
  return clampByOp([x, ...bounds], { min: min !== undefined, max: max !== undefined });
}
