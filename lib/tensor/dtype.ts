/*
 * The three dtypes, and what each is in memory, in TypeScript and in WGSL. Every element takes four bytes.
 *
 * An int64 tensor holds 32-bit integers: token ids and counts, and WGSL knows no wider ones. It prints
 * and promotes as PyTorch's int64.
 */

/** What a tensor's elements are. */
export type DType = "float32" | "int64" | "bool";

/** The typed array that holds a tensor's elements in TypeScript. */
export type Values = Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

interface Traits {
  readonly array: { new (length: number): Values; new (buffer: ArrayBuffer, at?: number): Values };
  readonly wgsl: "f32" | "i32" | "u32";
  /** Promotion: of two dtypes, the later one wins. */
  readonly rank: number;
  /** As PyTorch's errors name it. */
  readonly scalarType: string;
}

/** Everything that depends on the dtype alone. */
export const dtypes: Readonly<Record<DType, Traits>> = {
  bool: { array: Uint32Array, wgsl: "u32", rank: 0, scalarType: "Bool" },
  int64: { array: Int32Array, wgsl: "i32", rank: 1, scalarType: "Long" },
  float32: { array: Float32Array, wgsl: "f32", rank: 2, scalarType: "Float" },
};

/** The dtype that an operation of the two gives, as PyTorch promotes. */
export const promote = (a: DType, b: DType): DType => dtypes[a].rank >= dtypes[b].rank ? a : b;

/** Whether an int64 tensor can hold a number here. */
export const isInt64 = (value: number): boolean => value >= -(2 ** 31) && value <= 2 ** 31 - 1;

/** What is said of a number that it can't hold. */
export const INT64_RANGE = "int64 tensors hold integers from −2^31 to 2^31 − 1 here";

/** `torch.float32`. */
export const float32 = "float32";
/** `torch.int64`, and `torch.long`. */
export const int64 = "int64";

/*
 * PyTorch's dtypes that are not here. They have names, since `{ dtype: torch.int32 }` would else be undefined, and that
 * is no dtype given: types refuse them, and calls do.
 */
/** Not offered: write `int64`. */
export const int32 = "int32";
/** Not offered: write `int64`. */
export const uint8 = "uint8";
/** Not offered: write `float32`. */
export const float64 = "float64";
/** Not offered: write `float32`; files hold halves. */
export const float16 = "float16";
/** Not offered: write `float32`; files hold halves. */
export const bfloat16 = "bfloat16";
