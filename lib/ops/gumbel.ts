/*
 * Drawing by a softmax so that gradients flow (Jang, Gu & Poole, 2017).
 */
import { a, type Given, named, parameters } from "../python/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, div, sub } from "./binary.ts";
import { emptyLike, zerosLike } from "./create.ts";
import { argmax } from "./order.ts";
import { exponential_ } from "./random_fill.ts";
import { scatter_ } from "./scatter.ts";
import { softmax } from "./softmax.ts";
import { log, neg } from "./unary.ts";

/** How {@linkcode gumbelSoftmax} draws. */
export interface GumbelOptions {
  /** The temperature; 1. */
  tau?: number;
  /** Whether the result is a one among zeros, with the gradient of the probabilities; false. */
  hard?: boolean;
  /** PyTorch does not use it either. */
  eps?: number;
  /** The dimension of the choices; −1. */
  dim?: number;
}

type Gumbel = Given<[tau?: number, hard?: boolean, eps?: number, dim?: number], GumbelOptions>;
const readGumbel = parameters<GumbelOptions>("gumbelSoftmax", {
  tau: a.number,
  hard: a.flag,
  eps: a.number,
  dim: a.whole,
});

/**
 * Probabilities of logits with noise: the largest of them is a draw by their softmax.
 *
 * @example
 * ```ts
 * import { manualSeed, nn, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * manualSeed(0);
 * const logits = tensor([[1.5, -2, 3], [0.25, 5, -6]]);
 * const drawn = nn.functional.gumbelSoftmax(logits, { hard: true });
 * assertEquals(await drawn.tolist(), [[0, 0, 1], [0, 1, 0]]);
 * ```
 */
export const gumbelSoftmax: (
  ...args: Given<
    [logits: Tensor, tau?: number, hard?: boolean, eps?: number, dim?: number],
    { logits: Tensor } & GumbelOptions
  >
) => Tensor = named("gumbelSoftmax", ["logits"], (logits: Tensor, ...args: Gumbel): Tensor => {
  const { tau = 1, hard = false, dim = -1 } = readGumbel(args);
  const noise = neg(log(exponential_(emptyLike(logits))));
  const soft = softmax(div(add(logits, noise), tau), dim);
  if (!hard) return soft;
  const chosen = argmax(soft.detach(), { dim, keepdim: true });
  const one = scatter_(zerosLike(logits), dim, chosen, 1);
  return add(sub(one, soft.detach()), soft);
});
