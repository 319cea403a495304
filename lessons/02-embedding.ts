/*
# Lesson 2: The embedding layer

How a model turns the number of a token into a vector: a table, and nothing but a table.

Needs the network: no.
*/

import { defaultGenerator, lesson, manualSeed, nn, sum, tensor } from "#lib";

const { show } = lesson(import.meta);

/*
## Where the numbers come from

A network computes with real numbers, and a token is only a name: token 4 is not twice token 2. So
the first layer of every language model gives each token a row of numbers of its own, and lets
training decide what they should be.

The rows begin at random. The notebook set no seed, but what it printed gives its whole history away:
the generator was seeded with 1327059842, and the model of lesson 1 was built twice, which drew 1,385,258
words each time. We set the same seed, pass over the same words, and stand where its author stood.
*/

manualSeed(1327059842);
defaultGenerator.engine.fill(new Uint32Array(2 * 1_385_258));

/*
The cell with the layer had been run three times when the notebook was saved. Each run draws the 15
numbers of a table with 5 rows and 3 columns, from the normal distribution.
*/

let embedding = new nn.Embedding(5, 3);
for (let run = 2; run <= 3; run++) embedding = new nn.Embedding(5, 3);
await show(embedding);
//> Embedding(5, 3)

/*
## Looking up

The input is a list of token ids, the output a list of rows: id 1 brings row 1, id 0 brings row 0.
*/

const inputIndices = tensor([1, 2, 4, 0]); // (4)
export const embedded = embedding.forward(inputIndices); // (4, 3)
await show(embedded);
//> tensor([[ 0.9070,  0.9123, -0.1542],
//>         [-1.0586,  0.0818, -1.3950],
//>         [-1.2679, -1.3518, -1.0793],
//>         [-0.8483,  1.1451, -0.5357]], grad_fn=<EmbeddingBackward0>)

/*
These are the notebook's twelve numbers. The whole table is the layer's one parameter, and the rows
above are rows 1, 2, 4 and 0 of it; row 3 was not asked for.
*/

await show(embedding.weight);
//> Parameter containing:
//> tensor([[-0.8483,  1.1451, -0.5357],
//>         [ 0.9070,  0.9123, -0.1542],
//>         [-1.0586,  0.0818, -1.3950],
//>         [-0.1746, -0.2661,  1.9387],
//>         [-1.2679, -1.3518, -1.0793]], requires_grad=True)

/*
## A lookup is a matrix product

Put a 1 in the place of each id and 0 everywhere else, and the rows come out of an ordinary product
of matrices. That is what an embedding means; looking up is only the fast way to compute it.
*/

const oneHot = inputIndices.unsqueeze(1).eq(tensor([0, 1, 2, 3, 4])).float(); // (4, 5)
await show(oneHot);
//> tensor([[0., 1., 0., 0., 0.],
//>         [0., 0., 1., 0., 0.],
//>         [0., 0., 0., 0., 1.],
//>         [1., 0., 0., 0., 0.]])
await show(oneHot.matmul(embedding.weight).eq(embedded).all());
//> tensor(True)

/*
## What training does to it

The gradient of a table says how each row should change. Rows that were not looked up get none, and a
row that was looked up twice gets both shares. Let the loss be the sum of all numbers that come out
for the ids 1, 1 and 3:
*/

sum(embedding.forward(tensor([1, 1, 3]))).backward();
await show(embedding.weight.grad);
//> tensor([[0., 0., 0.],
//>         [2., 2., 2.],
//>         [0., 0., 0.],
//>         [1., 1., 1.],
//>         [0., 0., 0.]])

/*
Row 1 was used twice, row 3 once. A model with 50,257 tokens changes only the rows of the tokens that
it has just read.

Next: the layers that do something with these rows, in lesson 3.
*/
