/*
 * Runs the collector, and lets what it found reach the pool. Needs no flag: node:vm hands out `gc`.
 */
import v8 from "node:v8";
import vm from "node:vm";

v8.setFlagsFromString("--expose-gc");
const gc = vm.runInNewContext("gc") as () => void;

/** Collects garbage until finalizers have nothing more to do. */
export async function collect(): Promise<void> {
  for (let i = 0; i < 2; i++) {
    gc();
    await turn();
  }
}

/** One turn of the event loop. */
export const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
