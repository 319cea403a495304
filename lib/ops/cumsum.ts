/*
 * Sums along the way: of all elements up to each one.
 */
import { a, type Given, parameters, type Reader } from "../python/arguments.ts";
import type { DType } from "../tensor/dtype.ts";
import { along } from "../tensor/ndarray.ts";
import { defineOp } from "../tensor/op.ts";
import { floats, ints } from "../tensor/sample.ts";
import { allocate, type Tensor } from "../tensor/tensor.ts";
import cumsumSource from "../../kernels/cumsum.wgsl" with { type: "text" };
import { type Computed, inDtype, to } from "./copy.ts";
import { declared } from "./declare.ts";
import { wgslType } from "./elementwise.ts";
import { checkFits } from "./fits.ts";
import { checkRounds } from "./limits.ts";
import { asRows } from "./order.ts";
import { tuningOf } from "./tuning.ts";

const cumsumKernel = declared("cumsum", cumsumSource);

function launchCumsum(x: Tensor, dim: number, reverse: boolean): Tensor {
  const { dense, rows, columns, back } = asRows(x, dim);
  const LANES = tuningOf(x.device).scanLanes(columns);
  const rounds = 2 * Math.ceil(columns / LANES) + LANES;
  checkRounds("cumsum", rounds, columns);
  const out = allocate(dense.shape, x.dtype, x.device);
  const { launcher } = x.device;
  launcher.launch(
    launcher.pipeline(cumsumKernel, {
      constants: { LANES, REVERSE: Number(reverse), FLOAT: Number(x.dtype === "float32") },
      replace: { T: wgslType(x.dtype) },
    }),
    { x: dense.storage, out: out.storage },
    { rows, columns, offset: dense.offset, nothing: 0 },
    rows,
    rounds,
  );
  return back(out);
}

const cumsumOp = defineOp<{ dim: number }>({
  name: "cumsum",
  torch: "torch.cumsum(i[0], a['dim'])",
  forward([x], { dim }) {
    const summed = launchCumsum(x.dtype === "bool" ? to(x, "int64") : x, dim, false);
    if (x.dtype === "int64") {
      checkFits("cumsum", summed, launchCumsum(to(x, "float32"), dim, false));
    }
    return summed;
  },
  gradient: (grad, { args: { dim } }) => [launchCumsum(grad, dim, true)],
  reference: ([x], { dim }) =>
    along(x, dim, (values) => {
      let total = 0;
      return values.map((v) => total += v);
    }),
  samples: [
    { inputs: [floats([])], args: { dim: 0 } },
    { inputs: [floats([3, 130])], args: { dim: 1 } },
    { inputs: [floats([5, 2, 3])], args: { dim: 0 } },
    { inputs: [ints([2, 7], 9)], args: { dim: -1 } },
    { inputs: [floats([2, 0])], args: { dim: 1 } },
  ],
  rejects: [{ inputs: [floats([2])], args: { dim: 1 }, error: "Dimension out of range" }],
});

/** The sums of all elements up to each one, along a dimension. */
export const cumsum = (
  x: Tensor,
  ...args: Given<[dim: number], { dim: number }, Computed>
): Tensor => {
  const { dtype, dim } = cumsumOptions(args);
  return inDtype(x, running("cumsum", dtype), (x) => cumsumOp([x], { dim }));
};

/** The dtype of a sum or product up to each element, of which PyTorch has none of booleans. */
export function running(name: string, dtype: DType | undefined): DType | undefined {
  if (dtype === "bool") throw new TypeError(`${name}(): not implemented for bool; use int64`);
  return dtype;
}

/** The reader of the arguments of a sum or product up to each element. */
export const alongDim = (name: string): Reader<{ dim: number } & Computed> =>
  parameters<{ dim: number } & Computed>(name, { dim: a.whole, dtype: a.dtype }, {
    required: 1,
    positional: 1,
  });
const cumsumOptions = alongDim("cumsum");
