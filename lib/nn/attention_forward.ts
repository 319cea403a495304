/*
 * Multi-head attention as a function of its weights (https://arxiv.org/abs/1706.03762, section 3.2.2): queries,
 * keys and values are projected, cut into heads that attend each by themselves, and what they found is
 * projected once more.
 *
 * It computes as PyTorch's general path does, with the same layout in memory: inside, sequences come first, so
 * that a dropout after it draws in the same order. PyTorch's shortcuts for inference, which treat padding
 * otherwise, are not followed.
 */
import { add } from "../ops/binary.ts";
import { additive, attend, causalMask, plainAttention } from "../ops/attention.ts";
import { zeros } from "../ops/create.ts";
import { cat } from "../ops/join.ts";
import { linear } from "../ops/matmul.ts";
import { select, split } from "../ops/slices.ts";
import { mean } from "../ops/stats.ts";
import { expand, permute, reshape, squeeze, unsqueeze } from "../ops/views.ts";
import { type Shape, shapeText } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What one call of multi-head attention is told. */
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
   * Says that `attnMask` is the causal one, which then need not be read; without an `attnMask`, it hides what
   * comes later by itself.
   */
  isCausal?: boolean;
}

/** The weights of a multi-head attention, for {@linkcode multiHeadAttentionForward}. */
export interface AttentionWeights {
  numHeads: number;
  /** The three projections side by side, (3E, E), or one for each of q (E, E), k (E, kdim) and v (E, vdim). */
  inProj: Tensor | readonly [q: Tensor, k: Tensor, v: Tensor];
  inProjBias?: Tensor | null;
  outProjWeight: Tensor;
  outProjBias?: Tensor | null;
  /** One key and one value more for everybody, (1, 1, E). */
  biasK?: Tensor | null;
  biasV?: Tensor | null;
  /** Whether everybody may also attend to nothing: one key and value of zeros more. */
  addZeroAttn?: boolean;
  dropoutP?: number;
  training?: boolean;
}

function refuse(message: string): never {
  throw new RangeError(message);
}

/**
 * Multi-head attention as a function of its weights, sequences first:
 * query (L, N, E), key (S, N, kdim), value (S, N, vdim), or all without N → [(L, N, E), weights or null].
 *
 * A query whose every key is masked gets NaN, as in PyTorch, whose softmax divides nothing by nothing there.
 */
export function multiHeadAttentionForward(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  weights: AttentionWeights,
  options: AttentionOptions = {},
): [output: Tensor, weights: Tensor | null] {
  if (query.ndim === 2) return unbatched(query, key, value, weights, options);
  const { numHeads: H, outProjWeight, outProjBias, training = true } = weights;
  const { needWeights = true, averageAttnWeights = true, isCausal = false } = options;
  checkShapes(query, key, value, weights);
  const [L, N, E] = query.shape;
  const given = { L, S: key.shape[0], N, H };
  const heads = extended(project(query, key, value, weights).map(cut(H)), weights);
  const more = heads.at(-1)!.sizeAt(-2) - given.S;

  const hint = isCausal && (!options.attnMask || !(options.keyPaddingMask || needWeights));
  const causal = hint && more === 0;
  const attnMask = hint ? causal ? null : causalMask(L, given.S, query) : options.attnMask;
  const attending = {
    mask: mergedMask({ ...options, attnMask }, given, more),
    causal,
    dropoutP: training ? weights.dropoutP : 0,
  };
  const [found, shares] = needWeights
    ? plainAttention(heads.flatMap(parts), attending)
    : [attend(heads, attending), null];

  const rows = reshape(permute(found, [2, 0, 1, 3]), [L, N, E]); // (N, H, L, E/H) → (L, N, E)
  const output = linear(rows, outProjWeight, outProjBias);
  return [output, shares && averageAttnWeights ? mean(shares, { dim: 1 }) : shares];
}

/** One sequence as a batch of one. */
function unbatched(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  weights: AttentionWeights,
  { keyPaddingMask, ...options }: AttentionOptions,
): [Tensor, Tensor | null] {
  const batch = (x: Tensor) => unsqueeze(x, 1);
  const q = batch(query);
  const k = key === query ? q : batch(key);
  const v = value === key ? k : batch(value);
  const [output, shares] = multiHeadAttentionForward(q, k, v, weights, {
    ...options,
    keyPaddingMask: keyPaddingMask && unsqueeze(keyPaddingMask, 0),
  });
  return [squeeze(output, 1), shares && squeeze(shares, 0)];
}

function checkShapes(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  { numHeads, outProjWeight }: AttentionWeights,
) {
  const E = outProjWeight.shape[0];
  if (q.ndim !== 3 || k.ndim !== 3 || v.ndim !== 3) {
    refuse(
      `query should be unbatched 2D or batched 3D tensor but received ${q.ndim}-D query tensor, with key and ` +
        `value of ${k.ndim} and ${v.ndim} dimensions`,
    );
  }
  if (q.shape[2] !== E) {
    refuse(`was expecting embedding dimension of ${E}, but got ${q.shape[2]}`);
  }
  if (E % numHeads !== 0) refuse(`embed_dim ${E} not divisible by num_heads ${numHeads}`);
  const lead = (x: Tensor) => shapeText(x.shape.slice(0, 2));
  if (lead(k) !== lead(v)) {
    refuse(
      `key's sequence and batch dims ${lead(k)} do not match value's ${
        lead(v)
      }; the batch is the ` +
        `${"second"} dimension unless batchFirst is set`,
    );
  }
  if (k.shape[1] !== q.shape[1]) {
    refuse(
      `key's batch size ${k.shape[1]} does not match query's ${
        q.shape[1]
      }; the batch is the second ` +
        `dimension unless batchFirst is set`,
    );
  }
}

/** Projections, as many side by side as come from one tensor: one of qkv; q, and kv; or q, k and v. */
function project(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  { inProj, inProjBias, outProjWeight }: AttentionWeights,
): Tensor[] {
  const E = outProjWeight.shape[0];
  const through = (x: Tensor[], weights: readonly Tensor[], sizes: number[]) => {
    const biases = inProjBias ? split(inProjBias, sizes) : [];
    return weights.map((w, i) => linear(x[i], w, biases[i]));
  };
  if (Array.isArray(inProj)) return through([query, key, value], inProj, [E, E, E]);
  const packed = inProj as Tensor;
  if (key !== value) return through([query, key, value], split(packed, E), [E, E, E]);
  if (query !== key) return through([query, key], split(packed, [E, 2 * E]), [E, 2 * E]);
  return [linear(query, packed, inProjBias)];
}

/** Cuts projections into heads: (L, N, n · E) → (n, N, H, L, E/H), with n given by the head size. */
const cut = (H: number) => (x: Tensor, _: number, all: readonly Tensor[]): Tensor => {
  const [L, N, width] = x.shape;
  const total = all.reduce((sum, other) => sum + other.shape[2], 0);
  const head = total / 3 / H;
  return permute(reshape(x, [L, N, width / head / H, H, head]), [2, 1, 3, 0, 4]);
};

/** What lies side by side in a stack. */
const parts = (stack: Tensor): Tensor[] =>
  Array.from({ length: stack.shape[0] }, (_, i) => select(stack, 0, i));

/** The heads with the keys and values that are added to everybody's, if there are any. */
function extended(heads: Tensor[], { biasK, biasV, addZeroAttn }: AttentionWeights): Tensor[] {
  if (!biasK && !addZeroAttn) return heads;
  const [q, ...kv] = heads.flatMap(parts);
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
}

/** Both masks as one that is added, with `more` columns of zeros for keys that nobody masks. */
function mergedMask(
  { attnMask, keyPaddingMask }: AttentionOptions,
  { L, S, N, H }: Sizes,
  more: number,
): Tensor | null {
  const masks: Tensor[] = [];
  if (attnMask) {
    const wanted = attnMask.ndim === 3 ? [N * H, L, S] : [L, S];
    checkMask(`The shape of the ${attnMask.ndim}D attn_mask is`, attnMask, wanted);
    const shape = attnMask.ndim === 3 ? [N, H, L, S] : [1, 1, L, S];
    masks.push(reshape(additive(attnMask, { hidden: true }), shape));
  }
  if (keyPaddingMask) {
    checkMask("The shape of the key_padding_mask is", keyPaddingMask, [N, S]);
    masks.push(reshape(additive(keyPaddingMask, { hidden: true }), [N, 1, 1, S]));
  }
  if (masks.length === 0) return null;
  const merged = masks.reduce((a, b) => add(a, b));
  if (more === 0) return merged;
  const blank = zeros([...merged.shape.slice(0, -1), more], { device: merged.device });
  return cat([merged, blank], -1);
}

function checkMask(what: string, mask: Tensor, wanted: Shape): void {
  if (shapeText(mask.shape) === shapeText(wanted)) return;
  refuse(`${what} torch.Size(${shapeText(mask.shape)}), but should be ${shapeText(wanted)}.`);
}
