/*
 * Multi-head attention as a function of its weights (https://arxiv.org/abs/1706.03762, section 3.2.2): queries,
 * keys and values are projected and cut into heads, each head attends by itself, and the results are projected
 * once more.
 *
 * It computes as PyTorch's general path does. PyTorch's shortcuts for inference, which treat padding differently,
 * are not followed.
 */
import { unbind } from "../ops/arrange.ts";
import { add } from "../ops/binary.ts";
import { additive, attend, causalMask, plainAttention } from "../ops/attention/attention.ts";
import { zeros } from "../ops/create.ts";
import { cat } from "../ops/join.ts";
import { linear } from "../ops/matmul/linear.ts";
import { linearThen, type Then } from "../ops/matmul/linear_then.ts";
import { split } from "../ops/slices.ts";
import { mean } from "../ops/stats.ts";
import { expand, permute, reshape, squeeze, transpose, unsqueeze } from "../ops/views.ts";
import type { Device } from "../gpu/device.ts";
import { goesWith, noGrad } from "../tensor/autograd.ts";
import { type Shape, shapeText } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** The options of one call of multi-head attention. */
export interface AttentionOptions {
  /** Keys to leave out, (N, S) or (S): true, or −∞ added, where there is only padding. */
  keyPaddingMask?: Tensor | null;
  /** Whether to return the weights too; without them attention never holds them. */
  needWeights?: boolean;
  /** (L, S) or (N · heads, L, S): true, or −∞ added, where a query must not see a key. */
  attnMask?: Tensor | null;
  /** Whether the weights are averaged over the heads. */
  averageAttnWeights?: boolean;
  /**
   * Says that `attnMask` is the causal one, which then need not be read. Without an `attnMask`, it hides later
   * positions by itself (PyTorch wants the mask too).
   */
  isCausal?: boolean;
}

/** The weights of a multi-head attention, for {@linkcode multiHeadAttentionForward}. */
export interface AttentionWeights {
  /** How many heads share the E features. */
  numHeads: number;
  /** The three projections side by side, (3E, E), or one for each of q (E, E), k (E, kdim) and v (E, vdim). */
  inProj: Tensor | readonly [q: Tensor, k: Tensor, v: Tensor];
  /** The biases of the three projections, (3E). */
  inProjBias?: Tensor | null;
  /** The output projection, (E, E). */
  outProjWeight: Tensor;
  /** Its bias, (E). */
  outProjBias?: Tensor | null;
  /** One more key, which every query sees, (1, 1, E). */
  biasK?: Tensor | null;
  /** The value that belongs to it, (1, 1, E). */
  biasV?: Tensor | null;
  /** Whether every query may also attend to nothing: one more key and value, of zeros. */
  addZeroAttn?: boolean;
  /** The share of attention weights that is dropped in training; 0. */
  dropoutP?: number;
  /** Whether anything is dropped. */
  training?: boolean;
  /** Whether tensors are (N, L, E) rather than (L, N, E). */
  batchFirst?: boolean;
  /**
   * What follows the output projection, before the batch comes first.
   *
   * @internal
   */
  then?: Then;
}

/** Which dimension is the batch, and which the sequence. */
const layout = (batchFirst = false) =>
  batchFirst ? { batch: 0, sequence: 1 } : { batch: 1, sequence: 0 };

/**
 * Multi-head attention as a function of its weights: query (L, N, E), key (S, N, kdim), value (S, N, vdim), or with N
 * before L and S (`batchFirst`), or all without N → [the same shape as the query, weights (N, L, S) or null].
 *
 * A query whose every key is masked gets NaN where the weights are wanted, since a softmax divides 0 by 0 there;
 * without them it gets zeros, as in PyTorch since 2.5.
 */
export function multiHeadAttentionForward(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  weights: AttentionWeights,
  options: AttentionOptions = {},
): [output: Tensor, weights: Tensor | null] {
  if (query.ndim === 2) return unbatched(query, key, value, weights, options);
  checkShapes(query, key, value, weights);
  const { numHeads: H, outProjWeight, outProjBias, training = true, batchFirst } = weights;
  const { needWeights = true, averageAttnWeights = true } = options;
  const { batch, sequence } = layout(batchFirst);
  const [L, S, N] = [query.shape[sequence], key.shape[sequence], query.shape[batch]];
  const stacks = extended(project(query, key, value, weights), weights);
  const more = stacks.at(-1)!.shape[3] - S;

  const { mask, causal, made } = maskFor(options, { L, S, N, H, device: query.device }, more);
  const attending = { mask, causal, dropoutP: training ? weights.dropoutP : 0 };
  const [attended, attnWeights] = needWeights
    ? plainAttention(stacks.flatMap((x) => unbind(x)), attending)
    : [attend(stacks, attending), null];
  const found = goesWith(attended, ...made);

  const places = reshape(permute(found, [2, 0, 1, 3]), [L, N, query.shape[2]]); // from (L, N, H, E/H)
  const output = linearThen(places, outProjWeight, outProjBias ?? null, weights.then ?? {});
  // In PyTorch it lies in memory sequence first, in either case: dropout draws in the order of memory.
  return [
    batchFirst ? transpose(output, 0, 1) : output,
    attnWeights && averageAttnWeights ? mean(attnWeights, { dim: 1 }) : attnWeights,
  ];
}

/** One sequence as a batch of one. */
function unbatched(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  weights: AttentionWeights,
  { keyPaddingMask, ...options }: AttentionOptions,
): [Tensor, Tensor | null] {
  const q = unsqueeze(query, 1);
  const k = key === query ? q : unsqueeze(key, 1);
  const v = value === key ? k : unsqueeze(value, 1);
  const [output, attnWeights] = multiHeadAttentionForward(q, k, v, {
    ...weights,
    batchFirst: false,
  }, {
    ...options,
    keyPaddingMask: keyPaddingMask && unsqueeze(keyPaddingMask, 0),
  });
  return [squeeze(output, 1), attnWeights && squeeze(attnWeights, 0)];
}

function checkShapes(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  { numHeads, outProjWeight, batchFirst }: AttentionWeights,
): void {
  const refuse = (message: string) => {
    throw new RangeError(message);
  };
  const E = outProjWeight.shape[0];
  const [query, key, value] = [q, k, v].map(({ shape }) => shape.slice(0, 2));
  if (q.ndim !== 3 || k.ndim !== 3 || v.ndim !== 3) {
    refuse(
      `query should be unbatched 2D or batched 3D tensor but received ${q.ndim}-D query tensor, with a ` +
        `${k.ndim}-D key and a ${v.ndim}-D value; all want as many`,
    );
  }
  if (q.shape[2] !== E) {
    refuse(`was expecting embedding dimension of ${E}, but got ${q.shape[2]}`);
  }
  if (E % numHeads !== 0) refuse(`embed_dim ${E} not divisible by num_heads ${numHeads}`);
  const { batch } = layout(batchFirst);
  const place = `; the batch is dimension ${batch} here (batchFirst: ${Boolean(batchFirst)})`;
  if (shapeText(key) !== shapeText(value)) {
    refuse(
      `key's sequence and batch dims ${shapeText(key)} do not match value's ${shapeText(value)}` +
        place,
    );
  }
  if (key[batch] !== query[batch]) {
    refuse(`key's batch size ${key[batch]} does not match query's ${query[batch]}` + place);
  }
}

/**
 * Projects and cuts into heads: (L, N, …) → stacks (n, N, H, L, E/H), where n projections come from one tensor. It
 * is one stack of q, k and v; or q, and k with v; or each by itself.
 */
function project(query: Tensor, key: Tensor, value: Tensor, weights: AttentionWeights): Tensor[] {
  const { inProj, inProjBias, outProjWeight, numHeads: H, batchFirst } = weights;
  const E = outProjWeight.shape[0];
  const heads = (x: Tensor) => {
    const split = reshape(x, [x.shape[0], x.shape[1], x.shape[2] / E, H, E / H]);
    return permute(split, batchFirst ? [2, 0, 3, 1, 4] : [2, 1, 3, 0, 4]);
  };
  const each = (inputs: Tensor[], weights: readonly Tensor[]) => {
    const biases = inProjBias ? split(inProjBias, weights.map((w) => w.shape[0])) : [];
    return inputs.map((x, i) => heads(linear(x, weights[i], biases[i])));
  };
  if (Array.isArray(inProj)) return each([query, key, value], inProj);
  const packed = inProj as Tensor;
  if (key !== value) return each([query, key, value], split(packed, E));
  if (query !== key) return each([query, key], split(packed, [E, 2 * E]));
  return [heads(linear(query, packed, inProjBias))];
}

/** The heads with the keys and values that are added for every query, if there are any. */
function extended(heads: Tensor[], { biasK, biasV, addZeroAttn }: AttentionWeights): Tensor[] {
  if (!biasK && !addZeroAttn) return heads;
  const [q, ...kv] = heads.flatMap((x) => unbind(x));
  const [N, H, , head] = q.shape;
  const row = (bias: Tensor) =>
    expand(permute(reshape(bias, [1, 1, H, head]), [0, 2, 1, 3]), [N, H, 1, head]);
  const more = (x: Tensor, bias?: Tensor | null) => [
    x,
    ...(bias ? [row(bias)] : []),
    ...(addZeroAttn ? [zeros([N, H, 1, head], { device: x.device })] : []),
  ];
  const [k, v] = kv.map((x, i) => cat(more(x, [biasK, biasV][i]), 2));
  return [q, k, v].map((x) => unsqueeze(x, 0));
}

interface Sizes {
  L: number;
  S: number;
  N: number;
  H: number;
  device: Device;
}

/**
 * All masks as one that is added, or the word that it is the causal one; and what was made for it. Columns of
 * zeros stand for the `more` keys, which no mask hides.
 */
function maskFor(
  { attnMask, keyPaddingMask, isCausal = false, needWeights = true }: AttentionOptions,
  { L, S, N, H, device }: Sizes,
  more: number,
): { mask: Tensor | null; causal: boolean; made: Tensor[] } {
  const later = isCausal && (!attnMask || !(keyPaddingMask || needWeights));
  const causal = later && more === 0;
  const merge = () => {
    const masks: Tensor[] = [];
    if (later && !causal) masks.push(causalMask(L, S, device));
    else if (attnMask && !later) {
      const each = attnMask.ndim === 3;
      checkMask(
        `The shape of the ${attnMask.ndim}D attn_mask is`,
        attnMask,
        each ? [N * H, L, S] : [L, S],
      );
      masks.push(reshape(additive(attnMask, { hidden: true }), each ? [N, H, L, S] : [1, 1, L, S]));
    }
    if (keyPaddingMask) {
      checkMask("The shape of the key_padding_mask is", keyPaddingMask, [N, S]);
      masks.push(reshape(additive(keyPaddingMask, { hidden: true }), [N, 1, 1, S]));
    }
    if (masks.length === 0) return null;
    const merged = masks.reduce((a, b) => add(a, b));
    if (more === 0) return merged;
    return cat([merged, zeros([...merged.shape.slice(0, -1), more], { device })], -1);
  };
  const given = [attnMask, keyPaddingMask];
  const mask = given.some((x) => x?.requiresGrad) ? merge() : noGrad(merge);
  const made = mask && given.every((x) => x?.storage !== mask.storage) ? [mask] : [];
  return { mask, causal, made };
}

function checkMask(what: string, mask: Tensor, wanted: Shape): void {
  if (shapeText(mask.shape) === shapeText(wanted)) return;
  throw new RangeError(
    `${what} torch.Size(${shapeText(mask.shape)}), but should be ${shapeText(wanted)}.`,
  );
}
