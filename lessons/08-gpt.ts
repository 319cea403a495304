/*
# Lesson 8: The blocks, the GPT model, generating text

The placeholders of lessons 5 and 7 are replaced one by one, until GPT-2 with
its 124 million parameters is complete and writes its first words.

Needs the network: no.
*/

import {
  arange,
  cat,
  chart,
  fixed,
  getEncoding,
  heatMap,
  kernel,
  lesson,
  linspace,
  manualSeed,
  multinomial,
  nn,
  noGrad,
  rand,
  randn,
  stack,
  Tensor,
  tensor,
} from "#lib";

const { show } = lesson(import.meta);

/*
The outline of lessons 5 and 7 has one gap left: twelve blocks that return
what they are given. A block needs an activation, a feed-forward network that
uses it, and the attention of lesson 3. The configuration is that of lesson 5:
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
## The activation

An activation is a function that is applied to each value between two linear
layers. Without one, two linear layers in a row would do no more than a single
one, since the product of two matrices is again a matrix. ReLU, in lesson 3,
sets everything negative to 0, and there its gradient is 0 too. GELU
([Hendrycks and Gimpel, 2016](https://arxiv.org/abs/1606.08415)) is a smooth
relative: x · Φ(x), where Φ(x) is the probability that a random number from
the standard normal distribution is smaller than x. When GPT-2 was trained, Φ
was slow to compute. So it used an approximation with a tanh, and its weights
expect that one. Here are the exact function and the approximation:
*/

const exactGelu = (x: Tensor) => x.mul(x.div(Math.SQRT2).erf().add(1)).div(2);
const tanhGelu = (x: Tensor) => {
  const inner = x.add(x.pow(3).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
  return x.mul(inner.tanh().add(1)).div(2);
};

/*
Both agree with the library's:
*/

const { gelu, relu } = nn.functional;
const x = linspace(-3, 3, 121); // (121)
await show(exactGelu(x).sub(gelu(x)).abs().lt(1e-6).all());
//> tensor(True)
const byTanh = gelu(x, { approximate: "tanh" });
await show(tanhGelu(x).sub(byTanh).abs().lt(1e-6).all());
//> tensor(True)

/*
Here is GELU next to ReLU. It dips below 0 before it rises, so a negative
input still has an output and a gradient.
*/

const curve = async (name: string, y: Tensor) => {
  const [xs, ys] = await Promise.all([x.data(), y.data()]);
  return { name, points: Array.from(xs, (x, i) => [x, ys[i]] as const) };
};
const curves = chart([
  await curve("ReLU", relu(x)),
  await curve("GELU", gelu(x)),
], { x: "x" });
await show(curves);
//> 3 ┤                                                                   ⣀⠴⠋ ReLU
//>   │                                                               ⢀⣠⠔⠋    GELU
//>   │                                                            ⢀⣠⠴⠋
//> 2 ┤                                                         ⢀⣤⠶⠋⠁
//>   │                                                      ⢀⣠⠶⠋⠁
//>   │                                                   ⢀⣴⠾⠋⠁
//>   │                                                ⣀⢤⡪⠓⠁
//> 1 ┤                                             ⣀⠴⡪⠕⠁
//>   │                                          ⣠⠔⣪⠕⠋
//>   │                                       ⣠⢔⡫⠔⠋
//>   │                                   ⢀⣠⣴⠝⠚⠉
//> 0 ┤⠛⠛⠛⠛⠛⠛⠛⠛⠛⠛⠛⠛⠛⠛⠫⠭⠭⠭⠭⠭⠭⣉⣉⣉⣉⣉⣉⣉⣉⣉⡩⠭⠭⠛⠛⠉⠁
//>   └───────────┬───────────────────────┬──────────────────────┬─────────── x
//>              −2                       0                      2

/*
In this picture nobody could tell the approximation from the exact GELU. The
largest difference is half a thousandth:
*/

await show(exactGelu(x).sub(tanhGelu(x)).abs().amax());
//> tensor(0.0005)

/*
## The feed-forward network

It has two linear layers with a GELU between them. The first widens the vector
of a token from 768 dimensions to four times as many. The second brings it
back to 768, so that blocks can be stacked.
*/

export class FeedForward extends nn.Module {
  layers: nn.Sequential;

  constructor({ embDim }: GPTConfig) {
    super();
    this.layers = new nn.Sequential(
      new nn.Linear(embDim, 4 * embDim),
      new nn.GELU({ approximate: "tanh" }),
      new nn.Linear(4 * embDim, embDim),
    );
  }

  forward(x: Tensor): Tensor { // (B, T, embDim)
    return this.layers.forward(x); // (B, T, embDim)
  }
}

/*
The shape comes back as it was. And most parameters of a block will be here:
*/

const count = (module: nn.Module) =>
  [...module.parameters()].reduce((n, p) => n + p.numel(), 0);

manualSeed(123);
const ffn = new FeedForward(GPT_CONFIG_124M);
await show(ffn.forward(rand([2, 3, 768])).size());
//> torch.Size([2, 3, 768])
await show(count(ffn), "parameters");
//> 4722432 parameters

/*
## Shortcuts

For a long time deep networks were very hard to train. One reason is that the
gradient of the lowest layer is a product with one factor for each layer above
it. If the factors are less than 1, the product of twelve of them is tiny. The
remedy is the residual connection of lesson 3, also called a shortcut: each
layer's output is added to its input. The sum passes the gradient on
unchanged.

To measure it, here is a network of twelve layers with a GELU each, first
without shortcuts, then with them and with the same weights:
*/

export class DeepNet extends nn.Module {
  layers: nn.ModuleList<nn.Linear>;

  constructor(depth: number, width: number, readonly shortcuts: boolean) {
    super();
    this.layers = new nn.ModuleList(
      Array.from({ length: depth }, () => new nn.Linear(width, width)),
    );
  }

  forward(x: Tensor): Tensor { // (B, width)
    for (const layer of this.layers) {
      const y = gelu(layer.forward(x));
      x = this.shortcuts ? x.add(y) : y;
    }
    return x;
  }
}

/*
Four random examples go through it. The loss is the mean square of the output.
For each layer we take the mean absolute value of its weights' gradient.
*/

export async function gradientSizes(shortcuts: boolean): Promise<number[]> {
  manualSeed(123);
  const net = new DeepNet(12, 16, shortcuts);
  net.forward(randn([4, 16])).square().mean().backward();
  const gradients = Array.from(net.layers, ({ weight }) => weight.grad!);
  const sizes = gradients.map((gradient) => gradient.abs().mean());
  return await stack(sizes).tolist() as number[];
}

/*
The lowest layer, one in the middle, and the highest:
*/

export const without = await gradientSizes(false);
export const withShortcuts = await gradientSizes(true);
for (const layer of [1, 6, 12]) {
  const [a, b] = [without, withShortcuts].map((sizes) =>
    sizes[layer - 1].toPrecision(3)
  );
  await show(`layer ${layer}: ${a} without shortcuts, ${b} with`);
  //> layer 1: 3.48e-9 without shortcuts, 0.999 with
  //> layer 6: 2.59e-7 without shortcuts, 0.695 with
  //> layer 12: 0.000292 without shortcuts, 0.593 with
}

/*
Without shortcuts the gradient of the lowest layer has vanished. It is smaller
than that of the highest layer by this factor:
*/

await show(fixed(without[11] / without[0] / 1000, 0), "thousand");
//> 84 thousand

/*
With shortcuts all layers have gradients of about the same size. The picture
has all twelve layers, and their gradients as powers of ten (−5 stands for
10⁻⁵):
*/

const powers = (sizes: number[]) =>
  sizes.map((size, i) => [i + 1, Math.log10(size)] as const);
await show(chart([
  { name: "without", points: powers(without) },
  { name: "with", points: powers(withShortcuts) },
], { x: "layer", y: "power of ten" }));
//>    power of ten
//>  0 ┤⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠒⠒⠒⠒⠊⠉⠉⠉⠑⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠤⠔⠒⠒⠒⠒⠒⠒⠒⠒⠢⠤⠤ with
//>    │
//>    │
//>    │
//>    │
//>    │                                                         ⣀⣀⠤⠤⠔⠒⠒⠉⠉ without
//>    │                                                ⢀⣀⡠⠤⠔⠒⠊⠉⠉
//> −5 ┤                                          ⣀⡠⠤⠒⠒⠉⠁
//>    │                                 ⣀⡠⠤⠤⠒⠒⠊⠉⠉
//>    │                       ⣀⣀⡠⠤⠤⠒⠒⠊⠉⠉
//>    │              ⣀⣀⡠⠤⠔⠒⠒⠉⠉
//>    │⣀⣀⣀⠤⠤⠤⠤⠔⠒⠒⠒⠉⠉⠉
//>    └────────────────────────┬────────────────────────────┬──────────── layer
//>                             5                           10

/*
## Attention

This is the multi-head attention of lesson 3, in GPT's form. A text attends to
itself, with the causal mask. Query, key and value come from three linear
layers without a bias. `scaledDotProductAttention` is the library's: a single
kernel, which never stores the matrix of attention weights.
*/

const { scaledDotProductAttention } = nn.functional;

export class MultiHeadAttention extends nn.Module {
  wQuery: nn.Linear;
  wKey: nn.Linear;
  wValue: nn.Linear;
  outProj: nn.Linear;

  constructor(readonly cfg: GPTConfig) {
    super();
    const { embDim, qkvBias } = cfg;
    this.wQuery = new nn.Linear(embDim, embDim, { bias: qkvBias });
    this.wKey = new nn.Linear(embDim, embDim, { bias: qkvBias });
    this.wValue = new nn.Linear(embDim, embDim, { bias: qkvBias });
    this.outProj = new nn.Linear(embDim, embDim);
  }

  forward(x: Tensor): Tensor {
    const { nHeads, dropRate } = this.cfg;
    const [B, T, C] = x.shape; // (B, T, 768)
    const [q, k, v] = [this.wQuery, this.wKey, this.wValue].map((layer) =>
      layer.forward(x).view(B, T, nHeads, C / nHeads) // (B, T, 12, 64)
        .transpose(1, 2) // (B, 12, T, 64)
    );
    const dropoutP = this.training ? dropRate : 0;
    const options = { isCausal: true, dropoutP };
    const found = scaledDotProductAttention(q, k, v, options);
    const joined = found.transpose(1, 2).flatten(2); // (B, T, 768)
    return this.outProj.forward(joined);
  }
}

/*
Four matrices of 768 × 768, and the bias of the last layer:
*/

await show(count(new MultiHeadAttention(GPT_CONFIG_124M)), "parameters");
//> 2360064 parameters

/*
How can attention do without the matrix of weights? For each query, the kernel
goes through the keys one after another. It keeps three things: the largest
score so far, the sum of the exponentials, and the sum of the values, each
multiplied by its exponential. As in lesson 3, the largest score is subtracted
before e is raised to it; so when a larger one comes, both sums are scaled
down. At the end the second sum is divided by the first. This is the running
softmax of FlashAttention ([Dao et al.,
2022](https://arxiv.org/abs/2205.14135)), here for one head, with one
invocation for each query:
*/

const runningAttention = /* wgsl */ `
  @group(0) @binding(0) var<storage, read> q: array<f32>; // (T, 64)
  @group(0) @binding(1) var<storage, read> k: array<f32>;
  @group(0) @binding(2) var<storage, read> v: array<f32>;
  @group(0) @binding(3) var<storage, read_write> out: array<f32>; // (T, 64)

  @compute @workgroup_size(1)
  fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let t = id.x * 64; // where this query begins
    var largest = -3e38;
    var sum = 0.0;
    var context = array<f32, 64>();
    for (var s = 0u; s <= t; s += 64) { // the keys up to this position
      var score = 0.0;
      for (var d = 0u; d < 64; d++) { score += q[t + d] * k[s + d] / 8; }
      let before = largest;
      largest = max(largest, score);
      let shrink = exp(before - largest);
      let weight = exp(score - largest);
      sum = sum * shrink + weight;
      for (var d = 0u; d < 64; d++) {
        context[d] = context[d] * shrink + weight * v[s + d];
      }
    }
    for (var d = 0u; d < 64; d++) { out[t + d] = context[d] / sum; }
  }`;

/*
On ten random queries, keys and values it gives what the library gives:
*/

const [q, k, v] = [rand([10, 64]), rand([10, 64]), rand([10, 64])]; // T = 10
const ours = kernel(runningAttention, { q, k, v }, [10, 64], { groups: 10 });
const library = scaledDotProductAttention(q, k, v, { isCausal: true });
await show(ours.sub(library).abs().lt(1e-5).all());
//> tensor(True)

/*
The library's kernel (`kernels/attention.wgsl`) handles several queries at a
time, so that each key is read less often.

## The block

In a block, attention lets the tokens exchange information, and the
feed-forward network works on what each has received. Both are pre-norm: a
layer norm comes before, and dropout after. A shortcut leads around all three.
The output has the shape of the input.

```diagram
         x (B, T, 768)
         ├───────────┐
┌────────▼────────┐  │
│   layer norm    │  │
├─────────────────┤  │
│    attention    │  │
├─────────────────┤  │
│     dropout     │  │
└────────┬────────┘  │
         + ◄─────────┘
         ├───────────┐
┌────────▼────────┐  │
│   layer norm    │  │
├─────────────────┤  │
│  feed-forward   │  │
├─────────────────┤  │
│     dropout     │  │
└────────┬────────┘  │
         + ◄─────────┘
         ▼
           (B, T, 768)
```
*/

export class TransformerBlock extends nn.Module {
  att: MultiHeadAttention;
  ff: FeedForward;
  norm1: nn.LayerNorm;
  norm2: nn.LayerNorm;
  dropShortcut: nn.Dropout;

  constructor(cfg: GPTConfig) {
    super();
    this.att = new MultiHeadAttention(cfg);
    this.ff = new FeedForward(cfg);
    this.norm1 = new nn.LayerNorm(cfg.embDim);
    this.norm2 = new nn.LayerNorm(cfg.embDim);
    this.dropShortcut = new nn.Dropout(cfg.dropRate);
  }

  forward(x: Tensor): Tensor { // (B, T, embDim)
    const { att, ff, norm1, norm2, dropShortcut } = this;
    x = x.add(dropShortcut.forward(att.forward(norm1.forward(x))));
    return x.add(dropShortcut.forward(ff.forward(norm2.forward(x))));
  }
}

/*
Two texts of four random vectors go through a block:
*/

manualSeed(123);
const block = new TransformerBlock(GPT_CONFIG_124M);
await show(block.forward(rand([2, 4, 768])).size());
//> torch.Size([2, 4, 768])
await show(count(block), "parameters");
//> 7085568 parameters

/*
## The model

This is the outline of lesson 5, with nothing missing. GPT-2 is decoder-only:
there is no encoder and no cross-attention, only a stack of such blocks.

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
*/

export class GPTModel extends nn.Module {
  tokEmb: nn.Embedding;
  posEmb: nn.Embedding;
  dropEmb: nn.Dropout;
  trfBlocks: nn.Sequential;
  finalNorm: nn.LayerNorm;
  outHead: nn.Linear;

  constructor(cfg: GPTConfig) {
    super();
    this.tokEmb = new nn.Embedding(cfg.vocabSize, cfg.embDim);
    this.posEmb = new nn.Embedding(cfg.contextLength, cfg.embDim);
    this.dropEmb = new nn.Dropout(cfg.dropRate);
    const blocks = Array.from(
      { length: cfg.nLayers },
      () => new TransformerBlock(cfg),
    );
    this.trfBlocks = new nn.Sequential(...blocks);
    this.finalNorm = new nn.LayerNorm(cfg.embDim);
    this.outHead = new nn.Linear(cfg.embDim, cfg.vocabSize, { bias: false });
  }

  forward(inIdx: Tensor): Tensor { // (B, T)
    const [, seqLen] = inIdx.shape;
    const tokEmbeds = this.tokEmb.forward(inIdx); // (B, T, 768)
    const posEmbeds = this.posEmb.forward(arange(seqLen)); // (T, 768)
    let x = this.dropEmb.forward(tokEmbeds.add(posEmbeds)); // (B, T, 768)
    x = this.trfBlocks.forward(x);
    x = this.finalNorm.forward(x);
    return this.outHead.forward(x); // (B, T, 50257)
  }
}

/*
Its parameters:
*/

manualSeed(123);
const model = new GPTModel(GPT_CONFIG_124M);
await show(count(model), "parameters");
//> 163009536 parameters

/*
That is more than 124 million. GPT-2 uses one matrix for two purposes: its
head is the table of token embeddings again. This is called **weight tying**,
and the 38,597,376 parameters of the head need not be counted then. We keep
two matrices, as the notebooks do. The published model ties them (lesson 9).
*/

await show(count(model) - count(model.outHead), "parameters, tied");
//> 124412160 parameters, tied

/*
A parameter is a float of 4 bytes. So our model, which is not tied, takes, in
MB of 1024 × 1024 bytes as the notebook counts them:
*/

await show(fixed(count(model) * 4 / 1024 ** 2, 2), "MB");
//> 621.83 MB

/*
OpenAI's model has 124,439,808 parameters, a few more than ours when tied. The
difference is the biases of query, key and value: three times 768 in each of
twelve blocks.
*/

await show(count(model) - count(model.outHead) + 12 * 3 * 768);
//> 124439808

/*
Half of the parameters are in the blocks, and two thirds of those in the
feed-forward networks. Nearly all the rest is in the token embedding and the
head:
*/

for (const [name, part] of model.namedChildren()) {
  const percent = fixed(100 * count(part) / count(model), 1);
  if (count(part)) await show(name, count(part), `${percent} %`);
  //> tok_emb 38597376 23.7 %
  //> pos_emb 786432 0.5 %
  //> trf_blocks 85026816 52.2 %
  //> final_norm 1536 0.0 %
  //> out_head 38597376 23.7 %
}

/*
## One pass

We take the batch of lesson 5 again, two texts of four tokens. The model is in
training mode, as in the notebooks, so a tenth of the values is dropped: after
the embeddings, among the attention weights, and before each sum. These random
draws follow from the same seed, in the order in which the model makes them.
*/

const tokenizer = await getEncoding("gpt2");
const texts = ["Every effort moves you", "Every day holds a"];
const batch = tensor(texts.map((text) => tokenizer.encode(text))); // (2, 4)

export const logits = noGrad(() => model.forward(batch)); // (2, 4, 50257)
await show(logits.size());
//> torch.Size([2, 4, 50257])
await show(logits);
//> tensor([[[ 0.3613,  0.4222, -0.0711,  ...,  0.3483,  0.4661, -0.2838],
//>          [-0.1792, -0.5660, -0.9485,  ...,  0.0477,  0.5181, -0.3168],
//>          [ 0.7120,  0.0332,  0.1085,  ...,  0.1018, -0.4327, -0.2553],
//>          [-1.0076,  0.3418, -0.1190,  ...,  0.7195,  0.4023,  0.0532]],
//>
//>         [[-0.2564,  0.0900,  0.0335,  ...,  0.2659,  0.4454, -0.6806],
//>          [ 0.1230,  0.3653, -0.2074,  ...,  0.7705,  0.2710,  0.2246],
//>          [ 1.0558,  1.0318, -0.2800,  ...,  0.6936,  0.3205, -0.3178],
//>          [-0.1565,  0.3926,  0.3288,  ...,  1.2630, -0.1858,  0.0388]]])

/*
In evaluation mode nothing is dropped, and the logits depend on the text
alone. In lesson 5 a token did not know its neighbors. Now replace the third
word: the logits at the third and fourth position change, and those before it
do not. That is the causal mask at work.
*/

model.eval();
const other = tensor([tokenizer.encode("Every effort takes you")]); // (1, 4)
export const evalLogits = noGrad(() => model.forward(batch)); // (2, 4, 50257)
const otherLogits = noGrad(() => model.forward(other)); // (1, 4, 50257)
const change = otherLogits.index(0).sub(evalLogits.index(0)); // (4, 50257)
await show(change.abs().amax({ dim: -1 }).gt(1e-4));
//> tensor([False, False,  True,  True])

/*
## A token's way through the model

Here is the same pass, step by step, with the shape after each step. An id
becomes a vector of 768 dimensions; twelve blocks keep that shape; and only
the head changes it, into one logit for each token of the vocabulary.
*/

const way = noGrad(() => {
  const tokens = model.tokEmb.forward(batch);
  const positions = model.posEmb.forward(arange(4)); // added to every text
  const sum = tokens.add(positions);
  const blocks = model.trfBlocks.forward(sum);
  const norm = model.finalNorm.forward(blocks);
  const head = model.outHead.forward(norm);
  return { ids: batch, tokens, positions, sum, blocks, norm, head };
});
for (const [name, x] of Object.entries(way)) await show(name, x.size());
//> ids torch.Size([2, 4])
//> tokens torch.Size([2, 4, 768])
//> positions torch.Size([4, 768])
//> sum torch.Size([2, 4, 768])
//> blocks torch.Size([2, 4, 768])
//> norm torch.Size([2, 4, 768])
//> head torch.Size([2, 4, 50257])
await show(way.head.sub(evalLogits).abs().lt(1e-4).all());
//> tensor(True)

/*
## Writing

To write, a model predicts again and again. It gives the logits for the next
token; one token is chosen and appended; and the longer text goes in again.
The simplest choice is greedy: the token with the largest logit. If the text
has become longer than `contextLength`, only its end is read.
*/

export function generate(model: GPTModel, ids: Tensor, newTokens: number) {
  for (let i = 0; i < newTokens; i++) {
    const { contextLength } = GPT_CONFIG_124M;
    const context = ids.index(":", `-${contextLength}:`); // (B, T)
    const logits = noGrad(() => model.forward(context)); // (B, T, 50257)
    const last = logits.index(":", -1); // (B, 50257)
    const next = last.argmax({ dim: -1, keepdim: true }); // (B, 1)
    ids = cat([ids, next], 1); // (B, T + 1)
  }
  return ids;
}

/*
Six new tokens after the first text:
*/

export const written = generate(model, batch.index(":1"), 6);
const [ids] = await written.tolist() as number[][]; // (1, 10)
await show(ids);
//> [6109, 3626, 6100, 345, 37532, 24086, 47843, 30961, 42348, 15635]
await show(tokenizer.decode(ids));
//> Every effort moves you Aeiman Byeswickattributeometer

/*
This is nonsense, since the model has never seen a text. Training changes only
its parameters; the code stays as it is. Lesson 9 loads the parameters that
OpenAI trained, and the same function writes English.

## Less greedy

A trained model that always takes the best token soon repeats itself, and the
same text always gets the same continuation. It is better to draw the next
token at random: the more probable a token is, the more often it is drawn. Two
settings control the draw. Take five words that could follow "Every effort
moves you", with logits as a trained model might give them:
*/

export const words = ["forward", "closer", "along", "nowhere", "pizza"];
export const wordLogits = tensor([3, 2.5, 1.5, 0.5, 0]); // (5)

/*
The logits are divided by the **temperature** before the softmax. A
temperature below 1 makes the best token even more likely; near 0 the choice
is almost greedy. A temperature above 1 makes the probabilities more alike.
The text becomes more surprising, and in the end it talks of pizza.
*/

const temperatures = [0.5, 1, 2];
export const warmed = stack(
  temperatures.map((t) => wordLogits.div(t).softmax(-1)),
); // (3, 5)
await show(warmed);
//> tensor([[0.7008, 0.2578, 0.0349, 0.0047, 0.0017],
//>         [0.5098, 0.3092, 0.1138, 0.0418, 0.0254],
//>         [0.3622, 0.2821, 0.1711, 0.1038, 0.0808]])
await show(
  heatMap(warmed, { rows: temperatures.map(String), columns: words }),
);
//>      forward closer  along   nowhere pizza
//> 0.5  ███████ ▃▃▃▃▃▃▃ ·       ·       ·
//> 1    ▆▆▆▆▆▆▆ ▄▄▄▄▄▄▄ ▁▁▁▁▁▁▁ ·       ·
//> 2    ▄▄▄▄▄▄▄ ▃▃▃▃▃▃▃ ▂▂▂▂▂▂▂ ▁▁▁▁▁▁▁ ▁▁▁▁▁▁▁
//>      · 0.00  █ 0.70

/*
**Top-k** keeps the k best tokens. All others get the logit −∞, as in a mask,
and so the probability 0. Here k is 3:
*/

const [best] = wordLogits.topk(3); // (3), the largest first
const others = wordLogits.lt(best.index(-1)); // (5), true for the other two
export const kept = wordLogits.maskedFill(others, -Infinity).softmax(-1);
await show(kept);
//> tensor([0.5465, 0.3315, 0.1220, 0.0000, 0.0000])

/*
A thousand draws from all five words at temperature 1, and a thousand from the
best three:
*/

manualSeed(123);
for (const probabilities of [warmed.index(1), kept]) {
  const drawn = await multinomial(probabilities, 1000, { replacement: true })
    .tolist() as number[];
  const times = words.map((word, i) =>
    `${word} ${drawn.filter((id) => id === i).length}`
  );
  await show(times.join(", "));
  //> forward 533, closer 272, along 122, nowhere 43, pizza 30
  //> forward 543, closer 345, along 112, nowhere 0, pizza 0
}

/*
Next: the same model with the weights that OpenAI trained, in lesson 9.

Exercises, which check your answers: `deno task exercise 8`.
*/
