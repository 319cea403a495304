/*
 * Scaled dot-product attention: softmax(q · kᵀ · scale + mask) · v (https://arxiv.org/abs/1706.03762).
 *
 * There are two forms of it. `plainAttention` is the formula in ops that stand elsewhere: it holds all
 * queries × keys shares at once, gives them back, and judges the other form. The fused kernels
 * (attention_fused.ts) hold none of them. `attend` chooses.
 */
import type { Generator } from "../random/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, mul } from "./binary.ts";
import { full } from "./create.ts";
import { matmul } from "./matmul.ts";
import { dropout } from "./random.ts";
import { softmax } from "./softmax.ts";
import { select } from "./slices.ts";
import { transpose } from "./views.ts";
import { triu, where } from "./where.ts";

/** What attention is told beside its operands. */
export interface Attending {
  /** Added to the scores: float32, broadcasting to (N, H, L, S); −∞ hides a key from a query. */
  mask?: Tensor | null;
  /** Hides keys that come after the query: j > i, counted from the start of both. */
  causal?: boolean;
  /** The share of the weights that is dropped. */
  dropoutP?: number;
  /** What the scores are multiplied by; 1/√(head size) unless given. */
  scale?: number;
  /** Where dropout draws from. */
  generator?: Generator;
}

/** A mask that is added to scores: 0 above and on the diagonal's left, −∞ right of it. */
export const causalMask = (queries: number, keys: number, like: Tensor): Tensor =>
  triu(full([queries, keys], -Infinity, { device: like.device }), 1);

/** A boolean mask as one that is added: −∞ where it is `hidden`, 0 elsewhere. A float mask is one already. */
export function additive(mask: Tensor, { hidden }: { hidden: boolean }): Tensor {
  if (mask.dtype === "float32") return mask;
  if (mask.dtype === "bool") {
    return hidden ? where(mask, -Infinity, 0) : where(mask, 0, -Infinity);
  }
  throw new TypeError(
    `Only float, byte, and bool types are supported for attn_mask, not ${mask.dtype}; use bool() or float()`,
  );
}

/**
 * Attention by its formula, and the weights: [(…, L, Ev), (…, L, S)] of q (…, L, E), k (…, S, E), v (…, S, Ev).
 * Dropout draws over the weights in their order. A query whose every key is hidden gets NaN, as from
 * PyTorch's softmax.
 */
export function plainAttention(
  [q, k, v]: readonly Tensor[],
  { mask, causal = false, dropoutP = 0, scale, generator }: Attending,
): [output: Tensor, weights: Tensor] {
  const scores = matmul(mul(q, scale ?? headScale(q)), transpose(k, -2, -1));
  const masked = mask ? add(scores, mask) : scores;
  const seen = causal ? add(masked, causalMask(q.sizeAt(-2), k.sizeAt(-2), q)) : masked;
  const weights = dropout(softmax(seen, -1), dropoutP, { generator });
  return [matmul(weights, v), weights];
}

const headScale = (q: Tensor): number => 1 / Math.sqrt(q.shape.at(-1)!);

/** Attention of stacks. */
export function attend(stacks: readonly Tensor[], options: Attending): Tensor {
  const parts = stacks.flatMap((x) =>
    Array.from({ length: x.shape[0] }, (_, i) => select(x, 0, i))
  );
  return plainAttention(parts, options)[0];
}
