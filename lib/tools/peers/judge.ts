/*
 * The works in float64, straight from the formulas: all libraries are compared with these results. It shares nothing
 * with the libraries but the input numbers.
 */
import {
  add,
  attention,
  columnSums,
  gelu,
  given,
  look,
  map,
  type Matrix,
  matrix,
  norm,
  product,
  row,
  softmax,
  transpose,
  update,
} from "./float64.ts";
import { gptTraining } from "./judge_gpt.ts";
import type { Work } from "./works.ts";

/** A product at the sampled positions. */
function products(work: Work, b: Matrix): number[] {
  const a = given(work, "a");
  return work.samples.map((place) => {
    const [i, j] = [Math.floor(place / b.rows), place % b.rows];
    const other = row(b, j);
    return row(a, i).reduce((sum, x, k) => sum + x * other[k], 0);
  });
}

/** Lesson 13's model and its gradients, written out; returns the loss of each step. */
function training(work: Work): number[] {
  const w = Object.fromEntries(work.tensors.map(({ name }) => [name, given(work, name)]));
  const moments = Object.values(w).map((
    x,
  ) => [matrix(x.rows, x.columns), matrix(x.rows, x.columns)]);
  return work.ids.map((texts, step) => {
    const B = texts.length;
    const looked = look(w["table.weight"], texts.flat());
    const x: Matrix = { rows: B, columns: looked.values.length / B, values: looked.values };
    const h = map(product(x, w["net.0.weight"], w["net.0.bias"]), Math.tanh);
    const dScores = product(h, w["net.2.weight"], w["net.2.bias"]);
    let loss = 0;
    work.targets[step].forEach((target, i) => {
      const shares = softmax(row(dScores, i));
      loss -= Math.log(shares[target]) / B;
      shares[target] -= 1;
      shares.forEach((_, j) => shares[j] /= B);
    });
    const dH = product(dScores, transpose(w["net.2.weight"]));
    const dSum = map(dH, (value, at) => value * (1 - h.values[at] ** 2));
    const dX = product(dSum, transpose(w["net.0.weight"]));
    const dTable = matrix(w["table.weight"].rows, looked.columns);
    texts.flat().forEach((id, i) =>
      row({ ...looked, values: dX.values }, i).forEach((value, j) =>
        dTable.values[id * looked.columns + j] += value
      )
    );
    const gradients: Record<string, Matrix> = {
      "table.weight": dTable,
      "net.0.weight": product(transpose(dSum), transpose(x)),
      "net.0.bias": columnSums(dSum),
      "net.2.weight": product(transpose(dScores), transpose(h)),
      "net.2.bias": columnSums(dScores),
    };
    Object.entries(w).forEach(([name, { values }], i) =>
      update(values, gradients[name].values, moments[i].map(({ values }) => values), step + 1)
    );
    return loss;
  });
}

/** The logits of a GPT at the sampled positions. */
function forward(work: Work): number[] {
  const [texts] = work.ids;
  const length = texts[0].length;
  const table = (name: string) => given(work, `${name}.weight`);
  const linear = (x: Matrix, name: string) => product(x, table(name), given(work, `${name}.bias`));
  const normed = (x: Matrix, name: string) => norm(x, table(name), given(work, `${name}.bias`));
  const places = texts.flatMap((text) => text.map((_, i) => i));
  let x = add(look(table("tokens"), texts.flat()), look(table("places"), places));
  const layers = work.tensors.filter(({ name }) => name.endsWith("query.weight")).length;
  for (let i = 0; i < layers; i++) {
    const at = `blocks.${i}`;
    const y = normed(x, `${at}.norm1`);
    const [q, k, v] = ["query", "key", "value"].map((name) => product(y, table(`${at}.${name}`)));
    x = add(x, linear(attention(q, k, v, work.heads, length), `${at}.out`));
    x = add(x, linear(map(linear(normed(x, `${at}.norm2`), `${at}.up`), gelu), `${at}.down`));
  }
  const last = normed(x, "norm");
  const head = table("head");
  return work.samples.map((place) => {
    const other = row(head, place % head.rows);
    return row(last, Math.floor(place / head.rows)).reduce((sum, v, k) => sum + v * other[k], 0);
  });
}

/** The right numbers at the sampled positions. */
export function judge(work: Work): number[] {
  if (work.kind === "matmul") return products(work, transpose(given(work, "b")));
  if (work.kind === "linear") return products(work, given(work, "b"));
  if (work.kind === "training") return training(work);
  if (work.kind === "writing") {
    const last = (work.ids[0][0].length - 1) * work.tensors[0].shape[0];
    return forward({ ...work, samples: work.samples.map((place) => last + place) });
  }
  if (work.kind === "gptTraining") return gptTraining(work);
  return work.kind === "forward" ? forward(work) : [12];
}

/** The largest difference from the right numbers, relative to the largest of them; NaN if a result is NaN. */
export function errorOf(values: readonly (number | null)[], right: readonly number[]): number {
  const size = Math.max(...right.map(Math.abs));
  if (values.length !== right.length || values.includes(null)) return NaN;
  return Math.max(...values.map((value, i) => Math.abs(value! - right[i]))) / size;
}
