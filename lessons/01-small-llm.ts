/*
# Lesson 1: A whole model from prebuilt layers

A language model of three layers that the library already has: what goes in,
what comes out, how wrong it is, and what is inside.

Needs the network: no.
*/

import {
  arange,
  beside,
  fixed,
  grid,
  lesson,
  manualSeed,
  nn,
  noGrad,
  optim,
  Tensor,
  tensor,
} from "#lib";

const { show } = lesson(import.meta);

/*
## Before you start

You should be able to read a program, and have met vectors, matrices, the
derivative, mean and variance. That is enough: everything about language
models is explained where it first occurs. By lesson 4 you will have trained a
transformer that counts, by lesson 8 built GPT-2, by lesson 14 trained a model
of your own that writes verses.

The course follows four notebooks for Python and PyTorch, and "the notebook"
is the one that a lesson follows. Where it printed a number that can be
computed again, you will see the same number here, to the last digit. Lessons
10 to 14 may learn from other songs, and say what that changes.

A lesson is a program, and you read it from top to bottom. `#lib` is this
project's library. `await show(x)` prints `x` as Python would; in the file,
the lines that begin with `//>` are what it printed. Everything is computed on
the GPU or, where there is none, by a driver that does a GPU's work on the
processor; `await` stands where we wait for its results.

All data is in tensors, which are arrays of numbers with a shape. Comments
like `// (2, 3)` say which shape a line makes. TypeScript has no operators for
tensors. So Python's `a + b` is written `a.add(b)`, and `a @ b`, the product
of two matrices, is `a.matmul(b)`. `a.index(0, "1:")` is Python's `a[0, 1:]`:
of row 0, all elements from index 1 on. `":-1"` means all but the last.
*/

const a = tensor([1, 2, 3]); // (3)
await show(a.add(10).mul(a)); // (a + 10) · a
//> tensor([11, 24, 39])

/*
Here 10 was added to all three elements. Where two shapes differ, a dimension
that is missing, or that has the size 1, is repeated until it fits. That is
called **broadcasting**. Here a column and a row are added. What is repeated
stands in brackets:
*/

const column = tensor([[1], [2]]); // (2, 1)
const row = tensor([10, 20, 30]); // (3)
const sums = await column.add(row).tolist() as number[][]; // (2, 3)
await show(beside(
  grid([["1", "(1)", "(1)"], ["2", "(2)", "(2)"]]),
  "+",
  grid([["10", "20", "30"], ["(10)", "(20)", "(30)"]]),
  "=",
  grid(sums),
));
//> ┌───┬─────┬─────┐   ┌──────┬──────┬──────┐   ┌────┬────┬────┐
//> │ 1 │ (1) │ (1) │   │   10 │   20 │   30 │   │ 11 │ 21 │ 31 │
//> ├───┼─────┼─────┤ + ├──────┼──────┼──────┤ = ├────┼────┼────┤
//> │ 2 │ (2) │ (2) │   │ (10) │ (20) │ (30) │   │ 12 │ 22 │ 32 │
//> └───┴─────┴─────┘   └──────┴──────┴──────┘   └────┴────┴────┘

/*
## The task

A language model reads a text and predicts what comes next. It does not see
words. First, a tokenizer cuts the text into pieces, the **tokens**, and gives
each piece a number (lesson 11). All that the model ever does is predict the
next number from those before it. So a first model can do without words. Ours
knows ten numbers, 0 to 9, and is to learn to count.

For a long time this was done by recurrent neural networks (RNNs). They read
one token after another and keep what they remember in one vector. What was
read long ago fades, and since each step must wait for the one before it, a
GPU with thousands of cores has little to do. The transformer of 2017 reads
all tokens at once and lets each look directly at every other one. That is why
it could be trained on so much text, and why it has replaced almost everything
that came before it.

## The model

Our model has three layers. The embedding turns each number into a vector
(lesson 2). The transformer lets the vectors look at each other (lesson 3).
The linear layer multiplies each vector by a matrix, adds another vector (its
**bias**), and so gives ten scores, one for each number that could come next.
T (for time) is the length of a sequence. B is the number of sequences that
are computed at once; together they are a **batch**.

```diagram
 numbers   ┌───────────┐    ┌─────────────┐    ┌────────┐   scores
 (T, B) ──►│ embedding ├───►│ transformer ├───►│ linear ├──► (T, B, 10)
           └───────────┘    └─────────────┘    └────────┘
                       (T, B, 32)        (T, B, 32)
```

In code, a model is a class. Its constructor makes the layers, and `forward`
says how they are applied. The transformer was made for translation, so it
takes two sequences, a source and a target. We give it the same one twice, as
the notebook does; lesson 4 shows what that costs.
*/

export class SmallLLM extends nn.Module {
  embedding: nn.Embedding;
  transformer: nn.Transformer;
  fc: nn.Linear;

  constructor(
    vocabSize: number,
    embedSize: number,
    numHeads: number,
    numLayers: number,
  ) {
    super();
    this.embedding = new nn.Embedding(vocabSize, embedSize);
    this.transformer = new nn.Transformer(embedSize, numHeads, numLayers);
    this.fc = new nn.Linear(embedSize, vocabSize);
  }

  forward(x: Tensor): Tensor { // (T, B): time first, then the examples
    let y = this.embedding.forward(x); // (T, B, embedSize)
    y = this.transformer.forward(y, y); // (T, B, embedSize)
    return this.fc.forward(y); // (T, B, vocabSize)
  }
}

/*
The sizes are ours to choose; such settings are called **hyperparameters**.
The vocabulary has ten numbers, and a vector has 32 dimensions. (Lesson 3
shows what the heads and the layers of a transformer are.) The values in a
model's matrices are its **parameters**. They begin as random numbers, and
training changes them. The seed decides which random numbers they are.
*/

export const vocabSize = 10;
const embedSize = 32;
const numHeads = 2;
const numLayers = 2;

manualSeed(1327059842);
export const model = new SmallLLM(vocabSize, embedSize, numHeads, numLayers);

/*
## How wrong is it?

The scores that come out are called **logits**. A logit may be any number. The
softmax turns a row of logits into probabilities: it raises e to each of them,
which makes them positive, and divides by the sum, so that they add up to 1.
Three logits, and their probabilities:
*/

const three = tensor([2, 1, 0.5]); // (3)
const powers = three.exp(); // (3)
await show(powers, powers.sum());
//> tensor([7.3891, 2.7183, 1.6487]) tensor(11.7561)
await show(powers.div(powers.sum()));
//> tensor([0.6285, 0.2312, 0.1402])
await show(three.softmax(-1)); // -1: along the last dimension
//> tensor([0.6285, 0.2312, 0.1402])

/*
The loss says how wrong these probabilities are. Suppose that the last of the
three was the right one. It got a probability of 0.1402, and the loss is minus
the logarithm of that. If the right one gets the probability 1, the loss is 0.
The smaller its probability, the larger the loss. This is the
**cross-entropy**, the loss of every language model, since to choose the next
token is to choose one of many classes.
*/

await show(three.softmax(-1).log().neg()); // if class 0, 1, 2 was right
//> tensor([0.4644, 1.4644, 1.9644])
await show(nn.functional.crossEntropy(three, tensor(2))); // class 2 was right
//> tensor(1.9644)

/*
## How does it learn?

By going downhill. For each parameter we ask: if it grew a little, would the
loss grow or fall, and how fast? The answer is a derivative. All of them
together are the **gradient**, and a step against the gradient makes the loss
smaller.

A network is one function inside another, so its derivatives come from the
chain rule, from the loss backwards. That is **back-propagation**. Here it is
by hand, for a network with two weights: y = w₂ · tanh(w₁ · input), with the
loss (y − target)². `dy` is the derivative of the loss with respect to y, and
so on.
*/

const [input, target] = [1.5, 2];
const [w1, w2] = [0.5, 1];
const h = Math.tanh(w1 * input); // forward: what the inner layer gives
const y = w2 * h; // and the outer one
const dy = 2 * (y - target); // backward: how the loss changes with y,
const dw2 = dy * h; // so with w2, since y = w2 · h,
const dh = dy * w2; // and with h;
const dw1 = dh * (1 - h ** 2) * input; // the slope of tanh is 1 − tanh²
await show(fixed(dw1, 4), fixed(dw2, 4));
//> -2.4428 -1.7338

/*
Both are negative: if the weights grow, the loss falls. The library does the
same for any network. It notes each operation on the way forward, from the
tensors that ask for a gradient (`requiresGrad`) to the loss. `backward()`
then walks through the operations in reverse and leaves the derivatives in
`grad`.
*/

const weights = tensor([0.5, 1], { requiresGrad: true });
const inner = weights.index(0).mul(input).tanh();
weights.index(1).mul(inner).sub(target).square().backward();
await show(weights.grad);
//> tensor([-2.4428, -1.7338])

/*
An **optimizer** makes the step. The simplest one, stochastic gradient descent
(SGD), multiplies the gradient by a small number, the learning rate `lr`, and
subtracts the result from the parameters. Adam, which we take, also adapts the
size of the step to each parameter. Lesson 4 trains with Adam and with the
cross-entropy. The notebook calls the loss its criterion:
*/

export const criterion = new nn.CrossEntropyLoss();
export const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 });

/*
## What is inside

A model prints as the tree of its layers. Most of the names in it are new
here; lesson 3 builds these layers. (The one with the longest name is an
ordinary linear layer.)
*/

await show(model);
//> SmallLLM(
//>   (embedding): Embedding(10, 32)
//>   (transformer): Transformer(
//>     (encoder): TransformerEncoder(
//>       (layers): ModuleList(
//>         (0-1): 2 x TransformerEncoderLayer(
//>           (self_attn): MultiheadAttention(
//>             (out_proj): NonDynamicallyQuantizableLinear(in_features=32, out_features=32, bias=True)
//>           )
//>           (linear1): Linear(in_features=32, out_features=2048, bias=True)
//>           (dropout): Dropout(p=0.1, inplace=False)
//>           (linear2): Linear(in_features=2048, out_features=32, bias=True)
//>           (norm1): LayerNorm((32,), eps=1e-05, elementwise_affine=True)
//>           (norm2): LayerNorm((32,), eps=1e-05, elementwise_affine=True)
//>           (dropout1): Dropout(p=0.1, inplace=False)
//>           (dropout2): Dropout(p=0.1, inplace=False)
//>         )
//>       )
//>       (norm): LayerNorm((32,), eps=1e-05, elementwise_affine=True)
//>     )
//>     (decoder): TransformerDecoder(
//>       (layers): ModuleList(
//>         (0-5): 6 x TransformerDecoderLayer(
//>           (self_attn): MultiheadAttention(
//>             (out_proj): NonDynamicallyQuantizableLinear(in_features=32, out_features=32, bias=True)
//>           )
//>           (multihead_attn): MultiheadAttention(
//>             (out_proj): NonDynamicallyQuantizableLinear(in_features=32, out_features=32, bias=True)
//>           )
//>           (linear1): Linear(in_features=32, out_features=2048, bias=True)
//>           (dropout): Dropout(p=0.1, inplace=False)
//>           (linear2): Linear(in_features=2048, out_features=32, bias=True)
//>           (norm1): LayerNorm((32,), eps=1e-05, elementwise_affine=True)
//>           (norm2): LayerNorm((32,), eps=1e-05, elementwise_affine=True)
//>           (norm3): LayerNorm((32,), eps=1e-05, elementwise_affine=True)
//>           (dropout1): Dropout(p=0.1, inplace=False)
//>           (dropout2): Dropout(p=0.1, inplace=False)
//>           (dropout3): Dropout(p=0.1, inplace=False)
//>         )
//>       )
//>       (norm): LayerNorm((32,), eps=1e-05, elementwise_affine=True)
//>     )
//>   )
//>   (fc): Linear(in_features=32, out_features=10, bias=True)
//> )

/*
The tree shows more than we asked for. A transformer has two halves, an
encoder for the source and a decoder for the target. `numLayers` is PyTorch's
third argument and goes to the encoder only, so the decoder keeps its default
of six layers. And each layer widens its vectors from 32 dimensions to 2048
and back. That is a default too, and far too much for counting to ten: nearly
all parameters are in the transformer.
*/

const count = (module: nn.Module) =>
  Array.from(module.parameters(), (p) => p.numel()).reduce(
    (a, b) => a + b,
    0,
  );

export const numParameters = count(model);
await show(numParameters, "parameters");
//> 1126538 parameters
for (const [name, part] of model.namedChildren()) {
  await show(name, count(part));
  //> embedding 320
  //> transformer 1125888
  //> fc 330
}

/*
## One pass

Ten numbers go in, and for each of them ten logits come out. Nothing is
learned yet, so the logits mean nothing. (`eval()` and `noGrad` say that we do
not train now: in this evaluation mode nothing is random, and no record is
kept for a gradient.)
*/

const x = arange(10).view(10, 1); // (T = 10, B = 1)
model.eval();
export const logits = noGrad(() => model.forward(x)); // (10, 1, 10)
await show(logits.size());
//> torch.Size([10, 1, 10])
await show(logits.index(0, 0)); // the logits after the first number, 0
//> tensor([ 0.1809, -0.8294, -0.7937, -0.0186, -0.4854, -0.7041, -0.8190,  0.0334,
//>          0.3821, -0.1280])

/*
In training mode the model sets a tenth of its values to 0 at random, so that
it can't rely on any single one. This is called **dropout** (`p=0.1`). The
tree has 30 dropouts, and inside each of its 14 attentions is one more:
*/

const modules = [...model.modules()];
const howMany = (kind: typeof nn.Dropout | typeof nn.MultiheadAttention) =>
  modules.filter((module) => module instanceof kind).length;
await show(howMany(nn.Dropout), howMany(nn.MultiheadAttention));
//> 30 14

/*
The same input therefore gives other logits each time:
*/

model.train();
export const trained = noGrad(() => model.forward(x)); // (10, 1, 10)
await show(trained.index(0, 0));
//> tensor([ 0.0131, -0.7097, -0.2445, -0.3631,  0.0527, -0.4702, -0.6937,  0.1417,
//>         -0.3196, -0.1835])

/*
How wrong is it, before any training? After 0 should come 1, after 1 should
come 2, and so on. The loss is the mean over these nine predictions. A model
that knows nothing, and gives each of the ten numbers the same probability,
has the loss −ln 0.1:
*/

const predictions = logits.index(":-1", 0); // (9, 10)
await show(criterion.forward(predictions, arange(1, 10)));
//> tensor(2.5146)
await show(fixed(-Math.log(0.1), 4));
//> 2.3026

/*
The first number is the loss of our model. It is a little worse than one that
knows nothing, because its random logits prefer some numbers to others, for no
reason.

Next: the first layer, opened, in lesson 2.

Exercises, which check your answers: `deno task exercise 1`.
*/
