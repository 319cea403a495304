/*
# The museum of bugs

The mistakes of the four notebooks, each one run: where it was, what it did to
the results, how it is mended, and how one could have noticed it.

Needs the network: no.
*/

import {
  arange,
  lesson,
  manualSeed,
  nn,
  noGrad,
  ones,
  randint,
  randn,
  songs,
  Tensor,
  tensor,
} from "#lib";

const { show } = lesson(import.meta);

const count = (module: nn.Module) =>
  [...module.parameters()].reduce((n, p) => n + p.numel(), 0);

/*
Nobody writes a notebook without mistakes, and these four are good notebooks.
They are called 000, 001, 002 and 003 here. Hardly any of the mistakes below
raised an error where it was made, and that is why they are instructive.

## 1. The third argument

000-small-llm (lesson 1) builds `nn.Transformer(embed_size, num_heads,
num_layers)` with two layers in mind. The third argument is the number of
*encoder* layers. The decoder keeps its default of six.
*/

const meant = new nn.Transformer(32, 2, 2, 2);
const built = new nn.Transformer(32, 2, 2);
await show(count(meant), count(built));
//> 558720 1125888

/*
The first number is the model that was meant, the second the one that was
built. Mended: name both, `numEncoderLayers` and `numDecoderLayers`. How to
notice: print the model, or count its parameters.

## 2. Attention across the batch

000 (lesson 4) gives a batch of shape (examples, positions) to a transformer
that expects (positions, examples). Change the second example, and the output
for the first one changes:
*/

manualSeed(123);
const small = { dimFeedforward: 32, dropout: 0.1 };
const layer = new nn.TransformerEncoderLayer(8, 2, small).eval();
const batch = randn([2, 4, 8]); // (B, T, E), but the layer reads (T, B, E)
const other = batch.clone();
other.index(1).zero_(); // another second example
const first = (x: Tensor) => noGrad(() => layer.forward(x)).index(0);
await show(first(batch).sub(first(other)).abs().gt(1e-6).any());
//> tensor(True)

/*
Mended: `batchFirst: true`, or a transpose. How to notice: change one example,
and see whether another one's output changes.

## 3. The target that leaks

000 gives the model the same sequence as source and as target, and masks
nothing. Each position can see the next one, which is its own target:
*/

const proper = new nn.TransformerEncoderLayer(8, 2, {
  ...small,
  batchFirst: true,
}).eval();
const changed = batch.clone();
changed.index(0, 1).zero_(); // another token at position 1
const atStart = (x: Tensor, isCausal: boolean) =>
  noGrad(() => proper.forward(x, { isCausal })).index(0, 0); // at position 0
for (const isCausal of [false, true]) {
  const [a, b] = [atStart(batch, isCausal), atStart(changed, isCausal)];
  await show("causal mask:", isCausal, "leaks:", a.ne(b).any());
  //> causal mask: False leaks: tensor(True)
  //> causal mask: True leaks: tensor(False)
}

/*
Mended: the causal mask. How to notice: change a later token, and see whether
an earlier output changes. A loss that is near 0 too soon is a sign as well.

## 4. Writing in training mode

000 and 003 generate without `eval()`, so dropout is still at work, and the
same input gives another output each time:
*/

layer.train();
await show(layer.forward(batch).eq(layer.forward(batch)).all());
//> tensor(False)

/*
Mended: `eval()` before, `train()` after (lesson 12's `estimateLoss`). How to
notice: run the same input twice.

## 5. The wrong position

000 generates from a sequence of shape (T, 1) and reads `output[0, -1]`. That
is the output at position 0, for the last and only example. But the prediction
for what follows the whole sequence is at the last position. Here the output
at each position is the position itself:
*/

const positions = arange(10).view(10, 1); // (T, B)
await show(positions.index(0, -1), positions.index(-1, 0));
//> tensor(0) tensor(9)

/*
Mended: `output[-1, 0]`. How to notice: give each position a value by which
you can tell it, as here.

## 6. Logits called probabilities

002 (lesson 7) says that each entry of the output "contains a probability".
They are logits. Some are negative, and they do not add up to 1:
*/

const logits = randn([5]);
await show(logits.lt(0).any(), logits.sum());
//> tensor(True) tensor(-1.4514)
await show(logits.softmax(-1).sum());
//> tensor(1.)

/*
Mended: a softmax. How to notice: add them up.

## 7. A result that nobody keeps

003 (lesson 12) calls `X.to(device)` and ignores what it returns. `to` does
not change its tensor; it returns a new one. It is the same with a dtype:
*/

const X = tensor([1.5, 2.5]);
X.to("int64");
await show(X.dtype, X.to("int64").dtype);
//> float32 int64

/*
Mended: `X = X.to(device)`. How to notice: on a GPU the next line fails. On a
CPU nothing fails, so nobody noticed.

## 8. One name, two spellings

003's class sets `model_type`, and its `generate` asks for `model.type`. In
Python that is an error at run time, in the cell that first writes a text. In
TypeScript the compiler refuses it; without the compiler, it is silently
`undefined`:
*/

const model: Record<string, string> = { model_type: "MLP" };
await show(String(model.type));
//> undefined

/*
Mended: lesson 13 looks at the shape of the logits instead. How to notice: run
all cells from the top in a fresh kernel.

## 9. Two comments, swapped

The same function says that an MLP's logits are (batch, context, tokens) and a
transformer's (batch, tokens). It is the other way round: an MLP predicts one
token from the whole context, a transformer one at each position.
*/

const [B, T, V] = [1, 4, 7];
const mlp = new nn.Linear(T * 8, V);
const transformer = new nn.Linear(8, V); // after its blocks, at each position
const x = randn([B, T, 8]);
await show(mlp.forward(x.view(B, -1)).size(), transformer.forward(x).size());
//> torch.Size([1, 7]) torch.Size([1, 4, 7])

/*
Mended: shape comments in the code that runs. How to notice: print the shapes.

## 10. The last token

003's `get_batch` draws starts below `len(data) - context_length - 1`. The
upper end of `randint` is never drawn, so the last token of the data is never
a target:
*/

const [length, context] = [10, 4];
const starts = randint(length - context - 1, [1000]); // 0 … 4
await show("last target:", starts.add(context).amax(), "of", length - 1);
//> last target: tensor(8) of 9

/*
Mended: `len(data) - context_length`. (The lessons keep the notebook's form,
since its digits depend on it.) How to notice: draw many, and look at the
extremes.

## 11. A split without a seed

003 splits its songs with `train_test_split(test_size=0.1)` and no seed. Every
run has another validation split, so two losses can't be compared. Two runs
draw 15 songs each for validation. How many songs did both draw?
*/

const { dataset } = await songs({ data: "shipped" });
const split = (seed: number) =>
  dataset.trainTestSplit({ testSize: 0.1, seed }).test.column("text");
const [one, two] = [split(1), split(2)];
await show(one.filter((song) => two.includes(song)).length);
//> 0

/*
None. Mended: a seed (lesson 10). How to notice: run the cell twice.

## 12. A model above its parts

001 (lesson 5) defines its model in one cell and the placeholders that the
model is made of in the cell below. From top to bottom this works: a name
inside a function is looked up when the function runs, and the model is made
later. But whoever tries the model at once, before the next cell, gets an
error. Here is the same, before the definition and after it:
*/

const build = () => new Placeholder();
try {
  build();
} catch (error) {
  await show((error as Error).name);
  //> ReferenceError
}
class Placeholder {}
await show(build() instanceof Placeholder);
//> True

/*
Mended: the parts first. How to notice: the cells are numbered in the order in
which they were run, and here the upper one has the larger number. The author
ran the lower cell first, as a reader does not.

## 13. Dropout that depends on the processor

This is not an author's mistake, but a trap for readers. Before version 2.7,
PyTorch drew its dropout on Intel processors from another stream of random
numbers than anywhere else. Its name here is "mkl"; the usual one is "aten".
With the same seed, the two drop different values:
*/

for (const stream of ["aten", "mkl"] as const) {
  manualSeed(123);
  const drop = new nn.Dropout(0.5, { stream });
  await show(stream, drop.forward(ones([8])).gt(0));
  //> aten tensor([ True,  True, False,  True,  True, False, False, False])
  //> mkl tensor([ True,  True,  True,  True,  True,  True, False,  True])
}

/*
001 was run on such a machine, 002 was not. So lesson 5 takes the one stream
and lesson 7 the other, and both print their notebook's digits. How to notice:
run the same seed on two machines.

## 14. Sentences that the code contradicts

A few sentences of the notebooks are wrong where the code is right. 001 says
that without `keepdim` the mean would be "a two-dimensional vector"; it is a
vector with one dimension and two values. It says that layer norm comes
"before and after" the attention; in GPT-2 it comes before the attention and
before the feed-forward network. 003 calls a tokenizer of pieces "word-level".
How to notice: print the shape, read the forward method, look at the tokens.
*/

await show(ones([2, 6]).mean({ dim: -1 }).size());
//> torch.Size([2])
