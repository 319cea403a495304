/*
 * What notebook 003 printed with its recovered seed, drawn and computed here in the same order, independent of its
 * lessons.
 */
import { assertEquals } from "@std/assert";
import { crossEntropy, manualSeed, nn, randint, randn } from "#lib";

Deno.test("seed 4273904858 gives every tensor that notebook 003 printed, to the digit", async () => {
  manualSeed(4273904858);
  randint(1238679 - 64, [1]); // the sample's place among the tokens of the songs
  randint(1238679 - 8 - 1, [64]); // the places of one batch
  const logits = randn([3, 5]);
  const target = randint(5, [3]);
  const loss = crossEntropy(logits, target);
  assertEquals(
    await logits.repr(),
    `tensor([[ 0.1251,  0.5692,  1.3950,  1.1641,  0.3252],
        [-1.7733, -0.5491, -0.5605,  0.2494, -1.7450],
        [ 2.8234,  1.2044,  1.8606,  0.0484,  2.3630]])`,
  );
  assertEquals(await target.repr(), "tensor([4, 0, 1])");
  assertEquals(await loss.item(), 2.451202869415283);

  const weights = new nn.Embedding(3, 4).weight;
  assertEquals(
    await weights.repr(),
    `Parameter containing:
tensor([[ 0.6620,  1.2090,  1.1550,  0.7025],
        [-1.4797, -0.8685,  1.0905,  0.0762],
        [-0.4418,  0.0631,  0.0292, -1.0604]], requires_grad=True)`,
  );

  const idx = randint(4, [2, 3]);
  assertEquals(await idx.repr(), "tensor([[0, 0, 1],\n        [2, 3, 1]])");
  const embedding = new nn.Embedding(4 + 1, 5);
  assertEquals(
    await embedding.weight.repr(),
    `Parameter containing:
tensor([[-1.1578, -1.6146,  0.6327, -0.4978, -0.4117],
        [-0.1228, -0.9923, -0.2605,  0.6617, -0.3110],
        [-0.4971,  1.0045, -0.7694, -1.7252,  0.6582],
        [-0.6170,  0.0245,  1.2861,  0.9131,  1.1492],
        [ 1.3680, -0.6166,  0.3669,  0.3993,  2.0496]], requires_grad=True)`,
  );
  assertEquals(
    await embedding.forward(idx).repr(),
    `tensor([[[-1.1578, -1.6146,  0.6327, -0.4978, -0.4117],
         [-1.1578, -1.6146,  0.6327, -0.4978, -0.4117],
         [-0.1228, -0.9923, -0.2605,  0.6617, -0.3110]],

        [[-0.4971,  1.0045, -0.7694, -1.7252,  0.6582],
         [-0.6170,  0.0245,  1.2861,  0.9131,  1.1492],
         [-0.1228, -0.9923, -0.2605,  0.6617, -0.3110]]],
       grad_fn=<EmbeddingBackward0>)`,
  );
});
