/*
# Lesson 5: A GPT-2 of placeholders, and its logits

The outline of GPT-2 with 124 million parameters: what goes in, what comes
out, and what is still missing.

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

A few numbers describe a GPT. These are the sizes of the smallest of the four
GPT-2 models that OpenAI published in 2019. One thing differs: in OpenAI's,
the layers for query, key and value have a bias. The notebook leaves it out,
and so do we until lesson 9.
*/

export const GPT_CONFIG_124M = {
  vocabSize: 50257, // tokens in the vocabulary
  contextLength: 1024, // tokens that the model can read at once
  embDim: 768, // dimensions of a token's vector
  nHeads: 12, // attention heads in a block
  nLayers: 12, // blocks
  dropRate: 0.1, // fraction of values dropped in training
  qkvBias: false, // whether queries, keys and values have a bias
};
export type GPTConfig = typeof GPT_CONFIG_124M;

/*
## The outline

Token ids go in. Each id gets the vector of its token, and each position has a
vector too; the two are added, and dropout is applied. The sum passes through
twelve transformer blocks and a layer norm. At the end a linear layer gives
every token of the vocabulary a logit. It is called the head, too, but has
nothing to do with attention's heads. B is the number of texts, T their length
in tokens.

```diagram
   token ids (B, T)
          │
 ┌────────▼────────┐
 │ token embedding │    (B, T, 768)
 └────────┬────────┘
          + ◄────────── position embedding (T, 768)
 ┌────────▼────────┐
 │     dropout     │
 ├─────────────────┤
 │    12 blocks    │    (B, T, 768)
 ├─────────────────┤
 │   layer norm    │
 ├─────────────────┤
 │      head       │
 └────────┬────────┘
          ▼
   logits (B, T, 50257)
```

The blocks and the layer norm are placeholders for now. They return what they
are given, so that the outline can be tried before its parts exist.
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
Here is the outline in code. (On Intel processors, PyTorch once drew its
dropout from another stream of random numbers, called "mkl". The notebook ran
on such a machine, so we choose that stream.)
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
    const block = () => new DummyTransformerBlock();
    const blocks = Array.from({ length: cfg.nLayers }, block);
    this.trfBlocks = new nn.Sequential(...blocks);
    this.finalNorm = new DummyLayerNorm();
    this.outHead = new nn.Linear(cfg.embDim, cfg.vocabSize, { bias: false });
  }

  forward(inIdx: Tensor): Tensor { // (B, T)
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

GPT-2's tokenizer cuts a text into tokens and gives the id of each. A frequent
word is one token, a rare one is cut into several. (Lesson 11 builds such a
tokenizer.) These two texts have four tokens each, so they can be stacked into
one batch.
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
Both texts begin with "Every", so the first column has the same id twice. Here
are the tokens of the first text. The space before a word belongs to its
token:
*/

await show(tokenizer.encode(txt1).map((id) => tokenizer.decode([id])));
//> ['Every', ' effort', ' moves', ' you']

/*
## The logits

Nothing was trained: the parameters are random, so the logits mean nothing
yet. But they are the same in every run. The seed decides which random values
come, and the constructor draws them in a fixed order: first from a normal
distribution for the two embeddings, then from a uniform one for the head.
This is how many are drawn:
*/

manualSeed(123);
const model = new DummyGPTModel(GPT_CONFIG_124M);
for (const [name, p] of model.namedParameters()) await show(name, p.numel());
//> tok_emb.weight 38597376
//> pos_emb.weight 786432
//> out_head.weight 38597376

/*
With these parameters, the model gives the two texts these logits:
*/

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
These are the notebook's values. There are two texts with four tokens each,
and for each of these tokens 50,257 logits, one for every token of the
vocabulary. The larger a logit, the more probable the model finds that token
as the next one. A softmax would turn the logits into probabilities.

## What is random, and what is not

The model is still in training mode, where a tenth of the values after the
embeddings is dropped. So the same input gives another output the second time:
*/

const again = noGrad(() => model.forward(batch));
await show(again.eq(logits).all());
//> tensor(False)

/*
In evaluation mode nothing is dropped, and the output depends on the input
alone.
*/

model.eval();
const [first, second] = noGrad(
  () => [model.forward(batch), model.forward(batch)],
);
await show(first.eq(second).all());
//> tensor(True)

/*
And a token does not know its neighbors yet. Replace the first word by
another, and the logits at the last position stay exactly as they were. In the
finished model they will change, because there each token attends to the
tokens before it.
*/

const swapped = tensor([[345, 3626, 6100, 345]]); // "you effort moves you"
const other = noGrad(() => model.forward(swapped)); // (1, 4, 50257)
await show(other.index(0, 3).eq(first.index(0, 3)).all());
//> tensor(True)

/*
Two placeholders are left to fill: lesson 6 builds the layer norm, and lesson
8 the blocks.

(The notebook defines its placeholders below the model that is made of them;
`deno task museum` shows what comes of it, and the notebooks' other bugs.)

Exercises, which check your answers: `deno task exercise 5`.
*/
