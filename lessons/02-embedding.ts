/*
# Lesson 2: The embedding layer

How a model turns the id of a token into a vector: it looks up a row in a
table.

Needs the network: no.
*/

import {
  beside,
  defaultGenerator,
  fixed,
  grid,
  kernel,
  lesson,
  manualSeed,
  nn,
  optim,
  sum,
  type Tensor,
  tensor,
} from "#lib";

const { show } = lesson(import.meta);

/*
## From an id to a vector

A network computes with real numbers, and a token id is only a name: token 4
is not twice token 2. (How a text is cut into tokens is lesson 11.) So the
first layer of every language model is an **embedding**: a table that has one
row for each token. The row is the token's vector. Training decides what
stands in it, so tokens that are used in similar ways can end up with similar
vectors.

The table begins at random. The notebook set no seed, but its seed could be
found from what it printed: 1327059842. (Its author had built the model of
lesson 1 twice before, and each time that took 1,385,258 random draws of 32
bits. We skip the same draws, and so get the notebook's table.)
*/

manualSeed(1327059842);
defaultGenerator.engine.fill(new Uint32Array(2 * 1_385_258));

/*
A table of 5 tokens and 3 dimensions has 5 × 3 values, drawn from the normal
distribution. The notebook's author had run this cell three times, so we do
too.
*/

let embedding = new nn.Embedding(5, 3);
for (let run = 2; run <= 3; run++) embedding = new nn.Embedding(5, 3);
await show(embedding);
//> Embedding(5, 3)

/*
## Looking up

The input is a list of token ids, which are integers. The output has one row
for each of them: row 1 for id 1, row 0 for id 0. Change the ids, run the
lesson again, and see which rows come.
*/

const inputIndices = tensor([1, 2, 4, 0]); // (4)
export const embedded = embedding.forward(inputIndices); // (4, 3)
await show(embedded);
//> tensor([[ 0.9070,  0.9123, -0.1542],
//>         [-1.0586,  0.0818, -1.3950],
//>         [-1.2679, -1.3518, -1.0793],
//>         [-0.8483,  1.1451, -0.5357]], grad_fn=<EmbeddingBackward0>)

/*
These are the notebook's twelve values. (`grad_fn` names the operation that a
tensor comes from. Back-propagation will follow it.) The whole table is the
layer's only parameter, its weight. The rows above are its rows 1, 2, 4 and 0;
nobody asked for row 3.
*/

await show(embedding.weight);
//> Parameter containing:
//> tensor([[-0.8483,  1.1451, -0.5357],
//>         [ 0.9070,  0.9123, -0.1542],
//>         [-1.0586,  0.0818, -1.3950],
//>         [-0.1746, -0.2661,  1.9387],
//>         [-1.2679, -1.3518, -1.0793]], requires_grad=True)

/*
The same as a picture, with one decimal. The ids on the left choose rows of
the table in the middle:
*/

const rounded = async (x: Tensor) =>
  (await x.tolist() as number[][]).map((row) => row.map((v) => fixed(v, 1)));
const rowNumbers = ["0", "1", "2", "3", "4"];
await show(beside(
  grid((await inputIndices.tolist() as number[]).map((id) => [id])),
  "──►",
  grid(await rounded(embedding.weight), rowNumbers),
  "──►",
  grid(await rounded(embedded)),
));
//>             ┌──────┬──────┬──────┐
//> ┌───┐     0 │ -0.8 │  1.1 │ -0.5 │     ┌──────┬──────┬──────┐
//> │ 1 │       ├──────┼──────┼──────┤     │  0.9 │  0.9 │ -0.2 │
//> ├───┤     1 │  0.9 │  0.9 │ -0.2 │     ├──────┼──────┼──────┤
//> │ 2 │       ├──────┼──────┼──────┤     │ -1.1 │  0.1 │ -1.4 │
//> ├───┤ ──► 2 │ -1.1 │  0.1 │ -1.4 │ ──► ├──────┼──────┼──────┤
//> │ 4 │       ├──────┼──────┼──────┤     │ -1.3 │ -1.4 │ -1.1 │
//> ├───┤     3 │ -0.2 │ -0.3 │  1.9 │     ├──────┼──────┼──────┤
//> │ 0 │       ├──────┼──────┼──────┤     │ -0.8 │  1.1 │ -0.5 │
//> └───┘     4 │ -1.3 │ -1.4 │ -1.1 │     └──────┴──────┴──────┘
//>             └──────┴──────┴──────┘

/*
## A lookup is a matrix product

A one-hot vector has a 1 at the position of the id, and 0 everywhere else.
Stack the one-hot vectors of our four ids, multiply them by the table, and the
same four rows come out. So a lookup is a fast way to compute this product.
*/

const classes = tensor([0, 1, 2, 3, 4]); // (5)
const oneHot = inputIndices.unsqueeze(1).eq(classes).float(); // (4, 5)
await show(oneHot);
//> tensor([[0., 1., 0., 0., 0.],
//>         [0., 0., 1., 0., 0.],
//>         [0., 0., 0., 0., 1.],
//>         [1., 0., 0., 0., 0.]])
await show(oneHot.matmul(embedding.weight).eq(embedded).all()); // equal?
//> tensor(True)

/*
## The same on the GPU

What does the GPU do when we look up rows? It runs a **kernel**, a small
program in the language WGSL. A kernel is like the body of a loop: it is
called once for each element of the result. Each call is an invocation, and
thousands of them run at the same time. An invocation gets its own number,
`id.x`, and computes the element with that number. Our result has 3 columns,
so the row of this element is `id.x / 3`, rounded down, and its column is
`id.x % 3`. (The first three lines name the data: two arrays to read and one
to write. Invocations are started 64 at a time.)
*/

const lookUp = /* wgsl */ `
  @group(0) @binding(0) var<storage, read> table: array<f32>; // (5, 3)
  @group(0) @binding(1) var<storage, read> ids: array<i32>; // (4)
  @group(0) @binding(2) var<storage, read_write> out: array<f32>; // (4, 3)

  @compute @workgroup_size(64)
  fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= arrayLength(&out)) { return; } // there are 64, we need 12
    let row = u32(ids[id.x / 3]);
    out[id.x] = table[row * 3 + id.x % 3];
  }`;

const table = embedding.weight;
const found = kernel(lookUp, { table, ids: inputIndices }, [4, 3]);
await show(found.eq(embedded).all());
//> tensor(True)

/*
`kernel` only puts the work in a queue and returns at once. The GPU computes
while our program goes on, and `await show` waits until the numbers are there.
The library's own kernel (`kernels/embedding.wgsl`) does the same for any
size, and reports an id that is not in the table.
*/

/*
## What training does to it

The gradient of the table says how the loss would change with each value in
it. A row that was not looked up has the gradient 0. A row that was looked up
twice gets both contributions. Let the loss be the sum of all values that come
out for the ids 1, 1 and 3:
*/

sum(embedding.forward(tensor([1, 1, 3]))).backward();
await show(embedding.weight.grad);
//> tensor([[0., 0., 0.],
//>         [2., 2., 2.],
//>         [0., 0., 0.],
//>         [1., 1., 1.],
//>         [0., 0., 0.]])

/*
Row 1 was looked up twice, row 3 once, and each value of a row adds 1 to the
sum each time. So only the rows that were used have a gradient. Does that mean
that only they change? It depends on the optimizer. For each of two optimizers
we copy the table and make one step. `True` marks the rows that moved:
*/

for (const Optimizer of [optim.SGD, optim.AdamW]) {
  const copy = new nn.Embedding(5, 3);
  copy.loadStateDict(embedding.stateDict()); // the same values
  sum(copy.forward(tensor([1, 1, 3]))).backward();
  new Optimizer(copy.parameters(), { lr: 0.1 }).step();
  const moved = copy.weight.ne(embedding.weight).any({ dim: 1 }); // (5)
  await show(Optimizer.name, moved);
  //> SGD tensor([False,  True, False,  True, False])
  //> AdamW tensor([True, True, True, True, True])
}

/*
Plain gradient descent (SGD) moves only rows with a gradient. AdamW, a
relative of Adam, also pulls every parameter a little toward 0, so it moves
all rows. (It remembers the gradients of earlier steps, too. So a row keeps
moving for some steps after it was last used.)

Next: the layers that work with these vectors, in lesson 3.

Exercises, which check your answers: `deno task exercise 2`.
*/
