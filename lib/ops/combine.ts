/*
 * Integers that are put together at places of a vector: their sums, the largest, the smallest.
 */
import { ndarray } from "../tensor/ndarray.ts";
import { defineOp } from "../tensor/op.ts";
import { given, ints } from "../tensor/sample.ts";
import type { Tensor } from "../tensor/tensor.ts";
import combineSource from "../../kernels/combine.wgsl" with { type: "text" };
import { cloneInRows, contiguous } from "./copy.ts";
import { declared } from "./declare.ts";
import { groupsFor } from "./elementwise.ts";

const combineKernel = declared("combine", combineSource);

/** How two numbers become one. */
export type Combining = "sum" | "amax" | "amin";

const ways: Record<Combining, (x: number, y: number) => number> = {
  sum: (x, y) => x + y,
  amax: Math.max,
  amin: Math.min,
};

const combineOp = defineOp<{ how: Combining }>({
  name: "combineAt",
  torch: "i[0].scatter_reduce(0, i[1], i[2], a['how'])",
  forward([x, ids, values], { how }) {
    const out = cloneInRows(x);
    const [places, src] = [contiguous(ids), contiguous(values)];
    const { launcher } = x.device;
    launcher.launch(
      launcher.pipeline(combineKernel, { constants: { HOW: Object.keys(ways).indexOf(how) } }),
      { ids: places.storage, src: src.storage, out: out.storage },
      { n: ids.numel(), offset: places.offset, src_offset: src.offset },
      groupsFor(ids.numel()),
    );
    return out;
  },
  gradient: { none: "integers have none" },
  reference([x, ids, values], { how }) {
    const out = [...x.data];
    ids.data.forEach((to, i) => out[to] = ways[how](out[to], values.data[i]));
    return ndarray(x.shape, out);
  },
  samples: (["sum", "amax", "amin"] as const).flatMap((how) => [
    { inputs: [ints([5], 9, -9), ints([130], 5), ints([130], 9, -9)], args: { how } },
    { inputs: [given([3, 1], [2], "int64"), ints([0], 1), ints([0], 1)], args: { how } },
  ]),
});

/** A vector of int64 in which each value is put together with what is at its place. */
export const combineAt = (x: Tensor, ids: Tensor, values: Tensor, how: Combining): Tensor =>
  combineOp([x, ids, values], { how });
