/*
 * Launching: what a profile says, and the traps of the adapter under it.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { openDevice } from "../lib/gpu/device.ts";
import { formatProfile, Profile } from "../lib/gpu/profile.ts";
import { full, sum } from "../lib/ops/mod.ts";

Deno.test("a profile counts each kernel's calls, bytes and time, over several submissions", async () => {
  const device = await openDevice();
  const profile = device.launcher.profile = new Profile(device);
  for (let i = 0; i < 300; i++) full([2, 1000], i, { device }).storage.release("at once");
  assertEquals(await sum(full([2, 1000], 2, { device })).item(), 4000);
  await profile.report();
  const fill = profile.costs.get("fill")!;
  const reduce = profile.costs.entries().find(([label]) => label.startsWith("reduce"))![1];
  assertEquals([fill.calls, fill.bytes], [301, 301 * 8000]);
  assertEquals([reduce.calls, reduce.bytes], [1, 8004]);
  if (profile.timed) assert(fill.nanoseconds > 0 && fill.nanoseconds < 1e10);
  device.gpu.destroy();
});

Deno.test("a profile lists the dearest kernel first, and what a step took", () => {
  const device = { toString: () => "webgpu:9 (an adapter)" } as Profile["device"];
  const costs = new Map([
    ["add", { calls: 10, nanoseconds: 1e6, bytes: 3e6 }],
    ["matmul", { calls: 2_000, nanoseconds: 3e9, bytes: 6e9 }],
  ]);
  assertEquals(formatProfile({ device, costs, steps: 10, timed: true }).split("\n"), [
    "Profile of webgpu:9 (an adapter)",
    "10 steps: 201.0 dispatches, 300.10 ms and 600.3 MB each",
    "kernel  calls      ms    share  µs a call  MB bound  GB/s",
    "matmul  2,000  3000.0  100.0 %     1500.0    6000.0   2.0",
    "add        10     1.0    0.0 %      100.0       3.0   3.0",
    "all     2,010  3001.0  100.0 %     1493.0    6003.0   2.0",
  ]);
  assertMatch(
    formatProfile({ device, costs, steps: 0, timed: false }),
    /\(an adapter\)\nthis adapter does not tell the time/,
  );
});
