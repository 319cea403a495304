/*
 * The functions that a product's kernel may apply to its result.
 */

/** A function that a product may end in. */
export type Activation = "relu" | "tanh" | "gelu" | "geluTanh";
/** The functions that a product may end in. */
export const activations: Readonly<Record<Activation, string>> = {
  relu: "relu(v)",
  tanh: "safeTanh(v)",
  gelu: `0.5 * v * (1.0 + erf(v * ${Math.SQRT1_2}))`,
  geluTanh: `0.5 * v * (1.0 + safeTanh(${Math.sqrt(2 / Math.PI)} * (v + 0.044715 * v * v * v)))`,
};

/** The replacement of `fn activate`, or none. */
export const activate = (activation?: Activation): Record<string, string> =>
  activation ? { activate: activations[activation] } : {};
