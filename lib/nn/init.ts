/*
 * How weights begin: PyTorch's `nn.init`. Each overwrites its tensor, drawing from the default generator
 * unless another is given, and returns it.
 */
import { a as p, type Given, parameters, takes, takesNames } from "../python/arguments.ts";
import { defaultGenerator, type Generator, normal } from "../random/mod.ts";
import { noGrad } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { copy_ } from "../ops/copy.ts";
import { fill_ } from "../ops/inplace.ts";
import type { Drawn } from "../ops/random.ts";
import * as random from "../ops/random_fill.ts";
import { fromValues } from "../tensor/tensor.ts";
import { numelOf, shapeText } from "../tensor/shape.ts";

/** The functions that a gain is known for. */
export type Nonlinearity =
  | "linear"
  | "sigmoid"
  | "tanh"
  | "relu"
  | "leakyRelu"
  | "selu";

/** By how much a nonlinearity wants its weights enlarged, so that variances stay the same. */
export const calculateGain: (
  ...args: Given<
    [nonlinearity: Nonlinearity, param?: number],
    { nonlinearity: Nonlinearity; param?: number }
  >
) => number = takesNames(
  "calculateGain",
  { nonlinearity: p.text, param: p.number },
  function calculateGain(nonlinearity: Nonlinearity, param?: number): number {
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
  },
  { required: 1 },
);

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
 * Builds modules without drawing weights, since these are about to be loaded: their numbers are undefined until
 * then, and the generator stays where it was (`torch.nn.utils.skip_init`).
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

type Uniform = Drawn & { a?: number; b?: number };
const readUniform = parameters<Uniform>("init.uniform_", {
  a: p.number,
  b: p.number,
  generator: p.generator,
});

/** Numbers drawn evenly from [a, b). */
export function uniform_(
  x: Tensor,
  ...args: Given<[a?: number, b?: number, generator?: Generator], Uniform>
): Tensor {
  const { a = 0, b = 1, generator } = readUniform(args);
  return quiet(x, () => random.uniform_(x, a, b, { generator }));
}

type Normal = Drawn & { mean?: number; std?: number };
const readNormal = parameters<Normal>("init.normal_", {
  mean: p.number,
  std: p.number,
  generator: p.generator,
});

/**
 * Normal numbers.
 *
 * @example
 * ```ts
 * import { manualSeed, nn } from "#lib";
 * import { assertEquals } from "@std/assert";
 * manualSeed(0);
 * const layer = new nn.Linear(2, 2);
 * manualSeed(0);
 * nn.init.normal_(layer.weight, 0, 0.02); // GPT-2's, with PyTorch's digits
 * const want = "tensor([[ 0.0308, -0.0059],\n        [-0.0436,  0.0114]])";
 * assertEquals(await layer.weight.detach().repr(), want);
 * ```
 */
export function normal_(
  x: Tensor,
  ...args: Given<[mean?: number, std?: number, generator?: Generator], Normal>
): Tensor {
  const { mean = 0, std = 1, generator } = readNormal(args);
  return quiet(x, () => random.normal_(x, mean, std, { generator }));
}

/** Normal numbers within [a, b]. */
export const truncNormal_ = (x: Tensor, ...args: random.TruncNormalArguments): Tensor =>
  quiet(x, () => random.truncNormal_(x, ...args));
/** One number everywhere. */
export const constant_: (x: Tensor, ...args: Given<[val: number], { val: number }>) => Tensor =
  takesNames(
    "constant_",
    { tensor: p.tensor, val: p.number },
    (x: Tensor, value: number): Tensor => quiet(x, () => fill_(x, value)),
  );
/** Zeros. */
export const zeros_: (x: Tensor) => Tensor = takes(
  "zeros_",
  { tensor: p.tensor },
  (x) => constant_(x, 0),
);
/** Ones. */
export const ones_: (x: Tensor) => Tensor = takes(
  "ones_",
  { tensor: p.tensor },
  (x) => constant_(x, 1),
);
/** Ones on the diagonal of a matrix, zeros elsewhere. */
export const eye_: (x: Tensor) => Tensor = takes(
  "init.eye_",
  { tensor: p.tensor },
  (x) =>
    quiet(x, () => {
      if (x.ndim !== 2) {
        throw new RangeError(`Only tensors with 2 dimensions are supported, not ${x.ndim}`);
      }
      const [rows, columns] = x.shape;
      const values = new Float32Array(rows * columns);
      for (let i = 0; i < Math.min(rows, columns); i++) values[i * columns + i] = 1;
      copy_(x, fromValues(values, x.shape, "float32", x.device));
    }),
);

type Orthogonal = Drawn & { gain?: number };
const readOrthogonal = parameters<Orthogonal>("init.orthogonal_", {
  gain: p.number,
  generator: p.generator,
});

/**
 * A matrix whose rows, or columns where these are fewer, are at right angles and of length `gain`; dimensions after the
 * first count as one (Saxe et al., 2013).
 *
 * @throws {RangeError} for fewer than two dimensions
 */
export function orthogonal_(
  x: Tensor,
  ...args: Given<[gain?: number, generator?: Generator], Orthogonal>
): Tensor {
  const { gain = 1, generator = defaultGenerator } = readOrthogonal(args);
  if (x.ndim < 2) throw new RangeError("Only tensors with 2 or more dimensions are supported");
  return quiet(x, () => {
    if (x.numel() === 0) return;
    const [rows, columns] = [x.shape[0], x.numel() / x.shape[0]];
    const drawn = normal(generator, new Float32Array(x.numel()));
    const wide = rows < columns;
    // The vectors to be set at right angles: the rows of a wide matrix, the columns of a tall one.
    const vectors = Array.from(
      { length: Math.min(rows, columns) },
      (_, i) =>
        Float64Array.from(
          { length: Math.max(rows, columns) },
          (_, j) => drawn[wide ? i * columns + j : j * columns + i],
        ),
    );
    straighten(vectors);
    const values = drawn.map((_, at) => {
      const [i, j] = [Math.floor(at / columns), at % columns];
      return gain * Math.fround(wide ? vectors[i][j] : vectors[j][i]);
    });
    copy_(x, fromValues(values, x.shape, "float32", x.device));
  });
}

/**
 * Sets vectors at right angles and to length 1, in their order (Gram and Schmidt): the Q of a QR decomposition whose R
 * has a positive diagonal. Each goes twice against those before it, so that rounding leaves no angle.
 */
function straighten(vectors: readonly Float64Array[]): void {
  const dot = (v: Float64Array, w: Float64Array) =>
    v.reduce((sum, each, i) => sum + each * w[i], 0);
  for (const [k, v] of vectors.entries()) {
    for (const q of [...vectors.slice(0, k), ...vectors.slice(0, k)]) {
      const along = dot(v, q);
      for (let i = 0; i < v.length; i++) v[i] -= along * q[i];
    }
    const length = Math.sqrt(dot(v, v));
    for (let i = 0; i < v.length; i++) v[i] /= length;
  }
}

/** What a Xavier initializer is told. */
export interface XavierOptions extends Drawn {
  /** What the standard deviation is multiplied by. */
  gain?: number;
}

type Xavier = Given<[gain?: number, generator?: Generator], XavierOptions>;
const xavier = (name: string) =>
  parameters<XavierOptions>(`init.${name}`, { gain: p.number, generator: p.generator });
const [readXavierUniform, readXavierNormal] = [xavier("xavierUniform_"), xavier("xavierNormal_")];

/** Uniform numbers within ±gain·√(6 / (fan_in + fan_out)): Glorot and Bengio, 2010. */
export function xavierUniform_(x: Tensor, ...args: Xavier): Tensor {
  const { gain = 1, ...drawn } = readXavierUniform(args);
  const { fanIn, fanOut } = calculateFanInAndFanOut(x);
  const std = gain * Math.sqrt(2.0 / (fanIn + fanOut));
  const bound = Math.sqrt(3.0) * std;
  return uniform_(x, -bound, bound, drawn);
}

/** Normal numbers with the standard deviation gain·√(2 / (fan_in + fan_out)): Glorot and Bengio, 2010. */
export function xavierNormal_(x: Tensor, ...args: Xavier): Tensor {
  const { gain = 1, ...drawn } = readXavierNormal(args);
  const { fanIn, fanOut } = calculateFanInAndFanOut(x);
  return normal_(x, 0, gain * Math.sqrt(2.0 / (fanIn + fanOut)), drawn);
}

/** What a Kaiming initializer is told. */
export interface KaimingOptions extends Drawn {
  /** The slope of a leaky ReLU, 0 for a plain one. */
  a?: number;
  /** Which fan counts: that of the inputs keeps the variance forward, that of the outputs backward; `"fanIn"`. */
  mode?: "fanIn" | "fanOut";
  /** What follows the layer; `"leakyRelu"`. */
  nonlinearity?: Nonlinearity;
}

function kaimingStd(
  x: Tensor,
  { a = 0, mode = "fanIn", nonlinearity = "leakyRelu" }: KaimingOptions,
) {
  const fan = calculateFanInAndFanOut(x)[mode];
  return calculateGain(nonlinearity, a) / Math.sqrt(fan);
}

type Kaiming = Given<
  [a?: number, mode?: "fanIn" | "fanOut", nonlinearity?: Nonlinearity, generator?: Generator],
  KaimingOptions
>;
const kaiming = (name: string) =>
  parameters<KaimingOptions>(`init.${name}`, {
    a: p.number,
    mode: p.oneOf("fanIn", "fanOut"),
    nonlinearity: p.oneOf("linear", "sigmoid", "tanh", "relu", "leakyRelu", "selu"),
    generator: p.generator,
  });
const [readKaimingUniform, readKaimingNormal] = [
  kaiming("kaimingUniform_"),
  kaiming("kaimingNormal_"),
];

/** Uniform numbers within ±√3·gain/√fan: He et al., 2015. */
export function kaimingUniform_(x: Tensor, ...args: Kaiming): Tensor {
  const options = readKaimingUniform(args);
  if (x.numel() === 0) return x; // a fan of 0 has no deviation
  const bound = Math.sqrt(3.0) * kaimingStd(x, options);
  return uniform_(x, -bound, bound, options.generator);
}

/** Normal numbers with the standard deviation gain/√fan: He et al., 2015. */
export function kaimingNormal_(x: Tensor, ...args: Kaiming): Tensor {
  const options = readKaimingNormal(args);
  if (x.numel() === 0) return x;
  return normal_(x, 0, kaimingStd(x, options), options.generator);
}
