/*
# Lesson 3: How those layers are made

Attention, masks, heads, norms and positions, built by hand from tensors until a whole transformer
stands there.

Needs the network: no.
*/

import {
  arange,
  cat,
  empty,
  full,
  heatMap,
  lesson,
  manualSeed,
  nn,
  noGrad,
  ones,
  randn,
  stack,
  Tensor,
  tensor,
  triu,
  zeros,
} from "#lib";

const { show } = lesson(import.meta);

/*
The model of lesson 1 has a transformer between its embedding and its scores: eight layers, and each
of them is made of three or four ideas. This lesson builds every one from tensors, by hand, in the
smallest form that is still the real one. After each part a cell holds it against the library's own
layer with the same weights; where it says `True`, no number is further off than a
hundred-thousandth.
*/

const equal = (ours: Tensor, library: Tensor) =>
  ours.sub(library).abs().lt(1e-5).all();

/*
## Words that know their neighbours

An embedding gives a word the same vector wherever it stands. But what a word means depends on the
words around it, so their vectors must be mixed. Here is a sentence to mix, of six words, two of
which come twice:
*/

const sentence = ["the", "dog", "and", "the", "other", "dog"];
const vocabulary = ["the", "dog", "and", "other"];
const ids = tensor(sentence.map((word) => vocabulary.indexOf(word))); // (6)

manualSeed(123);
const embedding = new nn.Embedding(vocabulary.length, 32);
const x = embedding.forward(ids).detach(); // (T = 6, E = 32)

/*
The simplest mixture is the mean of all. It is a product with a matrix of shares: row i says how
much place i takes from each place.
*/

const even = full([6, 6], 1 / 6); // (T, T)
await show(
  equal(even.matmul(x), x.mean({ dim: 0, keepdim: true }).expand([6, 32])),
);
//> tensor(True)

/*
A mean is fair and useless: every place gets the same. All of attention ([Vaswani et al.,
2017](https://arxiv.org/abs/1706.03762)) is an answer to the question where better shares come from.
They come from the vectors themselves.

## A dictionary that answers nearly right

Think of a dictionary: a question is compared with every key, and the value of the key that fits is
the answer. Let keys and questions be vectors, and let their product say how well they fit; a
softmax makes shares of the products. Then every key answers, each by as much as it fits.
*/

const keys = tensor([[1, 0], [0, 1], [-1, 0]]).float();
const values = tensor([[10], [20], [30]]).float();
const queries = tensor([[0, 3], [3, 3]]).float();
const shares = queries.matmul(keys.t()).softmax(-1); // (2 queries, 3 keys)
await show(shares);
//> tensor([[0.0453, 0.9094, 0.0453],
//>         [0.4994, 0.4994, 0.0012]])
await show(shares.matmul(values));
//> tensor([[20.0000],
//>         [15.0186]])

/*
The first question is the second key's, and finds its value, 20. The second lies between two keys
and finds the middle of their values, or nearly. And since it is all products and a softmax, there
is a gradient: training can move the questions, the keys and the values until the answers are the
ones that help.

## Why the products are divided

How large does a product of two vectors get? Take a thousand questions and a thousand keys of 64
random numbers, each with variance 1. Every product is a sum of 64 terms with variance 1, so its
variance is about 64. Divided by 8, the root of 64, it is about 1 again, whatever the width.
*/

const [q, k] = [randn([1000, 64]), randn([1000, 64])];
export const products = q.matmul(k.t()); // (1000, 1000)
export const scaled = products.div(Math.sqrt(64));
await show(products.var(), scaled.var());
//> tensor(64.5796) tensor(1.0091)

/*
It matters because of the softmax. Of numbers that lie far apart it makes one share near 1 and all
others near 0, and there it is flat: the slope at a share p is p · (1 − p). Among ten keys at a
time, the largest share and the mean slope, first of the bare products, then of the divided ones:
*/

for (const scores of [products, scaled]) {
  const p = scores.view(1000, 100, 10).softmax(-1);
  await show(p.amax({ dim: -1 }).mean(), p.mul(p.neg().add(1)).mean());
  //> tensor(0.8655) tensor(0.0191)
  //> tensor(0.3206) tensor(0.0805)
}

/*
Undivided, a question hears one key almost alone, and with a quarter of the slope it learns four
times as slowly to listen to another. The wider the vectors, the worse. So the products are divided
by the root of the width, and that is the whole of scaled dot-product attention:
*/

export function attention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  mask?: Tensor,
): [Tensor, Tensor] {
  const scores = q.matmul(k.transpose(-2, -1)).div(Math.sqrt(q.sizeAt(-1))); // (…, T, S)
  const weights = (mask ? scores.add(mask) : scores).softmax(-1); // (…, T, S)
  return [weights.matmul(v), weights]; // (…, T, E)
}

const { scaledDotProductAttention } = nn.functional;
const [found, weights] = attention(x, x, x);
await show(equal(found, scaledDotProductAttention(x, x, x)));
//> tensor(True)

/*
Here every word of the sentence is question, key and value at once. Row by row, what each takes from
each:
*/

const labels = { rows: sentence, columns: sentence };
await show(heatMap(weights, labels));
//>        the   dog   and   the   other dog
//> the    ▄▄▄▄▄ ·     ·     ▄▄▄▄▄ ·     ·
//> dog    ·     ▄▄▄▄▄ ·     ·     ·     ▄▄▄▄▄
//> and    ·     ·     █████ ·     ·     ·
//> the    ▄▄▄▄▄ ·     ·     ▄▄▄▄▄ ·     ·
//> other  ·     ·     ·     ·     █████ ·
//> dog    ·     ▄▄▄▄▄ ·     ·     ·     ▄▄▄▄▄
//>        · 0.00  █ 0.99

/*
A word fits itself best, and both dogs fit both dogs: the same vector asks the same question.
Nothing in these rows says which dog is the other one. Remember it; it comes back under "positions".

## Masks: what may be seen

A model that predicts the next word must not look at it. So each place may see itself and what came
before: of the matrix of scores, what lies right of the diagonal is hidden. Adding −∞ to a score
does it, since e to the −∞ is 0:
*/

const causal = triu(full([6, 6], -Infinity), 1); // (T, T)
await show(causal.index(":3", ":3"));
//> tensor([[0., -inf, -inf],
//>         [0., 0., -inf],
//>         [0., 0., 0.]])
const [lookedBack, pastWeights] = attention(x, x, x, causal);
await show(heatMap(pastWeights, labels));
//>        the   dog   and   the   other dog
//> the    █████
//> dog    ·     █████
//> and    ·     ·     █████
//> the    ▄▄▄▄▄ ·     ·     ▄▄▄▄▄
//> other  ·     ·     ·     ·     █████
//> dog    ·     ▄▄▄▄▄ ·     ·     ·     ▄▄▄▄▄
//>        · 0.00  █ 1.00
await show(
  equal(lookedBack, scaledDotProductAttention(x, x, x, { isCausal: true })),
);
//> tensor(True)

/*
The same mask can be said with booleans, which then have to become the additive one. Beware: in
PyTorch the layers read `True` as hidden, and the function above reads it as visible.
*/

const hidden = ones([6, 6]).triu(1).bool(); // true right of the diagonal
const additive = zeros([6, 6]).maskedFill(hidden, -Infinity);
await show(additive.eq(causal).all());
//> tensor(True)
const attnMask = hidden.logicalNot();
await show(
  equal(lookedBack, scaledDotProductAttention(x, x, x, { attnMask })),
);
//> tensor(True)

/*
The second kind of mask hides padding. Sentences in a batch must be of one length, so the shorter
ones are filled up, and nobody may look at the filling. This mask has a row for each sentence, and
both kinds are simply added: −∞ and −∞ is −∞.
*/

const short = tensor([0, 3, 1, 0, 0, 0]); // "the other dog", then three that mean nothing
const batch = stack([x, embedding.forward(short).detach()]); // (N = 2, T, E)
const padding = tensor([[0, 0, 0, 0, 0, 0], [0, 0, 0, 1, 1, 1]]).bool(); // (N, T)
const both = additive.add(
  zeros([2, 1, 6]).maskedFill(padding.unsqueeze(1), -Infinity),
); // (N, T, T)
const [, paddedWeights] = attention(batch, batch, batch, both);
const padded = ["the", "other", "dog", "-", "-", "-"];
await show(
  heatMap(paddedWeights.index(1), { rows: padded, columns: padded }),
);
//>        the   other dog   -     -     -
//> the    █████
//> other  ·     █████
//> dog    ·     ·     █████
//> -      █████ ·     ·
//> -      █████ ·     ·
//> -      █████ ·     ·
//>        · 0.00  █ 1.00

/*
The last three rows belong to the filling; they are computed, and nobody reads them. One trap is
left. A row that hides everything has nothing to share out, and divides 0 by 0:
*/

await show(tensor([-Infinity, -Infinity, -Infinity]).softmax(-1));
//> tensor([nan, nan, nan])

/*
PyTorch gives the same, and so does every layer here that is handed such a row: it happens when
sentences are filled up on the left and the mask is causal. The way out is to let each place see at
least itself.

## A head

So far a word is compared as it is. But as a question it should ask for something, as a key offer
something, and hand on a third thing: three linear maps of the same vector, each learned. With them,
attention is called a head.
*/

class Head extends nn.Module {
  query: nn.Linear;
  key: nn.Linear;
  value: nn.Linear;

  constructor(embDim: number, headDim: number) {
    super();
    this.query = new nn.Linear(embDim, headDim);
    this.key = new nn.Linear(embDim, headDim);
    this.value = new nn.Linear(embDim, headDim);
  }

  forward(x: Tensor, mask?: Tensor): [Tensor, Tensor] { // (…, T, embDim)
    const [q, k, v] = [this.query, this.key, this.value].map((map) =>
      map.forward(x)
    );
    return attention(q, k, v, mask); // (…, T, headDim)
  }
}

/*
The library's attention with one head is this, but for two things: it keeps the three maps below
each other as one matrix, and has one more map behind them, to which we give a matrix that changes
nothing.
*/

const head = new Head(32, 32);
const identity = ones([32, 32]).tril().triu();
const single = new nn.MultiheadAttention(32, 1);
single.loadStateDict(
  new Map([
    [
      "in_proj_weight",
      cat([head.query.weight, head.key.weight, head.value.weight]),
    ],
    [
      "in_proj_bias",
      cat([head.query.bias!, head.key.bias!, head.value.bias!]),
    ],
    ["out_proj.weight", identity],
    ["out_proj.bias", zeros([32])],
  ]),
);
await show(
  equal(
    head.forward(x, causal)[0],
    single.forward(x, x, x, { attnMask: causal })[0],
  ),
);
//> tensor(True)

/*
## Many heads

One head has one set of shares: if it looks for the noun, it can't look for the verb. So there are
several, each with fewer features, and they work beside each other. In the matrices nothing changes:
a vector of 32 is cut into two of 16, one for each head, and the heads become one more dimension in
front of the places. What they find is put back side by side, and a last map lets the heads talk to
each other.

The names are the library's, so that its weights can be loaded. `memory` is where to look: at the
sentence itself, unless another one is given.
*/

export class MultiHeadAttention extends nn.Module {
  inProjWeight: nn.Parameter;
  inProjBias: nn.Parameter;
  outProj: nn.Linear;

  constructor(embDim: number, readonly numHeads: number) {
    super();
    this.inProjWeight = nn.init.xavierUniform_(
      new nn.Parameter(empty([3 * embDim, embDim])),
    );
    this.inProjBias = new nn.Parameter(zeros([3 * embDim]));
    this.outProj = new nn.Linear(embDim, embDim);
  }

  forward(x: Tensor, memory: Tensor, mask?: Tensor): [Tensor, Tensor] {
    const [N, , E] = x.shape; // (N, T, E)
    const weights = this.inProjWeight.chunk(3); // queries', keys', values': each (E, E)
    const biases = this.inProjBias.chunk(3);
    const [q, k, v] = [x, memory, memory].map((y, i) =>
      nn.functional.linear(y, weights[i], biases[i])
        .view(N, -1, this.numHeads, E / this.numHeads).transpose(1, 2) // (N, H, T, E / H)
    );
    const [found, shares] = attention(q, k, v, mask); // (N, H, T, E / H), (N, H, T, S)
    return [this.outProj.forward(found.transpose(1, 2).flatten(2)), shares]; // (N, T, E)
  }
}

/*
Against the library, with its weights, on the batch of two sentences and with both masks. Our mask
has one more dimension, the same for every head.
*/

const theirs = new nn.MultiheadAttention(32, 2, { batchFirst: true });
const ours = new MultiHeadAttention(32, 2);
ours.loadStateDict(theirs.stateDict());
const masks = {
  attnMask: hidden,
  keyPaddingMask: padding,
  averageAttnWeights: false,
};
const [wanted, wantedWeights] = theirs.forward(batch, batch, batch, masks);
export const [got, gotWeights] = ours.forward(
  batch,
  batch,
  both.unsqueeze(1),
);
await show(equal(got, wanted), equal(gotWeights, wantedWeights!));
//> tensor(True) tensor(True)

/*
The two heads on the first sentence. They were never trained, so each follows a taste of its own by
accident; but each row is shared out among the words up to its own.
*/

await show(
  heatMap(gotWeights.index(0), { ...labels, titles: ["head 1", "head 2"] }),
);
//>        head 1
//>        the   dog   and   the   other dog
//> the    █████
//> dog    ▆▆▆▆▆ ▂▂▂▂▂
//> and    ▁▁▁▁▁ ▄▄▄▄▄ ▃▃▃▃▃
//> the    ▁▁▁▁▁ ▄▄▄▄▄ ▂▂▂▂▂ ▁▁▁▁▁
//> other  ▁▁▁▁▁ ▂▂▂▂▂ ▁▁▁▁▁ ▁▁▁▁▁ ▃▃▃▃▃
//> dog    ▂▂▂▂▂ ▁▁▁▁▁ ▁▁▁▁▁ ▂▂▂▂▂ ▂▂▂▂▂ ▁▁▁▁▁
//>        head 2
//>        the   dog   and   the   other dog
//> the    █████
//> dog    ▆▆▆▆▆ ▂▂▂▂▂
//> and    ▃▃▃▃▃ ▂▂▂▂▂ ▃▃▃▃▃
//> the    ▂▂▂▂▂ ▂▂▂▂▂ ▂▂▂▂▂ ▂▂▂▂▂
//> other  ▂▂▂▂▂ ▂▂▂▂▂ ▂▂▂▂▂ ▂▂▂▂▂ ▁▁▁▁▁
//> dog    ▂▂▂▂▂ ▁▁▁▁▁ ▂▂▂▂▂ ▂▂▂▂▂ ▁▁▁▁▁ ▁▁▁▁▁
//>        · 0.00  █ 1.00

/*
## A network for each place

Attention only mixes: what comes out is a sum of what went in. The work on what was mixed is done by
a small network of two linear layers with a ReLU between, which is wide inside and is applied to
each place by itself.
*/

const feedForward = new nn.Sequential(
  new nn.Linear(32, 2048),
  new nn.ReLU(),
  new nn.Linear(2048, 32),
);
const [w1, b1, w2, b2] = feedForward.parameters();
const wide = x.matmul(w1.t()).add(b1).clamp({ min: 0 }); // (T, 2048)
const narrow = wide.matmul(w2.t()).add(b2); // (T, 32)
await show(equal(narrow, feedForward.forward(x)));
//> tensor(True)
await show(equal(narrow.index("2:3"), feedForward.forward(x.index("2:3")))); // one place alone
//> tensor(True)

/*
## Residuals and norms

Neither replaces the vector of a word: each adds to it. The sum x + f(x) is called a residual
connection ([He et al., 2015](https://arxiv.org/abs/1512.03385)); along it the input, and backwards
the gradient, passes every layer unchanged. Lesson 8 measures what that is worth.

A sum grows, though, so each comes with the layer normalisation of lesson 6. Here in one line,
without its scale and shift, which begin as 1 and 0:
*/

const norm = (x: Tensor) =>
  x.sub(x.mean({ dim: -1, keepdim: true }))
    .div(x.var({ dim: -1, keepdim: true, correction: 0 }).add(1e-5).sqrt());
await show(equal(norm(x), new nn.LayerNorm(32).forward(x)));
//> tensor(True)

/*
It can stand behind the sum or in front of the layer. Behind it, the vectors are brought back to
variance 1 each time, the unchanged path is cut by every norm, and deep models are hard to start. In
front of it, the path stays free and the vectors grow slowly. The first form is that of 2017 and
PyTorch's default, the second is GPT-2's. Both, twelve times, around a layer that gives random
numbers of variance 1:
*/

let [post, pre] = [norm(randn([1, 10_000])), norm(randn([1, 10_000]))];
for (let layer = 1; layer <= 12; layer++) {
  post = norm(post.add(randn([1, 10_000])));
  pre = pre.add(randn([1, 10_000]));
  if (layer % 4 === 0) {
    await show("layer", layer, "behind:", post.var(), "in front:", pre.var());
  }
  //> layer 4 behind: tensor(1.0001) in front: tensor(4.9942)
  //> layer 8 behind: tensor(1.0001) in front: tensor(9.2003)
  //> layer 12 behind: tensor(1.0001) in front: tensor(13.4176)
}

/*
## The encoder layer

All the parts are there. An encoder layer is attention of a sentence to itself, then the network,
each with its residual and its norm. In training, a tenth of the numbers is dropped at four places;
we leave that out, and set the library's layers to use.
*/

export class EncoderLayer extends nn.Module {
  selfAttn: MultiHeadAttention;
  linear1: nn.Linear;
  linear2: nn.Linear;
  norm1: nn.LayerNorm;
  norm2: nn.LayerNorm;

  constructor(embDim: number, numHeads: number, readonly normFirst = false) {
    super();
    this.selfAttn = new MultiHeadAttention(embDim, numHeads);
    this.linear1 = new nn.Linear(embDim, 2048);
    this.linear2 = new nn.Linear(2048, embDim);
    this.norm1 = new nn.LayerNorm(embDim);
    this.norm2 = new nn.LayerNorm(embDim);
  }

  forward(x: Tensor, mask?: Tensor): Tensor { // (N, T, E)
    const around = (
      x: Tensor,
      norm: nn.LayerNorm,
      f: (x: Tensor) => Tensor,
    ) =>
      this.normFirst ? x.add(f(norm.forward(x))) : norm.forward(x.add(f(x)));
    const y = around(
      x,
      this.norm1,
      (x) => this.selfAttn.forward(x, x, mask)[0],
    );
    return around(
      y,
      this.norm2,
      (y) => this.linear2.forward(this.linear1.forward(y).relu()),
    );
  }
}

for (const normFirst of [false, true]) {
  const library = new nn.TransformerEncoderLayer(32, 2, {
    batchFirst: true,
    normFirst,
  }).eval();
  const layer = new EncoderLayer(32, 2, normFirst);
  layer.loadStateDict(library.stateDict());
  const srcMask = causal;
  await show(
    equal(layer.forward(batch, causal), library.forward(batch, { srcMask })),
  );
  //> tensor(True)
  //> tensor(True)
}

/*
## The decoder layer

The first transformer translated. Its encoder reads the German sentence; its decoder writes the
English one, and between looking at what it has written and thinking about it, looks at the German:
its questions come from its own sentence, keys and values from the encoder's. That is
cross-attention, and the only new thing here. The two sentences need not be of one length.
*/

export class DecoderLayer extends nn.Module {
  selfAttn: MultiHeadAttention;
  multiheadAttn: MultiHeadAttention;
  linear1: nn.Linear;
  linear2: nn.Linear;
  norm1: nn.LayerNorm;
  norm2: nn.LayerNorm;
  norm3: nn.LayerNorm;

  constructor(embDim: number, numHeads: number) {
    super();
    this.selfAttn = new MultiHeadAttention(embDim, numHeads);
    this.multiheadAttn = new MultiHeadAttention(embDim, numHeads);
    this.linear1 = new nn.Linear(embDim, 2048);
    this.linear2 = new nn.Linear(2048, embDim);
    this.norm1 = new nn.LayerNorm(embDim);
    this.norm2 = new nn.LayerNorm(embDim);
    this.norm3 = new nn.LayerNorm(embDim);
  }

  forward(x: Tensor, memory: Tensor, mask?: Tensor): Tensor { // (N, T, E), (N, S, E)
    x = this.norm1.forward(x.add(this.selfAttn.forward(x, x, mask)[0]));
    x = this.norm2.forward(x.add(this.multiheadAttn.forward(x, memory)[0]));
    return this.norm3.forward(
      x.add(this.linear2.forward(this.linear1.forward(x).relu())),
    );
  }
}

const theirDecoder = new nn.TransformerDecoderLayer(32, 2, {
  batchFirst: true,
}).eval();
const ourDecoder = new DecoderLayer(32, 2);
ourDecoder.loadStateDict(theirDecoder.stateDict());
const memory = randn([2, 9, 32]); // (N, S = 9, E), where T = 6
const decoded = ourDecoder.forward(batch, memory, causal); // (N, T, E)
await show(
  equal(decoded, theirDecoder.forward(batch, memory, { tgtMask: causal })),
);
//> tensor(True)

/*
## Positions

Something is missing, and it is easy to miss. Apart from the causal mask nothing so far depends on
where a word stands. Feed the sentence backwards, and out come the same vectors, backwards: to this
layer a sentence is a bag of words.
*/

const backwards = (x: Tensor) => x.indexSelect(1, tensor([5, 4, 3, 2, 1, 0]));
const bag = new EncoderLayer(32, 2);
await show(
  equal(bag.forward(backwards(batch)), backwards(bag.forward(batch))),
);
//> tensor(True)

/*
So a vector that stands for the place is added to the one that stands for the word. The transformer
of 2017 takes sines and cosines of many wavelengths, from six places to tens of thousands, like the
hands of many clocks. Down go the places, across the sixteen sines; the first hand runs, the last
seem to stand still:
*/

export function sinusoids(T: number, E: number): Tensor {
  const places = arange(T).unsqueeze(1).float(); // (T, 1)
  const speeds = arange(0, E, 2).float().mul(-Math.log(10_000) / E).exp(); // (E / 2)
  const angles = places.mul(speeds); // (T, E / 2)
  return stack([angles.sin(), angles.cos()], 2).flatten(1); // (T, E)
}

export const clocks = sinusoids(16, 32);
await show(heatMap(clocks.index(":", "::2"), { range: [-1, 1] }));
//> ▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄
//> ▇▇▆▆▅▅▅▅▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄
//> ████▆▆▅▅▅▅▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄
//> ▅▅██▇▇▆▆▅▅▅▅▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄
//> ▁▁▇▇██▇▇▆▆▅▅▅▅▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄
//> · ▅▅██▇▇▆▆▅▅▅▅▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄
//> ▃▃▃▃████▆▆▅▅▅▅▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄
//> ▇▇▁▁▇▇██▇▇▆▆▅▅▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄
//> ██· ▆▆██▇▇▆▆▅▅▅▅▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄
//> ▆▆· ▅▅██▇▇▆▆▅▅▅▅▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄
//> ▂▂▂▂▄▄██▇▇▆▆▅▅▅▅▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄
//> · ▄▄▃▃████▆▆▅▅▅▅▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄
//> ▂▂▆▆▂▂▇▇██▆▆▅▅▅▅▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄
//> ▆▆▇▇▁▁▇▇██▇▇▆▆▅▅▅▅▄▄▄▄▄▄▄▄▄▄▄▄▄▄
//> ████· ▆▆██▇▇▆▆▅▅▅▅▄▄▄▄▄▄▄▄▄▄▄▄▄▄
//> ▇▇▇▇· ▆▆██▇▇▆▆▅▅▅▅▄▄▄▄▄▄▄▄▄▄▄▄▄▄
//> · -1.00  █ 1.00

/*
Why clocks? The product of the vectors of two places depends on how far they are apart and on
nothing else, so that "three words ago" looks the same everywhere in the text:
*/

const fit = clocks.matmul(clocks.t()); // (16, 16)
await show(fit.index(0, 3), fit.index(5, 8), fit.index(12, 15));
//> tensor(12.2724) tensor(12.2724) tensor(12.2724)

/*
GPT-2 has it simpler, as lesson 5 showed: a table of places, learned like the table of words. Where
a text may be no longer than the table, it does as well.
*/

const places = new nn.Embedding(16, 32);
await show(equal(places.forward(arange(6)), places.weight.index(":6")));
//> tensor(True)

/*
With places added, the two dogs are two. Each finds itself first and its namesake second:
*/

const placed = x.add(sinusoids(6, 32));
export const placedWeights = attention(placed, placed, placed)[1];
await show(heatMap(placedWeights, labels));
//>        the   dog   and   the   other dog
//> the    ▅▅▅▅▅ ·     ·     ▃▃▃▃▃ ·     ·
//> dog    ·     ▅▅▅▅▅ ·     ·     ·     ▃▃▃▃▃
//> and    ·     ·     █████ ·     ·     ·
//> the    ▂▂▂▂▂ ·     ·     ▆▆▆▆▆ ·     ·
//> other  ·     ·     ·     ·     █████ ·
//> dog    ·     ▂▂▂▂▂ ·     ·     ·     ▆▆▆▆▆
//>        · 0.00  █ 0.99

/*
## The whole

A stack is layers on top of each other with a norm at the end; a transformer is two stacks. The
decoder looks at what the top of the encoder gave.
*/

class Stack<Layer extends nn.Module> extends nn.Module {
  layers: nn.ModuleList<Layer>;
  norm: nn.LayerNorm;

  constructor(embDim: number, numLayers: number, makeLayer: () => Layer) {
    super();
    this.layers = new nn.ModuleList(
      Array.from({ length: numLayers }, makeLayer),
    );
    this.norm = new nn.LayerNorm(embDim);
  }

  forward(x: Tensor, ...others: (Tensor | undefined)[]): Tensor {
    for (const layer of this.layers) x = layer.forward(x, ...others);
    return this.norm.forward(x);
  }
}

export class Transformer extends nn.Module {
  encoder: Stack<EncoderLayer>;
  decoder: Stack<DecoderLayer>;

  constructor(
    embDim: number,
    numHeads: number,
    encoderLayers = 6,
    decoderLayers = 6,
  ) {
    super();
    this.encoder = new Stack(
      embDim,
      encoderLayers,
      () => new EncoderLayer(embDim, numHeads),
    );
    this.decoder = new Stack(
      embDim,
      decoderLayers,
      () => new DecoderLayer(embDim, numHeads),
    );
  }

  forward(source: Tensor, target: Tensor, mask?: Tensor): Tensor {
    return this.decoder.forward(target, this.encoder.forward(source), mask); // (N, T, E)
  }
}

/*
That is all there is. The transformer of lesson 1, with two layers in its encoder and six in its
decoder, has as many parameters as ours, they have the same names, and with the same numbers in them
it says the same. It takes the places first and the sentences second, (T, N, E), which is PyTorch's
habit, so we turn what goes in and what comes out. The habit will matter in lesson 4.
*/

manualSeed(123);
const prebuilt = new nn.Transformer(32, 2, 2).eval();
const handmade = new Transformer(32, 2, 2);
handmade.loadStateDict(prebuilt.stateDict());
const count = (module: nn.Module) =>
  [...module.parameters()].reduce((n, p) => n + p.numel(), 0);
await show(count(handmade), count(prebuilt));
//> 1125888 1125888

const input = batch.add(sinusoids(6, 32)); // (N, T, E)
const turned = input.transpose(0, 1); // (T, N, E)
export const output = noGrad(() => handmade.forward(input, input, causal));
const reference = noGrad(() =>
  prebuilt.forward(turned, turned, { tgtMask: causal })
);
await show(equal(output, reference.transpose(0, 1)));
//> tensor(True)
await show(output.index(0, ":", ":6"));
//> tensor([[ 0.5681, -0.0078, -0.7403, -0.8954,  0.2519,  0.8696],
//>         [ 0.5802, -0.0700, -0.7957, -0.9011,  0.1479,  0.8145],
//>         [ 0.6704, -0.0982, -0.7132, -1.0136,  0.2060,  0.8688],
//>         [ 0.6224, -0.1231, -0.7305, -1.0143,  0.2276,  0.8321],
//>         [ 0.4983, -0.1394, -0.7559, -1.0847,  0.2572,  0.8220],
//>         [ 0.5267, -0.0861, -0.8110, -1.0610,  0.1991,  0.7458]])

/*
A GPT is less than this. It translates nothing, so it needs no second sentence: it is one stack of
encoder layers with the causal mask, which for reasons of history is called a decoder. Lesson 8
builds it. But first, in lesson 4, we train the model of lesson 1, and find out why it does not
learn to count.
*/
