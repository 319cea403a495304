/*
 * The default device, opened here and nowhere else.
 *
 * A tensor is made without waiting, but opening a device takes an await. So a module that imports tensors waits
 * here, once; one that imports only texts, datasets or printing never comes here. Where there is no adapter the
 * import still succeeds, and the first use of the GPU says what to do.
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
