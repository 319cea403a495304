/*
 * What a model of GPT-2's kind is told, and how `config.json` spells it.
 */
import type { Activation } from "../ops/activation.ts";

/** The sizes of a GPT-2, under the names that Hugging Face gives them. */
export interface GPT2Config {
  /** Tokens in the vocabulary. */
  vocabSize: number;
  /** Positions that the model can read at once. */
  nPositions: number;
  /** Numbers that stand for a token. */
  nEmbd: number;
  /** Blocks. */
  nLayer: number;
  /** Heads of each attention; nEmbd is a multiple of it. */
  nHead: number;
  /** Numbers between the two layers of a feed-forward network; 4 · nEmbd. */
  nInner?: number;
  /** Behind the first of those layers; GPT-2's is the GELU by a tanh. */
  activation?: Activation;
  /** Keeps the divisor of the layer norms from 0; 1e-5. */
  layerNormEpsilon?: number;
  /** The share that is dropped in training: of embeddings, of attention weights, of what a block adds. */
  dropout?: { embd?: number; attn?: number; resid?: number };
  /** Whether the head is the table of tokens; GPT-2's is. */
  tieWordEmbeddings?: boolean;
}

/** GPT-2's four sizes, as they are called on the Hub. */
export const gpt2Sizes = {
  "gpt2": { nEmbd: 768, nLayer: 12, nHead: 12 },
  "gpt2-medium": { nEmbd: 1024, nLayer: 24, nHead: 16 },
  "gpt2-large": { nEmbd: 1280, nLayer: 36, nHead: 20 },
  "gpt2-xl": { nEmbd: 1600, nLayer: 48, nHead: 25 },
} as const;

/** The activations, by their names in `config.json`. */
const activations: Record<string, Activation> = {
  gelu_new: "geluTanh",
  gelu_pytorch_tanh: "geluTanh",
  gelu: "gelu",
  relu: "relu",
  tanh: "tanh",
};

/** What makes a model another one than the code here; each must be as it is in GPT-2. */
const fixed: Record<string, unknown> = {
  scale_attn_weights: true,
  scale_attn_by_inverse_layer_idx: false,
  add_cross_attention: false,
};

/**
 * Reads the text of a `config.json`; `path` is what errors call it.
 *
 * @throws {RangeError} for a text that is no configuration, or one of another architecture
 */
export function readConfig(text: string, path: string): GPT2Config {
  const refuse = (what: string) => {
    throw new RangeError(`${path}: ${what}`);
  };
  let json: Record<string, unknown> = {};
  try {
    json = Object(JSON.parse(text));
  } catch {
    refuse("this is no JSON; download it again");
  }
  if (json.model_type !== "gpt2") {
    refuse(
      `model_type is ${
        JSON.stringify(json.model_type) ?? "missing"
      }, and only "gpt2" can be loaded; ` +
        `give the folder of a GPT-2 model`,
    );
  }
  const size = (name: string, otherwise?: number): number => {
    const value = json[name] ?? otherwise;
    if (!Number.isInteger(value) || (value as number) < 1) {
      refuse(`${name} is ${JSON.stringify(value) ?? "missing"}, wanted a whole number from 1`);
    }
    return value as number;
  };
  for (const [name, wanted] of Object.entries(fixed)) {
    if ((json[name] ?? wanted) !== wanted) {
      refuse(`${name} is ${json[name]}, and a model with that is another one than GPT-2`);
    }
  }
  const named = String(json.activation_function ?? "gelu_new");
  if (!Object.hasOwn(activations, named)) {
    const known = Object.keys(activations).join(", ");
    refuse(`activation_function is "${named}", and those that can be loaded are ${known}`);
  }
  const config: GPT2Config = {
    vocabSize: size("vocab_size", 50257),
    nPositions: size("n_positions", 1024),
    nEmbd: size("n_embd", 768),
    nLayer: size("n_layer", 12),
    nHead: size("n_head", 12),
    activation: activations[named],
    layerNormEpsilon: Number(json.layer_norm_epsilon ?? 1e-5),
    dropout: {
      embd: Number(json.embd_pdrop ?? 0.1),
      attn: Number(json.attn_pdrop ?? 0.1),
      resid: Number(json.resid_pdrop ?? 0.1),
    },
    tieWordEmbeddings: json.tie_word_embeddings !== false,
  };
  if (json.n_inner) config.nInner = size("n_inner");
  if (config.nEmbd % config.nHead !== 0) {
    refuse(`n_embd ${config.nEmbd} is no multiple of n_head ${config.nHead}; the heads share it`);
  }
  return config;
}
