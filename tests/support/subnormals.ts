/*
 * Numbers below 2^-126: WGSL lets an adapter take them for 0, and SwiftShader does.
 */
import { tensor } from "../../lib/ops/mod.ts";

/** Whether a number lies between 0 and the smallest normal float32. */
export const subnormal = (v: number): boolean => v !== 0 && Math.abs(v) < 2 ** -126;

/** Whether the adapter at hand computes with such numbers. */
export const keepsSubnormals = async (): Promise<boolean> =>
  await tensor([2 ** -130]).mul(2).item() !== 0;
