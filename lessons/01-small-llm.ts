/*
# Lesson 1: A whole model from prebuilt layers

A language model in three layers that the library already has: what goes in, what comes out, what is inside.

Needs the network: no.
*/

import { arange, lesson, manualSeed, nn, noGrad, optim, Tensor } from "#lib";

const { show } = lesson(import.meta);

/*
## The task

A language model reads a text and says what comes next. It does not see words: a tokenizer has turned
them into numbers before, and all that the model ever does is to predict the next number from the ones
so far. So a first model can leave the words away altogether. Ours knows ten numbers, 0 to 9, and is to
learn to count.

## The model

Three layers. The first gives each number a vector (lesson 2 opens it). The second, a transformer, lets
the vectors look at each other; it has displaced almost everything that was used for language before
(lesson 3 opens it). The third turns each vector into ten scores, one for each number that could come
next.
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
The sizes are free to choose, within reason. The vocabulary has ten numbers; a vector has 32; two
attention heads share it.
*/

export const vocabSize = 10;
const embedSize = 32;
const numHeads = 2;
const numLayers = 2;

manualSeed(1327059842);
export const model = new SmallLLM(vocabSize, embedSize, numHeads, numLayers);

/*
To train it, two more things: a loss, which says how surprised the scores are by the right answer
(choosing the next number is a choice among ten classes), and an optimizer, which changes the parameters
so that the loss falls. Lesson 4 uses them.
*/

export const criterion = new nn.CrossEntropyLoss();
export const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 });

/*
## What is inside

A model prints as the tree of its layers.
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
The tree says more than we asked for. `numLayers` went to the encoder only, so the decoder has its
default of six layers. And each layer widens its vectors from 32 to 2048 numbers and back, which is the
default too, and far too much for counting to ten: that is where most of the parameters are.
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
}
//> embedding 320
//> transformer 1125888
//> fc 330

/*
## One pass

Ten numbers in, ten times ten scores out. Nothing is learned yet, so no score means anything; and
since the model is not told where in the sequence a number stands, it will have a hard time with it
later.
*/

const x = arange(10).view(10, 1); // (T = 10, B = 1)
model.eval();
export const logits = noGrad(() => model.forward(x)); // (10, 1, 10)
await show(logits.size());
//> torch.Size([10, 1, 10])
await show(logits.index(0, 0)); // the scores behind the first number, 0
//> tensor([ 0.1809, -0.8294, -0.7937, -0.0186, -0.4854, -0.7041, -0.8190,  0.0334,
//>          0.3821, -0.1280])

/*
In training mode, a tenth of the numbers inside is dropped at random, at 44 places in the model; the same
input gives other scores each time. The loss of an even guess among ten would be ln 10 = 2.3026.
*/

model.train();
export const trained = noGrad(() => model.forward(x)); // (10, 1, 10)
await show(trained.index(0, 0));
//> tensor([ 0.0131, -0.7097, -0.2445, -0.3631,  0.0527, -0.4702, -0.6937,  0.1417,
//>         -0.3196, -0.1835])
await show(criterion.forward(logits.index(":-1", 0), arange(1, 10)));
//> tensor(2.5146)
