/*
 * PyTorch's random numbers on the CPU, drawn into typed arrays. A seed means here what it means there.
 *
 * Nothing here knows of tensors. Every draw takes the generator first and the array to fill second, and
 * returns the array: `normal(generator, new Float32Array(6), 0, 0.02)`. In reading order:
 */

/** Words: the Mersenne Twister. */
export { MT19937 } from "./mt19937.ts";

/** The stream and its state; the default generator and the functions that steer it. */
export {
  defaultGenerator,
  Generator,
  getRngState,
  initialSeed,
  manualSeed,
  seed,
  setRngState,
} from "./generator.ts";

/** Normals, every bit PyTorch's. */
export { normal, normalPairs } from "./normal.ts";

/** The other real distributions, and the truncated normal of nn.init. */
export {
  cauchy,
  exponential,
  geometric,
  logNormal,
  truncNormal,
  uniform,
} from "./distributions.ts";

/** Integers: ranges, permutations, a data loader's seed. */
export { randint, random, randperm } from "./integers.ts";

/** Coins and dropout masks, in the stream of PyTorch itself or of its older Intel builds. */
export { bernoulli, type Coins, type CoinStream, dropout } from "./bernoulli.ts";

/** Categories by weight, with replacement and without. */
export { multinomial, type MultinomialOptions } from "./multinomial.ts";

/** The error function and its inverse. */
export { erf, erfinv } from "./erf.ts";
