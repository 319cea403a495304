/*
 * Runs something in the forms that a GPU gets, on the adapter at hand.
 */
import { defaultDevice as device } from "../../lib/gpu/default.ts";

/** What a body returns that finds an adapter of the class of GPUs, whose kernels read no images. */
export async function asGpu<T>(body: () => Promise<T>): Promise<T> {
  const { software, imaging } = device;
  Object.defineProperty(device, "software", { value: false, configurable: true });
  device.imaging = "never";
  try {
    return await body();
  } finally {
    Object.defineProperty(device, "software", { value: software, configurable: true });
    device.imaging = imaging;
  }
}
