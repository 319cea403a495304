/*
 * The configuration of a model: its sizes, and what they must be, for GPT-2 and GPT-NeoX.
 */
import type { ActivationName } from "../ops/activation.ts";
import { a, parameters } from "../python/arguments.ts";

/** The sizes that every model here has; the names are Hugging Face's for GPT-2. */
export interface ModelSizes {
  /** The number of tokens in the vocabulary. */
  vocabSize: number;
  /** The number of positions that the model can read at once. */
  nPositions: number;
  /** The number of dimensions of a token's vector. */
  nEmbd: number;
  /** The number of blocks. */
  nLayer: number;
  /** The number of attention heads in a block; nEmbd is a multiple of it. */
  nHead: number;
  /** The width of the hidden layer of a feed-forward network; 4 · nEmbd by default. */
  nInner?: number;
  /** The activation after that hidden layer; in GPT-2 the tanh approximation of GELU. */
  activation?: ActivationName;
  /** Keeps the divisor of the layer norms away from 0; 1e-5 by default. */
  layerNormEpsilon?: number;
}

/** The configuration of a GPT-2. */
export interface GPT2Config extends ModelSizes {
  /** The dropout rates in training: of embeddings, of attention weights, of what a block adds. */
  dropout?: { embd?: number; attn?: number; resid?: number };
  /** Whether the head shares its weights with the token embedding; in GPT-2 it does. */
  tieWordEmbeddings?: boolean;
}

/** The configuration of a GPT-NeoX: GPT-NeoX-20B, the Pythia models, and the model of lesson 14. */
export interface GPTNeoXConfig extends ModelSizes {
  /** The share of a head's dimensions that is rotated by the position; 0.25 by default. */
  rotaryPct?: number;
  /** The base of the rotation angles: the slowest pair turns by about one radian in so many positions; 10,000. */
  rotaryBase?: number;
  /**
   * Whether attention and feed-forward network read the same input, instead of one after the other; true by default.
   */
  parallelResidual?: boolean;
  /** The dropout rates in training: of attention weights, and of embeddings and what a block adds; 0 by default. */
  dropout?: { attn?: number; hidden?: number };
}

/** The activations, by their names in `config.json`; the first name of each is the one that is written. */
export const activations: Readonly<Record<string, ActivationName>> = {
  gelu_new: "geluTanh",
  gelu_pytorch_tanh: "geluTanh",
  gelu_fast: "geluTanh",
  gelu: "gelu",
  relu: "relu",
  tanh: "tanh",
  silu: "silu",
  swish: "silu",
  sigmoid: "sigmoid",
};

const sizes = {
  vocabSize: a.whole,
  nPositions: a.whole,
  nEmbd: a.whole,
  nLayer: a.whole,
  nHead: a.whole,
  nInner: a.whole,
  activation: a.oneOf(...new Set(Object.values(activations))),
  layerNormEpsilon: a.number,
  dropout: a.object,
};
/** The sizes are required, the first five. */
const named = { positional: 0, required: 5 };
const readGPT2 = parameters<GPT2Config>("GPT2", { ...sizes, tieWordEmbeddings: a.flag }, named);
const readGPTNeoX = parameters<GPTNeoXConfig>("GPTNeoX", {
  ...sizes,
  rotaryPct: a.number,
  rotaryBase: a.number,
  parallelResidual: a.flag,
}, named);
const dropoutOf = {
  GPT2: parameters<object>(
    "GPT2's dropout",
    { embd: a.number, attn: a.number, resid: a.number } as Record<never, never>,
    { positional: 0 },
  ),
  GPTNeoX: parameters<object>(
    "GPTNeoX's dropout",
    { attn: a.number, hidden: a.number } as Record<never, never>,
    { positional: 0 },
  ),
};

/**
 * The configuration of a model, each of whose names is known.
 *
 * @throws {TypeError} for a size that is missing, or what is no size
 * @throws {RangeError} where heads can't share the dimensions, or can't turn so many of theirs
 */
export function checkedConfig(name: "GPT2", args: readonly unknown[]): GPT2Config;
export function checkedConfig(name: "GPTNeoX", args: readonly unknown[]): GPTNeoXConfig;
export function checkedConfig(name: "GPT2" | "GPTNeoX", args: readonly unknown[]): ModelSizes {
  const config = name === "GPT2" ? readGPT2(args) : readGPTNeoX(args);
  if (config.dropout) dropoutOf[name]([config.dropout]);
  const wrong = uneven(config, "nEmbd", "nHead") ?? (name === "GPTNeoX" ? unturned(config) : "");
  if (wrong) throw new RangeError(`${name}: ${wrong}`);
  return config;
}

/** What is wrong with a number of heads that does not divide the dimensions of a token, by the names of both. */
export const uneven = (
  { nEmbd, nHead }: ModelSizes,
  width: string,
  heads: string,
): string | undefined =>
  nEmbd % nHead === 0
    ? undefined
    : `${width} ${nEmbd} is not a multiple of ${heads} ${nHead}; the heads share it evenly`;

/** The dimensions of a head that its position turns, which are as many as the angles, or one more if these are odd. */
export function turnedBy({ nEmbd, nHead, rotaryPct = 0.25 }: GPTNeoXConfig) {
  const angles = Math.floor(nEmbd / nHead * rotaryPct);
  return { angles, width: 2 * Math.ceil(angles / 2) };
}

/** What is wrong with a share of turned dimensions that a head does not have. */
function unturned(config: GPTNeoXConfig): string | undefined {
  const D = config.nEmbd / config.nHead, { width } = turnedBy(config);
  if (width >= 0 && width <= D) return undefined;
  return `rotaryPct ${config.rotaryPct} turns ${width} of a head's ${D} dimensions, and they turn in pairs`;
}

/** GPT-2's four sizes, by their names on the Hub. */
export const gpt2Sizes = {
  "gpt2": { nEmbd: 768, nLayer: 12, nHead: 12 },
  "gpt2-medium": { nEmbd: 1024, nLayer: 24, nHead: 16 },
  "gpt2-large": { nEmbd: 1280, nLayer: 36, nHead: 20 },
  "gpt2-xl": { nEmbd: 1600, nLayer: 48, nHead: 25 },
} as const;
