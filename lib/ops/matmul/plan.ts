/*
 * Which kernel a product gets, from the table in tuning.ts. At this point every operand fits one binding; see product.ts.
 */
import { adapterName } from "../../gpu/adapter.ts";
import type { Device } from "../../gpu/device.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Activation } from "../activation.ts";
import { viewOf } from "../layout.ts";
import { measuredPlan } from "../measured.ts";
import { readAtHome } from "../settle.ts";
import {
  addsInOrder,
  FEW_ROWS,
  NARROW,
  partsOf,
  type Plan,
  type Sizes,
  tinyProduct,
  tuningOf,
} from "../tuning.ts";
import { alongLast } from "./operands.ts";

/** out = activation(a · b + bias) · drop + plus. */
export interface Product {
  /** (batch, m, k) */
  a: Tensor;
  /** (batch, k, n) */
  b: Tensor;
  /** (n), dense */
  bias?: Tensor;
  activation?: Activation;
  /** Dropout's factors, (batch, m, n), dense as the result. */
  drop?: Tensor;
  /** What is added at the end, (batch, m, n), dense as the result. */
  plus?: Tensor;
  /** Where the sums of A's rows over k go, (m), dense: for a product that `sumsToo` (product.ts). */
  sums?: Tensor;
  /** The kernel, or the row of the table, if a test or a measurement chooses it. */
  form?: Plan["form"];
  plan?: Plan;
}

/** A product with all that its launch must know. */
export interface Task extends Product {
  /** (batch, m, n) */
  out: Tensor;
  /** Whether to add to what `out` holds. */
  accumulate: boolean;
  /** 0: no bias, 1: one for each column, 2: one for each row, of (m). */
  biased: 0 | 1 | 2;
  /** Whether the sums are those of B's columns. */
  sumsOfB?: boolean;
}

/** Whether B is a weight that is read at home. */
export const isAtHome = ({ b, form, plan }: Task): boolean =>
  b.storage.block.home !== null && !form && !plan && readAtHome(transposed(b));

/** The kernel that a whole product gets: the table's, or the first of the wanted form. */
export function planFor(given: Task): Plan {
  const task = onItsSide(given);
  const { a, out, form } = task;
  const [batch, m, n] = out.shape;
  const k = a.shape[2];
  const product = {
    ...{ batch, m, n, k, work: out.numel() * k },
    alongK: bothAlongK(task),
    atHome: isAtHome(task),
  };
  if (form) return ofForm(form, product, out.device);
  const { products } = tuningOf(out.device);
  const row = products.find(({ when }) => when(product)) ?? products[0];
  const parts = partsOf(row, product);
  const choice = parts > 1 ? { ...row, parts } : row;
  const tiny = product.work < tinyProduct.below;
  // What was measured takes the place neither of a kernel that adds in another order, nor of one that reads a weight at
  // home, which the others can't.
  if (!addsInOrder(choice) || product.atHome || tiny) return choice;
  const measured = measuredPlan(adapterName(out.device.adapterInfo), { batch, m, n, k });
  return measured && exists(measured) ? measured : choice;
}

/** Whether there is such a kernel: what was measured may be older than the kernels. Squares are those of the table. */
const exists = ({ form, rows, columns }: Plan): boolean =>
  form !== "shared" ||
  tuningOf({ software: false }).products.some((row) =>
    row.form === form && row.rows === rows && row.columns === columns
  );

/** The kernel of a wanted form: the first that is for this product, or else the last; or the plain one. */
function ofForm(form: Plan["form"], product: Sizes, { imaging, callsForImages }: Device): Plan {
  const choices = [true, false].flatMap((software) =>
    tuningOf({ software, imaging, callsForImages }).products
  );
  const rows = choices.filter((choice) => choice.form === form);
  const choice = rows.find(({ when }) => when(product));
  const alongKOnly = form === "rows" || form === "gemv";
  return choice ?? (alongKOnly ? { form: "plain", rows: 1, columns: 1 } : rows[rows.length - 1]);
}

/** The matrices of a batch with rows and columns exchanged. */
export function transposed(x: Tensor): Tensor {
  const swapped = ([batch, row, column]: readonly number[]) => [batch, column, row];
  return viewOf(x, swapped(x.shape), swapped(x.strides));
}

/** Whether both operands run along k in memory, aligned in fours. */
const bothAlongK = ({ a, b }: Product) => alongLast(a) && alongLast(transposed(b));

/** Below so many columns a taller product is computed as its transpose, where lanes lie along the columns. */
function narrow(task: Task): number {
  const form = task.form ?? task.plan?.form;
  if (form === "shared" || form === "plain") return 0;
  const gemv = form ? form === "gemv" : !task.out.device.software;
  return !gemv ? NARROW : bothAlongK(task) ? FEW_ROWS + 1 : 0;
}

/** The task, or that of its transpose. */
export function onItsSide(task: Task): Task {
  const { a, b, out, drop, plus, biased } = task;
  const [m, n] = out.shape.slice(1);
  if (m <= n || n >= narrow(task)) return task;
  return {
    ...task,
    a: transposed(b),
    b: transposed(a),
    out: transposed(out),
    drop: drop && transposed(drop),
    plus: plus && transposed(plus),
    biased: biased ? 2 : 0,
    sumsOfB: true,
  };
}
