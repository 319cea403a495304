/*
 * Indices drawn by their probabilities, as the next token of a text is.
 */
import * as draw from "../random/mod.ts";
import { defaultGenerator, type Generator } from "../random/mod.ts";
import { a, type Given, parameters } from "../python/arguments.ts";
import { numelOf } from "../tensor/shape.ts";
import { allocate, fromValues, type Tensor } from "../tensor/tensor.ts";
import multinomialSource from "../../kernels/multinomial.wgsl" with { type: "text" };
import { div } from "./binary.ts";
import { contiguous } from "./copy.ts";
import { declared } from "./declare.ts";
import { checkWeights } from "./faults.ts";
import { checkFloat, checkRounds } from "./limits.ts";
import { argmax, topk } from "./order.ts";
import { type Drawn, drawnLike } from "./random.ts";

const lookUpKernel = declared("multinomial", multinomialSource);

/** How {@linkcode multinomial} draws. */
export interface MultinomialOptions extends Drawn {
  /** How many indices each row gives. */
  numSamples: number;
  /** Whether an index may be drawn again. */
  replacement?: boolean;
}

const readMultinomial = parameters<MultinomialOptions>("multinomial", {
  numSamples: a.whole,
  replacement: a.flag,
  generator: a.generator,
}, { required: 1, positional: 2 });

/**
 * Draws indices with the probabilities (or weights) of each row: (n) → (numSamples), (m, n) → (m, numSamples).
 * Nothing is read from the GPU, where weights divided by exponential waiting times decide the draw.
 *
 * @throws where the result is read, for weights that are negative, infinite, NaN, or all zero in a row
 * @example
 * ```ts
 * import { manualSeed, multinomial, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * manualSeed(0);
 * const next = multinomial(tensor([[0.1, 0.2, 0.7], [0.8, 0.1, 0.1]]), 1); // one token of each row
 * assertEquals(await next.tolist(), [[2], [0]]);
 * ```
 */
export function multinomial(
  probs: Tensor,
  ...args: Given<
    [numSamples: number, replacement?: boolean],
    MultinomialOptions,
    MultinomialOptions
  >
): Tensor {
  const { numSamples, replacement = false, generator = defaultGenerator } = readMultinomial(args);
  checkDraw(probs, numSamples, replacement);
  const again = replacement && numSamples > 1;
  const doubts = checkWeights(contiguous(probs), again);
  const indices = again
    ? lookedUp(probs, numSamples, generator)
    : firstArrived(probs, numSamples, generator);
  indices.storage.doubts = doubts.with(indices.storage.doubts);
  return indices;
}

/** Refuses what nothing can be drawn from, and more draws than there are indices. */
function checkDraw(probs: Tensor, numSamples: number, replacement: boolean): void {
  checkFloat("multinomial", probs);
  if (probs.ndim < 1 || probs.ndim > 2) {
    throw new RangeError(`prob_dist must be 1 or 2 dim, not ${probs.ndim}`);
  }
  if (numSamples <= 0) {
    throw new RangeError(`cannot sample n_sample <= 0 samples: ${numSamples}`);
  }
  const n = probs.shape.at(-1)!;
  if (!replacement && numSamples > n) {
    throw new RangeError(
      `cannot sample n_sample > prob_dist.size(-1) samples without replacement: ${numSamples} of ${n}`,
    );
  }
}

/** The indices whose waiting times, exponential ones of the rates `probs`, are the shortest. */
function firstArrived(probs: Tensor, numSamples: number, generator: Generator): Tensor {
  const q = drawnLike(probs, { generator }, (g, out) => draw.exponential(g, out));
  const won = div(probs, q);
  return numSamples === 1 ? argmax(won, { dim: -1, keepdim: true }) : topk(won, numSamples)[1];
}

/** Each index by itself: that at which the sums of the weights pass a number drawn evenly. */
function lookedUp(probs: Tensor, samples: number, generator: Generator): Tensor {
  const { device } = probs;
  const [rows, categories] = [numelOf(probs.shape.slice(0, -1)), probs.shape.at(-1)!];
  checkRounds("multinomial", Math.ceil(categories * 65 / 64) + samples, categories);
  const values = new Float32Array(rows * samples);
  for (let i = 0; i < values.length; i++) values[i] = roundUp(generator.engine.nextDouble());
  const shape = [...probs.shape.slice(0, -1), samples];
  const dense = contiguous(probs);
  const u = fromValues(values, shape, "float32", device);
  const sums = allocate(probs.shape, "float32", device);
  const indices = allocate(shape, "int64", device);
  device.launcher.launch(
    device.launcher.pipeline(lookUpKernel),
    { weights: dense.storage, u: u.storage, sums: sums.storage, indices: indices.storage },
    { rows, categories, samples, offset: dense.offset },
    rows,
    categories, // the first lane
  );
  for (const helper of [u, sums]) helper.storage.release("after it was used");
  return indices;
}

/**
 * The smallest float32 not below a double of [0, 1]: a float32 is below it exactly where it is below the double.
 */
function roundUp(v: number): number {
  const near = Math.fround(v);
  return near >= v ? near : Math.fround(near * (1 + 1.5 * 2 ** -24));
}
