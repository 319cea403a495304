/*
 * Sums and products along the way: PyTorch takes them in 64 bits and rounds each result, so that none is off by the
 * roundings of those before it.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { arange, linspace, manualSeed, rand, randn, type Tensor, tensor, where } from "#lib";

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

Deno.test("what does not fit into an int64 of 32 bits is refused where it is read, and what fits is not", async () => {
  const refused: [string, () => Tensor][] = [
    ["4.99995e+9", () => arange(100_000).sum()],
    ["2.43290e+18", () => arange(1, 21).prod()],
    ["-3.00000e+9", () => tensor([[-2e9, 5], [-1e9, 7]]).sum(0)],
    ["3.00000e+9", () => tensor([2e9, 1e9, -2e9]).cumsum(0)],
    ["4.29497e+9", () => tensor([65_536, 65_536]).cumprod(0)],
    ["3.50000e+9", () => tensor([1.5, 3.5e9]).long()],
    ["-3.50000e+9", () => tensor([[1.5, 2], [-3.5e9, 4]]).t().long()],
    ["-4.00000e+9", () => tensor([[-4e9, 2.5]]).expand(2, 2).to("int64")],
  ];
  for (const [about, make] of refused) {
    await assertRejects(
      () => make().tolist() as Promise<unknown>,
      RangeError,
      `about ${about} does not fit`,
    );
  }
  const [most, least] = [2 ** 31 - 1, -(2 ** 31)];
  const long = tensor(Array.from({ length: 10_000 }, (_, i) => i % 2 ? least + 1 : most));
  assertEquals(await long.sum().item(), 0, "fits, however large it is on the way");
  assertEquals(await tensor([most, 0, least, 1]).sum().item(), 0);
  assertEquals(await tensor([most, 1, -1]).sum().item(), most);
  assertEquals(await tensor([most]).cumprod(0).tolist(), [most]);
  assertEquals(await tensor([...Array(5).fill(1 << 30), 0]).prod().item(), 0);
  const masked = tensor([-Infinity, NaN, Infinity, 2.5]);
  assertEquals(await where(masked.isfinite(), masked.long(), 0).tolist(), [0, 0, 0, 2]);
  assertEquals(await tensor([2147483520.5, -2147483648]).long().tolist(), [2147483520, least]);
  assertEquals(await tensor([0, least, most]).cumsum(0).tolist(), [0, least, -1]);
});

Deno.test("draws by weights of which a row has more than a tile are PyTorch's", async () => {
  manualSeed(7);
  const p = rand(2, 3000);
  const drawn = [[491, 695, 1691, 936, 1843], [1318, 1738, 431, 2078, 1759]]; // by PyTorch 2.13
  assertEquals(await p.multinomial(5, true).tolist(), drawn);
  assertEquals(await p.multinomial(1).tolist(), [[616], [759]]);
});
