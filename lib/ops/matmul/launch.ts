/*
 * The launches of the kernels of matrix products, each with what it requires of its operands. At this point every
 * operand fits one binding; see product.ts.
 */
import type { Device } from "../../gpu/device.ts";
import type { Kernel, Pipeline, Specialisation } from "../../gpu/launch.ts";
import { allocate } from "../../tensor/tensor.ts";
import { inForm } from "../../gpu/wgsl.ts";
import plainSource from "../../../kernels/matmul.wgsl" with { type: "text" };
import alignedSource from "../../../kernels/matmul_aligned.wgsl" with { type: "text" };
import gemvSource from "../../../kernels/matmul_gemv.wgsl" with { type: "text" };
import oneByOneSource from "../../../kernels/matmul_one_by_one.wgsl" with { type: "text" };
import partsSource from "../../../kernels/matmul_parts.wgsl" with { type: "text" };
import rowsSource from "../../../kernels/matmul_rows.wgsl" with { type: "text" };
import sharedSource from "../../../kernels/matmul_shared.wgsl" with { type: "text" };
import singlesSource from "../../../kernels/matmul_singles.wgsl" with { type: "text" };
import sumsSource from "../../../kernels/matmul_sums.wgsl" with { type: "text" };
import tileSource from "../../../kernels/matmul_tile.wgsl" with { type: "text" };
import { activations } from "../activation.ts";
import { groupsFor, wgslType } from "../elementwise.ts";
import { alongLast, lie, panels, quads } from "./operands.ts";
import { cut, viewOf } from "../layout.ts";
import { bound, boundToWrite } from "../limits.ts";
import { boundAtHome, foursOf } from "../settle.ts";
import { type Plan, TILE_LANES, tuningOf } from "../tuning.ts";
import { declared } from "../declare.ts";
import { onItsSide, planFor, type Task, transposed } from "./plan.ts";

const kernels: Record<Plan["form"], Kernel> = {
  gemv: declared("matmul_gemv", gemvSource, "as a tree"),
  plain: declared("matmul", plainSource),
  rows: declared("matmul_rows", rowsSource),
  shared: declared("matmul_shared", sharedSource),
  tile: declared("matmul_tile", tileSource),
};

/** Chooses a kernel and launches it. */
export function launchProduct(given: Task): void {
  const task = given.a.dtype === "float32"
    ? onItsSide(given)
    : { ...given, form: "plain" as const };
  const plan = task.plan ?? planFor(task);
  if (plan.parts) launchInParts(task, plan, plan.parts);
  else launches[plan.form](task, plan);
}

/** A product as so many shorter ones, side by side, and their sum: a small result is work for few threads else. */
function launchInParts(task: Task, plan: Plan, parts: number): void {
  const { a, b, out } = task;
  const { device, shape: [, m, n] } = out;
  const k = a.shape[2];
  const length = Math.ceil(k / parts / PART_GRAIN) * PART_GRAIN;
  const whole = Math.floor(k / length);
  const count = Math.ceil(k / length);
  const partial = allocate([count, m, n], "float32", device);
  const bare = { accumulate: false, biased: 0 } as const;
  // The whole ones are a batch, whose matrices begin `length` apart in k. What is left is a product of its own.
  launches[plan.form]({
    ...bare,
    a: viewOf(a, [whole, m, length], [length * a.strides[2], a.strides[1], a.strides[2]]),
    b: viewOf(b, [whole, length, n], [length * b.strides[1], b.strides[1], b.strides[2]]),
    out: cut(partial, 0, 0, whole),
  }, plan);
  if (count > whole) {
    const [from, rest] = [whole * length, k - whole * length];
    const last = { a: cut(a, 2, from, rest), b: cut(b, 1, from, rest) };
    launches[plan.form]({ ...bare, ...last, out: cut(partial, 0, whole, 1) }, plan);
  }
  const { buffers, params } = common({ ...task, a: partial });
  device.launcher.launch(
    pipelineOf(task, plan, { parts: true }, () => ({ kernel: sumOfParts })),
    { ...buffers, parts: buffers.a },
    { ...params, parts: count, ...outStrides(task) },
    groupsFor(m * n),
    count,
  );
  partial.storage.release("when its product was launched");
}

/** Parts of k begin at its multiples: what was aligned stays aligned. */
const PART_GRAIN = 16;
const sumOfParts = declared("matmul_parts", partsSource);

/** Forms of the kernel of tiles. */
const aligned = declared("matmul_aligned", alignedSource);
const singles = declared("matmul_singles", singlesSource);
const sums = declared("matmul_sums", sumsSource);
const oneByOne = declared("matmul_one_by_one", oneByOneSource);

const compiled = new WeakMap<Device, Map<string, Pipeline>>();

/** The pipeline of a plan. A short name finds it: the text of a large tile is made once, not at each launch. */
function pipelineOf(
  task: Task,
  { form, rows, columns }: Plan,
  traits: Record<string, boolean>,
  special: () => Specialisation & { kernel?: Kernel },
): Pipeline {
  const { accumulate, activation, out: { device } } = task;
  const after = { DROP: Number(task.drop !== undefined), PLUS: Number(task.plus !== undefined) };
  let known = compiled.get(device);
  if (!known) compiled.set(device, known = new Map());
  const { dtype } = task.a;
  let key =
    `${form} ${dtype} ${rows} ${columns} ${accumulate} ${activation} ${after.DROP}${after.PLUS}`;
  for (const name in traits) key += traits[name] ? ` ${name}` : "";
  const found = known.get(key);
  if (found) return found;
  const { kernel = kernels[form], constants, replace } = special();
  const pipeline = device.launcher.pipeline(kernel, {
    constants: { ...constants, ACCUMULATE: Number(accumulate), ...after },
    replace: { ...replace, ...(activation ? { activate: activations[activation].wgsl } : {}) },
  });
  known.set(key, pipeline);
  return pipeline;
}

/** What all kernels bind, and the parameters that all of them have. */
function common({ a, b, bias, drop, plus, out, biased, sums }: Task) {
  const [from, by, to] = [boundAtHome(a), boundAtHome(b), boundToWrite(out)];
  const shift = bias ? bound(bias) : from;
  const [factors, more] = [drop, plus].map((x) => x ? bound(x) : shift);
  const beside = sums && boundToWrite(sums);
  return {
    buffers: {
      a: from.buffer,
      b: by.buffer,
      bias: shift.buffer,
      out: to.buffer,
      drop: factors.buffer,
      plus: more.buffer,
      ...(beside && { sums: beside.buffer }),
    },
    params: {
      m: out.shape[1],
      n: out.shape[2],
      k: a.shape[2],
      a_offset: from.offset,
      b_offset: by.offset,
      out_offset: to.offset,
      biased,
      bias_offset: shift.offset,
      drop_offset: factors.offset,
      plus_offset: more.offset,
      sums_offset: beside?.offset ?? 0,
    },
  };
}

/** Strides, for the kernels that take any. */
const strides = ({ a, b, out }: Task) => ({
  a_strides: a.strides,
  b_strides: b.strides,
  out_strides: out.strides,
});

/** The strides of the result, for the kernels that own tiles of it. */
const outStrides = ({ out: { strides: [batch, row, column] } }: Task) => ({
  out_batch: batch,
  out_row: row,
  out_column: column,
});

/** Workgroups of the kernels whose lanes own tiles side by side. */
const tiles = ({ out: { shape: [batch, m, n] } }: Task, { rows, columns }: Plan) =>
  [Math.ceil(m / rows), Math.ceil(n / (columns * TILE_LANES)), batch] as const;

/** Workgroups of the kernels for GPUs, which own rows and columns together. */
const shares = ({ out: { shape: [batch, m, n] } }: Task, { rows, columns }: Plan) =>
  [Math.ceil(n / columns), Math.ceil(m / rows), batch] as const;

const launches: Record<Plan["form"], (task: Task, plan: Plan) => void> = {
  plain(task, plan) {
    const { buffers, params } = common(task);
    const [batch, m, n] = task.out.shape;
    task.out.device.launcher.launch(
      pipelineOf(task, plan, {}, () => ({ replace: { T: wgslType(task.a.dtype) } })),
      buffers,
      { ...params, batch, ...strides(task) },
      groupsFor(batch * m * n),
      task.a.shape[2],
    );
  },

  shared(task, plan) {
    const { device } = task.out;
    const [a, b] = [lie(task.a), lie(transposed(task.b))];
    const traits = {
      ...{ A_ALONG_K: a.alongK, B_ALONG_K: b.alongK },
      ...{ A_IN_FOURS: a.inFours, B_IN_FOURS: b.inFours },
    };
    const side = plan.rows / 4;
    const pipeline = pipelineOf(task, plan, traits, () => ({
      constants: { A_ALONG_K: Number(a.alongK), B_ALONG_K: Number(b.alongK) },
      replace: {
        ...{ SIDE: `${side}u`, FOURS: `${side / 4}u` },
        ...a.inFours && { A: "Four", four_of_a: "a[at / 4u]" },
        ...b.inFours && { B: "Four", four_of_b: "b[at / 4u]" },
      },
    }));
    const { buffers, params } = common(task);
    const given = { ...params, ...strides(task) };
    // For each k a four of each operand, though most of them come from shared memory.
    const reads = 2 * params.k;
    device.launcher.launch(pipeline, buffers, given, shares(task, plan), reads);
  },

  gemv(task, plan) {
    const { a, out: { device } } = task;
    const b = transposed(task.b);
    const { buffers, params } = common(task);
    const k = params.k / 4;
    const pipeline = pipelineOf(task, plan, {}, () => ({ replace: { ROWS: `${plan.rows}u` } }));
    device.launcher.launch(
      pipeline,
      buffers,
      {
        ...params,
        k,
        a_offset: params.a_offset / 4,
        a_batch: a.strides[0] / 4,
        a_row: a.strides[1] / 4,
        b_offset: params.b_offset / 4,
        b_batch: b.strides[0] / 4,
        b_row: b.strides[1] / 4,
        ...outStrides(task),
      },
      shares(task, plan),
      Math.ceil(k / pipeline.lanes) * (plan.rows + plan.columns),
    );
  },

  rows(task, plan) {
    const { a, out } = task;
    const { buffers, params } = common(task);
    const b = foursOf(transposed(task.b));
    out.device.launcher.launch(
      pipelineOf(task, plan, {}, () => ({})),
      { ...buffers, b: b.buffer },
      {
        ...params,
        k: params.k / 4,
        a_offset: params.a_offset / 4,
        a_batch: a.strides[0] / 4,
        a_row: a.strides[1] / 4,
        b_offset: b.offset,
        b_batch: b.batch,
        b_panel: b.panel,
        b_row: b.row,
        b_step: b.step,
        ...outStrides(task),
      },
      tiles(task, plan),
      params.k / 4 * plan.columns,
    );
  },

  tile(task, plan) {
    const { out, drop, plus } = task;
    const { rows, columns } = plan;
    const a = panels(task.a, rows);
    const b = panels(transposed(task.b), columns, { uses: out.shape[1], lanes: true });
    const flags = {
      A_ALONG_K: a.alongK,
      B_ALONG_K: b.alongK,
      REST: task.a.shape[2] % 4 !== 0,
      SUM_A: task.sums !== undefined && !task.sumsOfB,
      SUM_B: task.sums !== undefined && task.sumsOfB === true,
      AGAIN: task.activation !== undefined && task.activation !== "relu",
    };
    const forms = [
      alongLast(out) && [drop, plus].every((x) => !x || quads(x.offset)) && aligned,
      b.singles && singles,
      task.sums && sums,
      tuningOf(out.device).tilesOneByOne && oneByOne,
    ].filter((form) => !!form);
    const names = forms.map(({ name }) => name).join(" ");
    const pipeline = pipelineOf(task, plan, { ...flags, [names]: true }, () => ({
      constants: Object.fromEntries(Object.entries(flags).map(([name, on]) => [name, Number(on)])),
      kernel: forms.reduce(inForm, kernels.tile),
      replace: { DOWN: `${rows / 4}u`, ACROSS: `${columns / 4}u` },
    }));
    const { buffers, params } = common(task);
    out.device.launcher.launch(
      pipeline,
      { ...buffers, a: a.buffer, b: b.buffer },
      {
        ...params,
        a_offset: a.offset,
        a_batch: a.batch,
        a_tile: a.tile,
        a_step: a.step,
        a_block: a.block,
        a_next: a.next,
        b_offset: b.offset,
        b_batch: b.batch,
        b_group: b.group,
        b_tile: b.tile,
        b_step: b.step,
        b_block: b.block,
        b_next: b.next,
        ...outStrides(task),
      },
      tiles(task, plan),
      params.k / 4 * (rows + columns),
    );
    a.done();
    b.done();
  },
};
