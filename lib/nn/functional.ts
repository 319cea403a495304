/*
 * The functions that the layers compute, under the names of `torch.nn.functional`, for code that keeps its own
 * weights.
 */
export { embedding } from "../ops/embedding.ts";
export { linear } from "../ops/matmul/linear.ts";
export { layerNorm } from "../ops/layer_norm.ts";
export { crossEntropy, nllLoss } from "../ops/class_losses.ts";
export { logSoftmax, softmax } from "../ops/softmax.ts";
export { gelu, relu, sigmoid, silu, tanh } from "../ops/unary.ts";
export { dropout } from "../ops/random.ts";
export { scaledDotProductAttention } from "../ops/attention/attention.ts";
export { multiHeadAttentionForward } from "./attention_forward.ts";
export { celu, elu, selu } from "../ops/elu.ts";
export {
  glu,
  hardsigmoid,
  hardswish,
  hardtanh,
  leakyRelu,
  logsigmoid,
  mish,
  prelu,
  relu6,
  softmin,
  softplus,
  softsign,
  tanhshrink,
  threshold,
} from "../ops/bends.ts";
export { groupNorm, rmsNorm } from "../ops/norms.ts";
export { gumbelSoftmax } from "../ops/gumbel.ts";
export { conv1d } from "../ops/conv.ts";
export { cosineSimilarity, normalize } from "../ops/distances.ts";
export { huberLoss, l1Loss, mseLoss, smoothL1Loss } from "../ops/losses.ts";
export {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  klDiv,
} from "../ops/probability_losses.ts";
export {
  cosineEmbeddingLoss,
  hingeEmbeddingLoss,
  marginRankingLoss,
  pairwiseDistance,
  tripletMarginLoss,
} from "../ops/pair_losses.ts";
export { oneHot } from "../ops/pick.ts";
export { pad } from "../ops/arrange.ts";
