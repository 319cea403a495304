/*
 * Fills every buffer with garbage before it is handed out, so that a kernel which leaves out an element
 * can't live on what an earlier run of it left there.
 */
import { defaultDevice } from "../../lib/gpu/default.ts";
import type { Device } from "../../lib/gpu/device.ts";
import type { Kernel } from "../../lib/gpu/launch.ts";
import source from "./poison.wgsl" with { type: "text" };

const kernel: Kernel = { name: "poison", source };

/** Poisons all that a device allocates from now on; returns the end of it. */
export function poisoned({ pool, launcher, limits }: Device = defaultDevice): () => void {
  const allocate = pool.allocate;
  pool.allocate = (bytes, what) => {
    const storage = allocate.call(pool, bytes, what);
    const size = Math.min(storage.block.bytes, limits.maxStorageBufferBindingSize);
    const n = size / 4;
    const window = { storage, offset: 0, size };
    launcher.launch(launcher.pipeline(kernel), { out: window }, { n }, Math.ceil(n / 64));
    return storage;
  };
  return () => pool.allocate = allocate;
}
