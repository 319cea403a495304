/*
# Lesson 7: The placeholder GPT-2, and what logits are

The same outline with a real layer norm in it, and how to read the logits that
come out.

Needs the network: no.
*/

import {
  arange,
  fixed,
  getEncoding,
  lesson,
  manualSeed,
  nn,
  noGrad,
  tensor,
} from "#lib";

const { show } = lesson(import.meta);

/*
## The same model in another notebook

This lesson follows another notebook, which also builds the outline of lesson
5. Two things differ: the layer norm before the head is real, and the dropout
is drawn from PyTorch's usual stream of random numbers. Only the blocks are
still placeholders; `nn.Identity` returns what it is given. We need no class
this time. Two tables of embeddings and a sequence of layers are enough:
*/

manualSeed(123);
const [vocabSize, contextLength, embDim] = [50257, 1024, 768];
const tokenEmbedding = new nn.Embedding(vocabSize, embDim);
const positionEmbedding = new nn.Embedding(contextLength, embDim);
const rest = new nn.Sequential(
  new nn.Dropout(0.1),
  ...Array.from({ length: 12 }, () => new nn.Identity()), // the blocks
  new nn.LayerNorm(embDim),
  new nn.Linear(embDim, vocabSize, { bias: false }), // the head
);

/*
Then the two texts of lesson 5, as a batch of token ids:
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
And the logits:
*/

const positions = positionEmbedding.forward(arange(4)); // (4, 768)
const x = tokenEmbedding.forward(batch).add(positions); // (2, 4, 768)
export const logits = rest.forward(x); // (2, 4, 50257)
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
## What logits are

There are two texts with four tokens each, and at each position 50,257 logits,
one for every token of the vocabulary. The first row of a text rates what
could follow "Every"; the second, once there are blocks, what could follow
"Every effort"; and so on. The head has this size for just that reason: it
turns a vector of 768 dimensions into one logit per token, so its matrix is
768 × 50,257.

The notebook calls the logits probabilities, which they are not: some are
negative, and they do not add up to 1. A softmax turns them into
probabilities. It keeps their order: the most probable token is the one with
the largest logit.
*/

const probabilities = noGrad(() => logits.softmax(-1)); // (2, 4, 50257)
await show(probabilities.index(0, -1)); // after "Every effort moves you"
//> tensor([1.7904e-05, 4.8355e-05, 1.3074e-05,  ..., 3.5715e-05, 1.5586e-05,
//>         8.4300e-06])
await show(probabilities.sum({ dim: -1 }));
//> tensor([[1.0000, 1.0000, 1.0000, 1.0000],
//>         [1.0000, 1.0000, 1.0000, 1.0000]])

/*
The model has learned nothing, so no token stands out. A uniform distribution
would give each token the probability 1 / 50,257. By accident some tokens get
more. For the three most probable ones, this is how many times as much:
*/

const [values, ids] = probabilities.index(0, -1).topk(3);
await show((await values.mul(50257).tolist() as number[]).map(Math.round));
//> [8, 7, 7]
const best = await ids.tolist() as number[];
await show(best.map((id) => tokenizer.decode([id])));
//> [' Trident', ' bundles', ' Strawberry']

/*
## How wrong they are

The cross-entropy of lesson 1 measures how wrong the logits are: minus the
logarithm of the probability that the right token got, averaged over the
positions. Inputs and targets come from the same text: at each position the
target is the next token. (The last token of a text has no next one, so three
positions are left.)
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
A uniform distribution would have the loss ln 50,257 = 10.8249, and this model
is a little worse. People often print the **perplexity** instead, which is e
to the power of the loss. A perplexity of 3 means: the model is as unsure as
if it had to guess among 3 equally likely tokens. For the uniform distribution
the perplexity is 50,257. Here are the loss of that distribution and the
perplexity of our model:
*/

const perplexity = Math.exp(await loss.item());
await show(
  fixed(Math.log(50257), 4),
  fixed(perplexity / 1000, 1),
  "thousand",
);
//> 10.8249 85.6 thousand

/*
Next: the blocks, and with them the whole model, in lesson 8.

(The mistake with the probabilities and others: `deno task museum`.)

Exercises, which check your answers: `deno task exercise 7`.
*/
