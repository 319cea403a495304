/*
 * Whether integers fit: an int64 tensor holds 32 bits here, and what a sum or a product has beyond them is lost
 * silently, as what is cut off a float. So there are floats beside it, and where the two are apart the result is refused
 * when it is read.
 */
import type { FaultMessage } from "../gpu/doubts.ts";
import { INT64_RANGE, isInt64 } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import fitsSource from "../../kernels/check_fits.wgsl" with { type: "text" };
import { declared } from "./declare.ts";
import { groupsFor, part, windows } from "./elementwise.ts";

const fitsKernel = declared("check_fits", fitsSource);

const tooLarge = (name: string): FaultMessage => (bits) => {
  const [float] = new Float32Array(Int32Array.of(bits).buffer);
  const about = float.toPrecision(6);
  return `${name}(): about ${about} does not fit; ${INT64_RANGE}; use float() before ${name}()`;
};

/** Refuses a number that gives no integer with a tensor of integers, or does not fit. */
export function checkInteger(name: string, value: number): void {
  if (name === "pow" && value < 0) {
    throw new RangeError("Integers to negative integer powers are not allowed; use float()");
  }
  if (!isInt64(value)) throw new RangeError(`${name}: ${value} does not fit; ${INT64_RANGE}`);
}

/**
 * Refuses integers that have wrapped around, when they are read.
 *
 * @param exact integers, row by row
 * @param rough the same in floats, in the same order
 * @param apart how far from each other one of them did not fit
 */
export function checkFits(name: string, exact: Tensor, rough: Tensor, apart = 2 ** 31): void {
  const n = exact.numel();
  const { launcher, faults } = exact.device;
  const { buffer: fault, code, doubts } = faults.begin(tooLarge(name));
  for (const { start, count } of windows(n, [exact, rough])) {
    const [whole, float] = [exact, rough].map((x) => part(x, start, count, count === n));
    launcher.launch(
      launcher.pipeline(fitsKernel),
      { exact: whole.buffer, rough: float.buffer, fault },
      { n: count, exact_offset: whole.offset, rough_offset: float.offset, code, apart },
      groupsFor(count),
    );
  }
  exact.storage.doubts = doubts.with(exact.storage.doubts);
}
