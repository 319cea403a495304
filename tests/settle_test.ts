/*
 * Weights that live in images (lib/gpu/home.ts, lib/ops/settle.ts): the same bits as from buffers, wherever they are
 * read, and they come back for what can't read them there.
 */
import { assert, assertEquals } from "@std/assert";
import { manualSeed, nn, noGrad, randn, type Tensor, tensor } from "#lib";
import { defaultDevice as device } from "../lib/gpu/default.ts";
import { fillSettled, settles } from "../lib/ops/settle.ts";

const { linear, embedding } = nn.functional;
const atHome = ({ storage }: Tensor) => storage.block.home !== null;

/** A matrix as it is, and the same in an image; null where this adapter reads buffers. */
async function both(rows: number, columns: number, transposed: boolean) {
  manualSeed(1);
  if (device.imaging === "never" || device.limits.maxStorageTexturesPerShaderStage < 4) return null;
  const [w, home] = [randn(rows, columns), randn(rows, columns)];
  assert(settles(home));
  fillSettled(home, await (transposed ? w.t().contiguous() : w).data() as Float32Array, transposed);
  assert(atHome(home));
  return { w, home };
}

for (const transposed of [false, true]) {
  const order = transposed ? "column by column" : "row by row";
  Deno.test(`products and look-ups read a matrix at home, that was filled ${order}: the same bits`, async () => {
    const made = await both(1000, 512, transposed);
    if (!made) return;
    const { w, home } = made;
    for (const rows of [1, 2, 17, 40]) {
      const x = randn(rows, 512);
      assertEquals(await linear(x, home).data(), await linear(x, w).data());
    }
    const ids = tensor([2, 999, 0]);
    assertEquals(await embedding(ids, home).data(), await embedding(ids, w).data());
    const part = async (rows: number, first: number, count: number) => {
      const [x, some] = [randn(rows, 512), (of: Tensor) => of.narrow(0, first, count)];
      assertEquals(await linear(x, some(home)).data(), await linear(x, some(w)).data());
    };
    for (const rows of [1, 17]) await part(rows, 320, 680);
    assert(atHome(home));
    await part(1, 300, 700); // does not begin at a panel
    assert(!atHome(home));
  });
}

Deno.test("for any other op a matrix comes back from home: read, added, written to, uploaded to, trained", async () => {
  const uses: ((x: Tensor) => Tensor)[] = [
    (x) => x,
    (x) => x.add(1),
    (x) => noGrad(() => x.mul_(2)),
    (x) => {
      device.launcher.upload(x.storage, Float32Array.of(7, 8), 4);
      return x.add(0);
    },
    (x) => {
      const input = tensor([[1, 2, 3, 4]]).float().requiresGrad_();
      linear(input, x).sum().backward();
      return input.grad!;
    },
  ];
  for (const use of uses) {
    const made = await both(100, 4, true);
    if (!made) return;
    assertEquals(await use(made.home).data(), await use(made.w).data());
    assert(!atHome(made.home));
    assertEquals(await made.home.data(), await made.w.data());
  }
});

Deno.test("the memory of a matrix at home is given back with its tensor", async () => {
  const made = await both(300, 64, false);
  if (!made) return;
  const { storage } = made.home;
  const before = device.pool.use();
  storage.release("at once");
  device.launcher.flush();
  const { inUse, pooled } = device.pool.use();
  assertEquals([inUse, pooled], [before.inUse - counted(300 * 64 * 4), before.pooled]);
});

/** Bytes that the pool counts for a storage. */
const counted = (bytes: number) => Math.ceil(bytes / 2 ** 14) * 2 ** 14;

Deno.test("a large matrix that products read and nothing writes moves home, with the same bits, and comes back", async () => {
  manualSeed(2);
  const [w, x] = [randn(1000, 516), randn(8, 516)];
  const expected = await linear(x, w).data();
  const moved = async (products: number) => {
    for (let i = 0; i < products; i++) {
      const y = linear(x, w);
      assertEquals(await y.data(), expected);
      y.storage.release("after it was read");
    }
    return atHome(w);
  };
  if (device.imaging !== "where it pays") return assertEquals(await moved(40), false);
  const { inUse } = device.pool.use();
  assertEquals([await moved(30), await moved(1), await moved(2)], [false, true, true]);
  assertEquals(device.pool.use().inUse, inUse);
  const numbers = await w.data(); // brings it back
  assertEquals([atHome(w), await moved(127), await moved(1)], [false, false, true]); // four times as late
  assertEquals(await w.data(), numbers);
  for (let i = 0; i < 600; i++) {
    linear(x, w).storage.release("at once");
    noGrad(() => w.mul_(1)); // what is written does not move
  }
  assert(!atHome(w));
});
