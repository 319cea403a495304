/*
 * All ops, in the order in which they build on each other. Importing this registers every one of them and
 * gives Tensor its methods.
 */
import "./methods.ts";

/** Tensors out of nothing. */
export {
  asTensor,
  empty,
  emptyLike,
  full,
  fullLike,
  type FullOptions,
  ones,
  onesLike,
  tensor,
  type TensorData,
  type TensorOptions,
  zeros,
  zerosLike,
} from "./create.ts";
export { arange, type ArangeOptions, linspace, type LinspaceOptions } from "./ranges.ts";
/** Random ones, in PyTorch's streams. */
export {
  bernoulli,
  type DistributionOptions,
  type Drawn,
  dropout,
  type DropoutOptions,
  type DropoutStream,
  normal,
  rand,
  randLike,
  randn,
  randnLike,
  type RandomOptions,
} from "./random.ts";
export { multinomial, type MultinomialOptions } from "./multinomial.ts";
export { randint, type RandintOptions, randperm } from "./random_whole.ts";
export {
  bernoulli_,
  type BernoulliOptions,
  cauchy_,
  type CauchyOptions,
  exponential_,
  type ExponentialOptions,
  geometric_,
  logNormal_,
  normal_,
  type NormalOptions,
  truncNormal_,
  type TruncNormalArguments,
  type TruncNormalOptions,
  uniform_,
  type UniformOptions,
} from "./random_fill.ts";
/** Functions of one tensor, element by element. */
export * from "./unary.ts";
export { clamp, type ClampOptions } from "./clamp.ts";
export type { Activation, ActivationName } from "./activation.ts";
/** Arithmetic and comparisons of two. */
export * from "./binary.ts";
export * from "./logic.ts";
/** Choice by a mask. */
export { type Chosen, maskedFill, where } from "./where.ts";
export {
  type TriangleOptions,
  type Triangular,
  tril,
  trilIndices,
  triu,
  triuIndices,
} from "./triangle.ts";
/** Copies and dtypes. */
export { bool, clone, type Computed, contiguous, copy_, float, long, to } from "./copy.ts";
/** Other shapes over the same memory, and parts of it. */
export {
  expand,
  flatten,
  type FlattenOptions,
  permute,
  reshape,
  squeeze,
  t,
  transpose,
  unsqueeze,
  view,
} from "./views.ts";
export * from "./other_views.ts";
export { chunk, narrow, select, split } from "./slices.ts";
export { diagonal, type DiagonalOptions, unfold, type UnfoldOptions } from "./strided.ts";
export { cat, stack } from "./join.ts";
export { type Index, index, indexSelect } from "./index.ts";
export { indexAdd, indexAdd_, type IndexAddOptions } from "./index_add.ts";
export {
  indexCopy,
  indexCopy_,
  type IndexCopyArguments,
  type IndexCopyOptions,
} from "./index_copy.ts";
export {
  indexFill,
  indexFill_,
  type IndexFillOptions,
  indexPut,
  indexPut_,
  type IndexPutArguments,
  type IndexPutOptions,
} from "./index_put.ts";
/** Reductions. */
export {
  all,
  amax,
  amin,
  any,
  type ReduceArguments,
  type ReduceOptions,
  sum,
  type SumArguments,
} from "./reduce.ts";
export { mean, std, type VarArguments, variance, type VarOptions } from "./stats.ts";
export { aminmax, diff, type DiffOptions, type Extremes, stdMean, varMean } from "./diff.ts";
export type { Found } from "./found.ts";
export {
  type ArgArguments,
  argmax,
  argmin,
  type ArgOptions,
  topk,
  type TopkOptions,
} from "./order.ts";
export {
  type ExtremeArguments,
  type ExtremeFunction,
  type ExtremeOptions,
  max,
  min,
} from "./extreme.ts";
/** Products. */
export { bmm, matmul, mm } from "./matmul/matmul.ts";
export * from "./blend.ts";
export {
  cdist,
  type CosineOptions,
  cosineSimilarity,
  norm,
  type NormOptions,
} from "./distances.ts";
export { linear } from "./matmul/linear.ts";
export { linearActivated } from "./matmul/linear_then.ts";
/** What networks are made of. */
export { embedding, type LookUp } from "./embedding.ts";
export { gather } from "./gather.ts";
export {
  scatter,
  scatter_,
  scatterAdd,
  scatterAdd_,
  type ScatterArguments,
  type ScatterOptions,
  takeAlongDim,
  type TakeOptions,
} from "./scatter.ts";
export {
  type Reduce,
  scatterReduce,
  scatterReduce_,
  type ScatterReduceArguments,
  type ScatterReduceOptions,
} from "./scatter_reduce.ts";
export { logSoftmax, softmax, type SoftmaxArguments } from "./softmax.ts";
export { layerNorm, type LayerNormArguments } from "./layer_norm.ts";
export { type AttentionArguments, scaledDotProductAttention } from "./attention/attention.ts";
export {
  crossEntropy,
  type CrossEntropyOptions,
  nllLoss,
  type NllOptions,
} from "./class_losses.ts";
export {
  type Compared,
  huberLoss,
  type HuberOptions,
  l1Loss,
  type LossArguments,
  type LossFunction,
  type LossOptions,
  mseLoss,
  type Reduction,
  smoothL1Loss,
  type SmoothL1Options,
  type WeightedArguments,
  type WeightedLossFunction,
} from "./losses.ts";
export {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  type BinaryLossOptions,
  type KlDivOptions,
  type LogitsLossOptions,
} from "./probability_losses.ts";
export type {
  MarginArguments,
  MarginOptions,
  PairwiseOptions,
  TripletOptions,
} from "./pair_losses.ts";
export { leakyRelu, softplus } from "./bends.ts";
export { elu } from "./elu.ts";
export { logsumexp } from "./logsumexp.ts";
export { cumsum } from "./cumsum.ts";
export { cumprod, prod, type ProductOptions } from "./prod.ts";
/** In order, in another arrangement, chosen. */
export { argsort, median, type MedianOptions, sort, type SortOptions } from "./sort.ts";
export {
  flip,
  pad,
  type PadOptions,
  repeat,
  repeatInterleave,
  type RepeatInterleaveOptions,
  roll,
  type RollOptions,
  unbind,
} from "./arrange.ts";
export { diag, dot, einsum, eye, outer, trace } from "./matrices.ts";
export { histc, type HistcOptions, histogram, type HistogramOptions } from "./histc.ts";
export {
  bincount,
  maskedSelect,
  nonzero,
  type NonzeroFunction,
  oneHot,
  unique,
  type UniqueOptions,
} from "./pick.ts";
/** Where numbers belong, and whether they are there. */
export {
  type Bucketed,
  bucketize,
  type BucketOptions,
  isin,
  type IsinOptions,
  type Searched,
  type SearchOptions,
  searchsorted,
} from "./search.ts";
export { nanmean, nansum } from "./without_nan.ts";
/** No ordinary numbers, and whether tensors agree. */
export { isfinite, isinf, isnan, nanToNum, type NanToNumOptions } from "./nan.ts";
export { allclose, type CloseArguments, type CloseOptions, equal, isclose } from "./close.ts";
/** In-place forms. */
export * from "./inplace.ts";
/** A kernel of your own. */
export { kernel, type KernelOptions } from "./kernel.ts";
