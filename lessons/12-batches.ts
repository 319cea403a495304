/*
# Lesson 12: Batches, losses, the training loop

Questions and answers cut out of a line of tokens, what a wrong answer costs, and the loop that learns from
it.

Needs the network: no more than lesson 10.
*/

import {
  arange,
  fixed,
  lesson,
  manualSeed,
  nn,
  noGrad,
  optim,
  randint,
  randn,
  stack,
  Tensor,
  type Training,
  training,
  tuple,
} from "#lib";
import { data, which } from "./10-dataset.ts";
import { nToken, tokenizer, trainData, valData } from "./11-tokenizer.ts";

const { show, options } = lesson(import.meta, {
  data,
  steps: {
    value: 300,
    short: 3,
    help: "how many steps the model at the end learns",
  },
});

export const batchSize = 64; // samples that are computed at once
await show(which);
//> Dataset: the 145 songs of this project (CC0)

/*
The notebook set no seed, but the numbers that it printed give its seed away: 4273904858. From here on we
draw what it drew, in its order.
*/

manualSeed(4273904858);

/*
## A sample

A language model reads some tokens, its context, and says which comes next. So a question is any stretch of
the songs, and its answer the token behind it; nobody has to write the answers down. Where the stretch
begins is drawn:
*/

const contextLengthTest = 64;
const ix = await randint(trainData.numel() - contextLengthTest, [1]).item();
const sample = trainData.index(`${ix}:${ix + contextLengthTest + 1}`); // (65)
await show("Input:", sample.index(":-1"), "\nTarget:", sample.index(-1));
//> Input: tensor([425, 287, 288, 362, 289, 432, 411, 332, 302, 259, 275, 293, 109, 265,
//>          79, 104,  44, 405, 260, 336, 258, 298, 294, 288, 279, 301, 459, 319,
//>         295, 371, 435, 270,  83, 101, 260, 258, 296,  97, 373,  44, 405, 260,
//>         258, 296, 312,  44, 405, 260, 258, 318, 432, 270,  73, 279, 301, 386,
//>         338, 295, 258, 407, 400, 259, 375, 313])
//> Target: tensor(304)

/*
In words:
*/

const ids = [...await sample.data()];
await show(tokenizer.decode(ids.slice(0, -1)));
//> amed I'd gone back to the farm.
//> Oh, send me a thing I can hold in my hand,
//> Send a nail, send a nut, send a stone,
//> I can read in a letter the whole
await show([tokenizer.decode(ids.slice(-1))]);
//> [' of']

/*
A random place is seldom the beginning of a word, so a sample may well begin or end inside of one.

## A batch

One sample keeps a processor waiting; 64 of them at once cost hardly more. A batch is two tables: in a row
of `X` stand the tokens of a sample, in the same row of `Y` the tokens one further on. So `Y` holds an
answer for every place of `X`: what follows the first token, what follows the first two, and so on. (The
model of lesson 13 uses only the last answer, that of lesson 14 uses them all.)

Both are looked up in one go. The numbers of the places are a column of beginnings plus a row 0, 1, 2, …,
one longer than the context; all but the last column of what is found there is `X`, all but the first is
`Y`.
*/

export type Split = "train" | "val";

export function getBatch(
  split: Split,
  contextLength: number,
): [X: Tensor, Y: Tensor] {
  const data = split === "train" ? trainData : valData;
  const ix = randint(data.numel() - contextLength - 1, [batchSize, 1]); // (B, 1)
  const places = ix.add(arange(contextLength + 1)); // (B, T + 1)
  const tokens = data.index(places); // (B, T + 1)
  return [tokens.index(":", ":-1"), tokens.index(":", "1:")]; // (B, T) each
}

const [X, Y] = getBatch("train", 8);
await show(tuple(X.size(), Y.size()));
//> (torch.Size([64, 8]), torch.Size([64, 8]))

/*
The first row of each. They are the same but for one place:
*/

await show(X.index(0), Y.index(0));
//> tensor([ 99, 111, 260, 433,  97, 119, 277, 378]) tensor([111, 260, 433,  97, 119, 277, 378, 270])

/*
(The notebook then sends both to its device with `X.to(device)` and drops what that returns, so on a
graphics card its training would stop with an error. Our tensors are on the GPU from the beginning.)

## What a wrong answer costs

The model does not answer with a token but with a score for each, its logits. Softmax makes probabilities of
them, and the loss is minus the logarithm of the probability that the right token got: 0 if the model was
sure of it, and the more the less it was expected. The cross-entropy of a batch is the mean over its rows.

The notebook's example: three rows, five classes, the right ones drawn too.
*/

const batchSizeTest = 3;
const numberClassesTest = 5;

export const logits = randn([batchSizeTest, numberClassesTest]);
export const target = randint(numberClassesTest, [batchSizeTest]);
export const loss = nn.functional.crossEntropy(logits, target);
await show(
  "logits: ",
  logits,
  "\ntarget: ",
  target,
  "\nloss: ",
  await loss.item(),
);
//> logits:  tensor([[ 0.1251,  0.5692,  1.3950,  1.1641,  0.3252],
//>         [-1.7733, -0.5491, -0.5605,  0.2494, -1.7450],
//>         [ 2.8234,  1.2044,  1.8606,  0.0484,  2.3630]])
//> target:  tensor([4, 0, 1])
//> loss:  2.451202869415283

/*
Step by step. The probabilities, each row of them with the sum 1:
*/

const probabilities = logits.softmax(-1); // (3, 5)
await show(probabilities);
//> tensor([[0.0984, 0.1533, 0.3502, 0.2780, 0.1201],
//>         [0.0612, 0.2080, 0.2057, 0.4623, 0.0629],
//>         [0.4399, 0.0871, 0.1680, 0.0274, 0.2776]])

/*
Of each row, the probability of its target:
*/

const right = probabilities.gather(1, target.unsqueeze(1)).squeeze(1); // (3)
await show(right);
//> tensor([0.1201, 0.0612, 0.0871])

/*
The first row gave its target, class 4, a probability of 12 % and pays 2.12. The second gave its own half as
much and pays about ln 2 = 0.69 more. The mean of the three is the loss from above.
*/

await show(right.log().neg());
//> tensor([2.1191, 2.7944, 2.4402])
await show(right.log().neg().mean());
//> tensor(2.4512)

/*
Whoever knows nothing gives each of the 512 tokens the same probability and pays ln 512 = 6.24 for each.
That is where a model begins; every tenth below it is something learned.

## How good a model is

A model, for what follows, is a module that knows the length of its context, and that turns tokens into
logits and, where it is given the answers, into a loss.
*/

export abstract class LanguageModel extends nn.Module {
  abstract contextLength: number;
  abstract override forward(
    idx: Tensor,
    y?: Tensor,
  ): [logits: Tensor, loss?: Tensor];
}

/*
The loss of one batch depends on which one was drawn. So it is estimated from many batches, once on the
songs that the model learns from and once on those put aside. Nothing is to be learned meanwhile: `noGrad`
leaves out all that gradients would need, and `eval()` tells the layers that behave otherwise while they
learn, as the dropout of lesson 14 does. The losses stay on the GPU until all are there, and are read
together, since each reading waits for the GPU.
*/

export async function estimateLoss(model: LanguageModel, evalIters: number) {
  const { training } = model;
  model.eval();
  const lossOf = (split: Split) =>
    noGrad(() => {
      const [X, Y] = getBatch(split, model.contextLength);
      return model.forward(X, Y)[1]!;
    });
  const meanOf = (split: Split) =>
    noGrad(() =>
      stack(Array.from({ length: evalIters }, () => lossOf(split))).mean()
    );
  const means = stack([meanOf("train"), meanOf("val")]);
  model.train(training);
  const [train, val] = await means.tolist() as number[];
  return { train, val };
}

/*
## The loop

All learning is this loop: draw a batch, compute the loss, ask which way each parameter should move, move it
a little. The optimiser, AdamW, decides how little: it looks at how much each gradient scattered of late,
and draws the parameters gently towards 0.

`run` counts the steps. It shows how far it is, draws the loss as it falls, and stops at Ctrl-C between two
steps; it gets the loss as it lies on the GPU and reads it later, many at a time. From time to time the
model is tried on both parts of the songs, and the result is yielded to whoever wants to print it.

Two things are for larger models, and lesson 14 says what they are good for: a schedule that changes the
learning rate from step to step, and a norm that the gradients, taken as one vector, may not exceed.
*/

export interface LoopOptions {
  evalInterval: number; // steps from one estimate to the next
  evalIters: number; // batches for each estimate
  scheduler?: optim.lrScheduler.LRScheduler;
  maxNorm?: number;
}

export async function* train(
  model: LanguageModel,
  optimizer: optim.AdamW | optim.SGD,
  run: Training,
  { evalInterval, evalIters, scheduler, maxNorm }: LoopOptions,
) {
  for await (const step of run) {
    if (step % evalInterval === 0 || step === run.steps - 1) {
      const losses = await estimateLoss(model, evalIters);
      run.evaluated({ validation: losses.val });
      yield { step, ...losses };
    }
    const [X, Y] = getBatch("train", model.contextLength); // (B, T) each
    const [, loss] = model.forward(X, Y);
    optimizer.zeroGrad();
    loss!.backward();
    if (maxNorm) nn.utils.clipGradNorm_(model.parameters(), maxNorm);
    optimizer.step();
    scheduler?.step();
    run.loss(loss!);
  }
}

/*
## Trying it

The smallest model there is knows one token and predicts the next from it: a bigram. It is a table with a
row for each token, and in the row the logits of what may follow. An embedding is such a table.
*/

class Bigram extends LanguageModel {
  override contextLength = 1;
  table = new nn.Embedding(nToken, nToken);

  override forward(idx: Tensor, y?: Tensor): [Tensor, Tensor?] {
    const logits = this.table.forward(idx.index(":", -1)); // (B, 512)
    return [
      logits,
      y && nn.functional.crossEntropy(logits, y.index(":", -1)),
    ];
  }
}

/*
It begins worse than someone who knows nothing, since its scores are random and it trusts them. With few
parameters to a token it can take large steps.
*/

const model = new Bigram();
const optimizer = new optim.AdamW(model.parameters(), { lr: 0.1 });
const run = training(options.steps, { tokens: batchSize });
for await (
  const { step, train: seen, val } of train(model, optimizer, run, {
    evalInterval: 100,
    evalIters: 20,
  })
) {
  await show(
    `step ${step}: train loss ${fixed(seen, 4)}, validation loss ${
      fixed(val, 4)
    }`,
  ); // ±0.05, in full
  //> step 0: train loss 6.7265, validation loss 6.7434
  //> step 100: train loss 5.0206, validation loss 5.1566
  //> step 200: train loss 4.4207, validation loss 4.7520
  //> step 299: train loss 4.2340, validation loss 4.4521
}

/*
Three hundred steps, and it is far below 6.24. What it can't know is all that lies further back than one
token; the model of lesson 13 looks at 32.
*/
