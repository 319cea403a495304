/*
# Lesson 13: The MLP language model

A network that reads 32 tokens and predicts the next one, with 1.3 million
parameters, trained on songs.

Needs the network: no more than lesson 10.
*/

import {
  cat,
  defaultGenerator,
  display,
  fingerprint,
  fixed,
  full,
  lesson,
  manualSeed,
  nn,
  noGrad,
  note,
  optim,
  randint,
  randn,
  savedRun,
  Tensor,
  tensor,
  training,
  tuple,
} from "#lib";
import { data, ds, which } from "./10-dataset.ts";
import { nToken, tokenizer, trainData } from "./11-tokenizer.ts";
import { batchSize, LanguageModel, train } from "./12-batches.ts";

/*
What can be set on the command line:
*/

const { show, options } = lesson(import.meta, {
  data,
  steps: { value: 10_000, short: 30, help: "how many steps to learn" },
  evals: {
    value: 100,
    short: 2,
    help: "batches from which each loss that is printed is estimated",
  },
  seed: {
    value: 4273904858,
    help: "where the random numbers begin; this is the notebook's",
  },
  out: {
    value: "out/lesson-13",
    help: "where to save to; .safetensors and .svg are added",
  },
  resume: {
    value: false,
    help: "continue where a run with the same options was stopped",
  },
  overwrite: {
    value: false,
    help: "start over where a longer run is saved",
  },
});

await show(which);
//> Dataset: the 145 songs of this project (CC0)

/*
The idea is that of [Bengio et al.,
2003](https://www.jmlr.org/papers/v3/bengio03a.html): give every token a
vector, put the vectors of the last 32 tokens one after another, and let an
ordinary network with one hidden layer (a multi-layer perceptron, MLP) predict
the next token.

To get the notebook's random numbers, we begin with its seed and skip those
that lesson 12 has drawn already: the starts of its windows, its logits and
its targets.
*/

manualSeed(options.seed);
randint(512, [1 + 64]);
randn([3, 5]);
randint(5, [3]);

/*
## The vectors

As in lesson 2, an embedding is a table of vectors. Here it has three tokens
and four dimensions, and we look up token 1:
*/

const embedding = new nn.Embedding(3, 4);
await show("Weights of the embedding:\n", embedding.weight);
//> Weights of the embedding:
//>  Parameter containing:
//> tensor([[ 0.6620,  1.2090,  1.1550,  0.7025],
//>         [-1.4797, -0.8685,  1.0905,  0.0762],
//>         [-0.4418,  0.0631,  0.0292, -1.0604]], requires_grad=True)
await show(
  "Result of embedding token number 1:\n",
  embedding.forward(tensor([1])),
);
//> Result of embedding token number 1:
//>  tensor([[-1.4797, -0.8685,  1.0905,  0.0762]], grad_fn=<EmbeddingBackward0>)

/*
The model below has 512 tokens and only 64 dimensions, so the vectors can't
all be unrelated. Tokens that are followed by the same things get similar
changes in training. So similar tokens should end up with similar vectors. At
the end of this lesson you can see whether they do.

A batch of two examples with three tokens each becomes 2 × 3 vectors, here
with five dimensions. (The notebook makes the table one row larger than the
four tokens need, for a blank token that it then never uses.)
*/

const idx = randint(4, [2, 3]); // (B, T)
await show("Input tokens:\n", idx);
//> Input tokens:
//>  tensor([[0, 0, 1],
//>         [2, 3, 1]])
const table = new nn.Embedding(5, 5);
await show("Weights of the embedding:\n", table.weight);
//> Weights of the embedding:
//>  Parameter containing:
//> tensor([[-1.1578, -1.6146,  0.6327, -0.4978, -0.4117],
//>         [-0.1228, -0.9923, -0.2605,  0.6617, -0.3110],
//>         [-0.4971,  1.0045, -0.7694, -1.7252,  0.6582],
//>         [-0.6170,  0.0245,  1.2861,  0.9131,  1.1492],
//>         [ 1.3680, -0.6166,  0.3669,  0.3993,  2.0496]], requires_grad=True)
const x = table.forward(idx); // (B, T, 5)
await show(display(tuple(x.size(), x)));
//> (torch.Size([2, 3, 5]),
//>  tensor([[[-1.1578, -1.6146,  0.6327, -0.4978, -0.4117],
//>           [-1.1578, -1.6146,  0.6327, -0.4978, -0.4117],
//>           [-0.1228, -0.9923, -0.2605,  0.6617, -0.3110]],
//>
//>          [[-0.4971,  1.0045, -0.7694, -1.7252,  0.6582],
//>           [-0.6170,  0.0245,  1.2861,  0.9131,  1.1492],
//>           [-0.1228, -0.9923, -0.2605,  0.6617, -0.3110]]],
//>         grad_fn=<EmbeddingBackward0>))

/*
The network needs one row for each example, so the vectors of an example are
concatenated. Nothing is copied for this: the same values are read as 2 rows
of 15.
*/

await show(x.view(2, -1).size());
//> torch.Size([2, 15])

/*
## The model

The first linear layer sees all 32 × 64 values at once. It has a weight of its
own for each position, so it knows where each token stood. The tanh between
the two linear layers is needed, because two linear layers in a row are no
more than one. The second layer gives a logit to each of the 512 tokens.

```diagram
 tokens   ┌───────────┐           ┌────────┐           ┌────────┐  logits
 (B, 32)─►│ embedding ├──────────►│ linear ├──────────►│ linear ├─►(B, 512)
          └───────────┘(B, 32, 64)│ + tanh │ (B, 512)  └────────┘
                       read as    └────────┘
                       (B, 2048)
```
*/

export class MLP extends LanguageModel {
  override contextLength: number;
  tokenEmbeddingTable: nn.Embedding;
  net: nn.Sequential;

  constructor({ contextLength = 32, nEmbed = 64, nHidden = 512 } = {}) {
    super();
    this.contextLength = contextLength;
    this.tokenEmbeddingTable = new nn.Embedding(nToken, nEmbed);
    this.net = new nn.Sequential(
      new nn.Linear(contextLength * nEmbed, nHidden),
      new nn.Tanh(),
      new nn.Linear(nHidden, nToken),
    );
  }

  override forward(idx: Tensor, y?: Tensor): [logits: Tensor, loss?: Tensor] {
    const [B, _T] = idx.shape; // 64 while it learns, 1 when it writes
    const vectors = this.tokenEmbeddingTable.forward(idx); // (B, T, nEmbed)
    const x = vectors.view(B, -1); // (B, T · nEmbed)
    const logits = this.net.forward(x); // (B, nToken)
    if (!y) return [logits];
    return [logits, nn.functional.crossEntropy(logits, y.index(":", -1))];
  }
}

/*
Of the 32 targets only the last is used: the token that follows the whole
context. Most parameters are in the first linear layer.
*/

export const model = new MLP({ contextLength: 32, nEmbed: 64, nHidden: 512 });
const sizes = Array.from(model.parameters(), (p) => p.numel());
await show(sizes.reduce((a, b) => a + b) / 1e6, " M parameters");
//> 1.344512  M parameters
for (const [name, p] of model.namedParameters()) {
  await show(name, p.size(), p.numel());
  //> token_embedding_table.weight torch.Size([512, 64]) 32768
  //> net.0.weight torch.Size([512, 2048]) 1048576
  //> net.0.bias torch.Size([512]) 512
  //> net.2.weight torch.Size([512, 512]) 262144
  //> net.2.bias torch.Size([512]) 512
}

/*
We keep a copy of the vectors as they are now, to see at the end how training
has changed them.
*/

const start = model.tokenEmbeddingTable.weight.detach().clone(); // (512, 64)

/*
## Writing

To write, the model predicts the next token again and again, and each new
token becomes part of the context. It begins with 32 line breaks. Always
taking the best token would soon go in circles, and drawing from all 512 lets
a bad one through now and then. So we draw from the best five, as in lesson 8:
all others get the logit −∞.

(The notebook asks for `model.type`, but its class calls it `model_type`, so
that cell fails as it stands. Whether there are logits for the last position
only, or for every position, can be seen from their shape.)
*/

function nextToken(model: LanguageModel, idx: Tensor, topk: number): Tensor {
  const [all] = model.forward(idx.index(":", `${-model.contextLength}:`));
  const logits = all.ndim === 3 ? all.index(":", -1) : all; // (1, nToken)
  const [best] = logits.topk(topk); // (1, topk), the largest first
  const worse = logits.lt(best.index(":", "-1:")); // (1, nToken)
  const kept = logits.maskedFill(worse, -Infinity);
  return kept.softmax(-1).multinomial(1); // (1, 1), drawn
}

/*
The loop around it:
*/

export async function generate(
  model: LanguageModel,
  { maxNewTokens = 2000, topk = 5 } = {},
) {
  const { contextLength, training } = model;
  const [newline] = tokenizer.encode("\n");
  model.eval();
  const idx = noGrad(() => {
    let idx = full([1, contextLength], newline, { dtype: "int64" }); // (1, T)
    for (let i = 0; i < maxNewTokens; i++) {
      idx = cat([idx, nextToken(model, idx, topk)], 1); // one token longer
    }
    return idx;
  });
  model.train(training);
  const text = tokenizer.decode((await idx.data()).subarray(contextLength));
  // control characters could upset a terminal
  return text.replace(/[^\P{C}\n]/gu, "�");
}

/*
No number is read before the end: a drawn token stays on the GPU and goes
straight back into the model. Fifty tokens from a model that has learned
nothing:
*/

await show(await generate(model, { maxNewTokens: 50 }));
//>  HeorB: l: c��� He wor aor l;or�hiJ� He;B;ʇ handld worurnveght let ne come wasShe pi��'d��her�in�They

/*
## Training

A training may take long, so it can be stopped. Ctrl-C saves everything to a
file, the **checkpoint**: the parameters, the optimizer's state, the random
generator's state and the curve. With `--resume` it continues from there, bit
for bit as if it had never stopped.
*/

const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-3 });
export const run = training(options.steps, {
  tokens: batchSize * model.contextLength,
});
// for `deno task export`
const origin = note({ data: which, tokenizer: tokenizer.toModel() });
const parts = { model, optimizer, generator: defaultGenerator, run, origin };
const text = fingerprint(ds.train.column("text").join("\n"));
const about = { seed: options.seed, batchSize, text };
// A lesson that is imported writes nothing.
const { out, resume, overwrite } = options;
const saved = import.meta.main &&
  await savedRun(parts, about, { out, resume, overwrite });

/*
Ten thousand batches of 64 examples, with the loss estimated every thousand
steps. On two processor cores this takes some minutes; the line at the bottom
says how many, and above it the loss is drawn as it falls.
*/

const evals = { evalInterval: 1000, evalIters: options.evals };
for await (const { step, ...at } of train(model, optimizer, run, evals)) {
  const [seen, unseen] = [fixed(at.train, 4), fixed(at.val, 4)];
  const losses = `train loss ${seen}, validation loss ${unseen}`;
  await show(`step ${step}: ${losses}`); // ±0.15, in full
  //> step 0: train loss 6.2723, validation loss 6.2753
  //> step 1000: train loss 3.2974, validation loss 4.4961
  //> step 2000: train loss 2.3618, validation loss 4.5510
  //> step 3000: train loss 1.8233, validation loss 4.8182
  //> step 4000: train loss 1.4120, validation loss 4.9930
  //> step 5000: train loss 1.0662, validation loss 5.2316
  //> step 6000: train loss 0.8181, validation loss 5.4989
  //> step 7000: train loss 0.6224, validation loss 5.6602
  //> step 8000: train loss 0.4861, validation loss 5.9440
  //> step 9000: train loss 0.3911, validation loss 6.2532
  //> step 9999: train loss 0.3468, validation loss 6.4250
}

/*
It begins near the loss of a uniform guess, where nothing is known:
*/

await show(fixed(Math.log(512), 4));
//> 6.2383

/*
(With three other seeds, PyTorch's losses are within 0.12 of these; a run of
this lesson must be within 0.15.) The curve of the training loss, smoothed,
and the validation losses as marks:
*/

await show(await run.chart()); // varies
//>   loss
//> 6 ┤●                                                        ●     ● validation
//>   │⡄                                     ●     ●      ●
//>   │⢸⡀                       ●      ●
//>   │ ⢧    ●     ●      ●
//> 4 ┤ ⠈⠣⣄
//>   │   ⠈⠳⣄
//>   │      ⠛⠢⣤⡀
//>   │         ⠉⠛⠢⢄⣀
//> 2 ┤             ⠉⠉⠓⠦⢤⣀⢀⡀
//>   │                   ⠉⠉⠒⠒⠦⠤⣄⣀⣀
//>   │                          ⠈⠈⠉⠉⠚⠑⠖⠦⠤⢤⢄⣠⣀⣀⣀ ⡀
//>   │                                       ⠈⠉⠉⠈⠉⠉⠙⠒⠓⠒⠒⠒⠶⠲⠴⠤⠤⠤⠤⠤⠤⠤⠤⠤⣄ train
//>   └┬───────────────────────────────┬──────────────────────────────┬ step
//>    0                             5,000                         10,000
if (saved) {
  await saved.save();
  await Deno.writeTextFile(`${options.out}.svg`, (await run.chart()).svg());
}

/*
The two losses move apart. The model has a million parameters for 130 songs.
Each of their tokens is the target about eight times, and in the end the model
knows them by heart: the training loss falls and falls. For the first thousand
steps or so, the validation loss falls too. After that it rises, because what
the model learns now is true of those 130 songs and of no others. At the end
it predicts new songs worse than a uniform guess would: it is sure of itself,
and wrong. This is **overfitting**, and it is the reason for a validation
split.

Even at its best, 4.4961, the validation loss never reaches the 3.83 of the
bigram that lesson 12 counted. With so few songs, a window of 32 tokens hardly
ever comes twice, and this model must learn each position separately.

The notebook's 2,016 songs are fifteen times as many. There both losses fall
to the end, from 6.28 to 2.96 and 3.38. `deno task fetch -- songs` brings
them, and then this lesson trains on them.

## Writing again

Two hundred tokens from the trained model:
*/

const written = await generate(model, { maxNewTokens: 200 });
await show(written); // varies
//> .. I.. B.n. I..
//> He.
//> I.
//> I wen. I look. O.. I, I, it a thir.
//> I.
//> I have co says only, you their lose
//> So to the root,
//> Flean clesed the years the trairs the bnd,
//> And he walked with so that sings.
//> I ma I drake to the lose.
//> On the ble, goock he lear on Whore the stine,
//> It's
//> Wat in the hay, and it's down in the bow,
//>
//> Ean see reri of the sleet, and came o and last,
//> With as a low.
//> I on the mades and weldest where a dowse:
//> She came bell to painceet

/*
Lines, capitals, commas, and mostly words. How much of it is quoted? The
longest piece that is also in the training songs, letter by letter:
*/

const known = ds.train.column("text").join("\n");
let longest = "";
for (let i = 0; i < written.length; i++) {
  const piece = () => written.slice(i, i + longest.length + 1);
  while (piece().length > longest.length && known.includes(piece())) {
    longest = piece();
  }
}
await show([longest]); // varies
//> ['d,\nAnd he walked ']

/*
A few words, no more. The model knows what follows 32 tokens of a song that it
has learned. But no song begins with 32 line breaks, and every drawn token
leads further away from all of them.

## Do similar tokens have similar vectors?

Which tokens are similar? Those that are followed by the same things. So for
each token we count, as in lesson 12, how often each other one follows it. The
square roots of its counts are taken as a vector. (Without the root, the most
frequent followers would decide everything.)
*/

const counts = Array.from({ length: nToken }, () => Array(nToken).fill(0.1));
const learned = await trainData.data();
for (let i = 1; i < learned.length; i++) counts[learned[i - 1]][learned[i]]++;
const followers = tensor(counts).sqrt(); // (512, 512)

/*
The cosine of the angle between two vectors is their dot product divided by
their lengths. It says how similar their directions are: 1 for the same, 0 for
unrelated. `nearest` gives, among the 200 most frequent tokens, the five with
the largest cosine to a given one.
*/

const { cosineSimilarity } = nn.functional;
const timesOf = (id: number) => counts[id].reduce((a, b) => a + b);
const often = [...counts.keys()].sort((a, b) => timesOf(b) - timesOf(a))
  .slice(0, 200);

async function nearest(vectors: Tensor, token: string) {
  const [id] = tokenizer.encode(token);
  const others = often.filter((other) => other !== id);
  const [rows, row] = [others, [id]].map((ids) => vectors.index(tensor(ids)));
  const [, best] = cosineSimilarity(rows, row).topk(5);
  const places = await best.tolist() as number[];
  return places.map((place) => tokenizer.decode([others[place]]));
}

/*
By what follows them, the nearest tokens to three words are:
*/

const some = [" he", " my", " in"];
for (const token of some) {
  await show([token], "→", await nearest(followers, token));
  //> [' he'] → ['He', ' she', 'She', 'he', ' we']
  //> [' my'] → [' his', ' your', 'The', ' the', ' her']
  //> [' in'] → [' for', ' of', ' by', ' from', ' with']
}

/*
These are words of the same kind: pronouns, possessives and articles,
prepositions. Has the model found them too? The same for its vectors:
*/

const vectors = model.tokenEmbeddingTable.weight.detach(); // (512, 64)
for (const token of some) {
  await show([token], "→", await nearest(vectors, token)); // varies
  //> [' he'] → [' w', 'p', 'She', ' she', ' me']
  //> [' my'] → [' his', ' a', ' p', 'ep', 'ast']
  //> [' in'] → [' like', ' be', ' of', 'O', 've']
}

/*
Hardly. In the run that is shown here "his" is next to "my", and "She" is
among the neighbors of "he". Most of the others are there by chance: of 200
random directions in 64 dimensions, some are always near. The vectors began as
random ones, and training has hardly turned them. This is the mean cosine
between a vector now and at the start:
*/

const turned = cosineSimilarity(vectors, start); // (512)
await show(turned.index(tensor(often)).mean()); // ±0.05, in full
//> tensor(0.9654)

/*
A likely reason: the layers after the table can learn 130 songs by heart from
almost any vectors, so there is little reason to change these. With far more
text that is no longer possible, and then it pays if similar tokens have
similar vectors.

This model sees only the last 32 tokens, each at a fixed position. What it has
learned about a word at the fifth position, it must learn again for the sixth.
Lesson 14 lets the tokens attend to each other instead.

(`model.type`, and two comments of the notebook that are swapped, are in the
museum: `deno task museum`.)

Exercises, which check your answers: `deno task exercise 13`.
*/
