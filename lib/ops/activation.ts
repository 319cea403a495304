/*
 * The activations, each declared once: the formula, its slope, the same in float64, and whether a linear layer
 * before it applies it in its own kernel. The ops of unary.ts, the kernels of products, the gradient kernel of
 * linear layers and the layers of lib/nn are made from these rows.
 */

/** One function of one tensor. */
export interface UnaryRow {
  /** WGSL expression of the input `v`. */
  wgsl: string;
  /**
   * Its derivative as a WGSL expression of the input `v`, or of the result `y`; "0.0" where it is flat. An
   * expression with `g`, the gradient of the result, is the whole gradient.
   */
  slope: string;
  /** The same function in float64. */
  reference: (v: number) => number;
  /** Python, of `i[0]`, where it is not `torch.<name>(i[0])`. */
  torch?: string;
  /** Where it is tested: [−2, 2) unless told otherwise. */
  domain?: [number, number];
  gradFn?: string;
  /** WGSL expression of an int `v`, where ints stay ints; they become floats otherwise. */
  ofInts?: string;
  /** What booleans become, if not floats; or that they are refused. */
  bools?: "int64" | "bool" | "refused";
  /** Whether only floats are taken. */
  real?: true;
  /** Whether a linear layer before it applies it in its own kernel. */
  fused?: true;
}

/** How a row is differentiated: its gradient in WGSL, of `g` and of the result `y`, the input `v` or neither. */
export function gradientOf({ slope }: UnaryRow): { wgsl: string; of: "y" | "v" | null } {
  return {
    wgsl: slope === "0.0" || /\bg\b/.test(slope) ? slope : `g * (${slope})`,
    of: /\by\b/.test(slope) ? "y" : /\bv\b/.test(slope) ? "v" : null,
  };
}

/** erf in float64: its series near 0, the continued fraction of erfc further out (DLMF 7.6.1, 7.9.2). */
export function erfReference(x: number): number {
  const t = Math.abs(x);
  if (!(t <= 6)) return Number.isNaN(x) ? x : Math.sign(x);
  if (t < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; n < 90; n++) sum += (term *= -x * x / n) / (2 * n + 1);
    return 2 / Math.sqrt(Math.PI) * sum;
  }
  let fraction = t;
  for (let k = 60; k > 0; k--) fraction = t + k / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-t * t) / (fraction * Math.sqrt(Math.PI)));
}

const ROOT_HALF = Math.SQRT1_2;
const GELU_SCALE = Math.sqrt(2 / Math.PI);

/** The activations that a linear layer applies in its own kernel. */
export type Activation = "relu" | "tanh" | "gelu" | "geluTanh";
/** The name of an activation. */
export type ActivationName = Activation | "sigmoid" | "silu";
type Rows =
  & Record<Activation, UnaryRow & { fused: true }>
  & Record<Exclude<ActivationName, Activation>, UnaryRow & { fused?: undefined }>;

/** The activations by name; `gelu` is the exact one. */
export const activations: Readonly<Rows> = {
  relu: {
    wgsl: "relu(v)",
    slope: "reluSlope(g, y)",
    reference: (v) => v < 0 ? 0 : v,
    ofInts: "max(v, 0)",
    bools: "refused",
    fused: true,
  },
  tanh: { wgsl: "safeTanh(v)", slope: "1.0 - y * y", reference: Math.tanh, fused: true },
  gelu: {
    wgsl: `0.5 * v * (1.0 + erf(v * ${ROOT_HALF}))`,
    slope: `0.5 * (1.0 + erf(v * ${ROOT_HALF})) + v * ${GELU_SCALE / 2} * power_of_e(-0.5 * v * v)`,
    reference: (v) => 0.5 * v * (1 + erfReference(v * ROOT_HALF)),
    torch: "F.gelu(i[0])",
    real: true,
    gradFn: "GeluBackward0",
    fused: true,
  },
  geluTanh: {
    wgsl: `0.5 * v * (1.0 + safeTanh(${GELU_SCALE} * (v + 0.044715 * v * v * v)))`,
    slope: "geluTanhSlope(v)",
    reference: (v) => 0.5 * v * (1 + Math.tanh(GELU_SCALE * (v + 0.044715 * v ** 3))),
    torch: "F.gelu(i[0], approximate='tanh')",
    real: true,
    gradFn: "GeluBackward0",
    fused: true,
  },
  sigmoid: {
    wgsl: "sigmoid(v)",
    slope: "y * (1.0 - y)",
    reference: (v) => 1 / (1 + Math.exp(-v)),
  },
  silu: {
    wgsl: "quotient(v, 1.0 + power_of_e(-v))",
    slope: "quotient(1.0 + quotient(v, 1.0 + power_of_e(v)), 1.0 + power_of_e(-v))",
    reference: (v) => v / (1 + Math.exp(-v)),
    torch: "F.silu(i[0])",
    real: true,
  },
};

/** Whether a linear layer applies it in its own kernel. */
export const isFused = (name: ActivationName): name is Activation =>
  activations[name].fused === true;
