/*
 * Cross-entropy from logits, in which the probabilities are never stored: a vocabulary of 50,257 costs one
 * number a row beside the logits.
 */
import type { FaultMessage } from "../gpu/doubts.ts";
import { dtypes } from "../tensor/dtype.ts";
import { lines, type NdArray, ndarray, sumOf } from "../tensor/ndarray.ts";
import { defineOp, type Op } from "../tensor/op.ts";
import { floats, given, ints } from "../tensor/sample.ts";
import { shapeText } from "../tensor/shape.ts";
import { allocate, type Tensor } from "../tensor/tensor.ts";
import forwardSource from "../../kernels/cross_entropy.wgsl" with { type: "text" };
import gradSource from "../../kernels/cross_entropy_grad.wgsl" with { type: "text" };
import meanSource from "../../kernels/cross_entropy_mean.wgsl" with { type: "text" };
import { contiguous } from "./copy.ts";
import { inUnits, sharing } from "./declare.ts";
import { checkFloat, checkRounds } from "./limits.ts";
import type { Reduction } from "./losses.ts";
import { longRowsOf } from "./rows.ts";
import { tuningOf } from "./tuning.ts";

const forwardKernels = sharing("cross_entropy", forwardSource);
const gradKernels = inUnits("cross_entropy_grad", gradSource);
const meanKernels = sharing("cross_entropy_mean", meanSource);

/**
 * Which kernel adds the losses of so many rows, and which rows its lanes take: on processors, and few rows on GPUs, in
 * PyTorch's order. There one lane took 490 µs for 2,048 rows (NVIDIA H200).
 */
function meanOf(device: Tensor["device"], rows: number) {
  const { fold, reduceLanes } = tuningOf(device);
  const how = fold(rows);
  if (how !== "in a row") {
    const LANES = reduceLanes(rows);
    const places = { each: Math.ceil(rows / LANES), apart: 1, step: LANES };
    return { kernel: meanKernels[how][1], LANES, places };
  }
  const LANES = 64;
  const stretch = rows <= 16384 ? rows : Math.ceil(rows / LANES);
  const places = { each: stretch, apart: stretch, step: 1 };
  return { kernel: meanKernels[how][1], LANES, places };
}

/** What is said of a target that is no class. */
export const outside: FaultMessage = (target, classes) =>
  `Target ${target} is out of bounds. crossEntropy was given logits of ${classes} classes, so targets are ` +
  `0 to ${classes - 1}, or ignoreIndex`;

type Args = { ignoreIndex: number; reduction: Reduction };

/** The cross-entropy of logits (N, C) and class ids (N). */
export const crossEntropyOp: Op<Args> = defineOp<Args>({
  name: "crossEntropy",
  gradFn: "NllLossBackward0",
  torch: "F.cross_entropy(i[0], i[1], ignore_index=a['ignoreIndex'], reduction=a['reduction'])",
  forward([logits, target], { ignoreIndex, reduction }) {
    checkFloat("crossEntropy", logits);
    checkTargets("crossEntropy", logits, target);
    const x = contiguous(logits);
    const [rows, classes] = x.shape;
    checkRounds("crossEntropy", Math.ceil(rows / 64) + 6, rows);
    const { device } = x;
    const { launcher } = device;
    const [loss, tops] = [
      allocate([rows], "float32", device),
      allocate([rows, 2], "float32", device),
    ];
    const labels = {
      target_offset: target.offset,
      target_stride: target.strides[0],
      ignore: ignoreIndex,
    };
    const { fold, unit, LANES } = longRowsOf("crossEntropy", device, classes, x.offset);
    const { buffer: fault, code, doubts } = device.faults.begin(outside);
    launcher.launch(
      launcher.pipeline(forwardKernels[fold][unit], { constants: { LANES } }),
      {
        x: x.storage,
        targets: target.storage,
        loss: loss.storage,
        tops: tops.storage,
        fault,
      },
      {
        rows,
        classes,
        x_offset: x.offset,
        ...labels,
        code,
        nothing: 0,
      },
      rows,
      2 * classes / unit / LANES,
    );
    loss.storage.doubts = doubts.with(loss.storage.doubts);
    tops.storage.doubts = loss.storage.doubts;
    if (reduction === "none") return [loss, tops];
    const [total, count] = [allocate([], "float32", device), allocate([], "float32", device)];
    const { kernel, LANES: adders, places } = meanOf(device, rows);
    launcher.launch(
      launcher.pipeline(kernel, {
        constants: { LANES: adders, MEAN: Number(reduction === "mean") },
      }),
      {
        loss: loss.storage,
        targets: target.storage,
        total: total.storage,
        count: count.storage,
      },
      { rows, ...places, ...labels },
      1,
      2 * places.each,
    );
    return [total, tops, count];
  },
  gradient(grad, saved) {
    const { ignoreIndex, reduction } = saved.args;
    const x = contiguous(saved.input(0));
    const target = saved.input(1);
    const [rows, classes] = x.shape;
    const dx = allocate(x.shape, "float32", x.device);
    const tops = saved.output(1);
    const { unit, LANES } = longRowsOf("crossEntropy", x.device, classes, x.offset);
    const { launcher } = x.device;
    launcher.launch(
      launcher.pipeline(gradKernels[unit], {
        constants: { LANES, MEAN: Number(reduction === "mean") },
      }),
      {
        x: x.storage,
        targets: target.storage,
        tops: tops.storage,
        g: grad.storage,
        count: (reduction === "none" ? tops : saved.output(2)).storage,
        dx: dx.storage,
      },
      {
        rows,
        classes,
        x_offset: x.offset,
        target_offset: target.offset,
        target_stride: target.strides[0],
        g_offset: grad.offset,
        g_stride: reduction === "none" ? grad.strides[0] : 0,
        ignore: ignoreIndex,
        nothing: 0,
      },
      rows,
      classes / unit / LANES,
    );
    return [dx, null];
  },
  reference([x, target], { ignoreIndex, reduction }): NdArray {
    const counts = Array.from(target.data, (t) => t !== ignoreIndex);
    const losses = lines(x, 1).map(({ values }, row) => {
      const largest = Math.max(...values);
      const log = Math.log(sumOf(values.map((v) => Math.exp(v - largest))));
      return counts[row] ? log - (values[target.data[row]] - largest) : 0;
    });
    if (reduction === "none") return ndarray([losses.length], losses);
    const total = sumOf(losses);
    return ndarray([], [reduction === "sum" ? total : total / counts.filter(Boolean).length]);
  },
  samples: (["mean", "sum", "none"] as const).flatMap((reduction) => [
    { inputs: [floats([3, 5]), ints([3], 5)], args: { reduction, ignoreIndex: -100 } },
    {
      inputs: [floats([70, 67], { lo: -8, hi: 8 }), ints([70], 67)],
      args: { reduction, ignoreIndex: 3 },
    },
    {
      inputs: [floats([4, 3]), given([-100, 2, 0, -100], [4], "int64")],
      args: { reduction, ignoreIndex: -100 },
    },
    {
      inputs: [floats([2, 3]), given([1, 1], [2], "int64")],
      args: { reduction, ignoreIndex: 1 },
    },
  ]),
  rejects: [
    {
      inputs: [floats([3, 5]), ints([4], 5)],
      args: { reduction: "mean", ignoreIndex: -100 },
      error: "Expected input batch_size (3) to match target batch_size (4)",
    },
    {
      inputs: [floats([3, 5]), floats([3])],
      args: { reduction: "mean", ignoreIndex: -100 },
      error: "expected scalar type Long but found Float",
    },
  ],
});

/** Refuses targets that are no class ids, or not one for each row. */
export function checkTargets(name: string, logits: Tensor, target: Tensor): void {
  if (target.dtype !== "int64") {
    const found = dtypes[target.dtype].scalarType;
    throw new TypeError(
      `expected scalar type Long but found ${found}: ${name}'s targets are class ids; use long()`,
    );
  }
  if (logits.shape[0] !== target.shape[0]) {
    throw new RangeError(
      `Expected input batch_size (${logits.shape[0]}) to match target batch_size ` +
        `(${target.shape[0]}); logits are ${shapeText(logits.shape)}, ` +
        `targets ${shapeText(target.shape)}`,
    );
  }
}
