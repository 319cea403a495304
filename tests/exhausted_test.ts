/*
 * Memory that runs out: no number that was not computed is ever shown, and the program is told in a sentence, before the
 * system or V8 would end it. (That a tensor which the driver has no memory for is named stands in gpu_test.)
 */
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { defaultDevice, ones, openDevice, tensor } from "#lib";
import { Budget } from "../lib/gpu/budget.ts";
import { host, runsIn } from "../lib/host/mod.ts";
import { testWith } from "./fake_hub.ts";

Deno.test("a copy that the driver left undone is an error, not what was read before", async () => {
  const { launcher } = defaultDevice;
  assertEquals(await tensor([1, 2, 3]).tolist(), [1, 2, 3]);
  const x = tensor([4, 5, 6]);
  launcher.copyOut = () => {};
  try {
    await assertRejects(
      () => x.tolist(),
      Error,
      "the copy was not made, most likely because memory ran out; use a smaller model or batch",
    );
  } finally {
    delete (launcher as Partial<typeof launcher>).copyOut; // the class's own again
  }
  assertEquals(await x.tolist(), [4, 5, 6]);
});

/** Runs `body` where this is known of the memory. */
async function where(known: Partial<typeof host>, body: () => unknown): Promise<void> {
  const before = { ...host };
  runsIn(known);
  try {
    await body();
  } finally {
    runsIn(before);
  }
}

const MB = 1e6;
const used = { rss: 200 * MB, js: 20 * MB };

Deno.test("each kind of memory that runs out is named, before it has", async () => {
  const kinds: [room: ReturnType<typeof host.room>, says: string][] = [
    [{ available: 100 * MB }, "and this machine has 100 MB left"],
    [
      { heap: { used: 3900 * MB, limit: 4096 * MB } },
      "and JavaScript's heap has 3.9 GB of at most 4.1 GB",
    ],
  ];
  for (const [room, says] of kinds) {
    await where({ usage: () => used, room: () => room }, () => {
      let relieved = 0;
      const budget = new Budget(true, () => relieved++);
      for (let i = 0; i < 16; i++) budget.take(MB, "");
      const { message } = assertThrows(() => budget.take(MB, "making x"), RangeError);
      assertMatch(
        message,
        /^making x: memory is running out: 17 buffers hold 17.\d MB, and .*; use/,
      );
      assert(message.includes(says), message);
      assertEquals(relieved, 1, "nothing was given back first");
      assertEquals(budget.fits(MB), false);
      for (let i = 0; i < 16; i++) budget.give(MB);
      budget.take(MB, "the program goes on");
    });
  }
});

Deno.test("what buffers have yet to take is kept for them, and what others left is theirs", async () => {
  const room = () => ({ available: 400 * MB });
  for (const [rss, fits] of [[200, false], [300, true], [500, true]] as const) {
    let now = used;
    await where({ usage: () => now, room }, () => {
      const budget = new Budget(true, () => {});
      for (let i = 0; i < 300; i++) budget.add(MB);
      now = { ...used, rss: rss * MB };
      assertEquals(budget.fits(MB), fits, `of 300 MB, ${rss - 200} are taken`);
      for (let i = 0; i < 200; i++) budget.give(MB);
      assertEquals(budget.fits(MB), true);
    });
  }
});

Deno.test("memory is not looked at again while buffers are used again", async () => {
  let looks = 0;
  const { room } = host;
  const device = await openDevice();
  await where({ room: () => (looks++, room()) }, async () => {
    const x = ones([2 ** 20], { device });
    for (let i = 0; i < 200; i++) x.add(i).storage.release("at once");
    assertEquals(await x.sum().item(), 2 ** 20);
  });
  assert(looks <= 2, `${looks} looks`);
  device.gpu.destroy();
});

Deno.test("a large read looks for room first, and can be made again", async () => {
  const x = ones([2 ** 20]);
  await where(
    // Memory that a driver has kept of earlier tests is none to count with here.
    { usage: () => undefined, room: () => ({ available: 10 * MB }) },
    () =>
      assertRejects(() => x.data(), RangeError, "making room to read into: memory is running out"),
  );
  assertEquals((await x.data()).length, 2 ** 20);
});

Deno.test("LESSONS_MAX_MEMORY that is no number is refused", async () => {
  for (const text of ["", " ", "4e9"]) {
    await where({ env: () => text }, () => assert(new Budget(true, () => {}).most >= 4e9));
  }
  for (const text of ["x", "-1", "0"]) {
    await where({ env: () => text }, () =>
      assertThrows(
        () => new Budget(true, () => {}),
        RangeError,
        `LESSONS_MAX_MEMORY: "${text}" is no number of bytes above 0; give one, such as 4e9`,
      ));
  }
});

for (const backend of ["vulkan", "opengl"]) {
  for (const [size, most] of [[1, 8e6], [40_000, 40e6]]) {
    testWith(
      ["run", "read", "env"],
      `tensors of ${size} numbers on ${backend} end in a sentence, and the program goes on`,
      async () => {
        const child = new URL("support/exhaust.ts", import.meta.url).pathname;
        const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
          args: ["run", "--no-check", "--allow-all", child, String(size), "20000"],
          env: {
            NO_COLOR: "1",
            DENO_WEBGPU_BACKEND: backend,
            LESSONS_MAX_MEMORY: String(most),
          },
        }).output();
        const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
        // A machine without this backend, or with one that computes nothing.
        if (/no WebGPU adapter|doesn't support .*COMPUTE_SHADER/.test(err)) return;
        assertEquals([code, err], [0, ""]);
        const { said, made, wrong, after } = JSON.parse(out);
        assertMatch(said, /^allocating .*: memory is running out: .* LESSONS_MAX_MEMORY allows/);
        assertEquals([wrong, after], [0, 7 * size]);
        assert(made > 10);
        console.log(`${backend}, ${size} numbers: ${made} made, ${wrong} wrong, then a sentence`);
      },
    );
  }
}
