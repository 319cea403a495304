/*
 * The default device, opened here and nowhere else.
 *
 * A tensor is made at once, but WebGPU opens a device only while somebody waits. So whoever imports tensors
 * waits here, once; who imports texts, datasets or printing alone never comes here. Where there is no adapter
 * the import succeeds all the same, and the first thing that needs one says what to do.
 */
import { wantedAdapter } from "./adapter.ts";
import { type Device, openDevice } from "./device.ts";

/** The device that tensors are made on unless they are told another. */
export let defaultDevice: Device;

/** Makes another device the default, such as `await openDevice("software")`. */
export const setDefaultDevice = (device: Device): void => void (defaultDevice = device);

try {
  defaultDevice = await openDevice(wantedAdapter());
} catch (reason) {
  defaultDevice = absent(reason as Error);
}

/** Stands where a device should be, and throws at its first use. */
function absent({ message }: Error): Device {
  const use = () => {
    throw new Error(message);
  };
  return new Proxy({} as Device, { get: use, has: use, set: use });
}
