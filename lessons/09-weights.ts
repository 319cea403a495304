/*
# Lesson 9: GPT-2's published weights

The model of lesson 8 gets the parameters that OpenAI trained, and writes
English.

Needs the network: once, for the weights (548 MB).
*/

import {
  arange,
  cat,
  decodeStream,
  fetchModel,
  fixed,
  generate,
  type GenerateOptions,
  GPT2,
  heatMap,
  lesson,
  loadPretrained,
  manualSeed,
  nn,
  noGrad,
  openSafetensors,
  publishedState,
  randn,
  sample,
  type Tensor,
  tensor,
} from "#lib";

/*
What can be set on the command line:
*/

const { show, options } = lesson(import.meta, {
  model: {
    value: "gpt2",
    short: "lessons/small-gpt2",
    help: "gpt2, gpt2-medium, gpt2-large, gpt2-xl, or owner/name on the Hub",
  },
  folder: { value: "", help: "a folder with a GPT-2, in place of the Hub" },
  dtype: {
    value: "float32",
    choices: ["float32", "float16"],
    help: "float16 keeps the large matrices in half the memory, rounded",
  },
  prompt: { value: "Every effort moves you", help: "the text to continue" },
  tokens: { value: 25, help: "how many tokens to write" },
  temperature: { value: 1.5, help: "what the logits are divided by" },
  "top-k": { value: 50, help: "how many tokens have a chance" },
  "top-p": {
    value: 0.9,
    help: "the probability that the kept tokens add up to",
  },
  seed: { value: 123, help: "where the random numbers begin" },
  text: {
    value: "The sun rises in the east and sets in the west.",
    help: "a text whose loss and perplexity to show",
  },
  layer: {
    value: 5,
    short: 1,
    help: "whose attention heads to draw, from 0",
  },
});

/*
OpenAI trained GPT-2 on 40 GB of text. The result is public: a file of
parameters, which anybody may load. Whoever has the right code and that file
has the model.

The file is on the Hugging Face Hub. It is downloaded once, into the cache
that Python's libraries use too, and its checksum is verified. `--folder`
takes a folder of your own. (In the code below, `// in full` marks an output
that holds for OpenAI's weights, and `// not seen` one that has not been
recorded yet.)
*/

const folder = options.folder || await fetchModel(options.model);
export const { model, tokenizer, config } = loadPretrained(folder, {
  as: GPT2,
  dtype: options.dtype as "float32" | "float16",
});

await show("Weights:", options.folder || options.model); // in full
//> Weights: gpt2

/*
`loadPretrained` has done in one line what this lesson explains. It has read
four files of the folder:

- `config.json`: the sizes, such as the number of blocks
- `vocab.json`: the tokens and their ids
- `merges.txt`: how the tokenizer builds tokens from letters (lesson 11)
- `model.safetensors`: the parameters

## What is in the file

A safetensors file begins with a header. For each tensor it gives the name,
the shape, and the dtype, which is the type of its values: F32 means floats of
4 bytes. After the header come the values, one tensor after another. So the
list of tensors can be read without the tensors.
*/

using file = openSafetensors(`${folder}/model.safetensors`);
await show(file.names.length, "tensors"); // in full
//> 160 tensors

/*
Outside the blocks there are four tensors. `wte` is the table of token
embeddings, `wpe` is the table of position embeddings, and `ln_f` is the final
layer norm:
*/

const numel = (shape: readonly number[]) => shape.reduce((n, d) => n * d, 1);
const describe = (name: string) => {
  const { dtype, shape } = file.info(name);
  return `${name} ${dtype} [${shape}] ${4 * numel(shape)} bytes`;
};
const isBlock = (name: string) => /\bh\.\d+\./.test(name);
for (const name of file.names.filter((name) => !isBlock(name))) {
  await show(describe(name)); // in full
  //> ln_f.bias F32 [768] 3072 bytes
  //> ln_f.weight F32 [768] 3072 bytes
  //> wpe.weight F32 [1024,768] 3145728 bytes
  //> wte.weight F32 [50257,768] 154389504 bytes
}

/*
All others are in the twelve blocks, thirteen in each. These are the tensors
of the first block:
*/

for (const name of file.names.filter((name) => /\bh\.0\./.test(name))) {
  await show(describe(name)); // in full
  //> h.0.attn.bias F32 [1,1,1024,1024] 4194304 bytes
  //> h.0.attn.c_attn.bias F32 [2304] 9216 bytes
  //> h.0.attn.c_attn.weight F32 [768,2304] 7077888 bytes
  //> h.0.attn.c_proj.bias F32 [768] 3072 bytes
  //> h.0.attn.c_proj.weight F32 [768,768] 2359296 bytes
  //> h.0.ln_1.bias F32 [768] 3072 bytes
  //> h.0.ln_1.weight F32 [768] 3072 bytes
  //> h.0.ln_2.bias F32 [768] 3072 bytes
  //> h.0.ln_2.weight F32 [768] 3072 bytes
  //> h.0.mlp.c_fc.bias F32 [3072] 12288 bytes
  //> h.0.mlp.c_fc.weight F32 [768,3072] 9437184 bytes
  //> h.0.mlp.c_proj.bias F32 [768] 3072 bytes
  //> h.0.mlp.c_proj.weight F32 [3072,768] 9437184 bytes
}

/*
Most of it is familiar: two layer norms, attention, a feed-forward network
from 768 to 3,072 and back. Four things are not as in lesson 8.

**`attn.bias` is no bias.** It is the causal mask, 1,024 × 1,024 zeros and
ones, which an early program saved along with the weights. The mask follows
from the code, so it is skipped. Without the masks, the file has exactly as
many parameters as lesson 8 counted for OpenAI's model:
*/

const isMask = (name: string) => /attn\.bias$/.test(name);
const weights = file.names.filter((name) => !isMask(name));
const parameters = weights.map((name) => numel(file.info(name).shape));
await show(parameters.reduce((a, b) => a + b), "parameters"); // in full
//> 124439808 parameters

/*
**There is no output head.** GPT-2's head is the table of token embeddings
again: the logit of a token is the dot product of the last layer norm's output
with that token's embedding. The two are *tied*, and saved once.

**The matrices are transposed.** For a layer from 768 to 3,072 dimensions,
PyTorch keeps a weight (3072, 768) and computes x · Wᵀ. OpenAI wrote GPT-2
with another library, TensorFlow, and took a layer that was made for something
else, a convolution (the `c` in `c_fc`). Its weight is (768, 3072), and it
computes x · W. The values are the same, in another order.

**`c_attn` is three matrices in one.** Query, key and value are three linear
layers with the same input. If their matrices stand side by side in one
matrix, one product is enough, and a GPU computes it faster than three. A
small example shows that the result is the same:
*/

manualSeed(options.seed);
const x = randn([2, 4]); // (T, C)
const three = [0, 1, 2].map(() => randn([4, 4])); // wq, wk, wv: (C, C)
const together = x.matmul(cat(three, 1)); // (T, 3C)
const apart = three.map((w) => x.matmul(w)); // 3 × (T, C)
await show(together.sub(cat(apart, 1)).abs().lt(1e-6).all());
//> tensor(True)

/*
## From their names to ours

Here is lesson 8's model once more, shorter and of any size. Three things
differ: query, key and value have a bias, as in GPT-2; the head is tied; and
there is no dropout, since we do not train.
*/

export interface Sizes {
  vocabSize: number;
  nPositions: number;
  nEmbd: number;
  nHead: number;
  nLayer: number;
}

/*
Its attention:
*/

export class Attention extends nn.Module {
  wQuery: nn.Linear;
  wKey: nn.Linear;
  wValue: nn.Linear;
  outProj: nn.Linear;

  constructor(readonly sizes: Sizes) {
    super();
    const linear = () => new nn.Linear(sizes.nEmbd, sizes.nEmbd);
    [this.wQuery, this.wKey, this.wValue] = [linear(), linear(), linear()];
    this.outProj = linear();
  }

  heads(x: Tensor): Tensor[] { // (B, T, C) → 3 × (B, heads, T, C / heads)
    const [B, T, C] = x.shape;
    const { nHead } = this.sizes;
    return [this.wQuery, this.wKey, this.wValue].map((layer) =>
      layer.forward(x).view(B, T, nHead, C / nHead).transpose(1, 2)
    );
  }

  forward(x: Tensor): Tensor {
    const [q, k, v] = this.heads(x);
    const { scaledDotProductAttention } = nn.functional;
    const found = scaledDotProductAttention(q, k, v, { isCausal: true });
    return this.outProj.forward(found.transpose(1, 2).flatten(2));
  }
}

/*
Its block:
*/

export class Block extends nn.Module {
  norm1: nn.LayerNorm;
  norm2: nn.LayerNorm;
  ff: nn.Sequential;

  constructor({ nEmbd }: Sizes, readonly att: Attention) {
    super();
    this.norm1 = new nn.LayerNorm(nEmbd);
    this.norm2 = new nn.LayerNorm(nEmbd);
    this.ff = new nn.Sequential(
      new nn.Linear(nEmbd, 4 * nEmbd),
      new nn.GELU({ approximate: "tanh" }),
      new nn.Linear(4 * nEmbd, nEmbd),
    );
  }

  forward(x: Tensor): Tensor { // (B, T, C)
    x = x.add(this.att.forward(this.norm1.forward(x)));
    return x.add(this.ff.forward(this.norm2.forward(x)));
  }
}

/*
And the model. `forward` also takes the position of the first token, which is
0 for now. Its last line is the tied head:
*/

export class SmallGPT extends nn.Module {
  tokEmb: nn.Embedding;
  posEmb: nn.Embedding;
  trfBlocks: nn.ModuleList<Block>;
  finalNorm: nn.LayerNorm;

  constructor(sizes: Sizes, Kind: typeof Attention = Attention) {
    super();
    const { vocabSize, nPositions, nEmbd, nLayer } = sizes;
    this.tokEmb = new nn.Embedding(vocabSize, nEmbd);
    this.posEmb = new nn.Embedding(nPositions, nEmbd);
    const block = () => new Block(sizes, new Kind(sizes));
    this.trfBlocks = new nn.ModuleList(Array.from({ length: nLayer }, block));
    this.finalNorm = new nn.LayerNorm(nEmbd);
  }

  forward(ids: Tensor, from = 0): Tensor { // (B, T)
    const positions = arange(from, from + ids.shape[1]); // (T)
    let x = this.tokEmb.forward(ids).add(this.posEmb.forward(positions));
    for (const block of this.trfBlocks) x = block.forward(x); // (B, T, C)
    const { linear } = nn.functional;
    return linear(this.finalNorm.forward(x), this.tokEmb.weight);
  }
}

/*
This table has the names in the file and ours:

| in the file              | in lesson 8                         |          |
| ------------------------ | ----------------------------------- | -------- |
| `wte.weight`             | `tok_emb.weight`                    | and head |
| `wpe.weight`             | `pos_emb.weight`                    |          |
| `h.N.ln_1`, `ln_2`       | `trf_blocks.N.norm1`, `norm2`       |          |
| `h.N.attn.c_attn`        | `….att.w_query`, `w_key`, `w_value` | in three |
| `h.N.attn.c_proj`        | `….att.out_proj`                    | flipped  |
| `h.N.mlp.c_fc`, `c_proj` | `….ff.0`, `….ff.2`                  | flipped  |
| `ln_f`                   | `final_norm`                        |          |

The same in code. `take` is a function that returns the tensor of the file
with a given name.
*/

type Named = [name: string, tensor: Tensor];

function* inOurNames(take: (name: string) => Tensor, nLayer: number) {
  yield ["tok_emb.weight", take("wte.weight")] as Named;
  yield ["pos_emb.weight", take("wpe.weight")] as Named;
  for (let n = 0; n < nLayer; n++) yield* blockInOurNames(take, n);
  yield* pair(take, "ln_f", "final_norm");
}

/*
A linear layer or a norm has a weight and a bias. The weight of a linear layer
is transposed back ("flipped" in the table). The weight of `c_attn`, (768,
2304), is first cut into three of (768, 768).
*/

function* pair(take: (name: string) => Tensor, theirs: string, ours: string) {
  const weight = take(`${theirs}.weight`);
  yield [`${ours}.weight`, weight.ndim === 2 ? weight.t() : weight] as Named;
  yield [`${ours}.bias`, take(`${theirs}.bias`)] as Named;
}

/*
And these are all the tensors of one block:
*/

function* blockInOurNames(take: (name: string) => Tensor, n: number) {
  const [theirs, ours] = [`h.${n}`, `trf_blocks.${n}`];
  yield* pair(take, `${theirs}.ln_1`, `${ours}.norm1`);
  const weights = take(`${theirs}.attn.c_attn.weight`).chunk(3, 1);
  const biases = take(`${theirs}.attn.c_attn.bias`).chunk(3);
  for (const [i, name] of ["w_query", "w_key", "w_value"].entries()) {
    yield [`${ours}.att.${name}.weight`, weights[i].t()] as Named;
    yield [`${ours}.att.${name}.bias`, biases[i]] as Named;
  }
  yield* pair(take, `${theirs}.attn.c_proj`, `${ours}.att.out_proj`);
  yield* pair(take, `${theirs}.ln_2`, `${ours}.norm2`);
  yield* pair(take, `${theirs}.mlp.c_fc`, `${ours}.ff.0`);
  yield* pair(take, `${theirs}.mlp.c_proj`, `${ours}.ff.2`);
}

/*
Loading checks three things, and each mistake gets an error that names the
tensor:

- No tensor is missing. `take` refuses a name that the file does not have.
- Each tensor is used once. `take` removes it from its list, and at the end
  nothing may be left there.
- The shapes are equal. `loadStateDict` compares them, and it also refuses to
  leave out a parameter of ours.
*/

export function load(
  target: nn.Module,
  tensors: ReadonlyMap<string, Tensor>,
  nLayer: number,
) {
  const left = new Map(tensors);
  const take = (name: string) => {
    const found = left.get(name);
    if (!left.delete(name)) throw new Error(`the file lacks ${name}`);
    return found!;
  };
  target.loadStateDict(new Map(inOurNames(take, nLayer)));
  if (left.size) throw new Error(`not used: ${[...left.keys()]}`);
}

/*
To test our model and `load`, we need a small GPT-2 to compare with. The
library's class `GPT2` uses the names of the file. We make one with random
weights, take its tensors as a file would have them, and load them into our
model.
*/

const sizes = {
  vocabSize: 50,
  nPositions: 32,
  nEmbd: 32,
  nHead: 4,
  nLayer: 2,
};
const theirs = new GPT2(sizes).eval();
for (const p of theirs.parameters()) { // so that no bias is 0, no scale 1
  noGrad(() => p.add_(randn(p.shape), { alpha: 0.2 }));
}
export const small = new SmallGPT(sizes).eval();
load(small, publishedState(theirs), sizes.nLayer);

/*
Then both models read the same eight tokens. Are their logits equal?
*/

const ids = tensor([[3, 1, 4, 1, 5, 9, 2, 6]]); // (1, 8)
export const logits = noGrad(() => small.forward(ids)); // (1, 8, 50)
const reference = noGrad(() => theirs.forward(ids)); // (1, 8, 50)
await show(logits.sub(reference).abs().lt(1e-5).all());
//> tensor(True)

/*
The file of 548 MB is loaded in the same way. To save memory, the library
reads one tensor, or a piece of one, uploads it to the GPU, and forgets it
before it reads the next. So the file is never in memory twice.

For the larger models there is `--dtype float16`: it rounds every parameter to
16 bits and keeps the large matrices in that form, in half the memory. The
model still computes in 32 bits.

## What a new token costs

In lesson 8 the whole text went through the model again for each new token.
After 1,000 tokens that is 1,000 times the work for one token. Nearly all of
it has been done before: the causal mask lets no position look ahead, so what
the model computes for a position does not change when the text grows.

What does a new token need from the earlier positions? In a block only the
attention combines positions. There the new token's query needs the keys and
values of the earlier positions. So we keep these, in each block. They are the
**key-value cache**. The code is one subclass:
*/

export class CachedAttention extends Attention {
  keys?: Tensor; // (B, heads, positions so far, C / heads)
  values?: Tensor;

  override forward(x: Tensor): Tensor { // (B, T, C): the new positions only
    const [q, k, v] = this.heads(x);
    this.keys = (this.keys ? cat([this.keys, k], 2) : k).detach();
    this.values = (this.values ? cat([this.values, v], 2) : v).detach();
    const isCausal = q.shape[2] > 1; // the last position may see all
    const { scaledDotProductAttention } = nn.functional;
    const found = scaledDotProductAttention(q, this.keys, this.values, {
      isCausal,
    });
    return this.outProj.forward(found.transpose(1, 2).flatten(2));
  }
}

/*
(What is computed inside `noGrad` is freed after it; `detach` keeps a tensor.)
Now the new model reads the same eight tokens, first five at once, then the
last three one by one. The logits are the same:
*/

const cached = new SmallGPT(sizes, CachedAttention).eval();
load(cached, publishedState(theirs), sizes.nLayer);

const steps = [[0, 5], [5, 6], [6, 7], [7, 8]];
const pieces = steps.map(([from, to]) =>
  noGrad(() => cached.forward(ids.index(":", `${from}:${to}`), from))
); // (1, 5, 50), (1, 1, 50), …
export const far = cat(pieces, 1).sub(logits).abs(); // (1, 8, 50)
await show(far.lt(1e-5).all());
//> tensor(True)

/*
The two models also write the same text. Both append the best token, 12 times.
One reads everything again each time, the other reads the new token alone:
*/

const best = (scores: Tensor) =>
  scores.index(":", -1).argmax({ dim: -1, keepdim: true }); // (B, 1)
let again = ids; // (1, T)
let next = best(pieces[3]); // (1, 1)
let onwards = cat([ids, next], 1); // (1, T + 1)
for (let n = 0; n < 12; n++) {
  again = cat([again, best(noGrad(() => small.forward(again)))], 1);
  const at = onwards.shape[1] - 1;
  next = best(noGrad(() => cached.forward(next, at)));
  onwards = cat([onwards, next], 1);
}
await show(again.eq(onwards.index(":", ":-1")).all());
//> tensor(True)

/*
Now a late token costs only a little more than an early one: the attention has
more keys to compare with, and nothing else grows. The price is memory. For
GPT-2, a key and a value of 768 dimensions must be kept for each position in
each of its 12 blocks.

The library's cache is the same idea with the memory reserved beforehand, so
that nothing is copied as the text grows.

## It writes

The greedy choice first: always the most probable token. The text appears as
it is written, one token at a time.
*/

export async function* write(prompt: string, how: GenerateOptions) {
  yield prompt;
  const ids = tokenizer.encode(prompt, { allowedSpecial: "all" });
  yield* decodeStream(tokenizer, generate(model, ids, how));
}

const greedy = { temperature: 0, maxNewTokens: 15 };
await show(write(options.prompt, greedy)); // in full
//> Every effort moves you forward.
//>
//> The first step is to understand the importance of your work

/*
The model is that of lesson 8. Only the values of its parameters have changed,
and the nonsense has become English.

The greedy text has no surprises, and a long one repeats itself. So we draw
the next token, as in lesson 8: the logits are divided by the temperature, all
but the best k tokens are excluded, and one of the rest is drawn by its
probability.
*/

const { tokens, temperature, "top-k": topK, "top-p": topP } = options;
let sampled = "";
async function* kept(stream: AsyncIterable<string>) {
  for await (const piece of stream) {
    sampled += piece;
    yield piece;
  }
}

manualSeed(options.seed);
const drawn = { maxNewTokens: tokens, temperature, topK };
await show(kept(write(options.prompt, drawn))); // in full
//> Every effort moves you toward finding an ideal new way to practice something!
//>
//> What makes us want to be on top of that?

/*
The random numbers are PyTorch's, so PyTorch writes the same text from the
same seed. With these options (seed 123, temperature 1.5, top-k 50, 25 tokens)
the book that the notebook follows, Sebastian Raschka's "Build a Large
Language Model (From Scratch)", prints a text. The text that stands above is
the book's, and so is the greedy one. If OpenAI's weights are loaded and no
option was changed, the lesson compares ours with it:
*/

const PRINTED = "Every effort moves you toward finding an ideal new way to " +
  "practice something!\n\nWhat makes us want to be on top of that?";
const used = [tokens, temperature, topK, options.seed].join();
const isBooks = used === "25,1.5,50,123" && !options.folder &&
  options.model === "gpt2" && options.prompt === "Every effort moves you";
const asPrinted = isBooks ? sampled === PRINTED : "not compared";
await show("as printed:", asPrinted); // in full
//> as printed: true

/*
## Top-p

Top-k always keeps the same number of tokens, whether the model is sure or
not. If one token has nearly all the probability, the others can only do harm.
After "My name is" thousands of tokens would fit, and 50 are too few.
**Top-p**, or nucleus sampling ([Holtzman et al.,
2019](https://arxiv.org/abs/1904.09751)), looks at the probabilities: it keeps
the best tokens, and only as many as are needed to reach the probability p
together.

Here are five tokens, the best first. The sums of their probabilities show
that three of them reach 0.9. Of a thousand draws none goes to the other two:
*/

const scores = Float32Array.of(3, 2.5, 1.5, 0.5, 0);
const probabilities = tensor(scores).softmax(-1); // (5)
await show(probabilities.cumsum(-1));
//> tensor([0.5098, 0.8190, 0.9328, 0.9746, 1.0000])
manualSeed(options.seed);
const counts = [0, 0, 0, 0, 0];
for (let n = 0; n < 1000; n++) counts[sample(scores, { topP: 0.9 })]++;
await show(counts);
//> [558, 313, 129, 0, 0]

/*
Here is a text with top-p, at temperature 1:
*/

manualSeed(options.seed);
await show(write(options.prompt, { maxNewTokens: tokens, topP })); // not seen

/*
## How surprised is it?

At each position of a text the model gives every token a probability. If the
text is already there, we can look up the probability of the token that really
came next. The loss is the mean of the negative logarithms of these
probabilities, and the perplexity is e to the power of the loss (lesson 7):
the model is as unsure as if it had to guess among that many equally likely
tokens. For a uniform distribution that is the size of the vocabulary.
`--text` takes a text of yours.
*/

export async function lossOf(text: string): Promise<number> {
  const ids = tensor([tokenizer.encode(text)]); // (1, T)
  const logits = noGrad(() => model.forward(ids)); // (1, T, vocabSize)
  const { crossEntropy } = nn.functional;
  const loss = crossEntropy(logits.index(0, ":-1"), ids.index(0, "1:"));
  return await loss.item();
}

export const loss = await lossOf(options.text);
const perplexity = Math.exp(loss);
const [a, b] = [fixed(loss, 4), fixed(perplexity, 2)];
await show(`loss ${a}, perplexity ${b}`); // not seen

/*
## What the heads attend to

Each block has twelve attention heads. Nobody told them what to look for;
training found it. Here we can see what each one attends to. We compute the
attention weights for the last token of the text above, in the block that
`--layer` names. (The last token may attend to all tokens, so its row needs no
mask.)
*/

export function attentionWeights(ids: Tensor, layer: number): Tensor {
  const blocks = [...model.h];
  if (!(layer in blocks)) {
    const last = blocks.length - 1;
    throw new Error(`layer ${layer}: this model's layers are 0 to ${last}`);
  }
  let x = model.embed(ids); // (1, T, C)
  for (const block of blocks.slice(0, layer)) x = block.forward(x);
  const { ln_1, attn } = blocks[layer];
  const [q, k] = attn.heads(ln_1.forward(x)); // (1, heads, T, C / heads)
  const scores = q.matmul(k.transpose(-2, -1)).div(Math.sqrt(q.shape[3]));
  return scores.index(0, ":", -1).softmax(-1); // (heads, T)
}

/*
In the picture each row is a head, and each column a token of the text. The
weights of a row add up to 1.
*/

const seen = tokenizer.encode(options.text);
const looks = noGrad(() => attentionWeights(tensor([seen]), options.layer));
await show(heatMap(looks, {
  rows: Array.from({ length: config.nHead }, (_, head) => `head ${head}`),
  columns: seen.map((id) => tokenizer.decode([id]).trim() || "␣"),
})); // not seen

/*
In GPT-2 some heads attend to the token before, some to a word that is related
to this one. Many attend to the first token. That usually means that they
found nothing: the weights of a row must have the sum 1, and a head that finds
nothing puts them there.

`--model gpt2-medium`, `gpt2-large` and `gpt2-xl` load the larger sizes, with
355, 774 and 1,558 million parameters.

Next: the dataset, the text that a model learns from, in lesson 10.

Exercises, which check your answers: `deno task exercise 9`.
*/
