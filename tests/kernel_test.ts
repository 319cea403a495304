/*
 * Kernels written by a user: what they can bind, what is refused, and that views are passed row by row.
 */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { arange, kernel, tensor, zeros } from "#lib";

const square = `
  @group(0) @binding(0) var<storage, read> x: array<f32>;
  @group(0) @binding(1) var<storage, read_write> out: array<f32>;

  @compute @workgroup_size(64)
  fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x < arrayLength(&out)) { out[id.x] = x[id.x] * x[id.x]; }
  }`;

Deno.test("a kernel of one's own gets every element, of a view too", async () => {
  const x = arange(200).float().view(2, 100);
  const wanted = x.t().square();
  assertEquals(await kernel(square, { x: x.t() }, [100, 2]).eq(wanted).all().item(), 1);
  assertEquals(await kernel(square, { x: x.index(1, ":3") }, [3]).tolist(), [1e4, 10201, 10404]);
});

Deno.test("what is not written is 0, and a shape without elements is no work", async () => {
  const half = square.replace("arrayLength(&out)", "2");
  assertEquals(await kernel(half, { x: tensor([1.5, 2, 3]) }, [3]).tolist(), [2.25, 4, 0]);
  assertEquals(await kernel(square, { x: tensor([1.5]) }, [0]).tolist(), []);
});

Deno.test("a name that the text does not bind, or binds in vain, is named", () => {
  const x = zeros([3]);
  assertThrows(() => kernel(square, { y: x }, [3]), TypeError, 'reads "x", and "y" was given');
  assertThrows(() => kernel(square, {}, [3]), TypeError, 'reads "x", and nothing were given');
  assertThrows(() => kernel(square, { x, y: x }, [3]), TypeError, '"x", "y" were given');
  const silent = square.replace("read_write", "read");
  assertThrows(() => kernel(silent, { x, out: x }, [3]), TypeError, "it binds 0");
});

Deno.test("what does not compile throws the compiler's words when it is read", async () => {
  const wrong = square.replace("x[id.x] * x[id.x]", "x[id.x] * nothing");
  const y = kernel(wrong, { x: zeros([3]) }, [3]);
  await assertRejects(() => y.tolist(), Error, "nothing");
});
