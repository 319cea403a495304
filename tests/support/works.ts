/*
 * A call of every function and class of tensors that works as it stands: what tests then change in one place or other.
 */
import * as lib from "#lib";

const { nn, optim, ones, tensor } = lib;
const { functional } = nn;
const { lrScheduler } = optim;
export const x = tensor([[1.5, -2, 3], [0.25, 5, -6]]);
export const ids = tensor([0, 1]);
export const mask = x.gt(0);
export const square = tensor([[1.5, 2], [3, 4.5]]);
const cube = ones(2, 2, 2);
export const weights = () => [tensor([1.5], { requiresGrad: true })];
export const sgd = () => new optim.SGD(weights(), 0.5);

const first = new lrScheduler.StepLR(sgd(), 1);

/** A small model's. */
export const sizes = { vocabSize: 5, nPositions: 4, nEmbd: 8, nLayer: 1, nHead: 2 };

export const leaf = tensor([1.5], { requiresGrad: true });

const each = (names: string, args: () => unknown[]) =>
  Object.fromEntries(names.split(" ").map((name) => [name, args()]));

/** A call of every function and class of tensors that works as it stands. */
export const works: Record<string, Record<string, unknown[]>> = {
  lib: {
    ...each("unbind histc emptyLike", () => [x]),
    ...each("repeatInterleave chunk topk", () => [x, 2]),
    ...each("roll split", () => [x, 1]),
    ...each("eye randperm", () => [4]),
    ...each("flip unsqueeze index", () => [x, 0]),
    ...each("matmul mm linear", () => [square, square]),
    ...each("view reshape", () => [x, [3, 2]]),
    ...each("trilIndices triuIndices", () => [2, 3]),
    ...each("cumsum cumprod softmax logSoftmax max min", () => [x, 1]),
    ...each(
      "abs asFloat bool ceil clone contiguous cos erf exp expm1 log1p float floor gelu log logicalNot " +
        "long neg reciprocal relu round rsqrt sigmoid sign silu sin sqrt square tanh trunc sum mean amax amin " +
        "any all argmax argmin variance std norm squeeze flatten tril triu dropout bernoulli onesLike " +
        "zerosLike t tensor",
      () => [x],
    ),
    ...each(
      "add sub mul div pow remainder fmod maximum minimum eq ne lt le gt ge logicalAnd logicalOr logicalXor",
      () => [x, x],
    ),
    ...each("add_ sub_ mul_ div_ copy_", () => [x.clone(), x]),
    ...each(
      "zero_ uniform_ normal_ logNormal_ cauchy_ exponential_ bernoulli_ truncNormal_",
      () => [x.clone()],
    ),
    geometric_: [x.clone(), 0.5],
    ...each("zeros ones empty rand randn", () => [[2, 3]]),
    tensor: [[1, 2]],
    ...each(
      "sort argsort median isnan isinf isfinite nanToNum log2 log10 logsumexp prod leakyRelu elu " +
        "softplus nonzero unique randLike randnLike trace",
      () => [square],
    ),
    ...each(
      "isclose allclose equal mseLoss l1Loss smoothL1Loss huberLoss binaryCrossEntropyWithLogits",
      () => [x, x],
    ),
    binaryCrossEntropy: [x.sigmoid(), x.sigmoid()],
    nllLoss: [x, ids],
    diag: [square],
    outer: [tensor([1, 2]), tensor([1, 2])],
    dot: [tensor([1.5, 2]), tensor([1.5, 2])],
    einsum: ["ij->ji", x],
    asTensor: [[1, 2]],
    finfo: [],
    iinfo: ["int64"],
    ...each("nansum nanmean", () => [x]),
    isin: [ids, ids],
    searchsorted: [tensor([1.5, 2]), x],
    bucketize: [x, tensor([1.5, 2])],
    repeat: [x, 2, 1],
    pad: [x, [1, 1]],
    oneHot: [ids, 3],
    maskedSelect: [x, mask],
    bincount: [ids],
    bernoulli: [mask.float()],
    to: [x, "int64"],
    full: [[2], 1],
    fullLike: [x, 1],
    arange: [1, 5, 2],
    linspace: [0, 1, 3],
    normal: [0, 1, [2]],
    randint: [0, 5, [2]],
    clamp: [x, 0, 1],
    clamp_: [x.clone(), 0, 1],
    fill_: [x.clone(), 1],
    maskedFill: [x, mask, 0],
    maskedFill_: [x.clone(), mask, 0],
    where: [mask, x, 0],
    multinomial: [x.abs(), 1],
    expand: [x, [2, 3]],
    permute: [x, [1, 0]],
    transpose: [x, 0, 1],
    select: [x, 0, 1],
    narrow: [x, 0, 0, 1],
    cat: [[x, x]],
    stack: [[x, x]],
    indexPut_: [x.clone(), [0], 1],
    indexPut: [x, [0], 1],
    indexAdd: [x, 0, ids, x],
    indexFill: [x, 0, ids, 1],
    ...each("indexCopy indexCopy_", () => [x.clone(), 0, ids, x]),
    indexSelect: [x, 0, ids],
    unfold: [x, 1, 2, 1],
    ...each("diagonal diff aminmax varMean stdMean", () => [square]),
    gather: [x, 0, tensor([[0, 1, 0]])],
    ...each("scatter scatterAdd", () => [x, 0, tensor([[0, 1, 0]]), ones(1, 3)]),
    ...each("scatter_ scatterAdd_", () => [x.clone(), 0, tensor([[0, 1, 0]]), ones(1, 3)]),
    ...each(
      "scatterReduce scatterReduce_",
      () => [x.clone(), 0, tensor([[0, 1, 0]]), ones(1, 3), "amax"],
    ),
    takeAlongDim: [x, tensor([[0, 1, 0]]), 0],
    ...each("swapaxes swapdims movedim", () => [x, 0, 1]),
    unflatten: [x, 1, [3, 1]],
    ...each("expandAs viewAs reshapeAs typeAs cosineSimilarity cdist", () => [x, x]),
    ...each("vstack hstack", () => [[x, x]]),
    meshgrid: [[tensor([1, 2]), tensor([3, 4])]],
    ...each("addcmul addcdiv", () => [x, x, x]),
    ...each("addcmul_ addcdiv_", () => [x.clone(), x, x]),
    lerp: [x, x, 0.5],
    lerp_: [x.clone(), x, 0.5],
    addmm: [square, square, square],
    baddbmm: [cube, cube, cube],
    addmv: [square.select(0, 0), square, square.select(0, 0)],
    mv: [square, square.select(0, 0)],
    ...each(
      "abs_ ceil_ exp_ floor_ log_ neg_ reciprocal_ relu_ round_ rsqrt_ sigmoid_ sqrt_ square_ tanh_ tril_ triu_ trunc_",
      () => [x.clone()],
    ),
    ...each("pow_ remainder_", () => [x.clone(), 2]),
    indexAdd_: [x.clone(), 0, ids, x],
    indexFill_: [x.clone(), 0, ids, 1],
    embedding: [ids, square],
    bmm: [cube, cube],
    linearActivated: [square, square, null, "relu"],
    layerNorm: [x, [3]],
    crossEntropy: [x, ids],
    scaledDotProductAttention: [cube, cube, cube],
    histogram: [x, 3],
    DataLoader: [[1, 2]],
    TensorDataset: [x, ids],
    SequentialSampler: [[1, 2]],
    RandomSampler: [[1, 2]],
    SubsetRandomSampler: [[1, 2]],
    WeightedRandomSampler: [[1, 2], 3],
    Subset: [[1, 2], [0]],
    randomSplit: [[1, 2], [1, 1]],
    RegexTokenizer: [],
    KeyValueCache: [sizes],
    GPT2: [sizes],
    GPTNeoX: [sizes],
  },
  autograd: { grad: [leaf.mul(2).sum(), leaf, null, true] },
  functional: {
    celu: [x],
    rmsNorm: [x, [3]],
    groupNorm: [square, 2],
    gumbelSoftmax: [x],
    normalize: [x],
    klDiv: [x, x],
    conv1d: [cube, cube],
    glu: [square],
    hardsigmoid: [x],
    hardswish: [x],
    hardtanh: [x],
    logsigmoid: [x],
    mish: [x],
    prelu: [x, tensor([0.5])],
    relu6: [x],
    selu: [x],
    pairwiseDistance: [x, x],
    tripletMarginLoss: [x, x, x],
    cosineEmbeddingLoss: [square, square, tensor([1, -1])],
    marginRankingLoss: [square, square, square.sign()],
    hingeEmbeddingLoss: [x, x.sign()],
    softmin: [x, 1],
    softsign: [x],
    tanhshrink: [x],
    threshold: [x, 0, 1],
  },
  nn: {
    ...each(
      "CELU ELU Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid Mish ReLU6 SELU Softplus Softsign " +
        "Tanhshrink GLU PReLU Flatten Dropout GELU ReLU SiLU Sigmoid Tanh",
      () => [],
    ),
    Unflatten: [1, [3, 1]],
    Conv1d: [2, 3, 2],
    GRU: [2, 3],
    GRUCell: [2, 3],
    LSTM: [2, 3],
    LSTMCell: [2, 3],
    RNN: [2, 3],
    RNNCell: [2, 3],
    ...each(
      "BCELoss BCEWithLogitsLoss CosineEmbeddingLoss CosineSimilarity CrossEntropyLoss HingeEmbeddingLoss " +
        "HuberLoss SmoothL1Loss KLDivLoss L1Loss MSELoss MarginRankingLoss NLLLoss PairwiseDistance TripletMarginLoss",
      () => [],
    ),
    BatchNorm1d: [3],
    RMSNorm: [3],
    Buffer: [ones(2)],
    GroupNorm: [1, 3],
    Embedding: [3, 2],
    LayerNorm: [3],
    Linear: [2, 3],
    LogSoftmax: [1],
    MultiheadAttention: [4, 2],
    Parameter: [ones(2)],
    Softmax: [1],
    Transformer: [4, 2, 1, 1, 8],
    TransformerDecoder: [new nn.TransformerDecoderLayer(4, 2, 8), 1],
    TransformerDecoderLayer: [4, 2],
    TransformerEncoder: [new nn.TransformerEncoderLayer(4, 2, 8), 1],
    TransformerEncoderLayer: [4, 2],
  },
  init: {
    calculateGain: ["relu"],
    constant_: [x.clone(), 1],
    eye_: [x.clone()],
    kaimingNormal_: [x.clone()],
    kaimingUniform_: [x.clone()],
    normal_: [x.clone()],
    ones_: [x.clone()],
    orthogonal_: [x.clone()],
    truncNormal_: [x.clone()],
    uniform_: [x.clone()],
    xavierNormal_: [x.clone()],
    xavierUniform_: [x.clone()],
    zeros_: [x.clone()],
  },
  utils: {
    clipGradNorm_: [weights(), 1],
    clipGradValue_: [weights(), 1],
    parametersToVector: [weights()],
    vectorToParameters: [ones(2), [ones(2)]],
  },
  optim: {
    Adagrad: [weights()],
    Adam: [weights()],
    AdamW: [weights()],
    RMSprop: [weights()],
    SGD: [weights()],
  },
  lrScheduler: {
    ConstantLR: [sgd()],
    CosineAnnealingLR: [sgd(), 5],
    CosineAnnealingWarmRestarts: [sgd(), 5],
    ExponentialLR: [sgd(), 0.5],
    MultiStepLR: [sgd(), [2]],
    OneCycleLR: [sgd(), 0.1, 5],
    ReduceLROnPlateau: [sgd()],
    LambdaLR: [sgd(), () => 1],
    LinearLR: [sgd()],
    SequentialLR: [first.optimizer, [first], []],
    StepLR: [sgd(), 1],
  },
};
for (const name of Object.keys(functional)) {
  if (name in works.lib) works.functional[name] = works.lib[name];
}
