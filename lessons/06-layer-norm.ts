/*
# Lesson 6: Layer normalisation

Why the numbers between layers are brought to mean 0 and variance 1, and the layer that does it.

Needs the network: no.
*/

import {
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
## The trouble

In a deep network each layer multiplies what the one below gave it. If a layer makes its numbers half
as large again, thirty layers make them two hundred thousand times as large; if it shrinks them, they
vanish, and the gradients with them. Training then creeps or explodes. Layer normalisation
([Ba et al., 2016](https://arxiv.org/abs/1607.06450)) takes the numbers of one token and brings them
back to mean 0 and variance 1, at every layer.

First something to normalise: two examples with five features, through a linear layer and a ReLU.
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

ReLU has cut off all that was negative, so the mean of each row can't be 0:
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
`dim: -1` says along which dimension to average: the last one, so that there is one mean a row.
`keepdim` leaves that dimension there with size 1, so that the means stand in a column beside the rows
they belong to, and can be subtracted from them. Without it they are a plain list:
*/

await show(out.mean({ dim: -1 }).size(), mean.size());
//> torch.Size([2]) torch.Size([2, 1])

/*
## Normalising

Subtract the mean, divide by the standard deviation, and each row has mean 0 and variance 1. Rounding
leaves means of a few hundred-millionths, so they are compared with a small number rather than printed.
*/

export const normalised = out.sub(mean).div(variance.sqrt()); // (2, 6)
await show(normalised);
//> tensor([[-0.8603, -0.8603,  0.5869,  1.4698,  0.5242, -0.8603],
//>         [-0.7450, -0.7450, -0.0102,  0.4844,  1.7608, -0.7450]],
//>        grad_fn=<DivBackward0>)
await show("Mean is 0:", normalised.mean({ dim: -1 }).abs().lt(1e-6));
//> Mean is 0: tensor([True, True])
await show("Variance:\n", normalised.var({ dim: -1, keepdim: true }));
//> Variance:
//>  tensor([[1.0000],
//>         [1.0000]], grad_fn=<VarBackward0>)

/*
## As a layer

Two things more. A constant `eps` under the root keeps a row of equal numbers from dividing by zero.
And a scale and a shift, one number a feature, which training may use to undo what normalising did,
if that should be better. They begin as 1 and 0.
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

  forward(x: Tensor): Tensor {
    const mean = x.mean({ dim: -1, keepdim: true }); // (…, 1)
    const variance = x.var({ dim: -1, keepdim: true, correction: 0 }); // (…, 1)
    const normal = x.sub(mean).div(variance.add(this.eps).sqrt());
    return this.scale.mul(normal).add(this.shift);
  }
}

/*
The `correction: 0` divides the squares by n rather than by n − 1. The second is the better guess at the
variance of everything from a sample; but GPT-2 was trained with the first, and for 768 features the two
hardly differ.
*/

const x = batchExample;
const ours = new LayerNorm(5).forward(x);
await show(ours.mean({ dim: -1, keepdim: true }).abs().lt(1e-6).all());
//> tensor(True)
await show(ours.var({ dim: -1, keepdim: true, correction: 0 }));
//> tensor([[0.9998],
//>         [0.9999]], grad_fn=<VarBackward0>)

/*
The library has this layer as one kernel a direction. It gives the same, here to a few
ten-millionths, and for a row of 768 random numbers far from 0:
*/

const library = new nn.LayerNorm(5).forward(x);
await show(ours.sub(library).abs().lt(1e-6).all());
//> tensor(True)

const far = randn([3, 768]).mul(5).add(40);
const difference = new LayerNorm(768).forward(far).sub(
  new nn.LayerNorm(768).forward(far),
);
await show(difference.abs().lt(1e-4).all());
//> tensor(True)

/*
Batch normalisation, its older cousin, takes the mean over the examples of a batch instead. Then what
comes out for one example depends on which others came with it, and on how many; a language model that
writes one text at a time has no batch. Layer normalisation looks at one token alone.

Next: the same placeholder model with this layer in it, in lesson 7.
*/
