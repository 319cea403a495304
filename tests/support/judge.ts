/*
 * Runs an op on its samples, in every layout, forward and backward, and brings back what came out. It judges
 * nothing yet: ops_test.ts holds the results against the float64 reference and against PyTorch.
 */
import type { NdArray } from "../../lib/tensor/ndarray.ts";
import type { Op } from "../../lib/tensor/op.ts";
import type { Sample } from "../../lib/tensor/sample.ts";
import { ops } from "../../lib/tensor/op.ts";
import { dtypes, type Values } from "../../lib/tensor/dtype.ts";
import { Tensor } from "../../lib/tensor/tensor.ts";
import { drawSample, drawWeights } from "./draw.ts";
import { canLie, heldBy, type Layout, place } from "./layout.ts";

// deno-lint-ignore no-explicit-any
export type AnyOp = Op<any>;

/** One call of an op: a sample in a layout. */
export interface Case {
  sample: Sample<unknown>;
  index: number;
  layout: Layout | "mixed";
  /** The numbers of the inputs, in float64. */
  inputs: NdArray[];
  /** What the output's elements weigh in the gradient. */
  weights: NdArray;
  want: NdArray;
}

/** What came of it. */
export interface Outcome {
  call: Case;
  out: Result;
  /** Gradients of the inputs; null where there is none. */
  grads: (Result | null)[];
  /** What `backward` threw. */
  refused?: string;
}

/** A tensor that was read. */
export interface Result {
  shape: readonly number[];
  dtype: string;
  values: Values;
}

const LAYOUTS: Layout[] = ["contiguous", "transposed", "sliced", "expanded"];

/** The layout of each input in a case. */
const layoutsOf = ({ layout, inputs }: Pick<Case, "layout" | "inputs">): Layout[] =>
  inputs.map((_, i) => layout === "mixed" ? LAYOUTS[(i + 1) % LAYOUTS.length] : layout);

/** Every call that an op's samples promise. */
export function casesOf(op: Pick<AnyOp, "name" | "samples" | "reference">): Case[] {
  return op.samples.flatMap((sample, index) => {
    const drawn = drawSample(op.name, index, sample);
    const layouts: Case["layout"][] = LAYOUTS.filter((l) => drawn.some((x) => canLie(x, l)));
    if (drawn.length > 1) layouts.push("mixed");
    return layouts.map((layout): Case => {
      const each = layoutsOf({ layout, inputs: drawn });
      const inputs = drawn.map((x, i) => heldBy(x, each[i], index));
      const want = op.reference(inputs, sample.args);
      return {
        sample,
        index,
        layout,
        inputs,
        want,
        weights: drawWeights(op.name, index, want.shape),
      };
    });
  });
}

/** Whether the gradient of a case is there to be tested. */
export const differentiable = (op: AnyOp, { sample: { inputs } }: Case, dtype: string): boolean =>
  typeof op.gradient === "function" && dtype === "float32" &&
  inputs.some((input) => input.differentiable);

/** Runs all of an op's cases; everything is read at once. */
export async function runCases(op: AnyOp, cases: readonly Case[]): Promise<Outcome[]> {
  const ran = cases.map((call) => {
    const { sample, index, inputs, weights } = call;
    const layouts = layoutsOf(call);
    const tensors = inputs.map((x, i) => {
      const { dtype, differentiable } = sample.inputs[i];
      return place(x, dtype, layouts[i], index).requiresGrad_(differentiable);
    });
    const out = op(tensors, sample.args);
    const refused = attempt(() => {
      if (differentiable(op, call, out.dtype) && sameShape(out, call.want)) {
        out.backward({ gradient: place(weights, "float32", "transposed") });
      }
    });
    return { call, out, grads: tensors.map((x) => x.grad), refused };
  });
  const tensors = ran.flatMap(({ out, grads }) => [out, ...grads.filter((g) => g !== null)]);
  const results = await readAll(tensors);
  return ran.map(({ call, out, grads, refused }) => ({
    call,
    refused,
    out: results.get(out)!,
    grads: grads.map((grad) => grad && results.get(grad)!),
  }));
}

const sameShape = (a: { shape: readonly number[] }, b: { shape: readonly number[] }) =>
  `${a.shape}` === `${b.shape}`;

/** What a call threw, if it threw. */
export function attempt(body: () => void): string | undefined {
  try {
    body();
  } catch (error) {
    return (error as Error).message;
  }
}

/** Reads tensors in one go: an awaited read costs more than most kernels. */
export async function readAll(tensors: readonly Tensor[]): Promise<Map<Tensor, Result>> {
  const filled = [...new Set(tensors)].filter((x) => x.numel() > 0);
  const windows = filled.map((x) => {
    const { storage, offset } = x.isContiguous() ? x : ops.get("clone")!([unknown(x)], {});
    return { storage, offset: offset * 4, size: x.numel() * 4 };
  });
  const bytes = filled.length ? await filled[0].device.reader.read(windows) : [];
  const read = new Map(filled.map((x, i) => [x, bytes[i].slice().buffer]));
  return new Map(tensors.map((x) => {
    const values = new dtypes[x.dtype].array(read.get(x) ?? new ArrayBuffer(0));
    return [x, { shape: x.shape, dtype: x.dtype, values }];
  }));
}

/** The same view, unknown to the graph. */
const unknown = ({ storage, dtype, shape, strides, offset }: Tensor) =>
  new Tensor(storage, dtype, shape, strides, offset);
