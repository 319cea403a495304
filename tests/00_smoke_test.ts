/*
 * The whole library in thirty lines: a seed draws PyTorch's numbers, a network learns from them, and the result
 * prints as in PyTorch. The name makes it run before all other tests. The expected values come from the same program
 * in Python with PyTorch 2.13.
 */
import { assertEquals } from "@std/assert";
import { getEncoding, manualSeed, nn, optim, repr, tensor } from "#lib";

Deno.test("a small network learns exclusive or, with PyTorch's digits", async () => {
  manualSeed(42);
  const model = new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 1));
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.1 });
  const x = tensor([[0, 0], [0, 1], [1, 0], [1, 1]]).float();
  const y = tensor([[0], [1], [1], [0]]).float();
  const losses: string[] = [];
  for (let step = 0; step < 100; step++) {
    const loss = model.forward(x).sub(y).square().mean();
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    if (step < 2) losses.push((await loss.item()).toFixed(4));
  }
  assertEquals(losses, ["0.8299", "0.2816"]);
  assertEquals(
    await repr(model.forward(x).mul(10).round().detach()),
    "tensor([[-0.],\n        [10.],\n        [10.],\n        [-0.]])",
  );
});

Deno.test("GPT-2's tokenizer cuts a text as GPT-2 does", async () => {
  assertEquals((await getEncoding("gpt2")).encode("Hello, world!"), [15496, 11, 995, 0]);
});
