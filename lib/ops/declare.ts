/*
 * How kernels are declared: a name, the text of the `.wgsl` file, and what WGSL lacks. The functions of
 * kernels/math.wgsl and math_powers.wgsl can be called by any kernel, and the declarations of reads.wgsl are put
 * where its lines allow it (lib/gpu/wgsl.ts); the GPU's room knows of none of them.
 */
import { functionsOf, inForm, type Kernel } from "../gpu/wgsl.ts";
import foursSource from "../../kernels/fours.wgsl" with { type: "text" };
import mathSource from "../../kernels/math.wgsl" with { type: "text" };
import powersSource from "../../kernels/math_powers.wgsl" with { type: "text" };
import reads from "../../kernels/reads.wgsl" with { type: "text" };

/** The functions that any kernel may call, by name. */
export const mathFunctions: ReadonlyMap<string, string> = functionsOf(mathSource + powersSource);

/** A kernel that may call the functions of kernels/math.wgsl, and that reads fast on a processor. */
export const declared = (name: string, source: string): Kernel => ({
  name,
  source,
  functions: mathFunctions,
  reads,
});

/** A kernel by how many numbers it takes at a time. */
export type InUnits = Readonly<Record<1 | 4, Kernel>>;

const fours: Kernel = { name: "fours", source: foursSource };

/** A kernel that takes one number at a time, and the same for four neighbours in memory. */
export function inUnits(name: string, source: string): InUnits {
  const kernel = declared(name, source);
  let inFours: Kernel | undefined; // made when it is first launched, which keeps the import short
  return {
    1: kernel,
    get 4() {
      return inFours ??= inForm(kernel, fours);
    },
  };
}

/** How many numbers a kernel may take at a time where these places and sizes are whole units. */
export const unitOf = (...places: number[]): 1 | 4 => places.every((n) => n % 4 === 0) ? 4 : 1;
