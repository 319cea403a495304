/*
# Lesson 12: Batches, losses, the training loop

Inputs and targets cut out of a sequence of tokens, the loss, and the loop
that trains a model.

Needs the network: no more than lesson 10.
*/

import {
  arange,
  fixed,
  grid,
  kernel,
  lesson,
  manualSeed,
  nn,
  noGrad,
  optim,
  randint,
  randn,
  stack,
  Tensor,
  tensor,
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

export const batchSize = 64; // examples that are computed at once
await show(which);
//> Dataset: the 145 songs of this project (CC0)

/*
The notebook set no seed, but its seed could be found from the numbers that it
printed. From here on we draw what it drew, in its order.
*/

manualSeed(4273904858);

/*
## An example

A language model reads some tokens, its **context**, and predicts the next
one. So an example is any window of the text: the input is the tokens in it,
and the target is the token after it. Nobody has to write the targets down.
Where the window begins is random:
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
As text:
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
A random position is seldom the beginning of a word, so a window may begin or
end inside one. Within a single window there are many examples already: at
each of its positions the model can predict the next token from those before
it. The last few:
*/

for (let end = 61; end < 65; end++) {
  const read = tokenizer.decode(ids.slice(56, end));
  await show([read], "→", [tokenizer.decode([ids[end]])]);
  //> ['ad in a letter'] → [' the']
  //> ['ad in a letter the'] → [' who']
  //> ['ad in a letter the who'] → ['le']
  //> ['ad in a letter the whole'] → [' of']
}

/*
## A batch

A single example leaves most of a GPU waiting; 64 at once take hardly longer.
A batch consists of two tables. A row of `X` has the input tokens of an
example, and the same row of `Y` has the tokens one position further on. So
`Y` has a target for every position of `X`. (Lesson 13's model uses only the
last of them, lesson 14's uses all.) Everything below works on a batch as on a
single example; the loss is the mean over the batch.

One lookup gives both. A column of 64 starts plus a row 0, 1, 2, … is a table
of positions, with one column more than the context needs. The tokens at these
positions are `X` without the last column, and `Y` without the first. In the
comments, B is the number of examples in the batch, and T is the number of
tokens in the context.
*/

export type Split = "train" | "val";

export function getBatch(split: Split, contextLength: number) {
  const data = split === "train" ? trainData : valData;
  const last = data.numel() - contextLength - 1;
  const ix = randint(last, [batchSize, 1]); // (B, 1)
  const positions = ix.add(arange(contextLength + 1)); // (B, T + 1)
  const tokens = data.index(positions); // (B, T + 1)
  const [X, Y] = [tokens.index(":", ":-1"), tokens.index(":", "1:")];
  return [X, Y] as const; // (B, T) each
}

const [X, Y] = getBatch("train", 8);
await show(tuple(X.size(), Y.size()));
//> (torch.Size([64, 8]), torch.Size([64, 8]))

/*
The first row of each: the same tokens, shifted by one.
*/

await show(X.index(0));
//> tensor([ 99, 111, 260, 433,  97, 119, 277, 378])
await show(Y.index(0));
//> tensor([111, 260, 433,  97, 119, 277, 378, 270])

/*
As text, with a dot for a space. Below each token stands its target:
*/

const pieces = async (row: Tensor) =>
  Array.from(await row.data(), (id) => tokenizer.decode([id]))
    .map((piece) => piece.replaceAll(" ", "·").replaceAll("\n", "⏎"));
const rows = [await pieces(X.index(0)), await pieces(Y.index(0))];
await show(grid(rows, ["X", "Y"]));
//>   ┌───┬────┬─────┬─────┬───┬────┬───────┬───────┐
//> X │ c │  o │  nd │ ·dr │ a │  w │    er │ ·down │
//>   ├───┼────┼─────┼─────┼───┼────┼───────┼───────┤
//> Y │ o │ nd │ ·dr │   a │ w │ er │ ·down │    ,⏎ │
//>   └───┴────┴─────┴─────┴───┴────┴───────┴───────┘

/*
(The notebook then calls `X.to(device)` and discards the result, so on a
graphics card its training would stop with an error. Our tensors are on the
GPU already.)

## The loss

The loss is the cross-entropy of lesson 1. The notebook tries it on three
examples with random logits and random targets, as if there were only five
tokens, or classes:
*/

const batchSizeTest = 3;
const numberClassesTest = 5;

export const logits = randn([batchSizeTest, numberClassesTest]);
export const target = randint(numberClassesTest, [batchSizeTest]);
export const loss = nn.functional.crossEntropy(logits, target);
const value = await loss.item();
await show("logits: ", logits, "\ntarget: ", target, "\nloss: ", value);
//> logits:  tensor([[ 0.1251,  0.5692,  1.3950,  1.1641,  0.3252],
//>         [-1.7733, -0.5491, -0.5605,  0.2494, -1.7450],
//>         [ 2.8234,  1.2044,  1.8606,  0.0484,  2.3630]])
//> target:  tensor([4, 0, 1])
//> loss:  2.451202869415283

/*
Step by step. The softmax turns each row into probabilities:
*/

const probabilities = logits.softmax(-1); // (3, 5)
await show(probabilities);
//> tensor([[0.0984, 0.1533, 0.3502, 0.2780, 0.1201],
//>         [0.0612, 0.2080, 0.2057, 0.4623, 0.0629],
//>         [0.4399, 0.0871, 0.1680, 0.0274, 0.2776]])

/*
From each row we take the probability of its target:
*/

const right = probabilities.gather(1, target.unsqueeze(1)).squeeze(1); // (3)
await show(right);
//> tensor([0.1201, 0.0612, 0.0871])

/*
The loss of an example is minus the logarithm of this probability. In the
first example the target, class 4, has 12 %, so the loss is 2.12. In the
second the target has half as much, and the loss is larger by about ln 2. The
mean of the three is the loss from above:
*/

await show(right.log().neg());
//> tensor([2.1191, 2.7944, 2.4402])
await show(right.log().neg().mean());
//> tensor(2.4512)

/*
And its gradient? For the logits of one example it is very simple: the
probabilities, minus 1 at the target, divided by the number of examples,
because the loss is their mean. As a kernel:
*/

const gradientKernel = /* wgsl */ `
  @group(0) @binding(0) var<storage, read> p: array<f32>; // (3, 5)
  @group(0) @binding(1) var<storage, read> targets: array<i32>; // (3)
  @group(0) @binding(2) var<storage, read_write> grad: array<f32>; // (3, 5)

  @compute @workgroup_size(64)
  fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= arrayLength(&grad)) { return; }
    let isTarget = u32(targets[id.x / 5]) == id.x % 5;
    grad[id.x] = (p[id.x] - select(0.0, 1.0, isTarget)) / 3;
  }`;
const given = { p: probabilities, targets: target };
const byKernel = kernel(gradientKernel, given, [3, 5]);

/*
`backward()` finds the same:
*/

const learning = logits.clone().requiresGrad_();
nn.functional.crossEntropy(learning, target).backward();
await show(byKernel);
//> tensor([[ 0.0328,  0.0511,  0.1167,  0.0927, -0.2933],
//>         [-0.3129,  0.0693,  0.0686,  0.1541,  0.0210],
//>         [ 0.1466, -0.3043,  0.0560,  0.0091,  0.0925]])
await show(byKernel.sub(learning.grad!).abs().lt(1e-6).all());
//> tensor(True)

/*
Each row adds up to 0: what the target gains, the other classes lose.

A model that knows nothing gives each of the 512 tokens the same probability,
and its loss is ln 512 = 6.24. Training begins there, or a little above. A
loss is easier to imagine as perplexity (lesson 7), e to the power of the
loss. The model that knows nothing hesitates between 512 tokens, a model with
a loss of 4.5 between 90.
*/

await show(fixed(Math.log(512), 2), fixed(Math.exp(4.5), 0));
//> 6.24 90

/*
## How good is a model?

From here on, a language model is a module with a context length. It turns
tokens into logits and, if the targets are given, also into a loss.
*/

export abstract class LanguageModel extends nn.Module {
  abstract contextLength: number;
  abstract override forward(
    idx: Tensor,
    y?: Tensor,
  ): [logits: Tensor, loss?: Tensor];
}

/*
The loss of a batch depends on which batch was drawn. So the loss is estimated
from many batches, of the training split and of the validation split. Nothing
is learned here, so `noGrad` leaves out all that gradients would need. The
loss of one batch:
*/

const lossOf = (model: LanguageModel, split: Split) =>
  noGrad(() => {
    const [X, Y] = getBatch(split, model.contextLength);
    return model.forward(X, Y)[1]!;
  });

/*
The estimate is the mean of many of them. `eval()` switches off what is meant
for training only, such as dropout. The losses stay on the GPU and are read
together at the end, because each reading must wait for the GPU.
*/

export async function estimateLoss(model: LanguageModel, evalIters: number) {
  const { training } = model;
  model.eval();
  const losses = (split: Split) =>
    Array.from({ length: evalIters }, () => lossOf(model, split));
  const meanOf = (split: Split) => noGrad(() => stack(losses(split)).mean());
  const means = stack([meanOf("train"), meanOf("val")]);
  model.train(training);
  const [train, val] = await means.tolist() as number[];
  return { train, val };
}

/*
## The training loop

All training is this loop: draw a batch, compute its loss, compute the
gradients, make a step. The optimizer is AdamW. For each parameter it keeps a
running mean of the gradient, which is called **momentum**, and of the squared
gradient. It divides the first by the square root of the second, so that every
parameter moves at a similar speed. It also pulls all parameters gently
toward 0, which is called **weight decay**.

From time to time the loss on both splits is estimated and yielded to whoever
wants to print it. Two options are for larger models, as in lesson 14: a
schedule changes the learning rate from step to step, and `maxNorm` limits the
length of the gradient, taken as one vector.
*/

export interface LoopOptions {
  evalInterval: number; // steps from one estimate to the next
  evalIters: number; // batches for each estimate
  scheduler?: optim.lrScheduler.LRScheduler;
  maxNorm?: number;
}

/*
`run` counts the steps, shows the progress, draws the loss as it falls, and
stops at Ctrl-C between two steps.
*/

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
AdamW's whole step fits into a kernel of a few lines. A parameter `w` with the
gradient `g` has two running means, `m` and `v`. They begin at 0 and so are
too small at first, which the division by 1 − βᵗ corrects. Here t is the
number of the step, and β is the part of the old mean that is kept: 0.9 for
`m`, 0.999 for `v`. This is the first step, with the learning rate 0.001 and a
weight decay of 0.01:
*/

const adamW = /* wgsl */ `
  @group(0) @binding(0) var<storage, read> w: array<f32>;
  @group(0) @binding(1) var<storage, read> g: array<f32>;
  @group(0) @binding(2) var<storage, read_write> out: array<f32>;

  @compute @workgroup_size(64)
  fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if (i >= arrayLength(&out)) { return; }
    let m = 0.9 * 0.0 + 0.1 * g[i]; // the mean of the gradients
    let v = 0.999 * 0.0 + 0.001 * g[i] * g[i]; // and of their squares
    let speed = m / (1 - 0.9) / (sqrt(v / (1 - 0.999)) + 1e-8);
    out[i] = w[i] * (1 - 0.001 * 0.01) - 0.001 * speed;
  }`;

/*
Three parameters whose loss is the sum of their squares:
*/

const w = tensor([0.5, -2, 1], { requiresGrad: true });
w.square().sum().backward();
const stepped = kernel(adamW, { w, g: w.grad! }, [3]);
new optim.AdamW([w], { lr: 0.001, weightDecay: 0.01 }).step();
await show(w.detach(), stepped.sub(w).abs().lt(1e-6).all());
//> tensor([ 0.4990, -1.9990,  0.9990]) tensor(True)

/*
All three moved by about 0.001, however large their gradients are. The
library's kernel (`kernels/adam.wgsl`) does this for several parameters of a
model at once.

## A first model: the bigram

A bigram is a pair of neighboring tokens. The bigram model is the smallest
language model: it reads one token and predicts the next from it. It is a
table with a row for each token, and the row has the logits of what may
follow. An embedding is such a table.
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
At first it is worse than a model that knows nothing: its logits are random,
so it is sure of things that are wrong. Its loss is a convex function of its
parameters, a single valley without hollows to get stuck in. So it can take
large steps: the learning rate is a hundred times that of lesson 1. (`±0.05`
says by how much a number may differ on your machine, `varies` that there the
output may be another.)
*/

const model = new Bigram();
const optimizer = new optim.AdamW(model.parameters(), { lr: 0.1 });
const run = training(options.steps, { tokens: batchSize });
const evals = { evalInterval: 100, evalIters: 20 };
for await (const { step, ...at } of train(model, optimizer, run, evals)) {
  const [seen, unseen] = [fixed(at.train, 4), fixed(at.val, 4)];
  const losses = `train loss ${seen}, validation loss ${unseen}`;
  await show(`step ${step}: ${losses}`); // ±0.05, in full
  //> step 0: train loss 6.7265, validation loss 6.7434
  //> step 100: train loss 5.0206, validation loss 5.1566
  //> step 200: train loss 4.4207, validation loss 4.7520
  //> step 299: train loss 4.2340, validation loss 4.4521
}

/*
After three hundred steps its loss is far below 6.24. How much more is there
to learn from a single token? For that no training is needed: count in the
training split how often each token follows each other one. Add 0.1 to each
count, so that no pair is impossible, and divide by the sum of the row. On the
validation split these probabilities have the loss:
*/

const counts = Array.from({ length: nToken }, () => Array(nToken).fill(0.1));
const seen = await trainData.data();
for (let i = 1; i < seen.length; i++) counts[seen[i - 1]][seen[i]]++;

const table = tensor(counts); // (512, 512)
const logProbs = table.div(table.sum({ dim: 1, keepdim: true })).log();
const [inputs, targets] = [valData.index(":-1"), valData.index("1:")];
await show(nn.functional.crossEntropy(logProbs.index(inputs), targets));
//> tensor(3.8254)

/*
That is lower still: counting gives at once what training only comes near. And
this is how a bigram writes, each token drawn from the row of the one before
it:
*/

let words = tokenizer.encode("The");
for (let i = 0; i < 40; i++) {
  const next = logProbs.index(words.at(-1)!).exp().multinomial(1);
  words = [...words, await next.item()];
}
await show(tokenizer.decode(words)); // varies
//> Thening mat,
//> And ba said r� on TEluar repe,
//> AR y out, the tape,
//> And all�ter meWhed,
//> The though

/*
It hardly spells, since it can't know anything before the last token. Lesson
13's model looks at 32 tokens. You might expect it to be better on songs that
it has never seen. With so few songs to learn from it is not: even its best
validation loss is above that of the counted bigram. Lesson 13 shows why, and
lesson 14 what helps.

(The discarded `to(device)`, and other bugs of the notebook: `deno task
museum`.)

Exercises, which check your answers: `deno task exercise 12`.
*/
