/*
 * Sums and products along the way: PyTorch takes them in 64 bits and rounds each result, so that none is off by the
 * roundings of those before it.
 */
import { assertEquals } from "@std/assert";
import { linspace, manualSeed, rand, randn, type Tensor } from "#lib";

/** The results where every step is in 64 bits. */
async function stepwise(x: Tensor, step: (so: number, far: number) => number, from: number) {
  let result = from;
  return (await x.tolist() as number[]).map((v) => Math.fround(result = step(result, v)));
}

Deno.test("a sum along the way is rounded once, however many numbers it has", async () => {
  manualSeed(0);
  const x = rand(100_000);
  const last = await x.cumsum(0).index(-1).item();
  assertEquals(last, 50027.62109375); // as PyTorch 2.13
  for (const y of [x, x.mul(1000).sub(500)]) {
    assertEquals(await y.cumsum(0).tolist(), await stepwise(y, (sum, v) => sum + v, 0));
  }
});

Deno.test("so is a product along the way, as the noise schedules of diffusion models take it", async () => {
  const kept = linspace(1e-4, 0.02, 1000).mul(-1).add(1);
  assertEquals(await kept.cumprod(0).index(-1).item(), 4.035830352222547e-5); // as PyTorch 2.13
  manualSeed(0);
  for (const x of [kept, rand(300).add(0.5), randn(60).mul(100)]) {
    assertEquals(await x.cumprod(0).tolist(), await stepwise(x, (product, v) => product * v, 1));
  }
});
