/*
 * Thousands of steps end with as many bytes as the first few. What is counted here the library keeps in TypeScript, so
 * it is the same on every adapter.
 */
import { assert, assertEquals } from "@std/assert";
import { crossEntropy, defaultDevice, manualSeed, nn, optim, randint, type Tensor } from "#lib";
import { collect } from "./support/collect.ts";
import { trainer } from "./support/trainer.ts";

const { pool } = defaultDevice;
const inUse = () => pool.use().inUse;

Deno.test("1,000 steps with batches drawn each step end with the bytes in use, and almost the loss, of step 100", async () => {
  const { step, batch } = trainer();
  const same = batch();
  let [at100, least] = [0, Infinity];
  for (let i = 1; i <= 1000; i++) {
    if (i % 50 === 0) least = Math.min(least, await step(...batch()).item());
    else step(...batch());
    if (i === 100) {
      await collect();
      at100 = inUse();
    }
  }
  await collect();
  assertEquals(inUse(), at100);
  await step(...same).item(); // so that parameters and batch were alive until here
  assert(least < 0.1, `it learned nothing: ${least}`);
});

Deno.test("3,000 steps, each with its accuracy after step(), end with the bytes of step 500", async () => {
  manualSeed(137);
  const model = new nn.Sequential(new nn.Embedding(4, 4), new nn.Linear(4, 4));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
  const x = randint(4, [8]);
  let [at500, most] = [0, 0];
  for (let i = 1; i <= 3000; i++) {
    const logits = model.forward(x) as Tensor;
    optimizer.zeroGrad();
    crossEntropy(logits, x).backward();
    optimizer.step();
    const right = logits.argmax({ dim: -1 }).eq(x).sum();
    if (i % 200 === 0) await right.item();
    if (i % 500 !== 0) continue;
    await collect();
    const { inUse, pooled } = pool.use();
    at500 ||= inUse;
    assert(inUse <= at500 + 64, `${inUse} bytes in use at step ${i}, ${at500} at step 500`);
    most ||= 2 * (inUse + pooled);
    assert(inUse + pooled < most, `${inUse + pooled} bytes at step ${i}`);
  }
});
