/*
 * Weights that live in images (lib/gpu/home.ts, lib/ops/settle.ts): the same bits as from buffers, wherever they are
 * read, and they come back for what can't read them there.
 */
import { assert, assertEquals } from "@std/assert";
import { manualSeed, nn, noGrad, randn, type Tensor, tensor } from "#lib";
import { defaultDevice as device } from "../lib/gpu/default.ts";
import { isPacked } from "../lib/gpu/home.ts";
import { fillSettled, settles } from "../lib/ops/settle.ts";
import { asGpu } from "./support/as_gpu.ts";

const { linear, embedding } = nn.functional;
const atHome = ({ storage }: Tensor) => storage.block.home !== null;

/** A matrix as it is, and the same at home; null where this adapter has no such home. */
async function both(rows: number, columns: number, { transposed = false, half = false } = {}) {
  manualSeed(1);
  const drawn = randn(rows, columns);
  const w = half ? tensor(Float32Array.from(new Float16Array(await drawn.data()))) : drawn;
  const [lying, home] = [w.view(rows, columns), randn(rows, columns)];
  if (!settles(home, half)) return null;
  linear(randn(1, columns), home); // it was read in its buffer before
  noGrad(() => home.mul_(1));
  const numbers = await (transposed ? lying.t().contiguous() : lying).data() as Float32Array;
  fillSettled(home, numbers, { transposed, half });
  assert(atHome(home));
  return { w: lying, home };
}

/** Products and look-ups of a matrix, of which some of its rows are read from its home, too. */
async function readAtHome({ w, home }: { w: Tensor; home: Tensor }, most: number[]) {
  for (const rows of most) {
    const x = randn(rows, 512);
    assertEquals(await linear(x, home).data(), await linear(x, w).data());
  }
  const ids = tensor([2, 999, 0]);
  assertEquals(await embedding(ids, home).data(), await embedding(ids, w).data());
  for (const rows of [1, 17]) await part({ w, home }, rows, [320, 680]);
  assert(atHome(home));
}

async function part(
  { w, home }: { w: Tensor; home: Tensor },
  rows: number,
  [first, count]: number[],
) {
  const [x, some] = [randn(rows, 512), (of: Tensor) => of.narrow(0, first, count)];
  assertEquals(await linear(x, some(home)).data(), await linear(x, some(w)).data());
}

for (const transposed of [false, true]) {
  for (const half of [false, true]) {
    const order = transposed ? "column by column" : "row by row";
    const name = `that was filled ${order}${half ? ", in 16 bits" : ""}`;
    Deno.test(`products and look-ups read a matrix at home, ${name}: the same bits`, async () => {
      const made = await both(1000, 512, { transposed, half });
      if (!made) return;
      await readAtHome(made, [1, 2, 17, 40]);
      if (isPacked(made.home.storage.block.home!)) return;
      await part(made, 1, [300, 700]); // does not begin at a panel
      assert(!atHome(made.home));
    });
  }
}

Deno.test("a matrix of 16 bits is read so by the forms for GPUs", () =>
  asGpu(async () => {
    const made = (await both(1000, 512, { half: true }))!;
    const { home: packed } = made.home.storage.block;
    assert(isPacked(packed!));
    assertEquals(packed!.bytes, 1000 * 512 * 2);
    await readAtHome(made, [1, 2, 8, 17, 40]);
    const { w, home } = made;
    const x = randn(3, 1000);
    assertEquals(await x.matmul(home).data(), await x.matmul(w).data()); // not along k
    const [y, turned] = [randn(512, 20), made.home.t()];
    assertEquals(await home.matmul(y).data(), await w.matmul(y).data()); // on the left
    assertEquals(await y.t().matmul(turned).data(), await y.t().matmul(w.t()).data());
    assert(atHome(home));
    assertEquals(await home.add(1).data(), await w.add(1).data());
    assert(!atHome(home));
  }));

Deno.test("16 bits round as PyTorch's half does, and become float32 again", async () => {
  // torch.tensor(…).half().float(), PyTorch 2.13: halfway to even, subnormal, and what is too large.
  const given = [1.00048828125, 1.00146484375, 5.9604645e-8, 2.9e-8, 65519, 65520, -0.1, 1 / 3];
  const halves = [
    1,
    1.001953125,
    5.9604645e-8,
    0,
    65504,
    Infinity,
    -0.0999755859375,
    0.333251953125,
  ];
  const home = randn(2, 4);
  if (!settles(home, true)) return;
  fillSettled(home, Float32Array.from(given), { half: true });
  const ids = tensor([0, 1]);
  const expected = [...Float32Array.from(halves)];
  assertEquals(await embedding(ids, home).view(-1).tolist(), expected);
  assertEquals(await home.add(0).view(-1).tolist(), expected);
});

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
  for (const half of [false, true]) {
    for (const [i, use] of uses.entries()) {
      // The second one takes one row of an image and a part of another.
      const [rows, columns] = i === 1 ? [64, 80] : [100, 4];
      const made = await both(rows, columns, { transposed: true, half });
      if (!made) continue;
      assertEquals(await use(made.home).data(), await use(made.w).data());
      assertEquals(await made.home.data(), await made.w.data());
      assert(!atHome(made.home));
    }
  }
});

Deno.test("the memory of a matrix at home is given back with its tensor", async () => {
  for (const half of [false, true]) {
    const made = await both(300, 64, { half });
    if (!made) continue;
    const { storage } = made.home;
    const before = device.pool.use();
    storage.release("at once");
    device.launcher.flush();
    const { inUse, pooled } = device.pool.use();
    assertEquals([inUse, pooled], [before.inUse - counted(300 * 64 * 4), before.pooled]);
  }
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
  assert(device.pool.use().inUse <= inUse); // less where what other tests made was collected meanwhile
  const numbers = await w.data(); // brings it back
  assertEquals([atHome(w), await moved(127), await moved(1)], [false, false, true]); // four times as late
  assertEquals(await w.data(), numbers);
  for (let i = 0; i < 600; i++) {
    linear(x, w).storage.release("at once");
    noGrad(() => w.mul_(1)); // what is written does not move
  }
  assert(!atHome(w));
});
