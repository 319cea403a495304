/*
 * How `config.json` spells the configuration of a model, as transformers writes and reads it.
 */
import type { ActivationName } from "../ops/activation.ts";
import {
  activations,
  type GPT2Config,
  type GPTNeoXConfig,
  type ModelSizes,
  uneven,
} from "./config.ts";

/** A configuration, and the kind of model that it belongs to. */
export type ModelConfig =
  | { modelType: "gpt2"; config: GPT2Config }
  | { modelType: "gpt_neox"; config: GPTNeoXConfig };
type Json = Record<string, unknown>;

/**
 * Reads the text of a `config.json`; `path` is for errors.
 *
 * @throws {RangeError} if the text is not a configuration, or one of another architecture
 */
export function readConfig(text: string, path: string): ModelConfig {
  const read = new Reader(text, path);
  switch (read.json.model_type) {
    case "gpt2":
      return { modelType: "gpt2", config: gpt2From(read) };
    case "gpt_neox":
      return { modelType: "gpt_neox", config: gptNeoXFrom(read) };
  }
  return read.refuse(
    `model_type is ${JSON.stringify(read.json.model_type) ?? "missing"}, but only "gpt2" and ` +
      `"gpt_neox" can be loaded; give the folder of such a model`,
  );
}

/** The fields of a `config.json`, each checked when it is read. */
class Reader {
  readonly json: Json = {};

  constructor(text: string, readonly path: string) {
    try {
      this.json = Object(JSON.parse(text));
    } catch {
      this.refuse("this is not JSON; download it again");
    }
  }

  refuse(what: string): never {
    throw new RangeError(`${this.path}: ${what}`);
  }

  /** A whole number from 1 up. */
  size(name: string, otherwise?: number): number {
    const value = this.json[name] ?? otherwise;
    if (Number.isInteger(value) && (value as number) >= 1) return value as number;
    return this.refuse(
      `${name} is ${JSON.stringify(value) ?? "missing"}, expected a whole number, 1 or more`,
    );
  }

  /** A share, such as that of dropout: from 0 to 1. */
  share(name: string, otherwise: number, from: Json = this.json): number {
    const value = from[name] ?? otherwise;
    if (typeof value === "number" && value >= 0 && value <= 1) return value;
    return this.refuse(`${name} is ${JSON.stringify(value)}, expected a number from 0 to 1`);
  }

  /** A number above 0. */
  positive(name: string, otherwise: number, from: Json = this.json): number {
    const value = from[name] ?? otherwise;
    if (typeof value === "number" && value > 0) return value;
    return this.refuse(`${name} is ${JSON.stringify(value)}, expected a number above 0`);
  }

  /** Refuses a value with which the model would differ from the code here. */
  fixed(wanted: Json, model: string): void {
    for (const [name, value] of Object.entries(wanted)) {
      const found = this.json[name] ?? value;
      if (found !== value) {
        this.refuse(
          `${name} is ${JSON.stringify(found)}; this library's ${model} does not have that`,
        );
      }
    }
  }

  activation(name: string, otherwise: string): ActivationName {
    const named = String(this.json[name] ?? otherwise);
    if (Object.hasOwn(activations, named)) return activations[named];
    const known = Object.keys(activations).join(", ");
    return this.refuse(`${name} is "${named}", and those that can be loaded are ${known}`);
  }

  /** Refuses a number of heads that does not divide the dimensions of a token. */
  heads(config: ModelSizes, width: string, heads: string): void {
    const wrong = uneven(config, width, heads);
    if (wrong) this.refuse(wrong);
  }
}

function gpt2From(read: Reader): GPT2Config {
  const { json } = read;
  read.fixed({
    scale_attn_weights: true,
    scale_attn_by_inverse_layer_idx: false,
    add_cross_attention: false,
  }, "GPT-2");
  const config: GPT2Config = {
    vocabSize: read.size("vocab_size", 50257),
    nPositions: read.size("n_positions", 1024),
    nEmbd: read.size("n_embd", 768),
    nLayer: read.size("n_layer", 12),
    nHead: read.size("n_head", 12),
    activation: read.activation("activation_function", "gelu_new"),
    layerNormEpsilon: read.positive("layer_norm_epsilon", 1e-5),
    dropout: {
      embd: read.share("embd_pdrop", 0.1),
      attn: read.share("attn_pdrop", 0.1),
      resid: read.share("resid_pdrop", 0.1),
    },
    tieWordEmbeddings: json.tie_word_embeddings !== false,
  };
  if (json.n_inner) config.nInner = read.size("n_inner");
  read.heads(config, "n_embd", "n_head");
  return config;
}

function gptNeoXFrom(read: Reader): GPTNeoXConfig {
  const { json } = read;
  read.fixed({ attention_bias: true, tie_word_embeddings: false }, "GPT-NeoX");
  // transformers 5 has these three in an object of their own.
  const rope = Object(json.rope_parameters ?? json.rope_scaling ?? {}) as Json;
  const kind = rope.rope_type ?? rope.type ?? "default";
  if (kind !== "default") {
    read.refuse(`its rotary positions are "${kind}"; only "default" can be loaded`);
  }
  const config: GPTNeoXConfig = {
    vocabSize: read.size("vocab_size", 50432),
    nPositions: read.size("max_position_embeddings", 2048),
    nEmbd: read.size("hidden_size", 6144),
    nLayer: read.size("num_hidden_layers", 44),
    nHead: read.size("num_attention_heads", 64),
    nInner: read.size("intermediate_size", 24576),
    activation: read.activation("hidden_act", "gelu"),
    layerNormEpsilon: read.positive("layer_norm_eps", 1e-5),
    rotaryPct: read.share("partial_rotary_factor", read.share("rotary_pct", 0.25), rope),
    rotaryBase: read.positive("rope_theta", read.positive("rotary_emb_base", 1e4), rope),
    parallelResidual: json.use_parallel_residual !== false,
    dropout: {
      attn: read.share("attention_dropout", 0),
      hidden: read.share("hidden_dropout", 0),
    },
  };
  read.heads(config, "hidden_size", "num_attention_heads");
  return config;
}

const nameOf = (activation: ActivationName) =>
  Object.keys(activations).find((name) => activations[name] === activation)!;

/** The `config.json` of a model, as transformers writes it. Ids of tokens that do not exist are null. */
export function configJson(
  { modelType, config }: ModelConfig,
  { endToken = null }: { endToken?: number | null } = {},
): Json {
  const { vocabSize, nPositions, nEmbd, nLayer, nHead, nInner, layerNormEpsilon = 1e-5 } = config;
  const shared = {
    dtype: "float32",
    vocab_size: vocabSize,
    bos_token_id: endToken,
    eos_token_id: endToken,
  };
  if (modelType === "gpt2") {
    const { activation = "geluTanh", dropout, tieWordEmbeddings = true } = config;
    return {
      architectures: ["GPT2LMHeadModel"],
      model_type: "gpt2",
      ...shared,
      n_positions: nPositions,
      n_embd: nEmbd,
      n_layer: nLayer,
      n_head: nHead,
      n_inner: nInner ?? null,
      activation_function: nameOf(activation),
      layer_norm_epsilon: layerNormEpsilon,
      embd_pdrop: dropout?.embd ?? 0.1,
      attn_pdrop: dropout?.attn ?? 0.1,
      resid_pdrop: dropout?.resid ?? 0.1,
      tie_word_embeddings: tieWordEmbeddings,
    };
  }
  const { activation = "gelu", dropout, rotaryPct = 0.25, rotaryBase = 1e4 } = config;
  return {
    architectures: ["GPTNeoXForCausalLM"],
    model_type: "gpt_neox",
    ...shared,
    max_position_embeddings: nPositions,
    hidden_size: nEmbd,
    num_hidden_layers: nLayer,
    num_attention_heads: nHead,
    intermediate_size: nInner ?? 4 * nEmbd,
    hidden_act: nameOf(activation),
    layer_norm_eps: layerNormEpsilon,
    attention_dropout: dropout?.attn ?? 0,
    hidden_dropout: dropout?.hidden ?? 0,
    use_parallel_residual: config.parallelResidual ?? true,
    tie_word_embeddings: false,
    // transformers 4 reads the first two, transformers 5 the third.
    rotary_pct: rotaryPct,
    rotary_emb_base: rotaryBase,
    rope_parameters: {
      rope_type: "default",
      rope_theta: rotaryBase,
      partial_rotary_factor: rotaryPct,
    },
  };
}
