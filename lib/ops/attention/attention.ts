/*
 * Scaled dot-product attention: softmax(q · kᵀ · scale + mask) · v (https://arxiv.org/abs/1706.03762).
 *
 * There are two forms of it. `plainAttention` is the formula, written with other ops: it holds all queries × keys
 * attention weights at once and returns them, and the other form is tested against it. The fused kernels
 * (fused.ts) hold none of them. `attend` chooses.
 */
import type { Device } from "../../gpu/device.ts";
import type { Generator } from "../../random/mod.ts";
import { a, type Given, named, parameters } from "../../python/arguments.ts";
import { called, goesWith, isGradEnabled, noGrad } from "../../tensor/autograd.ts";
import { broadcastShapes, numelOf, shapeText } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { attentionOp } from "./fused.ts";
import { repeatInterleave, unbind } from "../arrange.ts";
import { add, eq, mul } from "../binary.ts";
import { clone } from "../copy.ts";
import { full } from "../create.ts";
import { matmul } from "../matmul/matmul.ts";
import { dropout } from "../random.ts";
import { all } from "../reduce.ts";
import { softmax } from "../softmax.ts";
import { expand, reshape, transpose, unsqueeze } from "../views.ts";
import { triu } from "../triangle.ts";
import { maskedFill, where } from "../where.ts";

/** What attention is told besides its operands. */
export interface Attending {
  /** Added to the scores: float32, broadcasting to (N, H, L, S); −∞ hides a key from a query. */
  mask?: Tensor | null;
  /** Hides keys that come after the query: j > i, counted from the start of both. */
  causal?: boolean;
  /** How many keys come before the first query's own position, where earlier keys are kept; 0. */
  past?: number;
  /** The share of the attention weights that is dropped. */
  dropoutP?: number;
  /** What the scores are multiplied by; 1/√(head size) unless given. */
  scale?: number;
  /** Where dropout draws from. */
  generator?: Generator;
  /** Whether the result lies row by row; else it lies as the queries do. */
  plain?: boolean;
}

/** A mask (queries, keys) that is added to scores: −∞ right of the diagonal, 0 on it and left of it. */
export const causalMask = (queries: number, keys: number, device?: Device, past = 0): Tensor =>
  noGrad(() => triu(full([queries, keys], -Infinity, { device }), 1 + past));

/** A boolean mask as one that is added: −∞ where it is `hidden`, 0 elsewhere. A float mask is returned as it is. */
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
 * PyTorch's softmax, or zeros with `safe`, as from its attention.
 */
export function plainAttention(
  [q, k, v]: readonly Tensor[],
  { mask, causal = false, past = 0, dropoutP = 0, scale, generator, safe = false }:
    & Attending
    & { safe?: boolean },
): [output: Tensor, weights: Tensor] {
  const scores = matmul(mul(q, scale ?? headScale(q)), transpose(k, -2, -1));
  const masked = mask ? add(scores, mask) : scores;
  const shown = causal ? hideLater(masked, past) : masked;
  const whole = safe ? orZeros(shown) : softmax(shown, -1);
  const weights = dropout(whole, dropoutP, { generator });
  return [matmul(weights, v), weights];
}

/** Scores with a causal mask added. */
function hideLater(scores: Tensor, past: number): Tensor {
  const mask = causalMask(scores.sizeAt(-2), scores.sizeAt(-1), scores.device, past);
  return goesWith(add(scores, mask), mask);
}

/** The attention weights of scores; zeros, also for gradients, in rows of which every score is −∞. */
function orZeros(scores: Tensor): Tensor {
  const none = all(eq(scores, -Infinity), { dim: -1, keepdim: true });
  return maskedFill(softmax(maskedFill(scores, none, 0), -1), none, 0);
}

const headScale = (q: Tensor): number => 1 / Math.sqrt(q.shape.at(-1)!);

/**
 * Attention of stacks (fused.ts): tensors (n, N, H, L or S, E) that together hold q, k and v. It uses the fused
 * kernels where they can do it, else the formula: for a mask that needs a gradient, for values of another size
 * than the keys, and where there are no keys.
 */
export function attend(stacks: readonly Tensor[], options: Attending): Tensor {
  const { mask, causal = false, past, dropoutP, generator, plain } = options;
  const [N, H, L, E] = stacks[0].shape.slice(1);
  const [S, Ev] = stacks.at(-1)!.shape.slice(3);
  if (E === 0 || E !== Ev || S === 0 || mask?.requiresGrad) {
    return plainAttention(stacks.flatMap((x) => unbind(x)), { ...options, safe: true })[0];
  }
  const inputs = mask ? [...stacks, expand(mask, [N, H, L, S])] : stacks;
  const scale = options.scale ?? headScale(stacks[0]);
  return attentionOp(inputs, { causal, past, scale, dropoutP, generator, plain });
}

/** What {@linkcode scaledDotProductAttention} takes besides q, k and v. */
export interface AttentionArguments {
  /** Broadcasting to (…, L, S): true where a query may see a key, or numbers that are added to the scores. */
  attnMask?: Tensor | null;
  /** The share of the attention weights that is dropped, always: pass 0 when not training. */
  dropoutP?: number;
  /** Whether a query sees no key after its own position, counted from the start of both. */
  isCausal?: boolean;
  /** What the scores are multiplied by; 1/√E unless given. */
  scale?: number;
  /** Whether query may have more heads (…, H, L, E) than key and value: each of theirs is used H / H_kv times in a row. */
  enableGqa?: boolean;
  /** What is dropped is drawn from it; the default generator unless given. */
  generator?: Generator;
}

const attentionArguments = parameters<AttentionArguments>("scaledDotProductAttention", {
  attnMask: a.orNull(a.tensor),
  dropoutP: a.number,
  isCausal: a.flag,
  scale: a.number,
  enableGqa: a.flag,
  generator: a.generator,
}, { positional: 3 });

/** Keys or values for as many heads as there are of queries (Ainslie et al., 2023). */
function spread(x: Tensor, query: Tensor): Tensor {
  const [own, wanted] = [x, query].map(({ shape }) => shape.at(-3) ?? NaN);
  if (wanted % own === 0) return wanted === own ? x : repeatInterleave(x, wanted / own, -3);
  throw new RangeError(
    `scaledDotProductAttention: Number of heads in key and value must divide the number of heads in query: ` +
      `key or value is ${shapeText(x.shape)}, query ${shapeText(query.shape)}`,
  );
}

/**
 * softmax(query · keyᵀ · scale + mask) · value: every query's mean of the values, weighted by how well their keys
 * match it. Without a mask and without dropout, its memory grows with L and with S, not with their product, if keys and
 * values have one size.
 *
 * A query whose every key is masked gets zeros (PyTorch: NaN up to 2.4, as a softmax over nothing does, zeros since).
 *
 * @param query (…, L, E)
 * @param key (…, S, E)
 * @param value (…, S, Ev)
 * @returns (…, L, Ev)
 *
 * @example
 * ```ts
 * import { manualSeed, randn, scaledDotProductAttention } from "#lib";
 * import { assertEquals } from "@std/assert";
 * manualSeed(0);
 * const [q, k, v] = [0, 1, 2].map(() => randn([2, 4, 7, 16])); // (N, heads, T, E)
 * const y = scaledDotProductAttention(q, k, v, { isCausal: true });
 * assertEquals(y.shape, [2, 4, 7, 16]);
 * ```
 */
export const scaledDotProductAttention: (
  ...args: Given<
    [
      query: Tensor,
      key: Tensor,
      value: Tensor,
      attnMask?: Tensor | null,
      dropoutP?: number,
      isCausal?: boolean,
    ],
    { query: Tensor; key: Tensor; value: Tensor },
    AttentionArguments
  >
) => Tensor = named(
  "scaledDotProductAttention",
  ["query", "key", "value"],
  function scaledDotProductAttention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    ...args: Given<
      [attnMask?: Tensor | null, dropoutP?: number, isCausal?: boolean],
      AttentionArguments,
      AttentionArguments
    >
  ): Tensor {
    const { attnMask, dropoutP = 0, isCausal = false, ...more } = attentionArguments(args);
    const { scale, enableGqa = false, generator } = more;
    if (enableGqa) [key, value] = [spread(key, query), spread(value, query)];
    if (attnMask && isCausal) {
      throw new Error(
        "scaledDotProductAttention: Explicit attn_mask should not be set when is_causal=True; " +
          "put both into one mask",
      );
    }
    checkOperands([query, key, value]);
    const plain = isPlain([query, key, value], attnMask, dropoutP);
    const records = isGradEnabled() && [query, key, value].some((x) => x.requiresGrad);
    // PyTorch's plain way keeps scaled copies of query and key: what was given may be written over before backward().
    const own = (x: Tensor) => records && plain && !x.requiresGrad ? clone(x) : x;
    const operands = [own(query), own(key), value];
    const lead = broadcastShapes(...operands.map((x) => x.shape.slice(0, -2)));
    const [N, H] = [numelOf(lead.slice(0, -1)), lead.at(-1) ?? 1];
    /** (…, rows, columns) → (N, H, rows, columns) */
    const four = (x: Tensor) => {
      const rest = x.shape.slice(-2);
      return reshape(expand(x, [...lead, ...rest]), [N, H, ...rest]);
    };
    const mask = attnMask && four(asMatrix(own(additive(attnMask, { hidden: false }))));
    const stacks = operands.map((x) => unsqueeze(four(x), 0));
    const found = attend(stacks, { mask, causal: isCausal, dropoutP, scale, generator, plain });
    const given = [query, key, value, attnMask].map((x) => x?.storage);
    const made = [...operands, ...mask ? [mask] : []];
    const helpers = made.filter((x) => !x.gradFn && !given.includes(x.storage));
    const result = goesWith(found, ...helpers);
    if (lead.length === 2) return result;
    const name = lead.length === 0 ? "MmBackward0" : "UnsafeViewBackward0";
    return called(name, reshape(result, [...lead, ...found.shape.slice(2)]));
  },
);

/** Whether PyTorch goes its plain way on a processor: its fused one has these conditions (its sdp_utils_cpp.h). */
function isPlain(
  operands: readonly Tensor[],
  mask: Tensor | null | undefined,
  dropoutP: number,
): boolean {
  const [q, k, v] = operands.map(({ shape }) => shape);
  const alike = operands.every(({ shape, strides }) =>
    shape.length === 4 && shape[0] === q[0] && shape[1] === q[1] && strides[3] === 1
  );
  const shown = !mask ||
    ([2, 4].includes(mask.ndim) && !mask.requiresGrad && mask.strides.at(-1) === 1);
  const some = q.at(-2)! > 0 && k.at(-2)! > 0 && q.at(-1) === v.at(-1);
  return !(dropoutP === 0 && alike && shown && some);
}

const asMatrix = (x: Tensor): Tensor => x.ndim < 2 ? reshape(x, [1, x.numel()]) : x;

function checkOperands(operands: readonly Tensor[]): void {
  const [q, k, v] = operands.map(({ shape }) => shape);
  const fits = operands.every(({ ndim, dtype }) => ndim >= 2 && dtype === "float32") &&
    q.at(-1) === k.at(-1) && k.at(-2) === v.at(-2);
  if (fits) return;
  const [query, key, value] = operands.map(({ dtype, shape }) => `${dtype} ${shapeText(shape)}`);
  throw new RangeError(
    `scaledDotProductAttention: query is ${query}, key ${key}, value ${value}; wanted float32 of shapes ` +
      `(…, L, E), (…, S, E) and (…, S, Ev)`,
  );
}
