/*
 * The launches of reductions: along rows or down columns, in stretches that one loop may walk and windows that one
 * binding holds. A reducer says what is combined, and how.
 */
import type { DType } from "../tensor/dtype.ts";
import { numelOf } from "../tensor/shape.ts";
import { allocate, type Tensor } from "../tensor/tensor.ts";
import columnsSource from "../../kernels/reduce_columns.wgsl" with { type: "text" };
import rowsSource from "../../kernels/reduce.wgsl" with { type: "text" };
import { contiguous } from "./copy.ts";
import { part as window, wgslType } from "./elementwise.ts";
import { sharing, unitOf } from "./declare.ts";
import { viewOf } from "./layout.ts";
import { isBoundWhole, mostBound } from "./limits.ts";
import { columnsOf } from "./rows.ts";
import { tuningOf } from "./tuning.ts";

/** What is combined. */
export interface Reducer {
  /** WGSL: an accumulator from an element `v`. */
  load: string;
  /** WGSL: one accumulator from two, `x` and `y`. */
  combine: string;
  /** WGSL: an accumulator that changes nothing. */
  identity: string;
  acc: DType;
  out: DType;
  /** Whether elements are combined one after the other, from the first to the last. */
  inOrder?: boolean;
}

/** The sum, in this dtype. */
export const adder = (acc: DType): Reducer => ({
  load: "Acc(v)",
  combine: "x + y",
  identity: "Acc(0)",
  acc,
  out: acc,
});

const rowsKernels = sharing("reduce", rowsSource);
const columnsKernels = sharing("reduce_columns", columnsSource);

/** Brings the reduced dimensions together: (outer, reduce, inner), with inner 1 unless they lie in front. */
function arrange(x: Tensor, dims: readonly number[]) {
  const last = dims.at(-1) ?? x.ndim - 1;
  const adjacent = dims.every((d, i) => d === last - dims.length + 1 + i);
  if (adjacent) {
    const inner = numelOf(x.shape.slice(last + 1));
    const reduce = numelOf(dims.map((d) => x.shape[d]));
    return {
      dense: contiguous(x),
      outer: numelOf(x.shape.slice(0, last + 1 - dims.length)),
      reduce,
      inner,
    };
  }
  const rest = x.shape.map((_, d) => d).filter((d) => !dims.includes(d));
  const order = [...rest, ...dims];
  const dense = contiguous(viewOf(x, order.map((d) => x.shape[d]), order.map((d) => x.strides[d])));
  const reduce = numelOf(dims.map((d) => x.shape[d]));
  return { dense, outer: numelOf(rest.map((d) => x.shape[d])), reduce, inner: 1 };
}

/** Reduces these dimensions, which are in order; the result is flat. */
export function launchReduce(x: Tensor, dims: readonly number[], reducer: Reducer): Tensor {
  const { dense, outer, reduce, inner } = arrange(x, dims);
  const along = inner === 1 && !reducer.inOrder;
  return (along ? passAlong : passDown)(dense, outer, reduce, inner, reducer);
}

const specialised = (x: Tensor, reducer: Reducer, dtype: DType) => ({
  A: wgslType(x.dtype),
  Acc: wgslType(reducer.acc),
  Out: wgslType(dtype),
  identity: reducer.identity,
  load: reducer.load,
  combine: reducer.combine,
});

/** How a stretch is cut that is longer than one loop should walk. */
function cut(reduce: number, longest: number) {
  const parts = Math.max(1, Math.ceil(reduce / longest));
  return { parts, part: Math.ceil(reduce / parts / 4) * 4 };
}

/** The second pass, over what the parts of the first gave; or its result, if there was one part. */
function joined(
  out: Tensor,
  outer: number,
  parts: number,
  inner: number,
  reducer: Reducer,
): Tensor {
  if (parts === 1) return out;
  return (inner === 1 && !reducer.inOrder ? passAlong : passDown)(out, outer, parts, inner, {
    ...reducer,
    load: "Acc(v)",
  });
}

/** Reduces rows of a dense (outer, reduce). */
function passAlong(
  x: Tensor,
  outer: number,
  reduce: number,
  inner: number,
  reducer: Reducer,
): Tensor {
  const { fold, reduceLanes, longestRow } = tuningOf(x.device);
  const { parts, part } = cut(reduce, longestRow);
  const dtype = parts === 1 ? reducer.out : reducer.acc;
  const out = allocate([outer, parts], dtype, x.device);
  const unit = unitOf(reduce, x.offset);
  const { launcher } = x.device;
  const pipeline = launcher.pipeline(rowsKernels[fold(part)][unit], {
    constants: { LANES: reduceLanes(part) },
    replace: specialised(x, reducer, dtype),
  });
  // Where in x the stretch of a result begins; the next one's beginning is its end.
  const begin = (result: number) =>
    Math.floor(result / parts) * reduce + Math.min(result % parts * part, reduce);
  for (const { first, count } of stretchesAtATime(x, outer * parts, part)) {
    const whole = count === outer * parts;
    const start = begin(first);
    const seen = window(x, start, begin(first + count) - start, whole);
    launcher.launch(
      pipeline,
      { a: seen.buffer, out: out.storage },
      {
        reduce: reduce / unit,
        parts,
        part: part / unit,
        // Counted from the beginning of x, also where a window begins later: a u32 may wrap around.
        offset: (seen.offset - (whole ? 0 : start)) / unit,
        first,
        results: count,
      },
      count,
      part / unit / pipeline.lanes,
    );
  }
  return joined(out, outer, parts, inner, reducer);
}

/** Reduces the middle of a dense (outer, reduce, inner). */
function passDown(
  x: Tensor,
  outer: number,
  reduce: number,
  inner: number,
  reducer: Reducer,
): Tensor {
  const { parts, part } = cut(reduce, tuningOf(x.device).longestColumn);
  const dtype = parts === 1 ? reducer.out : reducer.acc;
  const out = allocate([outer, parts, inner], dtype, x.device);
  const unit = unitOf(inner, x.offset);
  const results = out.numel() / unit;
  const seen = window(x, 0, x.numel(), true);
  // Nobody shares a column that is combined in order.
  const { fold, constants, groups } = columnsOf(x.device, results, reducer.inOrder ? 1 : part);
  const { launcher } = x.device;
  launcher.launch(
    launcher.pipeline(columnsKernels[fold][unit], {
      constants,
      replace: specialised(x, reducer, dtype),
    }),
    { a: seen.buffer, out: out.storage },
    { reduce, inner: inner / unit, parts, part, offset: seen.offset / unit, results },
    groups,
    part / constants.LANES,
  );
  return joined(out, outer, parts, inner, reducer);
}

/** All stretches at once, or as many at a time as one binding holds. */
function* stretchesAtATime(x: Tensor, stretches: number, part: number) {
  const step = isBoundWhole(x) ? stretches : Math.max(1, Math.floor(mostBound(x.device) / part));
  for (let first = 0; first < stretches; first += step) {
    yield { first, count: Math.min(step, stretches - first) };
  }
}
