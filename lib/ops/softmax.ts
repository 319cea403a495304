/*
 * Softmax and its logarithm along a dimension.
 */
import { a, type Given, parameters, type Reader } from "../python/arguments.ts";
import type { DType } from "../tensor/dtype.ts";
import { along, sumOf } from "../tensor/ndarray.ts";
import { defineOp, type Op } from "../tensor/op.ts";
import { floats, given } from "../tensor/sample.ts";
import { normalizeDim } from "../tensor/shape.ts";
import { allocate, type Tensor } from "../tensor/tensor.ts";
import softmaxSource from "../../kernels/softmax.wgsl" with { type: "text" };
import gradSource from "../../kernels/softmax_grad.wgsl" with { type: "text" };
import { clone, type Computed, contiguous, inDtype } from "./copy.ts";
import { sharing } from "./declare.ts";
import { checkFloat } from "./limits.ts";
import { rowsOf } from "./rows.ts";
import { reshape, transpose } from "./views.ts";

const kernels = sharing("softmax", softmaxSource);
const gradKernels = sharing("softmax_grad", gradSource);

type Args = { dim: number };

/** Runs `f` on a tensor whose last dimension is the one meant. */
function withLast(x: Tensor, dim: number, f: (x: Tensor) => Tensor): Tensor {
  const d = normalizeDim(dim, x.ndim);
  if (x.ndim === 0) return reshape(f(reshape(x, [1])), []);
  const last = x.ndim - 1;
  return d === last ? f(x) : contiguous(transpose(f(transpose(x, d, last)), d, last));
}

function forwardRows(x: Tensor, log: boolean): Tensor {
  const dense = contiguous(x);
  const out = allocate(x.shape, "float32", x.device);
  const columns = x.shape.at(-1)!;
  const rows = columns && x.numel() / columns;
  const { fold, unit, LANES } = rowsOf("softmax", x.device, columns, dense.offset);
  const { launcher } = x.device;
  launcher.launch(
    launcher.pipeline(kernels[fold][unit], { constants: { LANES, LOG: Number(log) } }),
    { x: dense.storage, out: out.storage },
    { rows, columns: columns / unit, offset: dense.offset / unit, nothing: 0 },
    rows,
    3 * columns / unit / LANES,
  );
  return out;
}

function gradRows(y: Tensor, grad: Tensor, log: boolean): Tensor {
  const [denseY, g] = [contiguous(y), contiguous(grad)];
  const dx = allocate(y.shape, "float32", y.device);
  const columns = y.shape.at(-1)!;
  const rows = columns && y.numel() / columns;
  const { fold, unit, LANES } = rowsOf("softmax", y.device, columns, g.offset);
  const { launcher } = y.device;
  launcher.launch(
    launcher.pipeline(gradKernels[fold][unit], { constants: { LANES, LOG: Number(log) } }),
    { y: denseY.storage, g: g.storage, dx: dx.storage },
    { rows, columns: columns / unit, g_offset: g.offset / unit },
    rows,
    2 * columns / unit / LANES,
  );
  return dx;
}

const logShares = (values: number[]): number[] => {
  const largest = Math.max(...values);
  const total = sumOf(values.map((v) => Math.exp(v - largest)));
  return values.map((v) => v - largest - Math.log(total));
};

function checked(name: string, x: Tensor): Tensor {
  checkFloat(name, x);
  return x;
}

const define = (name: string, log: boolean, torch: string): Op<Args> =>
  defineOp<Args>({
    name,
    torch: `torch.${torch}(i[0], a['dim'])`,
    forward: ([x], { dim }) => withLast(checked(name, x), dim, (rows) => forwardRows(rows, log)),
    gradient: (grad, saved) => {
      const y = saved.output(0);
      if (y.ndim === 0) return [reshape(gradRows(reshape(y, [1]), reshape(grad, [1]), log), [])];
      const [d, last] = [normalizeDim(saved.args.dim, y.ndim), y.ndim - 1];
      const dx = gradRows(transpose(y, d, last), transpose(grad, d, last), log);
      return [transpose(dx, d, last)];
    },
    reference: ([x], { dim }) =>
      along(x, dim, (values) => log ? logShares(values) : logShares(values).map(Math.exp)),
    samples: [
      { inputs: [floats([])], args: { dim: 0 } },
      { inputs: [floats([1, 7])], args: { dim: -1 } },
      { inputs: [floats([3, 130], { lo: -9, hi: 9 })], args: { dim: 1 } },
      { inputs: [floats([5, 3])], args: { dim: 0 } },
      { inputs: [floats([2, 4, 3])], args: { dim: -2 } },
      { inputs: [floats([0, 3])], args: { dim: 1 } },
      { inputs: [given([1, -Infinity, 3, 2, 1e4, -1e4], [2, 3])], args: { dim: 1 } },
      { inputs: [given([-Infinity, -Infinity, NaN, 2], [2, 2])], args: { dim: 1 } },
    ],
    rejects: [{ inputs: [floats([2, 3])], args: { dim: 2 }, error: "Dimension out of range" }],
  });

const softmaxOp = define("softmax", false, "softmax");
const logSoftmaxOp = define("logSoftmax", true, "log_softmax");

/** How a softmax is asked for: `(dim, dtype)`, or these by name. */
export type SoftmaxArguments = Given<[dim: number, dtype?: DType], { dim: number } & Computed>;

/** Reads the arguments of a softmax. */
export const readSoftmax = (name: string): Reader<Args & Computed> =>
  parameters<Args & Computed>(name, { dim: a.whole, dtype: a.dtype }, { required: 1 });
const [softmaxOptions, logSoftmaxOptions] = [readSoftmax("softmax"), readSoftmax("logSoftmax")];

/** The softmax, or its logarithm, in the dtype that is asked for. */
function asked(x: Tensor, op: Op<Args>, { dim, dtype }: Args & Computed): Tensor {
  return inDtype(x, dtype, (x) => isNothing(x) ? clone(x) : op([x], { dim }));
}

/** Where there are no numbers, PyTorch does not look at what kind they are. */
const isNothing = (x: Tensor) => x.numel() === 0 && x.dtype === "int64";

/**
 * Probabilities along a dimension, positive and with the sum 1: exp(x) / Σ exp(x), in the shape of x.
 *
 * @throws {RangeError} for a dimension that x does not have
 * @example
 * ```ts
 * import { softmax, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const logits = tensor([[2.5, 2.5], [-Infinity, 0.5]]);
 * assertEquals(await softmax(logits, 1).tolist(), [[0.5, 0.5], [0, 1]]);
 * ```
 */
export const softmax = (x: Tensor, ...args: SoftmaxArguments): Tensor =>
  asked(x, softmaxOp, softmaxOptions(args));
/** The logarithm of the softmax along a dimension, exact also where a probability is too small for a float. */
export const logSoftmax = (x: Tensor, ...args: SoftmaxArguments): Tensor =>
  asked(x, logSoftmaxOp, logSoftmaxOptions(args));
