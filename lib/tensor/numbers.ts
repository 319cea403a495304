/*
 * PyTorch's names of numbers, and of the ends of what a dtype holds.
 */
import { a, type Given, parameters } from "../python/arguments.ts";
import { type DType, dtypes } from "./dtype.ts";

/** `torch.inf`. */
export const inf: number = Infinity;
/** `torch.nan`. */
export const nan: number = NaN;
/** `torch.pi`. */
export const pi: number = Math.PI;

/** What a dtype of real numbers holds. */
export interface FloatInfo {
  /** How many bits a number has. */
  readonly bits: number;
  /** The least that makes another number of 1 when it is added. */
  readonly eps: number;
  /** The largest number. */
  readonly max: number;
  /** The smallest, −`max`. */
  readonly min: number;
  /** The least above 0 that has all its digits. */
  readonly smallestNormal: number;
  /** The same. */
  readonly tiny: number;
  /** To how many decimals numbers are told apart. */
  readonly resolution: number;
  /** The dtype. */
  readonly dtype: DType;
}

/** What a dtype of whole numbers holds. */
export interface IntInfo {
  /** How many bits a number has. */
  readonly bits: number;
  /** The largest number. */
  readonly max: number;
  /** The smallest. */
  readonly min: number;
  /** The dtype. */
  readonly dtype: DType;
}

const readFinfo = parameters<{ type?: DType }>("finfo", { type: a.dtype });
const readIinfo = parameters<{ type: DType }>("iinfo", { type: a.dtype }, { required: 1 });

/**
 * The ends of a dtype of real numbers; of float32 unless one is given.
 *
 * @throws {TypeError} for a dtype of whole numbers or booleans
 * @example
 * ```ts
 * import { finfo, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const scores = tensor([0.5, 1.5]);
 * const hidden = scores.maskedFill(tensor([true, false]), finfo(scores.dtype).min);
 * assertEquals(await hidden.softmax(0).tolist(), [0, 1]);
 * ```
 */
export function finfo(...args: Given<[type?: DType], { type?: DType }>): FloatInfo {
  const { type = "float32" } = readFinfo(args);
  if (type !== "float32") {
    throw new TypeError(
      `torch.finfo() requires a floating point input type, not ${type}; use iinfo("int64")`,
    );
  }
  const max = (2 - 2 ** -23) * 2 ** 127;
  const [eps, tiny] = [2 ** -23, 2 ** -126];
  return {
    bits: 32,
    eps,
    max,
    min: -max,
    smallestNormal: tiny,
    tiny,
    resolution: 1e-6,
    dtype: type,
  };
}

/**
 * The ends of a dtype of whole numbers: int64 holds 32 bits here.
 *
 * @throws {TypeError} for another dtype
 */
export function iinfo(...args: Given<[type: DType], { type: DType }>): IntInfo {
  const { type } = readIinfo(args);
  if (type === "float32") {
    throw new TypeError(
      `torch.iinfo() requires an integer input type, not ${type}; use finfo("float32")`,
    );
  }
  if (type === "bool") throw new TypeError("torch.bool is not supported by torch.iinfo");
  const bits = 8 * new dtypes[type].array(1).BYTES_PER_ELEMENT;
  return { bits, max: 2 ** (bits - 1) - 1, min: -(2 ** (bits - 1)), dtype: type };
}
