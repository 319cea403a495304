/*
 * The limits of the adapter: multiply-adds without loads, bytes copied without a kernel, which is faster than any
 * kernel that only copies, and launches of a kernel that does next to nothing.
 */
import { defaultDevice } from "../../gpu/default.ts";
import type { Kernel } from "../../gpu/launch.ts";
import { allocate, Tensor } from "../../tensor/tensor.ts";
import emptySource from "../../../kernels/bench/empty.wgsl" with { type: "text" };
import rateSource from "../../../kernels/bench/matmul_rate.wgsl" with { type: "text" };
import type { Limits } from "./measure.ts";

/** The first number of a tensor, once it is computed. */
export const firstOf = async ({ storage, dtype }: Tensor): Promise<number> =>
  (await new Tensor(storage, dtype, [1]).data())[0];

/** Frees the memory of a tensor, parameter or not. */
export function release({ storage }: Tensor): void {
  storage.kept = false;
  storage.release("when it was measured");
}

/** Runs a function, frees the tensor that it returns, and returns its first number. */
export async function runOnce(run: () => Tensor): Promise<number> {
  const result = run();
  const first = await firstOf(result);
  release(result);
  return first;
}

/** A load that can be launched repeatedly: how much it does, and the tensor that it writes. */
interface Load {
  amount: number;
  out: Tensor;
  launch(): void;
}

/** A measurement must take this long, so that reading its result does not count. */
const LONG_MS = 8;

/** Returns a function that measures how much of a load is done per second. */
async function meter({ amount, out, launch }: Load): Promise<() => Promise<number>> {
  const time = async (times: number) => {
    const start = performance.now();
    for (let i = 0; i < times; i++) launch();
    await firstOf(out);
    return performance.now() - start;
  };
  await time(1);
  let times = 1;
  while (times < 1024 && await time(times) < LONG_MS) times *= 2;
  return async () => times * amount / await time(times) * 1000;
}

const rate: Kernel = { name: "matmul_rate", source: rateSource };
/** The operations of one launch, approximately: on a GPU as many as take it some 100 µs. */
const FLOP = { software: 4e8, gpu: 4e9 };

/** Multiply-adds in tiles of this size. */
function multiplyAdds([rows, columns]: readonly [number, number]): Load {
  const { launcher, software } = defaultDevice;
  const lanes = software ? 8 : 64;
  const pipeline = launcher.pipeline(rate, {
    replace: { LANES: `${lanes}`, DOWN: `${rows / 4}u`, ACROSS: `${columns / 4}u` },
  });
  const groups = software ? 64 : 1024;
  const flopOfRound = 2 * rows * columns * groups * lanes;
  const k = Math.min(
    60_000,
    Math.max(1, Math.round((software ? FLOP.software : FLOP.gpu) / flopOfRound)),
  );
  const out = allocate([groups * lanes]);
  const launch = () =>
    launcher.launch(pipeline, { out: out.storage }, { k, x: 0.5, y: 1e-3 }, groups);
  return { amount: k * flopOfRound, out, launch };
}

/** The bytes to copy: more than a processor's caches hold. */
const BYTES = 2 ** 26;

/** Bytes read and written by a copy from one buffer to another. */
function bandwidth(): Load {
  const [from, out] = [allocate([BYTES / 4]), allocate([BYTES / 4])];
  const ranges = [{ storage: from.storage, offset: 0, size: BYTES }];
  const launch = () => defaultDevice.launcher.copyOut(ranges, out.storage.block.buffer);
  return { amount: 2 * BYTES, out, launch };
}

/** Touches one number, so that a launch is all that is measured. */
export const empty: Kernel = { name: "bench_empty", source: emptySource };

/** So many at a time that reading a number afterwards counts little. */
const LAUNCHES = 200;

/** Launches, from recording them to their end. */
function launches(): Load {
  const { launcher } = defaultDevice;
  const [a, out] = [allocate([4]), allocate([4])];
  const pipeline = launcher.pipeline(empty);
  const buffers = { a: a.storage, out: out.storage };
  const params = { n: 0, offset: 0 };
  const launch = () => {
    for (let i = 0; i < LAUNCHES; i++) launcher.launch(pipeline, buffers, params, 1);
  };
  return { amount: LAUNCHES, out, launch };
}

const meters = new Map<string, Promise<() => Promise<number>>>();

/** Measures a load; the first call compiles it and makes it long enough. */
async function measured(name: string, load: () => Load): Promise<number> {
  const found = meters.get(name) ?? meter(load());
  meters.set(name, found);
  return await (await found)();
}

/** The limits of this adapter. */
export const adapterLimits: Limits = {
  multiplyAdds: (tile) => measured(`multiply-adds ${tile}`, () => multiplyAdds(tile)),
  bandwidth: () => measured("bandwidth", bandwidth),
  launching: () => measured("launches", launches),
  dispatches: () => defaultDevice.launcher.dispatches,
};
