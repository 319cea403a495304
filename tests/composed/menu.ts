/*
 * What a step of a composed program may be: PyTorch's line and ours, and what it is given. Nothing is looked at but
 * shapes and dtypes, so ties, infinities and NaN go wherever they come to.
 *
 * Where PyTorch leaves the order of equals open (topk, sort), its line asks for the stable one, which is ours.
 */
import { arranged } from "./arranged.ts";
import { binaries, unaries } from "./elements.ts";
import { overwriting } from "./overwriting.ts";
import type { Call } from "./picks.ts";
import { products } from "./products.ts";
import { reductions } from "./reductions.ts";

/** All of them, by name. */
export const menu: Readonly<Record<string, Call>> = {
  ...unaries,
  ...binaries,
  ...reductions,
  ...arranged,
  ...products,
  ...overwriting,
};
