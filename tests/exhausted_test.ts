/*
 * Memory that runs out: no number that was not computed is ever shown. (That a tensor which the driver has no memory
 * for is named stands in gpu_test.)
 */
import { assertEquals, assertRejects } from "@std/assert";
import { defaultDevice, tensor } from "#lib";

Deno.test("a copy that the driver left undone is an error, not what was read before", async () => {
  const { launcher } = defaultDevice;
  assertEquals(await tensor([1, 2, 3]).tolist(), [1, 2, 3]);
  const x = tensor([4, 5, 6]);
  launcher.copyOut = () => {};
  try {
    await assertRejects(
      () => x.tolist(),
      Error,
      "the copy was not made, most likely since memory ran out; use a smaller model or batch",
    );
  } finally {
    delete (launcher as Partial<typeof launcher>).copyOut; // the class's own again
  }
  assertEquals(await x.tolist(), [4, 5, 6]);
});
