/*
 * What the rows of edges_test.ts are written with.
 */
import * as torch from "#lib";
import { type Tensor, tensor } from "#lib";

/** The dtype of floats. */
export const float = { dtype: "float32" } as const;
/** Floats, also where all are whole. */
export const f = (data: torch.TensorData) => tensor(data, float);
/** What a row gives: tensors, or null where there is no gradient. */
export type Made = Tensor | readonly (Tensor | null)[];
/** Rows by name: what each gives. */
export type Rows = Record<string, () => Made | Promise<Made>>;

/** The result of a function of leaves, and their gradients where its elements weigh 1, 2, 3, … */
export function grads(of: (...leaves: Tensor[]) => Tensor, ...values: Tensor[]): (Tensor | null)[] {
  const leaves = values.map((x) => x.clone().requiresGrad_());
  const out = of(...leaves);
  const weights = torch.arange(1, out.numel() + 1, 1, float).reshape([...out.shape]);
  out.backward({ gradient: weights, retainGraph: true });
  return [out, ...leaves.map(({ grad }) => grad)];
}
