/*
 * The default device, opened here and nowhere else, when it is first used. Without an adapter that first use says
 * what to do.
 *
 * A tensor is made without waiting, and WebGPU opens a device only in promises. Deno settles these before it hands
 * them out, so there we look inside (lib/host/deno.ts). In Node and in a page that is impossible: there the import of
 * this module, with the first tensor's module, waits for the device.
 */
import { host } from "../host/mod.ts";
import { adapterLine, wantedAdapter } from "./adapter.ts";
import { type Device, deviceOnDemand, openDevice, unusable } from "./device.ts";

/** The device that tensors are made on unless they are told another. */
export let defaultDevice: Device = host.settled
  ? deviceOnDemand(wantedAdapter, host.settled)
  : await opened();

/** Makes another device the default, such as `await openDevice("software")`. */
export const setDefaultDevice = (device: Device): void => void (defaultDevice = device);

async function opened(): Promise<Device> {
  try {
    return await openDevice(wantedAdapter());
  } catch (reason) {
    return unusable(reason as Error);
  }
}

/** The adapter in words, which is opened for it; undefined where there is none: the first op says what to do. */
export function defaultAdapter(): string | undefined {
  try {
    return adapterLine(defaultDevice.adapterInfo);
  } catch {
    return undefined;
  }
}
