/*
 * The error function and its inverse, each as the C library and PyTorch compute it.
 *
 * No library of special functions: truncated normals need these two. erf is the rational approximation of
 * Sun Microsystems' fdlibm (© 1993 Sun Microsystems; free to use while this notice is kept), which is also
 * what C's single-precision erff does with every step rounded; erfinv is PyTorch's calc_erfinv (Gary
 * Pavlis' translation of Matlab's), in float32.
 */

const { abs, exp, fround, log, PI, sqrt } = Math;

type Rounding = (x: number) => number;
const exact: Rounding = (x) => x;

const ERX = fround(8.45062911510467529297e-1); // erf(1) in few bits
const NEAR_ZERO = {
  p: [
    1.28379167095512558561e-1,
    -3.25042107247001499370e-1,
    -2.84817495755985104766e-2,
    -5.77027029648944159157e-3,
    -2.37630166566501626084e-5,
  ],
  q: [
    1,
    3.97917223959155352819e-1,
    6.50222499887672944485e-2,
    5.08130628187576562776e-3,
    1.32494738004321644526e-4,
    -3.96022827877536812320e-6,
  ],
};
const NEAR_ONE = {
  p: [
    -2.36211856075265944077e-3,
    4.14856118683748331666e-1,
    -3.72207876035701323847e-1,
    3.18346619901161753674e-1,
    -1.10894694282396677476e-1,
    3.54783043256182359371e-2,
    -2.16637559486879084300e-3,
  ],
  q: [
    1,
    1.06420880400844228286e-1,
    5.40397917702171048937e-1,
    7.18286544141962662868e-2,
    1.26171219808761642112e-1,
    1.36370839120290507362e-2,
    1.19844998467991074170e-2,
  ],
};
const BELOW_2_86 = {
  p: [
    -9.86494403484714822705e-3,
    -6.93858572707181764372e-1,
    -1.05586262253232909814e1,
    -6.23753324503260060396e1,
    -1.62396669462573470355e2,
    -1.84605092906711035994e2,
    -8.12874355063065934246e1,
    -9.81432934416914548592,
  ],
  q: [
    1,
    1.96512716674392571292e1,
    1.37657754143519042600e2,
    4.34565877475229228821e2,
    6.45387271733267880336e2,
    4.29008140027567833386e2,
    1.08635005541779435134e2,
    6.57024977031928170135,
    -6.04244152148580987438e-2,
  ],
};
const BELOW_6 = {
  p: [
    -9.86494292470009928597e-3,
    -7.99283237680523006574e-1,
    -1.77579549177547519889e1,
    -1.60636384855821916062e2,
    -6.37566443368389627722e2,
    -1.02509513161107724954e3,
    -4.83519191608651397019e2,
  ],
  q: [
    1,
    3.03380607434824582924e1,
    3.25792512996573918826e2,
    1.53672958608443695994e3,
    3.19985821950859553908e3,
    2.55305040643316442583e3,
    4.74528541206955367215e2,
    -2.24409524465858183362e1,
  ],
};

/**
 * The error function 2/√π ∫₀ˣ exp(−t²) dt: to a double's precision, or with `Math.fround` as the rounding
 * of every step, the bits of C's `erff`.
 *
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { erf } from "./mod.ts";
 *
 * assertAlmostEquals(erf(1), 0.8427007929497149, 1e-15);
 * ```
 */
export function erf(x: number, round: (x: number) => number = exact): number {
  const size = abs(x);
  if (Number.isNaN(x)) return x;
  if (size < 0.84375) {
    const y = ratio(NEAR_ZERO, round(x * x), round);
    return round(x + round(x * y));
  }
  const sign = x < 0 ? -1 : 1;
  if (size < 1.25) return sign * round(ERX + ratio(NEAR_ONE, round(size - 1), round));
  if (size >= 6) return sign;
  const s = round(1 / round(size * size));
  const tail = ratio(size < 1 / 0.35 ? BELOW_2_86 : BELOW_6, s, round);
  // exp(−x²) in two factors, so that squaring loses nothing: z is x with half of its bits.
  const z = halfOfBits(size);
  const first = round(exp(round(round(-z * z) - 0.5625)));
  const second = round(exp(round(round(round(z - size) * round(z + size)) + tail)));
  return sign * round(1 - round(round(first * second) / size));
}

/** p(x)/q(x), the lowest power first, by Horner's rule. */
function ratio({ p, q }: { p: number[]; q: number[] }, x: number, round: Rounding): number {
  return round(polynomial(p, x, round) / polynomial(q, x, round));
}

function polynomial(coefficients: number[], x: number, round: Rounding): number {
  return coefficients.reduceRight((sum, c) => round(round(c) + round(sum * x)), 0);
}

const BITS = new DataView(new ArrayBuffer(4));

/** A number cut to the upper 12 bits of its float32 mantissa. */
function halfOfBits(x: number): number {
  BITS.setFloat32(0, x);
  BITS.setInt32(0, BITS.getInt32(0) & 0xfffff000);
  return BITS.getFloat32(0);
}

const CENTER = {
  p: [0.886226899, -1.645349621, 0.914624893, -0.140543331].map(fround),
  q: [1, -2.118377725, 1.442710462, -0.329097515, 0.012229801].map(fround),
};
const TAIL = {
  p: [-1.970840454, -1.624906493, 3.429567803, 1.641345311].map(fround),
  q: [1, 3.543889200, 1.637067800].map(fround),
};
/** erf's slope at zero, 2/√π in float32. */
const SLOPE = fround(2 / fround(sqrt(PI)));

/**
 * The inverse error function in float32, as `torch.erfinv`: ±1 give ±infinity, numbers beyond them NaN.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { erfinv } from "./mod.ts";
 *
 * assertEquals(erfinv(0.5), Math.fround(0.47693628));
 * assertEquals(erfinv(-1), -Infinity);
 * ```
 */
export function erfinv(x: number): number {
  const y = fround(x);
  const size = abs(y);
  if (!(size <= 1)) return NaN;
  if (size === 1) return y * Infinity;
  let guess = y;
  if (size <= fround(0.7)) {
    const z = fround(y * y);
    guess = fround(fround(y * fused(CENTER.p, z)) / fused(CENTER.q, z));
  } else {
    const z = fround(sqrt(-fround(log(fround(fround(1 - size) / 2)))));
    guess = fround(Math.sign(y) * fused(TAIL.p, z) / fused(TAIL.q, z));
  }
  return newton(newton(guess, y), y);
}

/** One step towards erf(x) = y. */
function newton(x: number, y: number): number {
  const slope = fround(SLOPE * fround(exp(-fround(x * x))));
  return fround(x - fround(fround(erf(x, fround) - y) / slope));
}

/** A polynomial as PyTorch's compiler makes it: multiply and add in one rounding. */
function fused(coefficients: number[], x: number): number {
  return coefficients.reduceRight((sum, c) => fround(c + sum * x), 0);
}
