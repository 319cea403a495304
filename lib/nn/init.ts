/*
 * How weights begin: PyTorch's `nn.init`. Each overwrites its tensor, drawing from the default generator
 * unless another is given, and returns it.
 */
import { noGrad } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { copy_ } from "../ops/copy.ts";
import { fill_ } from "../ops/inplace.ts";
import * as random from "../ops/random.ts";
import { fromValues } from "../tensor/tensor.ts";
import { numelOf, shapeText } from "../tensor/shape.ts";

type Drawn = random.Drawn;

/** The functions that a gain is known for. */
export type Nonlinearity =
  | "linear"
  | "sigmoid"
  | "tanh"
  | "relu"
  | "leakyRelu"
  | "selu";

/** How much a nonlinearity wants its weights enlarged, so that variances stay. */
export function calculateGain(nonlinearity: Nonlinearity, param?: number): number {
  const gains: Record<Nonlinearity, number> = {
    linear: 1,
    sigmoid: 1,
    tanh: 5 / 3,
    relu: Math.sqrt(2),
    leakyRelu: Math.sqrt(2 / (1 + (param ?? 0.01) ** 2)),
    selu: 3 / 4,
  };
  const gain = gains[nonlinearity];
  if (gain === undefined) throw new TypeError(`Unsupported nonlinearity ${nonlinearity}`);
  return gain;
}

/** Inputs and outputs of a weight (out, in, …receptive field). */
export function calculateFanInAndFanOut({ shape }: Tensor): { fanIn: number; fanOut: number } {
  if (shape.length < 2) {
    throw new RangeError(
      `Fan in and fan out can not be computed for tensor with fewer than 2 dimensions; the shape is ` +
        shapeText(shape),
    );
  }
  const field = numelOf(shape.slice(2));
  return { fanIn: shape[1] * field, fanOut: shape[0] * field };
}

let skipping = false;

const quiet = (x: Tensor, fill: () => unknown): Tensor => {
  if (!skipping) noGrad(() => void fill());
  return x;
};

/**
 * Builds modules whose weights nothing is drawn for, since they are about to be loaded: their numbers are undefined
 * until then, and the generator stays where it was (`torch.nn.utils.skip_init`).
 */
export function skipInit<T>(build: () => T): T {
  const before = skipping;
  skipping = true;
  try {
    return build();
  } finally {
    skipping = before;
  }
}

/** Numbers drawn evenly from [a, b). */
export const uniform_ = (x: Tensor, a = 0, b = 1, drawn: Drawn = {}): Tensor =>
  quiet(x, () => random.uniform_(x, a, b, drawn));
/** Normal numbers. */
export const normal_ = (x: Tensor, mean = 0, std = 1, drawn: Drawn = {}): Tensor =>
  quiet(x, () => random.normal_(x, mean, std, drawn));
/** Normal numbers within [a, b]. */
export const truncNormal_ = (
  x: Tensor,
  options: Parameters<typeof random.truncNormal_>[1] = {},
): Tensor => quiet(x, () => random.truncNormal_(x, options));
/** One number everywhere. */
export const constant_ = (x: Tensor, value: number): Tensor => quiet(x, () => fill_(x, value));
/** Zeros. */
export const zeros_ = (x: Tensor): Tensor => constant_(x, 0);
/** Ones. */
export const ones_ = (x: Tensor): Tensor => constant_(x, 1);
/** Ones on the diagonal of a matrix, zeros elsewhere. */
export const eye_ = (x: Tensor): Tensor =>
  quiet(x, () => {
    if (x.ndim !== 2) throw new RangeError("Only tensors with 2 dimensions are supported");
    const [rows, columns] = x.shape;
    const values = new Float32Array(rows * columns);
    for (let i = 0; i < Math.min(rows, columns); i++) values[i * columns + i] = 1;
    copy_(x, fromValues(values, x.shape, "float32", x.device));
  });

/** Even numbers within ±gain·√(6 / (fan_in + fan_out)): Glorot and Bengio, 2010. */
export function xavierUniform_(x: Tensor, { gain = 1, ...drawn }: Drawn & { gain?: number } = {}) {
  const { fanIn, fanOut } = calculateFanInAndFanOut(x);
  const std = gain * Math.sqrt(2.0 / (fanIn + fanOut));
  const bound = Math.sqrt(3.0) * std;
  return uniform_(x, -bound, bound, drawn);
}

/** Normal numbers with the deviation gain·√(2 / (fan_in + fan_out)): Glorot and Bengio, 2010. */
export function xavierNormal_(x: Tensor, { gain = 1, ...drawn }: Drawn & { gain?: number } = {}) {
  const { fanIn, fanOut } = calculateFanInAndFanOut(x);
  return normal_(x, 0, gain * Math.sqrt(2.0 / (fanIn + fanOut)), drawn);
}

/** What a Kaiming initialiser is told. */
export interface KaimingOptions extends Drawn {
  /** The slope of a leaky ReLU, 0 for a plain one. */
  a?: number;
  mode?: "fanIn" | "fanOut";
  nonlinearity?: Nonlinearity;
}

function kaimingStd(
  x: Tensor,
  { a = 0, mode = "fanIn", nonlinearity = "leakyRelu" }: KaimingOptions,
) {
  const fan = calculateFanInAndFanOut(x)[mode];
  return calculateGain(nonlinearity, a) / Math.sqrt(fan);
}

/** Even numbers within ±√3·gain/√fan: He et al., 2015. */
export function kaimingUniform_(x: Tensor, options: KaimingOptions = {}): Tensor {
  const bound = Math.sqrt(3.0) * kaimingStd(x, options);
  return uniform_(x, -bound, bound, options);
}

/** Normal numbers with the deviation gain/√fan: He et al., 2015. */
export const kaimingNormal_ = (x: Tensor, options: KaimingOptions = {}): Tensor =>
  normal_(x, 0, kaimingStd(x, options), options);
