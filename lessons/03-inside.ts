/*
# Lesson 3: How those layers are made

Attention, masks, heads, layer norm and positions, built by hand from tensors
until they make a whole transformer.

Needs the network: no.
*/

import {
  arange,
  cat,
  empty,
  full,
  heatMap,
  kernel,
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
The model of lesson 1 has a transformer between its embedding and its logits.
It has eight layers, and each layer is made of a few parts. Here we build
every part by hand, in its smallest real form. The first half of the lesson is
attention; the second half puts the layers together.

After each part, a cell compares it with the library's own layer, given the
same weights. `True` means that no value differs by more than a
hundred-thousandth.
*/

const equal = (ours: Tensor, library: Tensor) =>
  ours.sub(library).abs().lt(1e-5).all();

/*
## Words that know their neighbors

An embedding gives a word the same vector wherever it stands. But what a word
means depends on the words around it, so their vectors must be mixed. Here is
a sentence of six words to work on. Two of them occur twice.
*/

const sentence = ["the", "dog", "and", "the", "other", "dog"];
const vocabulary = ["the", "dog", "and", "other"];
const ids = tensor(sentence.map((word) => vocabulary.indexOf(word))); // (6)

manualSeed(123);
const embedding = new nn.Embedding(vocabulary.length, 32);
const x = embedding.forward(ids).detach(); // (T = 6, E = 32)

/*
(`detach` says that we want no gradient here.) The simplest mixture is the
mean of all six vectors. It can be written as a product with a matrix of
weights, in which row i says how much position i takes from each position.
Here every weight is 1/6: the weights are uniform.
*/

const uniform = full([6, 6], 1 / 6); // (T, T)
const mean = x.mean({ dim: 0, keepdim: true }); // (1, E), of the six words
await show(equal(uniform.matmul(x), mean.expand([6, 32])));
//> tensor(True)

/*
A mean is fair and useless: every position gets the same vector. Attention
([Vaswani et al., 2017](https://arxiv.org/abs/1706.03762)) computes better
weights, and it computes them from the vectors themselves.

## One query, step by step

Attention works like a dictionary. A dictionary compares a **query** with its
**keys** and returns the **value** of the key that matches. Attention returns
a mixture of all values: the better a key matches, the more its value counts.
Queries and keys are vectors, and the dot product of the two is the **score**,
which says how well they match. One query and three keys:
*/

const query = tensor([3, 3]).float(); // (2)
const keys = tensor([[1, 0], [0, 1], [-1, 0]]).float(); // (3 keys, 2)
const matches = keys.matmul(query); // (3 scores)
await show(matches);
//> tensor([ 3.,  3., -3.])

/*
A softmax turns the scores into **attention weights**, which are positive and
add up to 1. The third key matches worst and gets almost nothing.
*/

const attends = matches.softmax(-1); // (3 weights)
await show(attends);
//> tensor([0.4994, 0.4994, 0.0012])

/*
The result is the sum of the values, each multiplied by its weight. It is
called the **context vector**. The values here are the numbers 10, 20 and 30:
*/

const values = tensor([[10], [20], [30]]).float(); // (3 values, 1)
await show(values.squeeze(1).mul(attends), attends.matmul(values));
//> tensor([4.9938, 9.9876, 0.0371]) tensor([15.0186])

/*
The query lies between the first two keys, so it gets about the middle of
their values, 15. And since this is only products and a softmax, it has a
gradient: training can move queries, keys and values until the results are
useful.

## All queries at once

If we make several queries the rows of a matrix, one product gives all their
scores, and a second one all their context vectors. (`keys.t()` is the
transposed matrix: its columns are the keys.) The first query here points
along the second key, and gets that key's value, 20.
*/

const queries = tensor([[0, 3], [3, 3]]).float();
const attended = queries.matmul(keys.t()).softmax(-1); // (2 queries, 3 keys)
await show(attended);
//> tensor([[0.0453, 0.9094, 0.0453],
//>         [0.4994, 0.4994, 0.0012]])
await show(attended.matmul(values)); // (2 queries, 1)
//> tensor([[20.0000],
//>         [15.0186]])

/*
## Why the scores are divided

How large is a dot product? Take a thousand queries and a thousand keys of 64
random values with variance 1. Each score is a sum of 64 products with
variance 1, so its variance is about 64. Divided by 8, the square root of 64,
the scores have a variance of about 1 again, and this works for any size.
*/

const [q, k] = [randn([1000, 64]), randn([1000, 64])];
export const products = q.matmul(k.t()); // (1000, 1000)
export const scaled = products.div(Math.sqrt(64));
await show(products.var(), scaled.var());
//> tensor(64.5796) tensor(1.0091)

/*
This matters because of the softmax. If the scores lie far apart, one weight
is near 1 and all others are near 0. There the softmax is flat: if a score
changes, the weights hardly do. Its slope at a weight p is p · (1 − p). Here
are the mean of the largest weight and the mean slope, for ten keys at a time.
The first line is without the division, the second with it:
*/

for (const scores of [products, scaled]) { // (1000, 1000)
  const p = scores.view(1000, 100, 10).softmax(-1);
  await show(p.amax({ dim: -1 }).mean(), p.mul(p.neg().add(1)).mean());
  //> tensor(0.8655) tensor(0.0191)
  //> tensor(0.3206) tensor(0.0805)
}

/*
Without the division a query attends to a single key almost alone, and the
slope is a quarter as large. For many queries it is near 0: their gradient
vanishes, and they hardly learn to attend to anything else. The larger the
vectors, the worse. So the scores are divided by the square root of the size.
That is all of **scaled dot-product attention**. It returns the context
vectors and the attention weights. In the comments, T is how many queries
there are, and S how many keys. (The mask is for later.)
*/

export function attention(q: Tensor, k: Tensor, v: Tensor, mask?: Tensor) {
  const products = q.matmul(k.transpose(-2, -1)); // (…, T, S)
  const scores = products.div(Math.sqrt(q.sizeAt(-1)));
  const weights = (mask ? scores.add(mask) : scores).softmax(-1);
  return [weights.matmul(v), weights] as const; // (…, T, E), (…, T, S)
}

/*
The library has this as a function too. Here every word is query, key and
value at once:
*/

const { scaledDotProductAttention } = nn.functional;
const [found, weights] = attention(x, x, x);
await show(equal(found, scaledDotProductAttention(x, x, x)));
//> tensor(True)

/*
Each row of the picture shows one query's attention weights. The higher a bar,
the larger the weight:
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
Each word matches itself best, and each "dog" attends to both dogs equally,
because both have the same vector. Nothing in these rows tells one dog from
the other. The section on positions, near the end of this lesson, mends that.

## The same on the GPU

Lesson 2 showed a kernel: a small program that the GPU calls once for each
element of the result. Here each invocation computes one score, the dot
product of a query and a key, divided by √32:
*/

const dotProducts = /* wgsl */ `
  @group(0) @binding(0) var<storage, read> q: array<f32>; // (6, 32)
  @group(0) @binding(1) var<storage, read> k: array<f32>; // (6, 32)
  @group(0) @binding(2) var<storage, read_write> scores: array<f32>; // (6, 6)

  @compute @workgroup_size(64)
  fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= arrayLength(&scores)) { return; }
    let row = id.x / 6;
    let column = id.x % 6;
    var sum = 0.0;
    for (var i = 0u; i < 32; i++) {
      sum += q[row * 32 + i] * k[column * 32 + i];
    }
    scores[id.x] = sum / sqrt(32.0);
  }`;
const wordScores = kernel(dotProducts, { q: x, k: x }, [6, 6]);
await show(equal(wordScores, x.matmul(x.t()).div(Math.sqrt(32))));
//> tensor(True)

/*
The library's product (`kernels/matmul_tile.wgsl`) lets each invocation
compute a whole tile of elements, so that a value that was read once is used
many times.

In a softmax each element needs its whole row, since its power is divided by
the sum of the row's powers. So a row is computed by a **workgroup**, here of
eight invocations, that share a small piece of memory. At a `workgroupBarrier`
each waits until all have arrived. The largest element is subtracted from all
of them. This changes nothing in the result, but no power gets too large: e to
the power 100 does not fit into a float.
*/

const softmaxRows = /* wgsl */ `
  @group(0) @binding(0) var<storage, read> x: array<f32>; // (6, 6)
  @group(0) @binding(1) var<storage, read_write> out: array<f32>; // (6, 6)
  var<workgroup> row: array<f32, 6>;

  @compute @workgroup_size(8)
  fn main(
    @builtin(workgroup_id) group: vec3<u32>, // which row
    @builtin(local_invocation_index) i: u32, // which element of it
  ) {
    if (i < 6) { row[i] = x[group.x * 6 + i]; }
    workgroupBarrier(); // now the row is complete
    var largest = row[0];
    for (var j = 1; j < 6; j++) { largest = max(largest, row[j]); }
    var sum = 0.0;
    for (var j = 0; j < 6; j++) { sum += exp(row[j] - largest); }
    if (i < 6) { out[group.x * 6 + i] = exp(row[i] - largest) / sum; }
  }`;
const rows = kernel(softmaxRows, { x: wordScores }, [6, 6], { groups: 6 });
await show(equal(rows, weights));
//> tensor(True)

/*
The library's kernel (`kernels/softmax.wgsl`) takes rows of any length and
lets each invocation sum only a part of a row.

## Masks: what may be seen

A model that predicts the next word must not look at it. So each position may
attend to itself and to those before it, and all scores to the right of the
diagonal are hidden. This is the **causal mask**. It adds −∞ to those scores,
because e to the power −∞ is 0:
*/

const causal = triu(full([6, 6], -Infinity), 1); // 0 on and below diagonal
await show(causal.index(":3", ":3"));
//> tensor([[0., -inf, -inf],
//>         [0., 0., -inf],
//>         [0., 0., 0.]])
const [lookedBack, pastWeights] = attention(x, x, x, causal); // as above
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
Why −∞ before the softmax, and not 0 after it? Because the weights of a row
must have the sum 1. If we set weights to 0 afterward, some rows lose half of
it, as the first line shows; the second line has the sums with −∞:
*/

await show(weights.tril().sum({ dim: -1 }));
//> tensor([0.4916, 0.4954, 0.9706, 0.9924, 0.9959, 1.0000])
await show(pastWeights.sum({ dim: -1 }));
//> tensor([1.0000, 1.0000, 1.0000, 1.0000, 1.0000, 1.0000])

/*
A mask can also be made of booleans and turned into the additive form. Be
careful: PyTorch's layers read `True` as hidden, and its function above reads
`True` as visible.
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
The second kind of mask hides **padding**. All sentences of a batch must have
the same length, so shorter ones are filled up with padding, and nobody may
attend to it. This mask has one row for each sentence. The two masks are
simply added, since −∞ plus −∞ is −∞.
*/

const short = tensor([0, 3, 1, 0, 0, 0]); // "the other dog", padding
const batch = stack([x, embedding.forward(short).detach()]); // (N = 2, T, E)
const filled = [[0, 0, 0, 0, 0, 0], [0, 0, 0, 1, 1, 1]];
const padding = tensor(filled).bool(); // (N, T)
const both = additive.add(
  zeros([2, 1, 6]).maskedFill(padding.unsqueeze(1), -Infinity),
); // (N, T, T)

/*
The attention weights of the second sentence, with "-" for padding:
*/

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
The last three rows are those of the padding. They are computed, and nobody
reads them.

One trap is left. If a mask hides everything in a row, its softmax divides 0
by 0, which gives `nan`, "not a number":
*/

await show(tensor([-Infinity, -Infinity, -Infinity]).softmax(-1));
//> tensor([nan, nan, nan])

/*
This happens when sentences are padded on the left and the mask is causal: the
first position sees only padding. Newer versions of PyTorch have a rule for
this in their attention function: a query that sees nothing gets zeros. Our
library has it too:
*/

const blind = full([6, 6], -Infinity);
await show(scaledDotProductAttention(x, x, x, { attnMask: blind }).sum());
//> tensor(0.)

/*
But not everybody's attention has such a rule, and a `nan` spreads to every
value that is computed from it. The safe way is to let each position see at
least itself.

## A head

So far a word is compared as it is. But what a word looks for, what it offers
to others, and what it hands on are three different things. So its vector goes
through three linear layers, which make its query, its key and its value. With
these layers, whose weights are learned, attention is called a **head**.

```diagram
        ┌───────┐
   ┌───►│ query ├──┐   ┌────────┐  ┌──────┐  ┌─────────┐
   │    └───────┘  ├──►│ scores ├─►│ mask ├─►│ softmax ├──┐
   │    ┌───────┐  │   │ (T, T) │  └──────┘  └─────────┘  │   ┌─────────┐
 x ┼───►│  key  ├──┘   └────────┘                         ├──►│ context │
   │    └───────┘                                         │   │ vectors │
   │    ┌───────┐                                         │   └─────────┘
   └───►│ value ├─────────────────────────────────────────┘
        └───────┘
```
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

  forward(x: Tensor, mask?: Tensor) { // (…, T, embDim)
    const maps = [this.query, this.key, this.value];
    const [q, k, v] = maps.map((map) => map.forward(x)); // (…, T, headDim)
    return attention(q, k, v, mask);
  }
}

/*
The library's attention with one head differs in only two things. It stacks
the three weight matrices into a single one. And it has one more layer at the
end, the output projection; we set that to the identity matrix, which changes
nothing. (A state dict has the parameters of a layer by their names.)
*/

const head = new Head(32, 32);
const three = [head.query, head.key, head.value];
const single = new nn.MultiheadAttention(32, 1);
const state = {
  in_proj_weight: cat(three.map(({ weight }) => weight)), // (96, 32)
  in_proj_bias: cat(three.map(({ bias }) => bias!)), // (96)
  "out_proj.weight": ones([32, 32]).tril().triu(), // the identity
  "out_proj.bias": zeros([32]),
};
single.loadStateDict(new Map(Object.entries(state)));
const [ofSingle] = single.forward(x, x, x, { attnMask: causal });
await show(equal(head.forward(x, causal)[0], ofSingle));
//> tensor(True)

/*
## Many heads

A head has only one set of attention weights for each query: if it looks for
the noun, it can't look for the verb. So several heads work side by side, each
in fewer dimensions. Here are two heads of 16 dimensions each.

```diagram
            ┌────────┐
        ┌──►│ head 1 ├──┐   ┌────────┐   ┌────────────┐
 x      │   └────────┘  └──►│  both  │   │   output   │
 (T, 32)┤      (T, 16)      │        ├──►│ projection ├──► (T, 32)
        │   ┌────────┐  ┌──►│ (T, 32)│   └────────────┘
        └──►│ head 2 ├──┘   └────────┘
            └────────┘
```

They get their weights from a layer of the library: the first 16 rows of each
of its matrices are those of the first head, the other 16 those of the second.
*/

const theirs = new nn.MultiheadAttention(32, 2, { batchFirst: true });
const heads = [0, 16].map((start) => {
  const head = new Head(32, 16);
  const maps = ["query", "key", "value"].flatMap((name, i) => {
    const rows = (x: Tensor) => x.detach().narrow(0, 32 * i + start, 16);
    return [
      [`${name}.weight`, rows(theirs.inProjWeight!)] as const, // (16, 32)
      [`${name}.bias`, rows(theirs.inProjBias!)] as const, // (16)
    ];
  });
  head.loadStateDict(new Map(maps));
  return head;
});

/*
Their context vectors are concatenated, and the output projection mixes what
the heads have found. That is the library's result:
*/

const masks = {
  attnMask: hidden,
  keyPaddingMask: padding,
  averageAttnWeights: false,
};
const [wanted, wantedWeights] = theirs.forward(batch, batch, batch, masks);
const joined = cat(heads.map((head) => head.forward(batch, both)[0]), -1);
await show(equal(theirs.outProj.forward(joined), wanted)); // (N, T, 32)
//> tensor(True)

/*
In practice there is no loop over heads. All queries come from one product,
and the result is reshaped: a vector of 32 is cut into two of 16, and the
heads become one more dimension, in front of the positions. So one matrix
product computes the scores of all heads.

The names below are the library's, so that its weights can be loaded. `memory`
is the sequence to attend to; it is the sentence itself, unless another is
given.
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

  forward(x: Tensor, memory: Tensor, mask?: Tensor) {
    const [N, , E] = x.shape; // (N, T, E)
    const weights = this.inProjWeight.chunk(3); // three of (E, E)
    const biases = this.inProjBias.chunk(3);
    const [q, k, v] = [x, memory, memory].map((y, i) =>
      nn.functional.linear(y, weights[i], biases[i])
        .view(N, -1, this.numHeads, E / this.numHeads) // (N, T, H, E / H)
        .transpose(1, 2) // (N, H, T, E / H)
    );
    const [found, attended] = attention(q, k, v, mask); // (N, H, T, E / H)
    const joined = found.transpose(1, 2).flatten(2); // (N, T, E)
    return [this.outProj.forward(joined), attended] as const; // (N, T, E)
  }
}

/*
We compare it with the library's layer, with the same weights, on a batch of
two sentences and with both masks. Our mask gets one more dimension, so that
it holds for every head.
*/

const ours = new MultiHeadAttention(32, 2);
ours.loadStateDict(theirs.stateDict());
export const [got, gotWeights] = ours.forward(
  batch,
  batch,
  both.unsqueeze(1),
);
await show(equal(got, wanted), equal(gotWeights, wantedWeights!));
//> tensor(True) tensor(True)

/*
The picture shows what the two heads attend to in the first sentence. They
were never trained, so their patterns are accidents. But in each row the
weights add up to 1, and none lies to the right of the diagonal.
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
## Halfway

That is attention: scores from queries and keys, a mask, a softmax, a weighted
sum of values, and several heads side by side. This is a good place for a
pause. The second half builds layers from it: the feed-forward network, the
residual connections and norms, the encoder and the decoder, and at last the
positions.

```diagram
     encoder layer                        decoder layer
           x                                    x
           ├───────────┐                        ├───────────┐
  ┌────────▼────────┐  │               ┌────────▼────────┐  │
  │ self-attention  │  │               │ self-attention, │  │
  │                 │  │               │     masked      │  │
  └────────┬────────┘  │               └────────┬────────┘  │
           + ◄─────────┘                        + ◄─────────┘
      layer norm                           layer norm
           │                                    ├───────────┐
           │                           ┌────────▼────────┐  │
           │               encoder's   │ cross-attention │  │
           │                output ───►│                 │  │
           │                           └────────┬────────┘  │
           │                                    + ◄─────────┘
           │                               layer norm
           ├───────────┐                        ├───────────┐
  ┌────────▼────────┐  │               ┌────────▼────────┐  │
  │  feed-forward   │  │               │  feed-forward   │  │
  └────────┬────────┘  │               └────────┬────────┘  │
           + ◄─────────┘                        + ◄─────────┘
      layer norm                           layer norm
           ▼                                    ▼
```

## A network for each position

Attention only mixes: what comes out is a weighted sum of what went in. Then a
small **feed-forward network** works on the mixed vectors. It is two linear
layers with a ReLU between them. (A ReLU sets negative values to 0.) The first
layer widens a vector to 2048 dimensions, the second brings it back to 32.
Each position is computed by itself:
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
const third = x.index("2:3"); // (1, 32), one position alone
await show(equal(narrow.index("2:3"), feedForward.forward(third)));
//> tensor(True)

/*
## Residual connections and layer norm

Neither attention nor the feed-forward network replaces a word's vector: each
adds to it. If f is one of the two, the layer gives x + f(x). This is called a
residual connection or shortcut ([He et al.,
2015](https://arxiv.org/abs/1512.03385)). Along it the input passes every
layer unchanged, and on the way back so does the gradient. (Lesson 8 measures
what that is worth.)

But a sum grows from layer to layer. So each sum comes with a **layer norm**,
which brings every vector back to mean 0 and variance 1. (Lesson 6 looks at it
closely.) In one line, without its scale and shift, which begin as 1 and 0:
*/

const norm = (x: Tensor) =>
  x.sub(x.mean({ dim: -1, keepdim: true }))
    .div(x.var({ dim: -1, keepdim: true, correction: 0 }).add(1e-5).sqrt());
await show(equal(norm(x), new nn.LayerNorm(32).forward(x)));
//> tensor(True)

/*
There are two places for it. **Post-norm**: after the residual sum, as in 2017
and by default in PyTorch. The vectors keep their size, but the path of the
residuals is cut by every norm, and deep models are hard to train at first.
**Pre-norm**: before the attention and before the feed-forward network, as in
GPT-2. Then the path stays free and the vectors grow slowly. Here are both
forms, with twelve layers that give random values of variance 1:
*/

let [post, pre] = [norm(randn([1, 10_000])), norm(randn([1, 10_000]))];
for (let n = 1; n <= 12; n++) {
  post = norm(post.add(randn([1, 10_000])));
  pre = pre.add(randn([1, 10_000]));
  if (n % 4 > 0) continue; // every fourth layer is shown
  await show("layer", n, "post-norm:", post.var(), "pre-norm:", pre.var());
  //> layer 4 post-norm: tensor(1.0001) pre-norm: tensor(4.9660)
  //> layer 8 post-norm: tensor(1.0001) pre-norm: tensor(9.2263)
  //> layer 12 post-norm: tensor(1.0001) pre-norm: tensor(13.3477)
}

/*
## The encoder layer

An encoder layer is self-attention, in which a sentence attends to itself, and
then the feed-forward network, each with its residual connection and its norm.
In training PyTorch drops a tenth of the values at four points. We leave that
out and put the library's layers into evaluation mode.
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
    const { selfAttn, linear1, linear2, norm1, norm2 } = this;
    const attend = (x: Tensor) => selfAttn.forward(x, x, mask)[0];
    const feed = (x: Tensor) => linear2.forward(linear1.forward(x).relu());
    if (this.normFirst) { // pre-norm
      x = x.add(attend(norm1.forward(x)));
      return x.add(feed(norm2.forward(x)));
    }
    x = norm1.forward(x.add(attend(x)));
    return norm2.forward(x.add(feed(x)));
  }
}

/*
With the library's weights, it gives what the library's layer gives, in both
forms:
*/

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

The first transformer translated from English to German. Its encoder reads the
English sentence. Its decoder writes the German one: it attends to what it has
written so far, and then to the English. In that second attention the queries
come from the decoder's sentence, and keys and values from the encoder's. It
is called **cross-attention**, and it is the only new thing here. The two
sentences may differ in length.
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

  // x: (N, T, E), memory: (N, S, E)
  forward(x: Tensor, memory: Tensor, mask?: Tensor): Tensor {
    x = this.norm1.forward(x.add(this.selfAttn.forward(x, x, mask)[0]));
    x = this.norm2.forward(x.add(this.multiheadAttn.forward(x, memory)[0]));
    const wide = this.linear1.forward(x).relu(); // (N, T, 2048)
    return this.norm3.forward(x.add(this.linear2.forward(wide)));
  }
}

/*
For the check, the memory is a sequence of nine random vectors, where the
decoder's sentence has six:
*/

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

Something is missing, and it is easy to overlook. Apart from the causal mask,
nothing so far depends on where a word stands. Feed the sentence backwards,
and the same vectors come out backwards. To this layer a sentence is a bag of
words.
*/

const backwards = (x: Tensor) => x.indexSelect(1, tensor([5, 4, 3, 2, 1, 0]));
const bag = new EncoderLayer(32, 2);
await show(
  equal(bag.forward(backwards(batch)), backwards(bag.forward(batch))),
);
//> tensor(True)

/*
So a vector for the position is added to the vector of the word. In the
transformer of 2017 it consists of sines and cosines of many wavelengths, from
6 positions to tens of thousands. It works like a counter. When we count up
from 137, the last digit changes at every step, the one before it at every
tenth step. Here the first dimensions change quickly and the last ones hardly
at all. Positions go down the picture, the sixteen sines go across:
*/

export function sinusoids(T: number, E: number): Tensor {
  const positions = arange(T).unsqueeze(1).float(); // (T, 1)
  const powers = arange(0, E, 2).float().mul(-Math.log(10_000) / E);
  const speeds = powers.exp(); // (E / 2), from 1 down toward 1 / 10,000
  const angles = positions.mul(speeds); // (T, E / 2)
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
Why sines? Because the dot product of two position vectors depends only on how
far apart the positions are. So "three words ago" looks the same everywhere in
a text. Positions 0 and 3, 5 and 8, 12 and 15:
*/

const fit = clocks.matmul(clocks.t()); // (16, 16)
await show(fit.index(0, 3), fit.index(5, 8), fit.index(12, 15));
//> tensor(12.2724) tensor(12.2724) tensor(12.2724)

/*
GPT-2 does it in a simpler way: it has a table of positions, which is learned
like the table of tokens. A text can then be no longer than the table.
*/

const positions = new nn.Embedding(16, 32);
await show(equal(positions.forward(arange(6)), positions.weight.index(":6")));
//> tensor(True)

/*
With positions added, the two dogs differ. Each attends most to itself, and
then to the other:
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

A stack is a number of layers, one after another, with a norm at the end:
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

/*
A transformer is two stacks. Its decoder attends to the output of its encoder,
which is called the memory:
*/

export class Transformer extends nn.Module {
  encoder: Stack<EncoderLayer>;
  decoder: Stack<DecoderLayer>;

  constructor(E: number, numHeads: number, encoders = 6, decoders = 6) {
    super();
    const encoderLayer = () => new EncoderLayer(E, numHeads);
    const decoderLayer = () => new DecoderLayer(E, numHeads);
    this.encoder = new Stack(E, encoders, encoderLayer);
    this.decoder = new Stack(E, decoders, decoderLayer);
  }

  forward(source: Tensor, target: Tensor, mask?: Tensor): Tensor {
    const memory = this.encoder.forward(source); // (N, S, E)
    return this.decoder.forward(target, memory, mask); // (N, T, E)
  }
}

/*
That is all. The transformer of lesson 1, with two encoder layers and six
decoder layers, has as many parameters as ours, under the same names:
*/

manualSeed(123);
const prebuilt = new nn.Transformer(32, 2, 2).eval();
const handmade = new Transformer(32, 2, 2);
handmade.loadStateDict(prebuilt.stateDict());
const count = (module: nn.Module) =>
  [...module.parameters()].reduce((n, p) => n + p.numel(), 0);
await show(count(handmade), count(prebuilt));
//> 1125888 1125888

/*
With the same values in them, the output is the same. PyTorch's transformer
takes the positions first and the sentences second, (T, N, E), so we transpose
what goes in and what comes out. This order will matter in lesson 4.
*/

const input = batch.add(sinusoids(6, 32)); // (N, T, E)
const turned = input.transpose(0, 1); // (T, N, E)
export const output = noGrad(() => handmade.forward(input, input, causal));
const reference = noGrad(() =>
  prebuilt.forward(turned, turned, { tgtMask: causal })
);
await show(equal(output, reference.transpose(0, 1)));
//> tensor(True)

/*
The first six dimensions of the first sentence's words. With positions and the
causal mask, the two "the" differ, and so do the two dogs:
*/

await show(output.index(0, ":", ":6"));
//> tensor([[ 0.5681, -0.0078, -0.7403, -0.8954,  0.2519,  0.8696],
//>         [ 0.5802, -0.0700, -0.7957, -0.9011,  0.1479,  0.8145],
//>         [ 0.6704, -0.0982, -0.7132, -1.0136,  0.2060,  0.8688],
//>         [ 0.6224, -0.1231, -0.7305, -1.0143,  0.2276,  0.8321],
//>         [ 0.4983, -0.1394, -0.7559, -1.0847,  0.2572,  0.8220],
//>         [ 0.5267, -0.0861, -0.8110, -1.0610,  0.1991,  0.7458]])

/*
A GPT needs less than this. It does not translate, so it needs no encoder, and
its decoder layers need no cross-attention. What remains is one stack of
layers with self-attention, the causal mask and the feed-forward network: a
**decoder-only** transformer. Lesson 8 builds it. But first we train the model
of lesson 1, and find out why it does not learn to count: lesson 4.

Exercises, which check your answers: `deno task exercise 3`.
*/
