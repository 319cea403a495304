/*
 * The kernels whose invocations share a row or a column, as many as an adapter's tuning says: gpu_forms_test.ts sees that
 * each that a GPU needs has run, wgsl_test.ts that none is missing.
 */

/** Kernels that go down columns. */
export const DOWN = ["activation_grad", "layer_norm_params_grad", "reduce_columns"];

/** Kernels in whose place a GPU gets others. */
export const FOR_PROCESSORS = ["attention", "attention_grad", "attention_row"];

/** All of them, in the order of their names. */
export const SHARING: readonly string[] = [
  ...DOWN,
  "attention",
  "attention_grad",
  "attention_row",
  "cross_entropy",
  "cross_entropy_grad",
  "cross_entropy_mean",
  "cumsum",
  "layer_norm",
  "layer_norm_grad",
  "reduce",
  "softmax",
  "softmax_grad",
  "topk",
].sort();
