/*
 * The constants of Stephen Moshier's Cephes library for logarithm, sine and cosine in single precision, as
 * PyTorch's AVX2 kernel for normal numbers has them. normal.ts says how they are used.
 */

const { fround, PI, SQRT1_2 } = Math;

/** 2π/2^24 with PyTorch's float32 2π: the angle of a 24-bit integer. */
export const TURN = fround(2 * PI) * 2 ** -24;
/** π/4 in three floats, of which the first two have few bits. */
export const PI_4 = [0.78515625, 2.4187564849853515625e-4, 3.77489497744594108e-8].map(fround);
/** Their sum, which a double holds. */
export const EIGHTH = PI_4[0] + PI_4[1] + PI_4[2];

/** Of the cosine's and the sine's polynomials up to π/4, in the square of the angle. */
export const COS = [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2].map(fround);
export const SIN = [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1].map(fround);

/** Of the logarithm's polynomial between √½ and √2, in the distance from 1. */
export const LOG = [
  7.0376836292e-2,
  -1.1514610310e-1,
  1.1676998740e-1,
  -1.2420140846e-1,
  1.4249322787e-1,
  -1.6668057665e-1,
  2.0000714765e-1,
  -2.4999993993e-1,
  3.3333331174e-1,
].map(fround);
/** ln 2 in two floats, the larger one with few bits. */
export const LN2_LOW = fround(-2.12194440e-4);
export const LN2_HIGH = 0.693359375;
export const SQRT_HALF = fround(SQRT1_2);
