/*
 * What the twins share: the words they learn, and how they say what they found, beside what PyTorch said.
 */
import { Tensor } from "../../lib/mod.ts";

/** Says tensors, numbers, strings and lists of them, as Python's print. */
export type Say = (...values: unknown[]) => Promise<void>;

/** A tensor as the goldens keep it. */
export interface Kept {
  dtype: string;
  shape: number[];
  values: (number | boolean | string)[];
  printed: string;
}

/** What was said, as the goldens keep it. */
export async function kept(value: unknown): Promise<unknown> {
  if (value instanceof Tensor) {
    const { dtype } = value;
    const values = Array.from(await value.data(), (v) => dtype === "bool" ? Boolean(v) : v);
    return { dtype, shape: [...value.shape], values, printed: await value.repr() };
  }
  return Array.isArray(value) ? await Promise.all(value.map(kept)) : value;
}

export const NAMES =
  ("emma olivia ava isabella sophia charlotte mia amelia harper evelyn abigail emily elizabeth mila ella " +
    "avery sofia camila aria scarlett").split(" ");
