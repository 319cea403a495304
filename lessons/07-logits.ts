/*
# Lesson 7: The placeholder GPT-2, and what logits are

The same outline with a real layer normalisation in it, and how to read the numbers that come out.

Needs the network: no.
*/

import {
  arange,
  getEncoding,
  lesson,
  manualSeed,
  nn,
  noGrad,
  Tensor,
  tensor,
} from "#lib";

const { show } = lesson(import.meta);

/*
## The configuration

The same model as in lesson 5, in another author's words. Its names are long, so that the code can be
read without a glossary.
*/

const GPT_CONFIG_124M = {
  vocabSize: 50257, // words and pieces of words
  contextLength: 1024, // how many of them predict the next one
  embeddingDimension: 768, // each becomes a point in a space of 768 dimensions
  numberOfHeads: 12, // each has queries, keys and values of its own
  numberOfLayers: 12, // transformer blocks
  dropoutRate: 0.1,
  qkvBias: false,
};

/*
## The model

Only one placeholder is left: the blocks. The normalisation before the head is real.
*/

class TransformerBlockPlaceholder extends nn.Module {
  forward(x: Tensor): Tensor {
    return x;
  }
}

export class GPTModelPlaceholder extends nn.Module {
  tokenEmbeddingTable: nn.Embedding;
  positionEmbeddingTable: nn.Embedding;
  dropoutEmbedding: nn.Dropout;
  transformerBlocks: nn.Sequential;
  layerNorm: nn.LayerNorm;
  outputHead: nn.Linear;

  constructor(config: typeof GPT_CONFIG_124M) {
    super();
    const { vocabSize, contextLength, embeddingDimension, numberOfLayers } =
      config;
    this.tokenEmbeddingTable = new nn.Embedding(
      vocabSize,
      embeddingDimension,
    );
    this.positionEmbeddingTable = new nn.Embedding(
      contextLength,
      embeddingDimension,
    );
    this.dropoutEmbedding = new nn.Dropout(config.dropoutRate);
    this.transformerBlocks = new nn.Sequential(
      ...Array.from(
        { length: numberOfLayers },
        () => new TransformerBlockPlaceholder(),
      ),
    );
    this.layerNorm = new nn.LayerNorm(embeddingDimension);
    this.outputHead = new nn.Linear(embeddingDimension, vocabSize, {
      bias: false,
    });
  }

  forward(inputIds: Tensor): Tensor {
    const [_batchSize, contextLength] = inputIds.shape;
    const tokenEmbeddings = this.tokenEmbeddingTable.forward(inputIds); // (B, T, 768)
    const positions = arange(contextLength); // (T)
    const positionEmbeddings = this.positionEmbeddingTable.forward(positions); // (T, 768)
    let x = tokenEmbeddings.add(positionEmbeddings); // (B, T, 768)
    x = this.dropoutEmbedding.forward(x);
    x = this.transformerBlocks.forward(x);
    x = this.layerNorm.forward(x);
    return this.outputHead.forward(x); // (B, T, 50257)
  }
}

/*
## An example

Two texts become one batch of ids.
*/

const tokenizer = await getEncoding("gpt2");
const text1 = "Every effort moves you";
const text2 = "Every day holds a";

export const batch = tensor([
  tokenizer.encode(text1),
  tokenizer.encode(text2),
]);
await show(batch);
//> tensor([[6109, 3626, 6100,  345],
//>         [6109, 1110, 6622,  257]])
await show(batch.size());
//> torch.Size([2, 4])

/*
The model, from the seed 123, and what it makes of the batch. The dropout is drawn in PyTorch's own
stream this time.
*/

manualSeed(123);
const oGPT = new GPTModelPlaceholder(GPT_CONFIG_124M);
export const logits = oGPT.forward(batch); // (2, 4, 50257)
await show("Logits' shape:", logits.size());
//> Logits' shape: torch.Size([2, 4, 50257])
await show("\nLogits:", logits);
//>
//> Logits: tensor([[[-0.7867,  0.2203, -0.4508,  ..., -0.9936, -0.1412, -0.2999],
//>          [-0.0788,  0.3004, -0.2935,  ...,  0.1583,  0.8917,  0.8230],
//>          [ 0.3708,  1.1126, -0.3226,  ...,  0.8023, -0.0038,  0.3935],
//>          [ 0.0636,  1.0572, -0.2507,  ...,  0.7542, -0.0750, -0.6896]],
//>
//>         [[-0.7208,  0.1351, -0.6014,  ..., -1.0272,  0.1729, -0.2920],
//>          [-0.5938,  0.4453, -0.0059,  ...,  0.3414,  0.0572,  1.0986],
//>          [ 0.2675,  0.8407, -0.4476,  ..., -0.0181, -0.1090,  0.2541],
//>          [-0.1035, -0.5901, -0.3932,  ...,  1.4022, -0.3188,  0.1304]]],
//>        grad_fn=<UnsafeViewBackward0>)

/*
## What they are

For each text there are as many rows as it has tokens, four; and each row has a number for every token
of the vocabulary, 50,257. Row one stands behind "Every" and scores what could follow it; row two
stands behind "Every effort"; and so on. The numbers are called **logits**.

They are no probabilities: some are negative, and their sum is anything. A softmax makes
probabilities of them, all positive, with the sum 1:
*/

const probabilities = noGrad(() => logits.softmax(-1)); // (2, 4, 50257)
await show(probabilities.index(0, -1)); // after "Every effort moves you"
//> tensor([1.7904e-05, 4.8355e-05, 1.3074e-05,  ..., 3.5715e-05, 1.5586e-05,
//>         8.4300e-06])
await show(probabilities.sum({ dim: -1 }));
//> tensor([[1.0000, 1.0000, 1.0000, 1.0000],
//>         [1.0000, 1.0000, 1.0000, 1.0000]])

/*
The model has learned nothing, so no token stands out: an even guess would give each 1 / 50,257, and
the best of them have seven or eight times that.
*/

const [values, ids] = probabilities.index(0, -1).topk(3);
await show((await values.mul(50257).tolist() as number[]).map(Math.round));
//> [8, 7, 7]
await show(
  (await ids.tolist() as number[]).map((id) => tokenizer.decode([id])),
);
//> [' Trident', ' bundles', ' Strawberry']

/*
How wrong it is on average is the cross-entropy, the loss of every language model: minus the logarithm of
the probability that the right token got. For an even guess that is ln 50,257 = 10.82. Random logits
that scatter as these do lie a little above.
*/

const targets = batch.index(":", "1:"); // (2, 3): what did follow
const predictions = logits.index(":", ":-1").detach(); // (2, 3, 50257)
const loss = nn.functional.crossEntropy(
  predictions.flatten(0, 1),
  targets.flatten(),
);
await show(loss);
//> tensor(11.3576)

/*
The softmax keeps the order, so the most probable token is the one with the largest logit; to continue a text
with it, the logits are enough. Lesson 8 puts the blocks in and does that.
*/
