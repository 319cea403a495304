/*
 * What becomes of modules that are changed after they were made: buffers that are registered anew, taken away or replaced,
 * modules that know what holds them, lists that refuse a module.
 */
import { assertEquals, assertThrows } from "@std/assert";
import { nn, noGrad, ones, type Tensor, zeros } from "#lib";

class Kept extends nn.Module {
  mask: Tensor | undefined = new nn.Buffer(ones(2));
  forward(x: Tensor): Tensor {
    return x;
  }
}

Deno.test("a buffer that is registered anew is saved if that says so", () => {
  const module = new Kept();
  assertEquals([...module.stateDict().keys()], ["mask"]);
  module.registerBuffer("mask", zeros(2), { persistent: false });
  assertEquals([...module.stateDict().keys()], []);
  assertEquals([...module.buffers()].length, 1);
});

Deno.test("a buffer is replaced by tensors, also where no gradient is wanted, and may be taken away", async () => {
  const module = new Kept();
  for (let i = 0; i < 3; i++) noGrad(() => void (module.mask = module.mask!.mul(0.5).add(1)));
  for (let i = 0; i < 8; i++) zeros(2).add(i); // memory that was free would be written to
  assertEquals(await module.stateDict().get("mask")!.tolist(), [1.875, 1.875]);
  module.mask = undefined;
  assertEquals([...module.stateDict().keys()], []);
  delete module.mask;
  assertEquals([...module.namedBuffers()], []);
});

Deno.test("a module that knows what holds it is saved once", () => {
  class Child extends nn.Module {
    linear = new nn.Linear(2, 2, { bias: false });
    constructor(readonly parent: nn.Module) {
      super();
    }
    forward(x: Tensor): Tensor {
      return this.linear.forward(x);
    }
  }
  class Parent extends nn.Module {
    child = new Child(this);
    forward(x: Tensor): Tensor {
      return this.child.forward(x);
    }
  }
  assertEquals([...new Parent().stateDict().keys()], ["child.linear.weight"]);
});

Deno.test("a list that refuses a module is as it was", () => {
  const list = new nn.ModuleList([new nn.ReLU()]);
  assertThrows(() => list.insert(0, nn.ReLU as never), TypeError);
  assertEquals(list.length, 1);
});
