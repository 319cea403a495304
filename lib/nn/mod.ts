/*
 * Layers: the surface of `nn`, as `torch.nn` lays it out.
 */
import "./habits.ts";

/** What a layer is, and how its weights begin. */
export { Module, type WalkOptions } from "./module.ts";
export type { Incompatible } from "./state.ts";
export { Buffer, Parameter } from "./parameter.ts";
export type { Gradients } from "./hooks.ts";
export type { Asking } from "./asking.ts";
/** How weights begin. */
export * as init from "./init.ts";
/** Layers that hold layers. */
export {
  type Container,
  ModuleDict,
  ModuleList,
  type NamedModules,
  type Places,
  Sequential,
} from "./container.ts";
/** The simple layers. */
export {
  Dropout,
  type DropoutOptions,
  Embedding,
  type EmbeddingOptions,
  Identity,
  LayerNorm,
  type LayerNormOptions,
  type LayerOptions,
  Linear,
  type LinearOptions,
  type PretrainedOptions,
} from "./layers.ts";
export {
  type Elementwise,
  GELU,
  type InPlace,
  LogSoftmax,
  ReLU,
  Sigmoid,
  SiLU,
  Softmax,
  Tanh,
} from "./activation.ts";
export {
  CELU,
  ELU,
  type ELUOptions,
  Hardsigmoid,
  Hardswish,
  Hardtanh,
  type HardtanhOptions,
  LeakyReLU,
  type LeakyReLUOptions,
  LogSigmoid,
  Mish,
  type Plain,
  ReLU6,
  SELU,
  Softplus,
  type SoftplusOptions,
  Softsign,
  Tanhshrink,
} from "./more_activations.ts";
export { GLU, PReLU, type PReLUOptions } from "./gates.ts";
export { Flatten, type FlattenOptions, Unflatten, type UnflattenOptions } from "./flatten.ts";
/** Sequences: by windows, and by a state that goes along. */
export { Conv1d, type Conv1dOptions } from "./conv.ts";
export type { Convolving } from "../ops/conv.ts";
export { GRU, LSTM, RNN, type RNNOptions } from "./recurrent.ts";
export { type Recurrent, type RecurrentOptions, type RecurrentSizes } from "./recurrent_base.ts";
export {
  type Cell,
  type CellOptions,
  GRUCell,
  LSTMCell,
  RNNCell,
  type RNNCellOptions,
} from "./cells.ts";
export type { FromState, Nonlinearity, RecurrentKind, State } from "./recurrent_steps.ts";
export {
  BatchNorm1d,
  type BatchNormOptions,
  type Grouped,
  GroupNorm,
  type GroupNormOptions,
  RMSNorm,
  type RMSNormOptions,
} from "./norms.ts";
export {
  BCELoss,
  BCEWithLogitsLoss,
  CosineSimilarity,
  CrossEntropyLoss,
  HuberLoss,
  KLDivLoss,
  L1Loss,
  type Loss,
  MSELoss,
  NLLLoss,
  SmoothL1Loss,
  type WeightedLoss,
} from "./losses.ts";
export {
  CosineEmbeddingLoss,
  HingeEmbeddingLoss,
  MarginRankingLoss,
  PairwiseDistance,
  TripletMarginLoss,
} from "./pair_losses.ts";
/** Attention, and the layers made of it. */
export { MultiheadAttention, type MultiheadAttentionOptions } from "./attention.ts";
export type { AttentionOptions, AttentionWeights } from "./attention_forward.ts";
export {
  type Activation,
  type AttentionMasks,
  type DecoderMaskArguments,
  type DecoderMasks,
  type EncoderLayerMasks,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  type TransformerLayer,
  type TransformerOptions,
} from "./transformer_layers.ts";
export {
  type EncoderMasks,
  type StackOptions,
  Transformer,
  TransformerDecoder,
  TransformerEncoder,
  type TransformerMasks,
  type TransformerStack,
} from "./transformer.ts";
export { deepCopy } from "./copy.ts";
/** The same as functions. */
export * as functional from "./functional.ts";
/** What is done to gradients before a step. */
export * as utils from "./utils.ts";
