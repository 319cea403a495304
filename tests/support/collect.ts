/*
 * Runs the collector, and lets what it found reach the pool. Needs no flag in Deno, where node:vm hands out `gc`; a
 * browser has it as a global if it is started with `--js-flags=--expose-gc`.
 */

const { gc = await exposed() } = globalThis as { gc?: () => void };

async function exposed(): Promise<() => void> {
  const [v8, vm] = await Promise.all([import("node:v8"), import("node:vm")]);
  v8.setFlagsFromString("--expose-gc");
  return vm.runInNewContext("gc");
}

/** Collects garbage until finalizers have nothing more to do. */
export async function collect(): Promise<void> {
  for (let i = 0; i < 2; i++) {
    gc();
    await turn();
  }
}

/** One turn of the event loop. */
export const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
