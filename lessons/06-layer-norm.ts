/*
# Lesson 6: Layer normalization

Why the values between layers are brought to mean 0 and variance 1, and the
layer that does it.

Needs the network: no.
*/

import {
  fixed,
  kernel,
  lesson,
  manualSeed,
  nn,
  ones,
  rand,
  randn,
  Tensor,
  zeros,
} from "#lib";

const { show } = lesson(import.meta);

/*
## The problem

In a deep network each layer multiplies what the layer before it gave. Suppose
that each one multiplies its values by 1.5, or that each one multiplies them
by 0.5. This is the factor after 30 layers:
*/

await show(fixed(1.5 ** 30, 0), fixed(0.5 ** 30, 10));
//> 191751 0.0000000009

/*
The values explode, or they vanish. The same happens to the gradients on the
way back. These are **exploding** and **vanishing gradients**, and with them
training hardly works.

Layer normalization ([Ba et al., 2016](https://arxiv.org/abs/1607.06450))
takes the vector of one token and brings it back to mean 0 and variance 1.
GPT-2 does this before the attention and before the feed-forward network of
every block, and once more before the head. It makes training faster and more
reliable.

First we need something to normalize: two examples of five values each (their
features), sent through a linear layer and a ReLU.
*/

manualSeed(123);
const batchExample = rand([2, 5]); // (2 examples, 5 features)
const layer = new nn.Sequential(new nn.Linear(5, 6), new nn.ReLU());
export const out = layer.forward(batchExample); // (2, 6)
await show(out);
//> tensor([[0.0000, 0.0000, 0.4091, 0.6587, 0.3914, 0.0000],
//>         [0.0000, 0.0000, 0.1902, 0.3182, 0.6486, 0.0000]],
//>        grad_fn=<ReluBackward0>)

/*
## Mean and variance

ReLU has set every negative value to 0, so the mean of each row is above 0.
And the variance is far from 1.
*/

export const mean = out.mean({ dim: -1, keepdim: true }); // (2, 1)
export const variance = out.var({ dim: -1, keepdim: true }); // (2, 1)
await show("Mean:\n", mean);
//> Mean:
//>  tensor([[0.2432],
//>         [0.1928]], grad_fn=<MeanBackward1>)
await show("Variance:\n", variance);
//> Variance:
//>  tensor([[0.0799],
//>         [0.0670]], grad_fn=<VarBackward0>)

/*
`dim` says along which dimension the mean is taken. With `dim: -1`, the last
one, we get one mean for each row; `dim: 0` would give one for each column.
`keepdim` keeps the dimension with size 1, so that the means stand in a column
next to their rows and can be subtracted from them. Without it we get a plain
vector:
*/

await show(out.mean({ dim: -1 }).size(), mean.size());
//> torch.Size([2]) torch.Size([2, 1])

/*
## Normalizing

Subtract the mean and divide by the standard deviation, the square root of the
variance. Then each row has mean 0 and variance 1. Because of rounding the
means are not exactly 0, so we do not print them but test that they are very
small.
*/

export const normalized = out.sub(mean).div(variance.sqrt()); // (2, 6)
await show(normalized);
//> tensor([[-0.8603, -0.8603,  0.5869,  1.4698,  0.5242, -0.8603],
//>         [-0.7450, -0.7450, -0.0102,  0.4844,  1.7608, -0.7450]],
//>        grad_fn=<DivBackward0>)
await show("Mean is 0:", normalized.mean({ dim: -1 }).abs().lt(1e-6));
//> Mean is 0: tensor([True, True])
await show("Variance:\n", normalized.var({ dim: -1, keepdim: true }));
//> Variance:
//>  tensor([[1.0000],
//>         [1.0000]], grad_fn=<VarBackward0>)

/*
## As a layer

The layer adds two things. A small constant `eps` under the root prevents a
division by zero when all values of a row are equal. And each feature has two
parameters, a scale and a shift, with which training can undo the
normalization where that is better. They begin as 1 and 0.
*/

class LayerNorm extends nn.Module {
  eps = 1e-5;
  scale: nn.Parameter;
  shift: nn.Parameter;

  constructor(embDim: number) {
    super();
    this.scale = new nn.Parameter(ones([embDim]));
    this.shift = new nn.Parameter(zeros([embDim]));
  }

  forward(x: Tensor): Tensor { // (…, embDim)
    const mean = x.mean({ dim: -1, keepdim: true }); // (…, 1)
    const variance = x.var({ dim: -1, keepdim: true, correction: 0 });
    const normalized = x.sub(mean).div(variance.add(this.eps).sqrt());
    return this.scale.mul(normalized).add(this.shift);
  }
}

/*
`correction: 0` divides the sum of squares by n. PyTorch's default for `var`
is to divide by n − 1, which estimates the variance of a population from a
sample. GPT-2 was trained with a division by n, so we divide by n too. With
768 features the difference is tiny. (`eps` is why the variances below are a
little less than 1.)
*/

const x = batchExample;
const ours = new LayerNorm(5).forward(x);
await show(ours.mean({ dim: -1, keepdim: true }).abs().lt(1e-6).all());
//> tensor(True)
await show(ours.var({ dim: -1, keepdim: true, correction: 0 }));
//> tensor([[0.9998],
//>         [0.9999]], grad_fn=<VarBackward0>)

/*
The library has this layer as a single kernel. Its values agree with ours,
both for these two rows and for rows of 768 random values far from 0:
*/

const library = new nn.LayerNorm(5).forward(x);
await show(ours.sub(library).abs().lt(1e-6).all());
//> tensor(True)

const far = randn([3, 768]).mul(5).add(40);
const [byUs, byLibrary] = [new LayerNorm(768), new nn.LayerNorm(768)];
const difference = byUs.forward(far).sub(byLibrary.forward(far));
await show(difference.abs().lt(1e-4).all());
//> tensor(True)

/*
## The same on the GPU

A workgroup computes one row, as in the softmax of lesson 3. It goes over the
row twice: first for the mean, then for the variance, which needs the mean.
*/

const normRows = /* wgsl */ `
  @group(0) @binding(0) var<storage, read> x: array<f32>; // (2, 5)
  @group(0) @binding(1) var<storage, read_write> out: array<f32>; // (2, 5)
  var<workgroup> row: array<f32, 5>;

  @compute @workgroup_size(8)
  fn main(
    @builtin(workgroup_id) group: vec3<u32>, // which row
    @builtin(local_invocation_index) i: u32, // which element of it
  ) {
    if (i < 5) { row[i] = x[group.x * 5 + i]; }
    workgroupBarrier();
    var mean = 0.0;
    for (var j = 0; j < 5; j++) { mean += row[j] / 5; }
    var variance = 0.0;
    for (var j = 0; j < 5; j++) {
      let distance = row[j] - mean;
      variance += distance * distance / 5;
    }
    let deviation = sqrt(variance + 1e-5);
    if (i < 5) { out[group.x * 5 + i] = (row[i] - mean) / deviation; }
  }`;
const normed = kernel(normRows, { x }, [2, 5], { groups: 2 });
await show(normed.sub(library).abs().lt(1e-6).all());
//> tensor(True)

/*
A computation that makes one value from many, such as a sum, is called a
**reduction**. Here every invocation computes the same two sums, which wastes
work. In the library's kernel (`kernels/layer_norm.wgsl`) they divide the
work: each sums a piece of the row, then the sums of the pieces are added.

## An older relative

**Batch normalization** takes the mean over the examples of a batch. In
training, the output for one example then depends on the others in its batch.
At inference there may be no batch, so it uses averages that it collected
during training. Layer normalization needs neither a batch nor such averages:
it looks at one token alone, in training and at inference.

Next: the placeholder model with a real layer norm, in lesson 7.

Exercises, which check your answers: `deno task exercise 6`.
*/
