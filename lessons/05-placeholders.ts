/*
# Lesson 5: A GPT-2 of placeholders, and its logits

The outline of GPT-2 with 124 million parameters: what goes in, what comes out, and what is still missing.

Needs the network: no.
*/

import {
  arange,
  getEncoding,
  lesson,
  manualSeed,
  nn,
  noGrad,
  stack,
  Tensor,
  tensor,
} from "#lib";

const { show } = lesson(import.meta);

/*
## The configuration

Seven numbers say which GPT is meant. This is the smallest of the four that OpenAI published in 2019.
*/

export interface GPTConfig {
  vocabSize: number; // tokens in the vocabulary of the BPE tokenizer
  contextLength: number; // tokens that the model can read at once
  embDim: number; // numbers that stand for a token
  nHeads: number; // attention heads in a block
  nLayers: number; // blocks
  dropRate: number; // share of numbers dropped while training
  qkvBias: boolean; // whether queries, keys and values have a bias
}

export const GPT_CONFIG_124M: GPTConfig = {
  vocabSize: 50257,
  contextLength: 1024,
  embDim: 768,
  nHeads: 12,
  nLayers: 12,
  dropRate: 0.1,
  qkvBias: false,
};

/*
## The outline

Ids go in. Each brings the vector of its token and the vector of its place; their sum passes twelve
blocks and a normalisation; and at the end a linear layer gives every token of the vocabulary a score.
The blocks and the normalisation are placeholders for now: they hand on what they are given, so that
the outline can be tried before its parts exist.
*/

export class DummyTransformerBlock extends nn.Module {
  forward(x: Tensor): Tensor {
    return x;
  }
}

export class DummyLayerNorm extends nn.Module {
  forward(x: Tensor): Tensor {
    return x;
  }
}

/*
The dropout draws its random numbers in the stream "mkl", the one of the machine on which the notebook ran: older
builds of PyTorch for Intel processors drew dropout elsewhere than everything else.
*/

export class DummyGPTModel extends nn.Module {
  tokEmb: nn.Embedding;
  posEmb: nn.Embedding;
  dropEmb: nn.Dropout;
  trfBlocks: nn.Sequential;
  finalNorm: DummyLayerNorm;
  outHead: nn.Linear;

  constructor(cfg: GPTConfig) {
    super();
    this.tokEmb = new nn.Embedding(cfg.vocabSize, cfg.embDim);
    this.posEmb = new nn.Embedding(cfg.contextLength, cfg.embDim);
    this.dropEmb = new nn.Dropout(cfg.dropRate, { stream: "mkl" });
    const blocks = Array.from(
      { length: cfg.nLayers },
      () => new DummyTransformerBlock(),
    );
    this.trfBlocks = new nn.Sequential(...blocks);
    this.finalNorm = new DummyLayerNorm();
    this.outHead = new nn.Linear(cfg.embDim, cfg.vocabSize, { bias: false });
  }

  forward(inIdx: Tensor): Tensor {
    const [_batchSize, seqLen] = inIdx.shape;
    const tokEmbeds = this.tokEmb.forward(inIdx); // (B, T, 768)
    const posEmbeds = this.posEmb.forward(arange(seqLen)); // (T, 768)
    let x = tokEmbeds.add(posEmbeds); // (B, T, 768)
    x = this.dropEmb.forward(x);
    x = this.trfBlocks.forward(x);
    x = this.finalNorm.forward(x);
    return this.outHead.forward(x); // (B, T, 50257)
  }
}

/*
## Two texts

GPT-2's tokenizer cuts a text into pieces that are words where words are frequent, and gives the
number of each. These two texts happen to have four tokens each, so they can be stacked.
*/

const tokenizer = await getEncoding("gpt2");
const txt1 = "Every effort moves you";
const txt2 = "Every day holds a";

export const batch = stack([
  tensor(tokenizer.encode(txt1)),
  tensor(tokenizer.encode(txt2)),
]); // (2, 4)
await show(batch);
//> tensor([[6109, 3626, 6100,  345],
//>         [6109, 1110, 6622,  257]])

/*
The first column is the same number twice: both begin with "Every". The pieces, one by one, with the
space that belongs to a word in front of it:
*/

await show(tokenizer.encode(txt1).map((id) => tokenizer.decode([id])));
//> ['Every', ' effort', ' moves', ' you']

/*
## The logits

A model is built at random and never trained, so its scores mean nothing yet. But which random numbers
it is built of is no accident: 38,597,376 normal ones for the tokens, 786,432 for the places, then
38,597,376 even ones for the head, all from the seed 123, in the order of the constructor.
*/

manualSeed(123);
const model = new DummyGPTModel(GPT_CONFIG_124M);
export const logits = model.forward(batch); // (2, 4, 50257)
await show("Output shape:", logits.size());
//> Output shape: torch.Size([2, 4, 50257])
await show(logits);
//> tensor([[[-0.9289,  0.2748, -0.7557,  ..., -1.6070,  0.2702, -0.5888],
//>          [-0.4476,  0.1726,  0.5354,  ..., -0.3932,  1.5285,  0.8557],
//>          [ 0.5680,  1.6053, -0.2155,  ...,  1.1624,  0.1380,  0.7425],
//>          [ 0.0447,  2.4787, -0.8843,  ...,  1.3219, -0.0864, -0.5856]],
//>
//>         [[-1.5474, -0.0542, -1.0571,  ..., -1.8061, -0.4494, -0.6747],
//>          [-0.8422,  0.8243, -0.1098,  ..., -0.1434,  0.2079,  1.2046],
//>          [ 0.1355,  1.1858, -0.1453,  ...,  0.0869, -0.1590,  0.1552],
//>          [ 0.1666, -0.8138,  0.2307,  ...,  2.5035, -0.3055, -0.3083]]],
//>        grad_fn=<UnsafeViewBackward0>)

/*
The notebook's 48 numbers. There are two texts, four tokens each, and 50,257 scores a token: how well
every token of the vocabulary would do as the next one. They are called logits, and a softmax makes
probabilities of them.

## What is random, and what is not

The model is still in training mode, in which a tenth of the numbers behind the embeddings is dropped. So
the same input gives another output the second time:
*/

const again = noGrad(() => model.forward(batch));
await show(again.eq(logits).all());
//> tensor(False)

/*
In use nothing is dropped, and the output depends on the input alone.
*/

model.eval();
const [first, second] = noGrad(
  () => [model.forward(batch), model.forward(batch)],
);
await show(first.eq(second).all());
//> tensor(True)

/*
Nor does a token know its neighbours yet. Change the last word, and the scores at the first three
places stay as they were; with the blocks in place they still will, since a token may look back but
never ahead. But here the last place does not look back either.
*/

const swapped = stack([tensor([345, 3626, 6100, 345])]); // "you effort moves you"
const other = noGrad(() => model.forward(swapped)); // (1, 4, 50257)
await show(other.index(0, 3).eq(first.index(0, 3)).all());
//> tensor(True)

/*
What is missing is named by its placeholders: the normalisation is lesson 6, the blocks are lesson 8.
*/
