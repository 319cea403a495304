/*
 * The models that the lessons have saved, converted to known layouts.
 *
 * Lesson 14's models become Hugging Face's: with a position embedding a GPT-2 (with ReLU and a separate head), with
 * rotary positions a GPT-NeoX. The only difference is that queries, keys and values are one matrix there, not three.
 */
import {
  type About,
  type AnyModel,
  cat,
  GPT2,
  GPTNeoX,
  noGrad,
  readCheckpoint,
  RegexTokenizer,
  stack,
  type Tensor,
} from "../../mod.ts";

/** Tensors by name, as a checkpoint has them. */
export type State = ReadonlyMap<string, Tensor>;

/** What a lesson has recorded about its run. */
export interface Facts {
  /** A description of the texts that it learned from. */
  data: string;
  seed: number;
  steps: number;
  /** The final losses, if the lesson has recorded them. */
  losses?: { train: number; val: number; exact: number };
  parameters: number;
}

/** A model of lesson 14. */
export interface Transformer {
  model: AnyModel;
  tokenizer: RegexTokenizer;
  facts: Facts;
}

/** Lesson 13's model, which has its own layout. */
export interface Mlp {
  state: State;
  config: { vocab_size: number; context_length: number; n_embed: number; n_hidden: number };
  tokenizer: RegexTokenizer;
  facts: Facts;
}

interface Saved {
  state: State;
  tokenizer: RegexTokenizer;
  facts: Facts;
  origin: Origin;
}

/** What lessons record for an export. */
interface Origin {
  data: string;
  tokenizer: string;
  contextLength?: number;
  nHead?: number;
  dropout?: number;
}

function read(path: string, more: readonly string[] = []): Saved {
  const { about, states } = readCheckpoint(path, ["model", "run", "origin", ...more]);
  const origin = states.origin as Origin;
  const state = states.model as State;
  const tokenizer = new RegexTokenizer().fromModel(origin.tokenizer);
  return { state, tokenizer, facts: factsOf(about, states, state, origin), origin };
}

function factsOf(
  { seed }: About,
  { run, stage }: Record<string, unknown>,
  state: State,
  { data }: Origin,
): Facts {
  const parameters = state.values().reduce((sum, x) => sum + x.numel(), 0);
  return {
    data: data.replace(/^Dataset: /, "").replace(/, since .*/, ""),
    seed: Number(seed),
    steps: (run as { step: number }).step,
    ...stage ? { losses: stage as Facts["losses"] } : {},
    parameters,
  };
}

/** Lesson 13's model. */
export function lesson13(path: string): Mlp {
  const { state, tokenizer, facts } = read(path);
  const [vocab_size, n_embed] = state.get("token_embedding_table.weight")!.shape;
  const [n_hidden, inputs] = state.get("net.0.weight")!.shape;
  const config = { vocab_size, context_length: inputs / n_embed, n_embed, n_hidden };
  return { state, config, tokenizer, facts };
}

/**
 * One of lesson 14's models.
 *
 * @throws {RangeError} if it is neither a GPT-2 nor a GPT-NeoX
 */
export function lesson14(path: string): Transformer {
  const { state, tokenizer, facts, origin } = read(path, ["stage"]);
  return { model: transformer(state, origin, path), tokenizer, facts };
}

/** How the tensors of one of lesson 14's models are named. */
interface Body {
  isRotary: boolean;
  /** The name of the n-th block. */
  block(n: number): string;
  nLayer: number;
  /** The name of the norm after the blocks. */
  norm: string;
}

/** The blocks and the last norm among a model's tensors; undefined if it has none. */
function bodyOf(state: State): Body | undefined {
  const isRotary = state.has("norm.weight");
  const norm = isRotary
    ? "norm"
    : [...state.keys()].findLast((name) => /^body\.\d+\.weight$/.test(name))
      ?.replace(".weight", "");
  // The first module of the body is a dropout.
  const block = (n: number) => isRotary ? `blocks.${n}` : `body.${n + 1}`;
  let nLayer = 0;
  while (state.has(`${block(nLayer)}.norm1.weight`)) nLayer++;
  return norm && nLayer > 0 ? { isRotary, block, nLayer, norm } : undefined;
}

/** The tensors of one of lesson 14's models under the names of GPT-2's, or GPT-NeoX's, published weights. */
function renamed(state: State, { isRotary, block, nLayer, norm }: Body, nHead: number) {
  const take = (name: string) => state.get(name)!;
  const target = new Map<string, Tensor>();
  const joined = (three: Tensor[]) => isRotary ? byHead(three, nHead) : cat(three, 0);
  /** The weight and the bias of a layer. */
  const both = (theirs: string, ...ours: string[]) =>
    ["weight", "bias"].map((kind) => {
      const tensors = ours.map((name) => take(`${name}.${kind}`));
      target.set(`${theirs}.${kind}`, tensors.length === 1 ? tensors[0] : joined(tensors));
    });
  const names = isRotary ? gptNeoXNames : gpt2Names;
  target.set(names.tokens, take("token_embedding.weight"));
  if (!isRotary) target.set("wpe.weight", take("position_embedding.weight"));
  for (let n = 0; n < nLayer; n++) {
    const [ours, theirs] = [block(n), `${names.block}.${n}`];
    const three = ["query", "key", "value"].map((name) => `${ours}.attention.0.${name}`);
    both(`${theirs}.${names.norm1}`, `${ours}.norm1`);
    both(`${theirs}.${names.norm2}`, `${ours}.norm2`);
    both(`${theirs}.${names.queryKeyValue}`, ...three);
    both(`${theirs}.${names.projection}`, `${ours}.attention.1`);
    both(`${theirs}.${names.widening}`, `${ours}.feed_forward.0`);
    both(`${theirs}.${names.narrowing}`, `${ours}.feed_forward.2`);
  }
  both(names.norm, norm);
  target.set(names.head, take("lm_head.weight"));
  return target;
}

/**
 * The model made from lesson 14's tensors.
 *
 * @throws {RangeError} if it is neither a GPT-2 nor a GPT-NeoX
 */
export function transformer(
  state: State,
  { contextLength, nHead, dropout = 0 }: Omit<Origin, "data" | "tokenizer">,
  path: string,
): AnyModel {
  const body = bodyOf(state);
  if (!body || !contextLength || !nHead) {
    throw new RangeError(
      `${path}: this model has no blocks with shortcuts and norms, and neither GPT-2 nor GPT-NeoX is ` +
        `without; export "one block", "two blocks", "dropout", "rotary" or "gpt"`,
    );
  }
  const { isRotary, nLayer } = body;
  const [vocabSize, nEmbd] = state.get("token_embedding.weight")!.shape;
  const sizes = { vocabSize, nPositions: contextLength, nEmbd, nLayer, nHead, nInner: 4 * nEmbd };
  const relu = { activation: "relu" } as const;
  return noGrad(() => {
    const model = isRotary
      ? new GPTNeoX({
        ...{ ...sizes, ...relu, rotaryPct: 1, parallelResidual: false },
        dropout: { hidden: dropout },
      })
      : new GPT2({
        ...{ ...sizes, ...relu, tieWordEmbeddings: false },
        dropout: { embd: dropout, attn: 0, resid: dropout },
      });
    model.loadStateDict(renamed(state, body, nHead));
    return model.eval();
  });
}

/** GPT-NeoX's order of rows: one head's queries, keys and values, then the next head's. (C, …) × 3 → (3C, …) */
const byHead = (three: Tensor[], nHead: number): Tensor => {
  const [C, ...rest] = three[0].shape;
  const heads = three.map((x) => x.view(nHead, C / nHead, ...rest));
  return stack(heads, 1).reshape(3 * C, ...rest);
};

const gpt2Names = {
  tokens: "wte.weight",
  block: "h",
  norm1: "ln_1",
  norm2: "ln_2",
  queryKeyValue: "attn.c_attn",
  projection: "attn.c_proj",
  widening: "mlp.c_fc",
  narrowing: "mlp.c_proj",
  norm: "ln_f",
  head: "lm_head.weight",
};

const gptNeoXNames: typeof gpt2Names = {
  tokens: "embed_in.weight",
  block: "layers",
  norm1: "input_layernorm",
  norm2: "post_attention_layernorm",
  queryKeyValue: "attention.query_key_value",
  projection: "attention.dense",
  widening: "mlp.dense_h_to_4h",
  narrowing: "mlp.dense_4h_to_h",
  norm: "final_layer_norm",
  head: "embed_out.weight",
};
