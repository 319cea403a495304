/*
# Lesson 13: The MLP language model

The first model that writes: 32 tokens in, the next one out, 1.3 million numbers between, learned from
songs.

Needs the network: no more than lesson 10.
*/

import {
  cat,
  defaultGenerator,
  display,
  fixed,
  full,
  lesson,
  loadCheckpoint,
  manualSeed,
  nn,
  noGrad,
  optim,
  randint,
  randn,
  saveCheckpoint,
  Tensor,
  tensor,
  training,
  tuple,
} from "#lib";
import { data, ds, which } from "./10-dataset.ts";
import { nToken, tokenizer, trainData } from "./11-tokenizer.ts";
import { batchSize, LanguageModel, train } from "./12-batches.ts";

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
    help: "what to save to, with .safetensors and .svg behind",
  },
  resume: {
    value: false,
    help: "go on where a run with the same options was stopped",
  },
});

await show(which);
//> Dataset: the 145 songs of this project (CC0)

/*
The idea is that of [Bengio et al., 2003](https://www.jmlr.org/papers/v3/bengio03a.html): give every token a
vector, put the vectors of the last 32 tokens in a row, and let an ordinary network with one hidden layer
say what comes next.

Lesson 12 drew a place, 64 places, 15 normal numbers and three classes. We draw the same and stand where it
ended.
*/

manualSeed(options.seed);
randint(512, [1 + 64]);
randn([3, 5]);
randint(5, [3]);

/*
## The vectors

An embedding is a table of vectors, as in lesson 2: here for three tokens, four numbers each, and the row of
token 1.
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
The table begins at random and is learned like everything else. Where two tokens are followed by the same
things, the same changes are asked of their rows, so what is alike in use becomes alike in numbers.

A batch of two samples with three tokens each becomes 2 × 3 vectors, here with five numbers to a vector:
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
The network wants one row a sample, so the vectors of a sample are put one behind the other. Nothing is
copied for it; the same numbers are read as 2 rows of 15.
*/

await show(x.view(2, -1).size());
//> torch.Size([2, 15])

/*
## The model

The first linear layer sees all 32 × 64 numbers at once, with a weight for every place, and so knows where
each token stood. The hyperbolic tangent bends, else two linear layers would be no more than one. The second
layer gives a score to each of the 512 tokens.
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
    const x = this.tokenEmbeddingTable.forward(idx).view(B, -1); // (B, T · nEmbed)
    const logits = this.net.forward(x); // (B, nToken)
    if (!y) return [logits];
    return [logits, nn.functional.crossEntropy(logits, y.index(":", -1))];
  }
}

/*
Of the answers only the last is used: what follows all 32 tokens. Most of the parameters are in the first
linear layer.
*/

const model = new MLP({ contextLength: 32, nEmbed: 64, nHidden: 512 });
const parameters = [...model.parameters()].reduce(
  (sum, p) => sum + p.numel(),
  0,
);
await show(parameters / 1e6, " M parameters");
//> 1.344512  M parameters
for (const [name, p] of model.namedParameters()) {
  await show(name, p.size(), p.numel());
}
//> token_embedding_table.weight torch.Size([512, 64]) 32768
//> net.0.weight torch.Size([512, 2048]) 1048576
//> net.0.bias torch.Size([512]) 512
//> net.2.weight torch.Size([512, 512]) 262144
//> net.2.bias torch.Size([512]) 512

/*
## Writing

To write, a model is asked for the next token again and again, each answer becoming part of the next
question. It begins with a page of empty lines. Always taking the best token would soon go round in circles;
taking any by its probability lets the many bad ones through now and then. So one is drawn, by probability,
from the best five: the others get the score −∞, which softmax turns into 0.

(The notebook asks `model.type` what kind of model it has, but the class calls it `model_type`, so the cell
as it stands fails. Whether there is a score for the last place only or for each place shows in the logits'
shape.)
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
      const [scores] = model.forward(idx.index(":", `${-contextLength}:`));
      const logits = scores.ndim === 3 ? scores.index(":", -1) : scores; // (1, nToken)
      const [best] = logits.topk(topk); // (1, topk), the largest first
      const kept = logits.maskedFill(
        logits.lt(best.index(":", "-1:")),
        -Infinity,
      );
      const idxNext = kept.softmax(-1).multinomial(1); // (1, 1)
      idx = cat([idx, idxNext], 1);
    }
    return idx;
  });
  model.train(training);
  const text = tokenizer.decode((await idx.data()).subarray(contextLength));
  return text.replace(/[^\P{C}\n]/gu, "�"); // control characters could upset a terminal
}

/*
Nothing is read before the end: a drawn token goes from the GPU to the GPU. `eval()` is as in lesson 12: for
models that behave otherwise while they learn. Fifty tokens of a model that has
learned nothing:
*/

await show(await generate(model, { maxNewTokens: 50 }));
//>  HeorB: l: c��� He wor aor l;or�hiJ� He;B;ʇ handld worurnveght let ne come wasShe pi��'d��her�in�They

/*
## Learning

Ten thousand batches of 64 samples, with the loss estimated every thousand steps. On two cores this takes
some minutes: the line at the foot says how many, and above it the loss is drawn as it falls. Ctrl-C saves
all there is: the parameters, what the optimiser remembers, the state of the random numbers and the curve.
`--resume` goes on from there, bit for bit as if it had never stopped.
*/

const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-3 });
const about = { seed: options.seed, tokens: trainData.numel() };
const save = () => saveCheckpoint(`${options.out}.safetensors`, parts, about);
const run = training(options.steps, {
  tokens: batchSize * model.contextLength,
  save: import.meta.main ? save : undefined, // a lesson that is imported writes nothing
});
const parts = { model, optimizer, generator: defaultGenerator, run };
if (options.resume) {
  loadCheckpoint(`${options.out}.safetensors`, parts, about);
}

const evals = { evalInterval: 1000, evalIters: options.evals };
for await (const { step, ...losses } of train(model, optimizer, run, evals)) {
  const [seen, unseen] = [fixed(losses.train, 4), fixed(losses.val, 4)];
  await show(`step ${step}: train loss ${seen}, validation loss ${unseen}`); // ±0.15, in full
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
It begins at ln 512 = 6.24, where one knows nothing. (Three other seeds, run with PyTorch, lie within 0.12 of
these numbers; a run must lie within 0.15.) The curve of all the losses, each point the mean of 42 steps, and
as marks the losses on the songs that were put aside:
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
if (import.meta.main) {
  await save();
  await Deno.writeTextFile(`${options.out}.svg`, (await run.chart()).svg());
}

/*
The two part ways. The model has a million numbers for 130 songs, which it reads eight times over, and in
the end it knows them by heart: their loss falls on and on. The songs that it has never seen gain by that in
the first thousand steps or so, and from then on they lose: what is learned now is true of those 130 songs
and of no others. At the end it predicts new songs worse than a guess, since it is sure of itself and wrong.
That is overfitting, and the reason why a part was put aside.

The notebook's 2,016 songs are fifteen times as much, and there both losses fall to the end, from 6.28 to
2.96 and 3.38. `deno task fetch -- songs` brings them, and this lesson then learns from them.

## Writing again

Two hundred tokens of the model that has learned:
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
Lines, capitals, commas, and mostly words. How much of it is quoted? The longest piece that stands in the
songs letter by letter:
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
A few words and no more. It knows what follows 32 tokens of a song that it has learned; but no song begins
with a page of empty lines, and each token that is drawn leads further away from all of them.

All it has to go on are the last 32 tokens, each at a fixed place: what it has learned of a word at the
fifth place it has to learn anew for the sixth. Lesson 14 lets the tokens look at each other.
*/
