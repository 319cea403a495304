/*
 * How kernels are declared: a name, the text of the `.wgsl` file, and what WGSL lacks. The functions of
 * kernels/math.wgsl (some of them on GPUs as in math_on_gpus.wgsl), math_powers.wgsl and lanes.wgsl can be called by any
 * kernel; those of matmul_end.wgsl by kernels of products, of attention_functions.wgsl by kernels of attention, of
 * optimizer_functions.wgsl by kernels of optimizers, of order_functions.wgsl by kernels that sort, of rounding.wgsl by
 * kernels that carry along what roundings leave out, of faults.wgsl by kernels that check what they are given. The
 * declarations of reads.wgsl are put where its lines allow it (lib/gpu/wgsl.ts). The GPU's room knows of none of them.
 */
import { functionsOf, inForm, type Kernel } from "../gpu/wgsl.ts";
import attentionSource from "../../kernels/attention_functions.wgsl" with { type: "text" };
import lanesSource from "../../kernels/lanes.wgsl" with { type: "text" };
import subgroupsSource from "../../kernels/lanes_subgroups.wgsl" with { type: "text" };
import treeSource from "../../kernels/lanes_tree.wgsl" with { type: "text" };
import foursSource from "../../kernels/fours.wgsl" with { type: "text" };
import faultsSource from "../../kernels/faults.wgsl" with { type: "text" };
import endSource from "../../kernels/matmul_end.wgsl" with { type: "text" };
import mathSource from "../../kernels/math.wgsl" with { type: "text" };
import onGpusSource from "../../kernels/math_on_gpus.wgsl" with { type: "text" };
import powersSource from "../../kernels/math_powers.wgsl" with { type: "text" };
import optimizerSource from "../../kernels/optimizer_functions.wgsl" with { type: "text" };
import orderSource from "../../kernels/order_functions.wgsl" with { type: "text" };
import roundingSource from "../../kernels/rounding.wgsl" with { type: "text" };
import reads from "../../kernels/reads.wgsl" with { type: "text" };

const ofAll = functionsOf(
  [
    mathSource,
    powersSource,
    endSource,
    attentionSource,
    optimizerSource,
    orderSource,
    roundingSource,
    faultsSource,
  ]
    .join(""),
);

/**
 * How the lanes that share a row put together what each has found: one after the other, pairwise, or those together that
 * run together. Which is faster depends on the adapter (tuning.ts).
 */
export type Fold = "in a row" | "as a tree" | "by subgroups";

const treeFunctions = functionsOf(treeSource);

/** The functions that kernels may call without declaring them, by name. */
export const functions: Readonly<Record<Fold, ReadonlyMap<string, string>>> = {
  "in a row": new Map([...ofAll, ...functionsOf(lanesSource)]),
  "as a tree": new Map([...ofAll, ...treeFunctions]),
  "by subgroups": new Map([...ofAll, ...treeFunctions, ...functionsOf(subgroupsSource)]),
};

const onGpus = functionsOf(onGpusSource);

/** A kernel that may call functions which it does not declare, and that reads fast on a processor. */
export const declared = (name: string, source: string, fold: Fold = "in a row"): Kernel => ({
  name,
  source,
  functions: functions[fold],
  onGpus,
  reads,
});

/** A kernel by how many numbers it takes at a time. */
export type InUnits = Readonly<Record<1 | 4, Kernel>>;

const fours: Kernel = { name: "fours", source: foursSource };

/** A kernel that takes one number at a time, and the same for four neighbors in memory. */
export function inUnits(name: string, source: string, fold?: Fold): InUnits {
  const kernel = declared(name, source, fold);
  let inFours: Kernel | undefined; // made when it is first launched, which keeps the import short
  return {
    1: kernel,
    get 4() {
      return inFours ??= inForm(kernel, fours);
    },
  };
}

/** A kernel whose lanes share rows, by how they put together what they found. */
export type Sharing = Readonly<Record<Fold, InUnits>>;

/** A kernel whose lanes share rows. */
export const sharing = (name: string, source: string): Sharing => ({
  "in a row": inUnits(name, source),
  "as a tree": inUnits(`${name} tree`, source, "as a tree"),
  "by subgroups": inUnits(`${name} subgroups`, source, "by subgroups"),
});

/** How many numbers a kernel may take at a time where these places and sizes are whole units. */
export const unitOf = (...places: number[]): 1 | 4 => places.every((n) => n % 4 === 0) ? 4 : 1;
