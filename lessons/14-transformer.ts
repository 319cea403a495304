/*
# Lesson 14: From the MLP to a transformer

From a table of pairs to a small GPT that writes, one idea at a time, and how
much each idea helps.

Needs the network: no more than lesson 10.
*/

import {
  arange,
  cat,
  chart,
  defaultGenerator,
  fingerprint,
  fixed,
  full,
  heatMap,
  lesson,
  loadCheckpoint,
  manualSeed,
  nn,
  noGrad,
  note,
  optim,
  randn,
  savedRun,
  stack,
  Tensor,
  tensor,
  type Training,
  training,
  triu,
} from "#lib";
import { data, ds, which } from "./10-dataset.ts";
import { nToken, tokenizer, valData } from "./11-tokenizer.ts";
import {
  batchSize,
  estimateLoss,
  LanguageModel,
  train,
} from "./12-batches.ts";
import { generate, MLP } from "./13-mlp.ts";

const { crossEntropy, scaledDotProductAttention } = nn.functional;

/*
What can be set on the command line:
*/

const { show, options } = lesson(import.meta, {
  data,
  steps: { value: 10_000, short: 2, help: "the most steps of a model" },
  evals: { value: 10, short: 1, help: "batches for each estimated loss" },
  unseen: {
    value: 10_000,
    short: 100,
    help: "validation tokens by which the models are compared",
  },
  tokens: { value: 60, short: 3, help: "how many tokens each model writes" },
  size: {
    value: "small",
    choices: ["small", "10M"],
    help: "of the last model; 10M is for a real GPU",
  },
  mlp: { value: false, help: "train lesson 13's MLP with dropout here too" },
  width: {
    value: 96,
    short: 32,
    choices: ["32", "64", "96", "128", "256", "512"],
    help: "dimensions of a token",
  },
  context: {
    value: 32,
    short: 8,
    choices: ["8", "16", "32", "64", "128", "256"],
    help: "tokens that a model reads",
  },
  seed: { value: 4273904858, help: "where the random numbers begin" },
  out: { value: "out/lesson-14", help: "the folder to save the models to" },
  resume: { value: false, help: "continue where a run was stopped" },
  overwrite: { value: false, help: "start over where a longer run is saved" },
});

await show(which);
//> Dataset: the 145 songs of this project (CC0)

/*
The MLP of lesson 13 reads 32 tokens and predicts one. Its input layer has a
weight for every position, so what it learns about a word at the fifth
position is of no use at the sixth. And it overfits: at the end it knows its
songs by heart and predicts new ones worse than a uniform guess.

From there we go to a small GPT, in ten steps. The first is a bigram; each
other one is a small change to an earlier one. Each model is trained on the
same songs with lesson 12's `getBatch` and `train`, and writes with lesson
13's `generate`. The sizes stay the same: a context of T = 32 tokens, C = 96
dimensions for each token, H = 4 heads of D = C / H. On two processor cores
without a GPU all of it takes some fifteen minutes.
*/

const contextLength = options.context; // T
const nEmbd = options.width; // C
const nHead = 4; // H

/*
## A target for every position

A window of 32 tokens holds 32 examples: what follows the first token, what
follows the first two, and so on. The MLP learns from the last of them only.
From here on a model gives logits for every position, (B, T, nToken), and the
loss is the mean over all B · T targets.
*/

function withLoss(logits: Tensor, y?: Tensor): [Tensor, Tensor?] {
  if (!y) return [logits];
  return [logits, crossEntropy(logits.flatten(0, 1), y.flatten())];
}

/*
With that, the bigram of lesson 12: a table in which each token has a row, the
logits of what may follow it.
*/

export class Bigram extends LanguageModel {
  override contextLength = contextLength;
  table = new nn.Embedding(nToken, nToken);

  override forward(idx: Tensor, y?: Tensor): [Tensor, Tensor?] { // (B, T)
    return withLoss(this.table.forward(idx), y); // (B, T, nToken)
  }
}

/*
## How the models are compared

All are trained from the same seed. What differs is the recipe: how the model
is made, how many steps it is trained, and the settings of the optimizer.
`schedule` and `maxNorm` are only for the last model and are explained there.
*/

export interface Recipe {
  make: () => LanguageModel;
  steps: number;
  lr?: number; // the learning rate
  weightDecay?: number;
  betas?: [number, number];
  schedule?: (step: number) => number; // a factor for the learning rate
  maxNorm?: number; // the longest that the gradients may be
  sizes?: { nHead?: number; dropout?: number }; // noted in the checkpoint
}

/*
From a recipe, the model and its optimizer:
*/

export function prepare({ make, steps: _, lr = 5e-3, ...rest }: Recipe) {
  const { schedule, maxNorm: _norm, sizes: _sizes, ...adamW } = rest;
  const model = make();
  const optimizer = new optim.AdamW(model.parameters(), { lr, ...adamW });
  const { LambdaLR } = optim.lrScheduler;
  const scheduler = schedule && new LambdaLR(optimizer, schedule);
  return { model, optimizer, scheduler };
}

/*
Lesson 12's `estimateLoss` gives two losses, estimated from some batches. But
the first targets of a window are predicted from one or two tokens, which no
model does well. To compare the models, each target gets nearly the full
context. A window of 32 tokens is moved over the validation songs, four tokens
at a time, and only its last four targets count. So all models predict the
same tokens (but for a few at the ends), and each token from at least 29 that
come before it. The windows:
*/

function windowsOf(T: number, stride: number): Tensor {
  const total = Math.min(valData.numel(), options.unseen);
  const n = Math.floor((total - T - 1) / stride) + 1; // windows
  const starts = arange(n).mul(stride).unsqueeze(1); // (n, 1)
  return valData.index(starts.add(arange(T + 1))); // (n, T + 1)
}

/*
The losses at the last positions of some windows, added up. (The MLP has
logits for the last position only.)
*/

function lossAtEnd(model: LanguageModel, windows: Tensor, stride: number) {
  const [all] = model.forward(windows.index(":", ":-1"));
  const last = all.ndim === 2 ? all : all.index(":", `-${stride}:`);
  const targets = windows.index(":", `-${stride}:`).flatten();
  const logits = last.flatten(0, -2); // (n · stride, nToken)
  return crossEntropy(logits, targets, { reduction: "sum" });
}

/*
And the mean over all of them, 256 windows at a time:
*/

export async function exactLoss(model: LanguageModel, stride = 4) {
  const windows = windowsOf(model.contextLength, stride); // (n, T + 1)
  const { training } = model;
  model.eval();
  const parts = windows.split(256);
  // Each in a region of its own, so that its memory is free for the next.
  const sumOf = (part: Tensor) =>
    noGrad(() => lossAtEnd(model, part, stride));
  const sums = parts.map(sumOf);
  model.train(training);
  return await stack(sums).sum().item() / (windows.shape[0] * stride);
}

/*
A stage is a trained model with its losses and its writing. A checkpoint keeps
them too:
*/

export class Stage {
  train = NaN; // the losses, estimated
  val = NaN;
  exact = NaN; // the loss with the full context
  seconds = 0;
  text = "";
  since = performance.now();

  constructor(
    readonly name: string,
    readonly recipe: Recipe,
    readonly model: LanguageModel,
    readonly run: Training,
  ) {}

  get losses(): string {
    const [seen, unseen] = [fixed(this.train, 2), fixed(this.val, 2)];
    return `${count(this.model)} parameters, ${this.run.steps} steps: ` +
      `train loss ${seen}, validation loss ${unseen}`;
  }

  get writing(): string {
    return `${this.seconds.toFixed(0)} seconds; it writes:\n${this.text}`;
  }

  stateDict() {
    const { train, val, exact, text } = this;
    const now = this.seconds + (performance.now() - this.since) / 1000;
    return { train, val, exact, text, seconds: text ? this.seconds : now };
  }

  loadStateDict(state: ReturnType<Stage["stateDict"]>): void {
    Object.assign(this, state);
  }
}

const count = (model: nn.Module) =>
  [...model.parameters()].reduce((sum, p) => sum + p.numel(), 0);

/*
And the training. Each model has its own checkpoint. At Ctrl-C the one in
training is saved. With `--resume`, those that are finished are read, and the
interrupted one goes on, bit for bit as if it had never stopped.
*/

export const stages: Stage[] = [];

async function learn(name: string, recipe: Recipe): Promise<Stage> {
  manualSeed(options.seed);
  const { model, optimizer, scheduler } = prepare(recipe);
  const steps = Math.min(recipe.steps, options.steps);
  const tokens = batchSize * model.contextLength;
  const run = training(steps, { label: name, tokens });
  const stage = new Stage(name, recipe, model, run);
  const origin = originOf(model, recipe);
  const generator = defaultGenerator;
  const parts = { model, optimizer, generator, run, stage, origin };
  if (scheduler) Object.assign(parts, { scheduler });
  const saved = await savedAs(name, parts);
  const start = run.step; // 0, or where a saved run goes on

  const evalIters = Math.min(options.evals, steps); // few for a trial run
  const how = { ...recipe, evalInterval: 200, evalIters, scheduler };
  for await (const losses of train(model, optimizer, run, how)) {
    [stage.train, stage.val] = [losses.train, losses.val];
  }
  if (steps === 0) {
    Object.assign(stage, await estimateLoss(model, options.evals));
  }
  if (start < steps || !stage.text) { // else it was finished before
    await finish(stage);
    if (saved) await saved.save();
  }
  stages.push(stage);
  return stage;
}

/*
When it has been trained, it is measured, and it writes:
*/

async function finish(stage: Stage) {
  stage.exact = await exactLoss(stage.model);
  stage.text = "";
  const { seconds } = stage.stateDict(); // so far
  const text = await generate(stage.model, { maxNewTokens: options.tokens });
  Object.assign(stage, { seconds, text });
}

/*
What `deno task export` must know of a model:
*/

function originOf({ contextLength }: LanguageModel, recipe: Recipe) {
  const sizes = { contextLength, nHead, dropout: 0, ...recipe.sizes };
  return note({ data: which, tokenizer: tokenizer.toModel(), ...sizes });
}

/*
Where it is saved. A saved run is recognized by its seed, its sizes and its
text.
*/

const text = fingerprint(ds.train.column("text").join("\n"));
const sizesOf = { width: nEmbd, context: contextLength };
const about = { seed: options.seed, ...sizesOf, text };

// A lesson that is imported writes nothing.
async function savedAs(name: string, parts: Parameters<typeof savedRun>[0]) {
  if (!import.meta.main) return;
  const out = `${options.out}/${name.replaceAll(" ", "-")}`;
  const first = stages.length === 0; // of it, there has to be a checkpoint
  const resume = options.resume &&
    (first || await exists(`${out}.safetensors`));
  const { overwrite } = options;
  return await savedRun(parts, about, { out, resume, overwrite });
}

const exists = (path: string) =>
  Deno.stat(path).then(() => true, () => false);

/*
## Bigram

The optimizer may take large steps here, as in lesson 12.
*/

const bigram = await learn("bigram", {
  make: () => new Bigram(),
  steps: 1000,
  lr: 1e-2,
});
await show(bigram.losses); // ±0.06, in full
//> 262144 parameters, 1000 steps: train loss 3.41, validation loss 3.85
await show(bigram.writing); // varies
//> 22 seconds; it writes:
//> With a black,
//> And a card.
//> The shopens,
//> In't know,
//> And here,
//> And heardy-s, the someone.
//> I've gotts.
//> I've gone.
//> I have been to the s

/*
It beats lesson 13's MLP, as the table at the end shows. One token of context
can do better than 32, if the model learns from all 32 targets and has too few
parameters to learn its songs by heart.

## One head of self-attention

A bigram can't look back. Lesson 3 showed how a token can. It has a query,
every token before it has a key, and the product of the two is a score. The
softmax turns the scores into attention weights, and the token receives the
weighted sum of the values. The causal mask hides what comes later, since that
is what is to be predicted.
*/

function attentionWeights(q: Tensor, k: Tensor): Tensor { // (…, T, D) each
  const [T, D] = q.shape.slice(-2);
  const scores = q.matmul(k.transpose(-2, -1)).div(Math.sqrt(D)); // (…, T, T)
  const later = triu(full([T, T], -Infinity), 1);
  return scores.add(later).softmax(-1); // (…, T, T), each row sums to 1
}

/*
A head makes the queries, keys and values with three linear layers:
*/

export class Head extends nn.Module {
  query = new nn.Linear(nEmbd, nEmbd);
  key = new nn.Linear(nEmbd, nEmbd);
  value = new nn.Linear(nEmbd, nEmbd);

  forward(x: Tensor): Tensor { // (B, T, C)
    const [q, k] = [this.query.forward(x), this.key.forward(x)];
    return attentionWeights(q, k).matmul(this.value.forward(x)); // (B, T, C)
  }
}

/*
The library computes the same in one kernel that never holds all T × T
weights:
*/

const x = randn([2, 5, nEmbd]);
const head = new Head();
const [q, k, v] = [head.query, head.key, head.value].map((layer) =>
  layer.forward(x)
);
const fused = scaledDotProductAttention(q, k, v, { isCausal: true });
await show(fused.sub(head.forward(x)).abs().lt(1e-5).all());
//> tensor(True)

/*
Attention does not know at which position a token stands, since a sum has no
order. So each position has a vector of its own, learned like those of the
tokens and added to them. The last layer turns the head's context vectors into
logits. From here on all models but the last two are made with this class.
What differs is the `body`, which turns (B, T, C) into (B, T, C).

```diagram
             position embedding
                     │
          ┌───────┐  ▼    ┌──────┐         ┌────────┐
 tokens ─►│ token ├─ + ──►│ body ├────────►│ linear ├─► logits
 (B, T)   │ embed.│       └──────┘         └────────┘   (B, T, nToken)
          └───────┘ (B, T, C)    (B, T, C)
```
*/

export class Decoder extends LanguageModel {
  override contextLength = contextLength;
  tokenEmbedding = new nn.Embedding(nToken, nEmbd);
  positionEmbedding = new nn.Embedding(contextLength, nEmbd);
  body: nn.Module;
  lmHead: nn.Linear;

  constructor(body: () => nn.Module) {
    super();
    this.body = body();
    this.lmHead = new nn.Linear(nEmbd, nToken, { bias: false });
  }

  override forward(idx: Tensor, y?: Tensor): [Tensor, Tensor?] { // (B, T)
    const positions = this.positionEmbedding.forward(arange(idx.shape[1]));
    const x = this.tokenEmbedding.forward(idx).add(positions); // (B, T, C)
    return withLoss(this.lmHead.forward(this.body.forward(x)), y);
  }
}

/*
With one head as its body:
*/

const oneHead = await learn("one head", {
  make: () => new Decoder(() => new Head()),
  steps: 400,
});
await show(oneHead.losses); // ±0.06, in full
//> 129312 parameters, 400 steps: train loss 3.55, validation loss 3.76
await show(oneHead.writing); // varies
//> 38 seconds; it writes:
//> As, I'll be the longAnd it's a cares and a sman only the smind
//> Ants, they fourts,
//> Ine, Als, the buliss and the

/*
Fewer parameters than the bigram, and a lower validation loss.

## Several heads

One head has one set of attention weights. What it gives to the last word, it
can't give to the end of the last line. So the 96 dimensions are cut into
four heads of 24, each with attention weights of its own, and their context
vectors are concatenated. The layers and the parameters stay the same; only
their outputs are read as (B, H, T, D), and each head attends by itself.
*/

export class MultiHead extends nn.Module {
  query: nn.Linear;
  key: nn.Linear;
  value: nn.Linear;

  constructor(nEmbd: number, readonly nHead: number) {
    super();
    this.query = new nn.Linear(nEmbd, nEmbd);
    this.key = new nn.Linear(nEmbd, nEmbd);
    this.value = new nn.Linear(nEmbd, nEmbd);
  }

  queryKeyValue(x: Tensor): Tensor[] { // (B, T, C)
    const [B, T, C] = x.shape;
    return [this.query, this.key, this.value].map((layer) =>
      layer.forward(x).view(B, T, this.nHead, C / this.nHead).transpose(1, 2)
    ); // (B, H, T, D) each
  }

  forward(x: Tensor): Tensor {
    const [q, k, v] = this.queryKeyValue(x);
    const found = scaledDotProductAttention(q, k, v, { isCausal: true });
    return found.transpose(1, 2).flatten(2); // (B, T, C)
  }
}

/*
With them as the body:
*/

const heads = await learn("several heads", {
  make: () => new Decoder(() => new MultiHead(nEmbd, nHead)),
  steps: 400,
});
await show(heads.losses); // ±0.06, in full
//> 129312 parameters, 400 steps: train loss 3.38, validation loss 3.66
await show(heads.writing); // varies
//> 48 seconds; it writes:
//> Ash, we'll light only sky of used only, with the smos.
//> Then the spate, a buck, without the spat, areate.
//> The bucked the just

/*
## The feed-forward network

Attention only mixes: what comes out is a weighted sum of values. A small
network, applied to each position by itself, computes something new from it.
It is four times as wide inside, with a ReLU between its two layers. Before it
stands a linear layer, the output projection, which mixes what the heads have
found.

(The dropouts are for later: with 0 they do nothing.)
*/

const attention = (heads: nn.Module, nEmbd: number, dropout = 0) =>
  new nn.Sequential(
    heads,
    new nn.Linear(nEmbd, nEmbd),
    new nn.Dropout(dropout),
  );

const feedForward = (nEmbd: number, dropout = 0) =>
  new nn.Sequential(
    new nn.Linear(nEmbd, 4 * nEmbd),
    new nn.ReLU(),
    new nn.Linear(4 * nEmbd, nEmbd),
    new nn.Dropout(dropout),
  );

/*
Both, one after the other:
*/

const bare = () =>
  new nn.Sequential(
    attention(new MultiHead(nEmbd, nHead), nEmbd),
    feedForward(nEmbd),
  );

const network = await learn("feed-forward", {
  make: () => new Decoder(bare),
  steps: 400,
});
await show(network.losses); // ±0.06, in full
//> 212832 parameters, 400 steps: train loss 3.32, validation loss 3.61
await show(network.writing); // varies
//> 63 seconds; it writes:
//> Apple, and they've nothing to the blankething of the bar,
//> It's gone, they're some till it, well, I've are can't before,
//> And he would spoo

/*
## Three of them

If one attention and one network help, three of each should help more. They
are stacked, so that each reads what the one before it gave:
*/

const three = await learn("three bare", {
  make: () => new Decoder(() => new nn.Sequential(bare(), bare(), bare())),
  steps: 100,
});
await show(three.losses); // ±0.06, in full
//> 435744 parameters, 100 steps: train loss 5.24, validation loss 5.23
await show(three.writing); // varies
//> 51 seconds; it writes:
//> s.
//> ,.
//> ,s ass as the, a, the.
//> s the thes, a, the,,,, as, a a,s,, the,.
//>  the, a the a thes.
//> s, thes thess a, the,

/*
They learn how often each token occurs, and hardly anything else. On its way
to the embeddings the gradient passes three networks and three attentions, and
each shrinks it: it vanishes, as in lesson 8. (Patience does not help. After
100 steps PyTorch has 4.17 with one attention and one network, and 5.22 with
three of each; after 300 steps these are at 5.22 with one seed and at 5.22
with another, and after 600 still at 5.22. Three of the blocks that follow
are at 3.81 after 100.)

## Shortcuts and layer norm

The cure is lesson 8's, too. Attention and network add to their input instead
of replacing it, so the gradient has a path on which it passes unchanged. And
before each stands the layer normalization of lesson 6 (pre-norm). This is a
block, as in lesson 8's diagram:
*/

export class Block extends nn.Module {
  norm1: nn.LayerNorm;
  attention: nn.Sequential;
  norm2: nn.LayerNorm;
  feedForward: nn.Sequential;

  constructor(
    { contextLength, nEmbd, nHead, dropout = 0 }: BlockOptions,
    Heads: HeadsClass = MultiHead,
  ) {
    super();
    const heads = new Heads(nEmbd, nHead, contextLength);
    this.norm1 = new nn.LayerNorm(nEmbd);
    this.attention = attention(heads, nEmbd, dropout);
    this.norm2 = new nn.LayerNorm(nEmbd);
    this.feedForward = feedForward(nEmbd, dropout);
  }

  forward(x: Tensor): Tensor { // (B, T, C)
    x = x.add(this.attention.forward(this.norm1.forward(x)));
    return x.add(this.feedForward.forward(this.norm2.forward(x)));
  }
}

type HeadsClass = new (...sizes: [number, number, number]) => MultiHead;

export interface BlockOptions {
  contextLength: number;
  nEmbd: number;
  nHead: number;
  dropout?: number;
}

/*
Blocks in a row, with a layer norm after the last:
*/

const blocks = (nLayer: number, dropout = 0) =>
  new nn.Sequential(
    new nn.Dropout(dropout),
    ...Array.from(
      { length: nLayer },
      () => new Block({ contextLength, nEmbd, nHead, dropout }),
    ),
    new nn.LayerNorm(nEmbd),
  );

/*
First one block:
*/

const oneBlock = await learn("one block", {
  make: () => new Decoder(() => blocks(1)),
  steps: 300,
});
await show(oneBlock.losses); // ±0.06, in full
//> 213408 parameters, 300 steps: train loss 3.31, validation loss 3.55
await show(oneBlock.writing); // varies
//> 51 seconds; it writes:
//> As if I a caniff a buthing more's nind.
//> I've sewing a just are skand and they've never which of a coup,
//> And she couldngi

/*
## Two blocks

Two of them, stacked, do learn:
*/

const twoBlocks = await learn("two blocks", {
  make: () => new Decoder(() => blocks(2)),
  steps: 300,
});
await show(twoBlocks.losses); // ±0.06, in full
//> 325248 parameters, 300 steps: train loss 3.19, validation loss 3.53
await show(twoBlocks.writing); // varies
//> 103 seconds; it writes:
//> Where intacher of it, a blue, and you side.
//> I said, Het it, I've got a bute in the spropper, and he'd got a gird, and I've g

/*
The training loss falls by about 0.1, the validation loss by less: two blocks
have begun to learn by heart.

## Dropout

In training, dropout sets a random tenth of the values to 0 at each step, and
divides the others by 0.9, so that the mean stays. What was learned by heart
depends on single values and is disturbed; what many values agree on survives.
Dropout comes after the embedding, after each output projection and after each
feed-forward network.
*/

const dropped = await learn("dropout", {
  make: () => new Decoder(() => blocks(2, 0.1)),
  steps: 400,
  sizes: { dropout: 0.1 },
});
await show(dropped.losses); // ±0.06, in full
//> 325248 parameters, 400 steps: train loss 3.17, validation loss 3.47
await show(dropped.writing); // varies
//> 131 seconds; it writes:
//> And a county who's been mister's glass to sweet
//> That is they're a cair.
//> I've got they'red are a lasteve.
//> I white it

/*
## Rotary positions

A learned vector for each position has the MLP's weakness: what is learned
about the fifth position must be learned again for the sixth. But what matters
is mostly how far apart two tokens are. Rotary positions ([Su et al.,
2021](https://arxiv.org/abs/2104.09864)) put that distance into the scores.
The D dimensions of a query or key are taken as D / 2 pairs, and each pair is
a point in a plane. It is rotated by an angle that grows with the position: by
1 radian per position in the first pair, and more slowly in each further pair.
The product of a rotated query and a rotated key depends only on the
difference of their angles, and so on their distance.

Dimension i is paired with i + D / 2, as in GPT-NeoX and in Hugging Face's
form of Llama. (The paper and Meta's own Llama pair neighbors, which is the
same in another order.)
*/

function anglesOf(T: number, D: number): [cos: Tensor, sin: Tensor] {
  const speeds = Array.from({ length: D / 2 }, (_, i) => 1e4 ** (-2 * i / D));
  const angles = arange(T).unsqueeze(1).mul(tensor(speeds)); // (T, D / 2)
  const [cos, sin] = [angles.cos(), angles.sin()];
  return [cat([cos, cos], -1), cat([sin.neg(), sin], -1)]; // (T, D) each
}

function rotate(x: Tensor, cos: Tensor, sin: Tensor): Tensor { // (…, T, D)
  const [a, b] = x.chunk(2, -1); // (…, T, D / 2) each
  return x.mul(cos).add(cat([b, a], -1).mul(sin)); // (…, T, D)
}

/*
To test it, the same query and the same key stand at positions 0 to 5. Along
each diagonal, where the distance is the same, the products are the same:
*/

const [cos, sin] = anglesOf(6, 32);
const [rotatedQ, rotatedK] = [randn([32]), randn([32])].map((x) =>
  rotate(x.expand([6, 32]), cos, sin)
);
const dots = rotatedQ.matmul(rotatedK.t()); // (6, 6)
const onDiagonal = dots.index(":-1", ":-1").sub(dots.index("1:", "1:"));
await show(onDiagonal.abs().lt(1e-4).all());
//> tensor(True)

/*
Only queries and keys are rotated, in every block; the values are not. A
buffer is a tensor that belongs to a layer and is not trained.
*/

export class RotaryHeads extends MultiHead {
  cos!: Tensor;
  sin!: Tensor;

  constructor(nEmbd: number, nHead: number, contextLength: number) {
    super(nEmbd, nHead);
    const [cos, sin] = anglesOf(contextLength, nEmbd / nHead); // (T, D) each
    this.registerBuffer("cos", cos, { persistent: false });
    this.registerBuffer("sin", sin, { persistent: false });
  }

  override queryKeyValue(x: Tensor): Tensor[] { // (B, T, C)
    const [q, k, v] = super.queryKeyValue(x); // (B, H, T, D) each
    const [cos, sin] = [this.cos, this.sin].map((angles) =>
      angles.index(`:${x.shape[1]}`)
    );
    return [rotate(q, cos, sin), rotate(k, cos, sin), v];
  }
}

/*
The position embedding is no longer needed. So here is the whole model in one
class:
*/

export interface GPTOptions extends BlockOptions {
  nLayer: number;
}

export class GPT extends LanguageModel {
  override contextLength: number;
  tokenEmbedding: nn.Embedding;
  dropout: nn.Dropout;
  blocks: nn.ModuleList<Block>;
  norm: nn.LayerNorm;
  lmHead: nn.Linear;

  constructor(readonly config: GPTOptions) {
    super();
    const { contextLength, nEmbd, nLayer, dropout } = config;
    this.contextLength = contextLength;
    this.tokenEmbedding = new nn.Embedding(nToken, nEmbd);
    this.dropout = new nn.Dropout(dropout);
    const block = () => new Block(config, RotaryHeads);
    this.blocks = new nn.ModuleList(Array.from({ length: nLayer }, block));
    this.norm = new nn.LayerNorm(nEmbd);
    this.lmHead = new nn.Linear(nEmbd, nToken, { bias: false });
  }

  override forward(idx: Tensor, y?: Tensor): [Tensor, Tensor?] { // (B, T)
    let x = this.dropout.forward(this.tokenEmbedding.forward(idx));
    for (const block of this.blocks) x = block.forward(x); // (B, T, C)
    return withLoss(this.lmHead.forward(this.norm.forward(x)), y);
  }
}

/*
With two blocks, as before:
*/

const sizes = { contextLength, nEmbd, nHead };
export const small: GPTOptions = { ...sizes, nLayer: 2, dropout: 0.1 };

const rotary = await learn("rotary", {
  make: () => new GPT(small),
  steps: 400,
  sizes: small,
});
await show(rotary.losses); // ±0.06, in full
//> 322176 parameters, 400 steps: train loss 2.92, validation loss 3.40
await show(rotary.writing); // varies
//> 139 seconds; it writes:
//> Where you more around, a blue.
//> It was whistling. I'd say it for the trouble.
//> I don't know it, and I'm swinging, and the little time

/*
Both losses are estimated from a few batches. They may be off by a few
hundredths, which can hide a small gain. The table at the end compares the
models more exactly.

## A small GPT

The model is complete. What is left is how it is trained, and GPTs are trained
with more care than we have taken so far. Their weights begin small, and still
smaller where a block adds to the shortcut, so that the sum does not grow with
the number of blocks.
*/

export function initialize(model: GPT): GPT {
  const { normal_, zeros_ } = nn.init;
  for (const layer of model.modules()) {
    if (layer instanceof nn.Linear || layer instanceof nn.Embedding) {
      normal_(layer.weight, 0, 0.02);
    }
    if (layer instanceof nn.Linear && layer.bias) zeros_(layer.bias);
  }
  const { nLayer } = model.config;
  for (const { attention, feedForward } of model.blocks) {
    for (const layer of [attention.at(1), feedForward.at(2)]) {
      normal_((layer as nn.Linear).weight, 0, 0.02 / Math.sqrt(2 * nLayer));
    }
  }
  return model;
}

/*
The learning rate is not the same at every step. The optimizer keeps running
means of the gradients, and in the first steps these come from a few batches
only. So the rate grows over 50 steps: the warm-up. Later smaller steps are
better, and the rate falls along half a cosine, to a twentieth. The factor for
each step:
*/

const warmUpCosine = (steps: number, warmUp = 50) => (step: number) => {
  if (step < warmUp) return (step + 1) / warmUp;
  const done = (step - warmUp) / (steps - warmUp); // from 0 to 1
  return 0.05 + 0.95 * (1 + Math.cos(Math.PI * done)) / 2;
};

const factor = warmUpCosine(800);
const points = Array.from({ length: 801 }, (_, t) => [t, factor(t)] as const);
await show(chart([{ name: "", points }], { x: "step", y: "factor" }));
//>     factor
//> 1.0 ┤    ⡏⠉⠉⠉⠙⠒⠒⠲⠤⠤⣀⣀
//>     │   ⢰⠁          ⠈⠉⠓⠲⠤⣀⡀
//>     │   ⡸                 ⠉⠑⠲⢤⣀
//>     │   ⡇                     ⠈⠙⠲⢤⣀
//>     │  ⢸                          ⠈⠑⠦⣄⡀
//>     │  ⡜                              ⠉⠓⢤⣀
//> 0.5 ┤  ⡇                                 ⠈⠙⠢⣄⡀
//>     │ ⢸                                      ⠉⠓⠦⣄
//>     │ ⡜                                          ⠉⠲⠤⣀⡀
//>     │⢀⠇                                              ⠉⠓⠦⣄⣀
//>     │⢸                                                   ⠈⠉⠒⠲⠤⣄⣀⡀
//>     │⡎                                                          ⠉⠉⠙⠒⠒⠒⠒⠦⠤
//>     └┬────────────────┬────────────────┬───────────────┬────────────────┬ step
//>      0               200              400             600              800

/*
Three things more. If the gradients of all parameters, taken as one vector,
are longer than 1, they are scaled down to the length 1, so that one odd batch
can't undo what was learned (gradient clipping). The weight decay is ten times
AdamW's default. And the mean of the squared gradients forgets ten times as
fast: β₂ is 0.99 where the default is 0.999, because this training is short.

Trained like this, the model can take a larger learning rate, 0.007 where the
models since the bigram had 0.005, and it gains from 800 steps. More steps let
it learn more by heart, so the dropout is 0.15.

`--size 10M` is for a real GPU. It makes a larger model:
*/

const wide = { contextLength: 64, nEmbd: 320, nHead: 8 };
export const large: GPTOptions = { ...wide, nLayer: 8, dropout: 0.3 };
await show(count(new GPT(large)), "parameters");
//> 10192000 parameters

/*
We have not trained that one to its end. With so few songs expect no more than
the small one reaches; with a larger text of your own (`--data`) expect more.
Now the training:
*/

const isSmall = options.size === "small";
const steps = isSmall ? 800 : 2000;
const gptSizes = isSmall ? { ...small, dropout: 0.15 } : large;
const gpt = await learn(isSmall ? "gpt" : "gpt 10M", {
  make: () => initialize(new GPT(gptSizes)),
  steps,
  sizes: gptSizes,
  lr: isSmall ? 7e-3 : 3e-3, // a large model takes smaller steps
  weightDecay: 0.1,
  betas: [0.9, 0.99],
  schedule: warmUpCosine(steps),
  maxNorm: 1,
});
await show(gpt.losses); // ±0.06, in full
//> 322176 parameters, 800 steps: train loss 2.73, validation loss 3.23
await show(gpt.writing); // varies
//> 272 seconds; it writes:
//> And they'd never never get it, a mody's got,
//> The cabble to the shovel, a pench of the chair,
//> And he'd got a lost and it's deading the

/*
Its training loss as a curve, and its validation losses as marks:
*/

await show(await gpt.run.chart()); // varies
//>   loss
//>   │●
//> 6 ┤⢸
//>   │ ⡇
//>   │ ⢧
//> 5 ┤ ⢸⡀
//>   │  ⡇
//>   │  ⢸
//> 4 ┤   ⢣⡀
//>   │    ⠑⠢⠤⣀⣀
//>   │        ⠈⠙⠉⠒⠖⠤⢆⢤●⣀⣀⣀
//>   │                  ⠁⠁⠉⠉⠙⠑⠓⠓⠢⠲⠢⠤⣠⠤●⣀⣄⢀⣀⡀⡀        ●               ● validation
//> 3 ┤                                   ⠉⠈⠈⠉⠉⠉⠛⠒⠉⠒⠒⠒⠒⠒⠤⠲⠖⠤⠢⠤⡠⠤⠤⠤⠦⡤⠤⣠⠤ train
//>   └┬───────────────┬───────────────┬──────────────┬───────────────┬ step
//>    0              200             400            600             800

/*
## What the heads attend to

We take the beginning of a song that the model has never seen, and compute the
attention weights of the first block:
*/

const some = Math.min(14, contextLength);
const ids = valData.index(`:${some}`).unsqueeze(0); // (1, 14)
const words = (await ids.tolist() as number[][])[0].map((id) =>
  tokenizer.decode([id]).replaceAll("\n", "⏎").replaceAll(" ", "·")
);
const trained = gpt.model as GPT;
const seenBy = noGrad(() => {
  trained.eval();
  const block = trained.blocks.at(0);
  const x = block.norm1.forward(trained.tokenEmbedding.forward(ids));
  const [q, k] = (block.attention.at(0) as MultiHead).queryKeyValue(x);
  return attentionWeights(q, k).index(0); // (H, T, T)
});

/*
Each row belongs to a token. From left to right it shows how much this token
attends to the first token, the second, and so on up to itself:
*/

const [H] = seenBy.shape;
const titles = Array.from({ length: H }, (_, i) => `head ${i + 1}`);
await show(heatMap(seenBy, { rows: words, titles })); // varies
//>        head 1                               head 2
//> M      ██                            M      ██
//> y      ██·                           y      ██·
//> ·r     ▁▁▄▄▃▃                        ·r     ▂▂▃▃▃▃
//> ad     · ▁▁▆▆·                       ad     · · ▇▇·
//> i      · · ▆▆▁▁▂▂                    i      · ▁▁▂▂▃▃▂▂
//> at     · · ▁▁▁▁▂▂▅▅                  at     · · · · ██·
//> or     · · · · · ▇▇▁▁                or     · · · · ▆▆▁▁▁▁
//> 's     · · · · · ▁▁▇▇·               's     · · · ▁▁▁▁▁▁▂▂▂▂
//> ·kn    · · · · · · ▂▂▁▁▅▅            ·kn    · · · · · · ▂▂▂▂▂▂
//> o      · · · · · · · · ██·           o      · · · · · · · · ▇▇·
//> ck     · · · · · · · ▂▂▁▁▂▂▂▂        ck     · · · · · · · · · ▇▇·
//> ing    · · · · · · · ▁▁· ▁▁▄▄▂▂      ing    · · · · · · · · · ▁▁▇▇·
//> ·like  · · · · · · · ▁▁· · ▁▁▃▃▂▂    ·like  · · · · · · · ▁▁· ▁▁▂▂▁▁▂▂
//> ·it    · · · · · · · · · · · ▁▁▅▅▂▂  ·it    · · · · · · · · · · · ▂▂▃▃▂▂
//>        head 3                               head 4
//> M      ██                            M      ██
//> y      ▂▂▆▆                          y      ██·
//> ·r     ▁▁▅▅▃▃                        ·r     ▂▂▅▅▂▂
//> ad     ▁▁▂▂▂▂▂▂                      ad     ▂▂▂▂▂▂▃▃
//> i      · · ▇▇▁▁·                     i      · · ▁▁▆▆·
//> at     · · ▂▂▂▂▁▁▃▃                  at     · · ▂▂▃▃▁▁▂▂
//> or     · · ▁▁▁▁▂▂▂▂▂▂                or     · ▁▁▁▁▁▁· ▂▂▃▃
//> 's     · ▁▁▁▁▁▁▁▁· ▂▂▃▃              's     · · · · ▂▂▂▂▂▂▁▁
//> ·kn    · · · ▁▁▁▁▂▂▁▁▁▁▂▂            ·kn    · · · · · · · ▆▆·
//> o      · · · · ▁▁▁▁▁▁▂▂▁▁▁▁          o      · · · · · ▁▁· ▅▅▁▁▁▁
//> ck     · · · · ▁▁· · ▁▁▃▃▁▁▁▁        ck     · · · · · · · ▄▄▁▁· ▁▁
//> ing    · · · · ▁▁· · ▁▁▂▂▁▁▁▁▁▁      ing    · · · · · · · ▄▄▁▁· · ▁▁
//> ·like  · · · · · ▁▁· · · · ▁▁▁▁▂▂    ·like  · ▁▁▁▁· ▁▁· ▁▁· ▁▁▁▁▁▁· ▁▁
//> ·it    · · · · · · · · · · · · ▇▇·   ·it    · · · · · · · ▁▁· · · · ▇▇·
//>        · 0.00  █ 1.00

/*
What a head looks for is learned, and differs from run to run. In the run that
is shown here, head 1 attends at "o" almost only to the token before it, and
head 4 at "ck" and "ing" to the "'s" some tokens back.

## All models compared

Lesson 13's MLP is in the table too, trained in three ways: to the end of its
10,000 steps; stopped near its lowest validation loss; and against
overfitting, with a dropout of one half after the tanh and a weight decay of
0.3. To train them takes longer than all of the above, so PyTorch's losses are
recorded here: the mean of three seeds.
*/

const mlp = { count: 1_344_512 };
export const recorded = [
  { ...mlp, name: "MLP, end", steps: 10_000, train: 0.32, exact: 6.43 },
  { ...mlp, name: "MLP, stopped", steps: 1_000, train: 3.22, exact: 4.52 },
  { ...mlp, name: "MLP, dropout", steps: 7_000, train: 2.75, exact: 3.91 },
];

/*
`--mlp` trains the third one here:
*/

export class RegularizedMLP extends MLP {
  constructor() {
    super();
    const [hidden, tanh, output] = this.net;
    this.net = new nn.Sequential(hidden, tanh, new nn.Dropout(0.5), output);
  }
}

export const regularized: Recipe = {
  make: () => new RegularizedMLP(),
  steps: 7_000,
  lr: 1e-3,
  weightDecay: 0.3,
};

/*
If lesson 13 has been run on this machine, the table's first row is measured
on the model that was saved. (The MLP's other numbers, and the perplexities at
the end, are of the 145 songs, whatever `--data` names.)
*/

const rowOf = ({ name, model, run, train, exact }: Stage) => {
  return { name, count: count(model), steps: run.steps, train, exact };
};

const table = [...recorded, ...stages.map(rowOf)];
if (options.mlp) {
  table[2] = rowOf(await learn("MLP dropout", regularized));
}
const saved = "out/lesson-13.safetensors";
if (import.meta.main && await exists(saved)) {
  const model = new MLP();
  loadCheckpoint(saved, { model });
  table[0] = { ...table[0], exact: await exactLoss(model, 1) };
}

/*
The training loss is estimated. The last column is the validation loss with
nearly the full context.
*/

const line = (name: string, ...cells: string[]) =>
  name.padEnd(15) + cells.map((cell) => cell.padStart(11)).join("");
await show(line("", "parameters", "steps", "train", "full"));
//>                 parameters      steps      train       full
for (const { name, count, steps, train, exact } of table) {
  const cells = [`${count}`, `${steps}`, fixed(train, 2), fixed(exact, 2)];
  await show(line(name, ...cells)); // ±0.06, in full
  //> MLP, end           1344512      10000       0.32       6.43
  //> MLP, stopped       1344512       1000       3.22       4.52
  //> MLP, dropout       1344512       7000       2.75       3.91
  //> bigram              262144       1000       3.41       3.86
  //> one head            129312        400       3.55       3.76
  //> several heads       129312        400       3.38       3.63
  //> feed-forward        212832        400       3.32       3.59
  //> three bare          435744        100       5.24       5.23
  //> one block           213408        300       3.31       3.57
  //> two blocks          325248        300       3.19       3.50
  //> dropout             325248        400       3.17       3.46
  //> rotary              322176        400       2.92       3.38
  //> gpt                 322176        800       2.73       3.21
}

/*
The same models with the same recipes in PyTorch, with seed 1.
"Validation" is estimated; the last column has nearly the full context, as
above:

| model         | train | validation | with full context |
| ------------- | ----- | ---------- | ----------------- |
| bigram        | 3.41  | 3.86       | 3.86              |
| one head      | 3.56  | 3.78       | 3.78              |
| several heads | 3.41  | 3.68       | 3.66              |
| feed-forward  | 3.41  | 3.64       | 3.64              |
| three bare    | 5.23  | 5.22       | 5.22              |
| one block     | 3.26  | 3.56       | 3.54              |
| two blocks    | 3.15  | 3.51       | 3.50              |
| dropout       | 3.15  | 3.49       | 3.47              |
| rotary        | 2.90  | 3.42       | 3.39              |
| gpt           | 2.72  | 3.25       | 3.21              |

Another seed draws other weights and other batches. In PyTorch three seeds lie
up to 0.12 apart (the training loss of the feed-forward network). A run here
may lie at most 0.06 below the lowest of the three, or above the highest.

Why does a bigram beat the MLP? Not because one token says more than 32. The
MLP learns from 64 targets at each step, the bigram from 32 times as many. And
the MLP has a million weights, each for one position, with which it can learn
its songs by heart. Stopped in time it is better; with dropout and weight
decay it is nearly as good as the bigram. So nearly half of the GPT's lead
over the stopped MLP is a matter of training. The rest, from 3.91 to 3.21,
comes from its layers and its many targets.

Which models overfit? The gap between the two losses says how much of the
songs a model has learned by heart. It is by far the largest for the MLP at
the end, whose validation loss even rises, and above 1 for the other two MLPs.
For the bigram, the rotary model and the GPT it is nearly 0.5. But the GPT's
validation loss does not rise: what it learns from these songs still helps
with others. More songs would help more than a larger model.

Keep one thing in mind: the sizes, the learning rate and the number of steps
were chosen by the validation loss. On songs that played no part in any
choice, a **test set**, the loss would be a little higher.

The perplexity (lesson 7) says between how many equally likely tokens the GPT,
the bigram and the stopped MLP hesitate:
*/

const [ofGPT, ofBigram, ofMLP] = [3.21, 3.86, 4.52].map(Math.exp);
await show(fixed(ofGPT, 0), fixed(ofBigram, 0), fixed(ofMLP, 0));
//> 25 47 92

/*
## Your own text

`deno task lesson-14 -- --data FILE` trains all these models on a text of
yours. Each is saved to a file of its own, the last one to
`out/lesson-14/gpt.safetensors`.

## Taking it away

Other programs know this kind of model. It is not a GPT-2, which has a table
of positions, but a GPT-NeoX: pre-norm, attention and feed-forward one after
the other, rotary positions over all dimensions of a head, biases everywhere
but at the logits. There the queries, keys and values come from one matrix,
head by head; all else differs only in its name. ("one block", "two blocks"
and "dropout" are GPT-2s with a ReLU; the models before them, without
shortcuts and norms, are neither.) This writes it as a folder in Hugging
Face's layout, with the tokenizer and a model card:

```sh
deno task export -- lesson-14 out/songs-gpt
```

In Python it opens like any model of the Hub. The same texts become the same
tokens, and the logits agree to 1e-5:

```python
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("out/songs-gpt")
model = AutoModelForCausalLM.from_pretrained("out/songs-gpt")
ids = tokenizer("And here", return_tensors="pt").input_ids
print(tokenizer.decode(model.generate(ids, do_sample=True, top_k=5)[0]))
```

Here, `loadPretrained("out/songs-gpt")` reads it back, bit for bit.

## When one machine is not enough

This library trains on one adapter. On more, PyTorch can train the folder on:
`torchrun` starts a process for each GPU, each process takes its part of every
batch, and the gradients are averaged before each step. So two processes with
half a batch each learn what one learns with the whole: their first ten losses
are those of this library, to 1e-4. The program is in
`tests/goldens/torchrun.py`, and it writes a folder of the same kind. Two
processes on one machine:

```sh
torchrun --nproc_per_node=2 tests/goldens/torchrun.py \
  out/songs-gpt out/longer --data data/songs.json --steps 200
```

On each of two machines with eight GPUs, with the first one's name as FIRST:

```sh
torchrun --nnodes=2 --nproc_per_node=8 --rdzv_backend=c10d \
  --rdzv_endpoint=FIRST:29500 tests/goldens/torchrun.py \
  out/songs-gpt out/longer --data data/songs.json --steps 200
```

And to let other programs use it over HTTP:

```sh
vllm serve out/longer
```

What has been run: the export, Python's side, and two processes on the
processors of one machine (PyTorch 2.13, gloo). Two machines and vLLM have not
been tried, since that takes GPUs.

Exercises, which check your answers: `deno task exercise 14`.
*/
