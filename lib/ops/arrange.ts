/*
 * The same elements in another arrangement, or more than once: flip, roll, repeat, pad, unbind.
 */
import {
  a,
  type Given,
  parameters,
  readShape,
  type Sizes,
  takesNames,
} from "../python/arguments.ts";
import { called } from "../tensor/autograd.ts";
import { namedDims, normalizeDim } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, mul } from "./binary.ts";
import { clone } from "./copy.ts";
import { full, tensor } from "./create.ts";
import { arange } from "./ranges.ts";
import { indexSelect } from "./index.ts";
import { cat } from "./join.ts";
import { narrow, select } from "./slices.ts";
import { asInMemory, expand, reshape, unsqueeze } from "./views.ts";

/** The elements along these dimensions from the last to the first. */
export function flip(x: Tensor, ...dims: Sizes<"dims">): Tensor {
  const list = namedDims(readShape("flip", dims, "dims"), x.ndim);
  const [flipped] = asInMemory(x, (x, place) => [
    list.reduce((y, dim) => {
      const d = place(dim);
      const last = y.shape[d] - 1;
      const backwards = add(mul(arange(y.shape[d], { device: y.device }), -1), last);
      return indexSelect(y, d, backwards);
    }, x),
  ]);
  return called("FlipBackward0", copied(flipped, x));
}

/** By how much, along which dimensions. */
export interface RollOptions {
  /** By how many places, towards the end where positive; one number, or one for each dimension. */
  shifts: number | readonly number[];
  /** The dimensions; without them the elements are rolled as if flat. */
  dims?: number | readonly number[];
}

const readRoll = parameters<RollOptions>(
  "roll",
  { shifts: a.dims, dims: a.dims },
  { required: 1 },
);

/** Moves elements along dimensions; those that leave at the end come in at the beginning. */
export function roll(
  x: Tensor,
  ...args: Given<
    [shifts: number | readonly number[], dims?: number | readonly number[]],
    RollOptions
  >
): Tensor {
  const { shifts, dims } = readRoll(args);
  if (dims === undefined) {
    return called("RollBackward0", reshape(roll(reshape(x, [-1]), shifts, 0), x.shape));
  }
  if (x.ndim === 0) {
    throw new RangeError("roll(): a tensor without dimensions has none to roll along");
  }
  const [by, along] = [[shifts].flat() as number[], [dims].flat() as number[]];
  if (by.length !== along.length) {
    throw new RangeError(
      `shifts and dimensions must align. shifts: ${by.length}, dims: ${along.length}`,
    );
  }
  const rolled = along.reduce((y, dim, i) => {
    const d = normalizeDim(dim, y.ndim);
    const size = y.shape[d];
    const from = size && ((by[i] % size) + size) % size;
    return from ? cat([narrow(y, d, size - from, from), narrow(y, d, 0, size - from)], d) : y;
  }, x);
  return called("RollBackward0", copied(rolled, x));
}

/** What was arranged, with memory of its own even where nothing had to move. */
const copied = (made: Tensor, x: Tensor): Tensor => made.storage === x.storage ? clone(made) : made;

/** The whole tensor, so many times along each dimension: (2, 3) repeated (2, 1) times is (4, 3). */
export function repeat(x: Tensor, ...times: Sizes<"repeats">): Tensor {
  const list = readShape("repeat", times, "repeats");
  if (list.length < x.ndim) {
    throw new RangeError(
      "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor: " +
        `${list.length} for ${x.ndim}`,
    );
  }
  const shape = [...new Array(list.length - x.ndim).fill(1), ...x.shape];
  const apart = reshape(x, shape.flatMap((size) => [1, size]));
  const whole = reshape(
    expand(apart, shape.flatMap((size, d) => [list[d], size])),
    shape.map((size, d) => size * list[d]),
  );
  return called("RepeatBackward0", copied(whole, x));
}

/** How often, and along which dimension; without one the elements are taken as if flat. */
export interface RepeatInterleaveOptions {
  /** One number, or one for each place along the dimension. */
  repeats: number | readonly number[];
  /** The dimension. */
  dim?: number;
}

/** Each element, so many times in a row. */
export const repeatInterleave: (
  x: Tensor,
  ...args: Given<[repeats: number | readonly number[], dim?: number], RepeatInterleaveOptions>
) => Tensor = takesNames(
  "repeatInterleave",
  { input: a.tensor, repeats: a.either(a.whole, a.shape), dim: a.orNone(a.whole) },
  (x: Tensor, repeats: number | number[], dim?: number): Tensor => {
    const less = [repeats].flat().find((n) => n < 0);
    if (less !== undefined) throw new RangeError(`Repeats must be non-negative, not ${less}`);
    if (dim === undefined) return repeatInterleave(reshape(x, [-1]), repeats, 0);
    const d = normalizeDim(dim, x.ndim);
    if (typeof repeats !== "number") {
      if (repeats.length !== x.shape[d]) {
        throw new RangeError(
          `repeats must have the same size as input along dim, but got repeats.size(0) = ` +
            `${repeats.length} and input.size(${d}) = ${x.shape[d]}`,
        );
      }
      const places = repeats.flatMap((n, i) => new Array<number>(n).fill(i));
      return indexSelect(x, d, tensor(places, { dtype: "int64", device: x.device }));
    }
    const apart = unsqueeze(x, d + 1);
    const whole = reshape(
      expand(apart, apart.shape.with(d + 1, repeats)),
      x.shape.with(d, x.shape[d] * repeats),
    );
    return called("ViewBackward0", copied(whole, x));
  },
  { required: 2 },
);

/** The slices along a dimension, as a list. */
export const unbind: (x: Tensor, ...args: Given<[dim?: number], { dim?: number }>) => Tensor[] =
  takesNames(
    "unbind",
    { input: a.tensor, dim: a.whole },
    (x: Tensor, dim = 0): Tensor[] => {
      if (x.ndim === 0) {
        throw new RangeError(`Dimension specified as ${dim} but tensor has no dimensions`);
      }
      const rows = Array.from({ length: x.sizeAt(dim) }, (_, i) => select(x, dim, i));
      return rows.map((row) => called("UnbindBackward0", row));
    },
    { required: 1 },
  );

/** What {@linkcode pad} puts around. */
export interface PadOptions {
  /** How many before and after, the last dimension first; negative ones cut. */
  pad: readonly number[];
  /** Only `"constant"` is offered. */
  mode?: "constant";
  /** What is put there; 0. */
  value?: number;
}

const readPad = parameters<PadOptions>(
  "pad",
  {
    pad: a.shape,
    mode: a.less(
      a.oneOf("constant"),
      "x.indexSelect(-1, ids) takes places in any order, also twice",
    ),
    value: a.number,
  },
  { required: 1 },
);

/** Puts a number around: `pad` says how many before and after, the last dimension first; negative ones cut. */
export function pad(
  x: Tensor,
  ...args: Given<[pad: readonly number[], mode?: "constant", value?: number], PadOptions>
): Tensor {
  const { pad, value = 0 } = readPad(args);
  if (pad.length % 2 !== 0 || pad.length > 2 * x.ndim) {
    throw new RangeError(
      `pad(): there must be two numbers for each dimension padded, at most ` +
        `${2 * x.ndim}, not ${pad.length}`,
    );
  }
  let y = x;
  for (let i = 0; i < pad.length / 2; i++) {
    const d = x.ndim - 1 - i;
    const [before, after] = [pad[2 * i], pad[2 * i + 1]];
    const cut = Math.max(0, -before);
    y = narrow(y, d, cut, y.shape[d] - cut - Math.max(0, -after));
    const filled = (size: number) =>
      full(y.shape.with(d, size), value, { dtype: x.dtype, device: x.device });
    const parts = [filled(Math.max(0, before)), y, filled(Math.max(0, after))];
    y = cat(parts.filter((part, i) => i === 1 || part.shape[d] > 0), d);
  }
  return called("ConstantPadNdBackward0", copied(y, x));
}
