/*
 * The launches of the kernels of matrix products, each with what it asks of its operands. Every operand fits
 * one binding by now; see gemm.ts.
 */
import type { Kernel, Specialisation } from "../gpu/launch.ts";
import { Tensor } from "../tensor/tensor.ts";
import plainSource from "../../kernels/matmul.wgsl" with { type: "text" };
import rowsSource from "../../kernels/matmul_rows.wgsl" with { type: "text" };
import sharedSource from "../../kernels/matmul_shared.wgsl" with { type: "text" };
import tileSource from "../../kernels/matmul_tile.wgsl" with { type: "text" };
import { groupsFor } from "./elementwise.ts";
import { alongK, bound, panels, quads } from "./gemm_operands.ts";
import { choose, type Form, type Plan } from "./gemm_plan.ts";
import {
  activate,
  type Activation,
  alignedText,
  rowsText,
  singlesText,
  tileText,
} from "./gemm_text.ts";

/** out = f(a · b + bias), with out given. */
export interface Task {
  /** (batch, m, k) */
  a: Tensor;
  /** (batch, k, n) */
  b: Tensor;
  /** (n), dense; (m) where `biased` is 2 */
  bias?: Tensor;
  /** (batch, m, n) */
  out: Tensor;
  /** Whether to add to what `out` holds. */
  accumulate: boolean;
  activation?: Activation;
  /** The kernel, or the row of the table, where a test or a measurement chooses it. */
  form?: Form;
  plan?: Plan;
  /** 0: no bias, 1: one for each column, 2: one for each row. */
  biased: 0 | 1 | 2;
}

/** Lanes of a workgroup on a software adapter. */
const LANES = 8;

const kernels: Record<Form, Kernel> = {
  plain: { name: "matmul", source: plainSource },
  rows: { name: "matmul_rows", source: rowsSource },
  shared: { name: "matmul_shared", source: sharedSource },
  tile: { name: "matmul_tile", source: tileSource },
};

/** Chooses a kernel and launches it. */
export function launchProduct(given: Task): void {
  const task = onItsSide(given);
  const plan = task.plan ?? planOf(task);
  launches[plan.form](task, plan);
}

/** The row of the table for a product whose sides have been chosen. */
function planOf({ a, b, out, form }: Task): Plan {
  const [batch, m, n] = out.shape;
  return choose({
    batch,
    m,
    n,
    k: a.shape[2],
    alongK: alongK(a) && alongK(transposed(b)),
    aligned: isAligned(out),
    software: out.device.software,
  }, form);
}

/** The kernel that a whole product gets. */
export const planFor = (task: Task): Plan => planOf(onItsSide(task));

const transposed = (x: Tensor): Tensor =>
  new Tensor(
    x.storage,
    x.dtype,
    [x.shape[0], x.shape[2], x.shape[1]],
    [x.strides[0], x.strides[2], x.strides[1]],
    x.offset,
  );

/** On a software adapter lanes lie along the columns: a tall narrow product is computed as its transpose. */
function onItsSide(task: Task): Task {
  const { a, b, out, biased } = task;
  const [m, n] = out.shape.slice(1);
  const narrow = task.form !== "shared" && task.form !== "plain" && n < 128 && m > n;
  if (!narrow || !(out.device.software || task.form)) return task;
  return {
    ...task,
    a: transposed(b),
    b: transposed(a),
    out: transposed(out),
    biased: biased ? 2 : 0,
  };
}

const isAligned = ({ shape, strides, offset }: Tensor): boolean =>
  strides[2] === 1 && quads(shape[2], strides[0], strides[1], offset);

const specialised = (task: Task, replace: Record<string, string>): Specialisation => ({
  constants: { ACCUMULATE: Number(task.accumulate) },
  replace: { ...replace, ...activate(task.activation) },
});

/** What all kernels bind beside their operands. */
function ending({ a, bias, out, biased }: Task) {
  const to = bound(out);
  return {
    buffers: { bias: bound(bias ?? a).buffer, out: to.buffer },
    params: { biased, bias_offset: bias ? bound(bias).offset : 0, out_offset: to.offset },
  };
}

const launches: Record<Form, (task: Task, plan: Plan) => void> = {
  plain(task) {
    const { a, b, out } = task;
    const [batch, m, k] = a.shape;
    const n = b.shape[2];
    const { buffers, params } = ending(task);
    const [from, by] = [bound(a), bound(b)];
    const { launcher } = out.device;
    const pipeline = launcher.pipeline(kernels.plain, specialised(task, {}));
    launcher.launch(pipeline, { a: from.buffer, b: by.buffer, ...buffers }, {
      ...params,
      m,
      n,
      k,
      batch,
      a_offset: from.offset,
      b_offset: by.offset,
      a_strides: a.strides,
      b_strides: b.strides,
      out_strides: out.strides,
    }, groupsFor(batch * m * n));
  },

  shared(task) {
    const { a, b, out } = task;
    const [batch, m, k] = a.shape;
    const n = b.shape[2];
    const { buffers, params } = ending(task);
    const [from, by] = [bound(a), bound(b)];
    const { launcher } = out.device;
    const special = specialised(task, {});
    const pipeline = launcher.pipeline(kernels.shared, {
      ...special,
      constants: {
        ...special.constants,
        A_ALONG_K: Number(a.strides[2] <= a.strides[1]),
        B_ALONG_K: Number(b.strides[1] < b.strides[2]),
      },
    });
    launcher.launch(pipeline, { a: from.buffer, b: by.buffer, ...buffers }, {
      ...params,
      m,
      n,
      k,
      a_offset: from.offset,
      b_offset: by.offset,
      a_strides: a.strides,
      b_strides: b.strides,
      out_strides: out.strides,
    }, [Math.ceil(n / 64), Math.ceil(m / 64), batch]);
  },

  rows(task, { rows, columns }) {
    const { a, b, out } = task;
    const [batch, m, k] = a.shape;
    const n = b.shape[2];
    const { buffers, params } = ending(task);
    const [from, by] = [bound(a), bound(b)];
    const { launcher } = out.device;
    const pipeline = launcher.pipeline(kernels.rows, specialised(task, rowsText(rows)));
    launcher.launch(pipeline, { a: from.buffer, b: by.buffer, ...buffers }, {
      ...params,
      m,
      n,
      k: k / 4,
      a_offset: from.offset / 4,
      a_batch: a.strides[0] / 4,
      a_row: a.strides[1] / 4,
      b_offset: by.offset / 4,
      b_batch: b.strides[0] / 4,
      b_row: b.strides[2] / 4,
      out_batch: out.strides[0],
      out_row: out.strides[1],
      out_column: out.strides[2],
    }, [Math.ceil(m / rows), Math.ceil(n / (columns * LANES)), batch]);
  },

  tile(task, { rows, columns }) {
    const { out } = task;
    const [batch, m, n] = out.shape;
    const { buffers, params } = ending(task);
    const a = panels(task.a, rows);
    const b = panels(transposed(task.b), columns, m);
    const { launcher } = out.device;
    const pipeline = launcher.pipeline(
      kernels.tile,
      specialised(task, {
        ...tileText(rows, columns),
        ...(isAligned(out) ? alignedText : {}),
        ...(b.singles ? singlesText : {}),
      }),
    );
    launcher.launch(pipeline, { a: a.buffer, b: b.buffer, ...buffers }, {
      ...params,
      m,
      n,
      k: task.a.shape[2],
      a_offset: a.offset,
      a_batch: a.batch,
      a_tile: a.tile,
      a_step: a.step,
      b_offset: b.offset,
      b_batch: b.batch,
      b_tile: b.tile,
      b_step: b.step,
      out_batch: out.strides[0],
      out_row: out.strides[1],
      out_column: out.strides[2],
    }, [Math.ceil(m / rows), Math.ceil(n / (columns * LANES)), batch]);
    a.done();
    b.done();
  },
};
