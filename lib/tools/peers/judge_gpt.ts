/*
 * Lesson 14's training in float64. Each function computes a value and records how its gradient passes to its inputs;
 * the backward pass calls these records in reverse order.
 */
import { columnSums, given, look, type Matrix, matrix, product, row, softmax } from "./float64.ts";
import { norm as normed, transpose, update } from "./float64.ts";
import type { Work } from "./works.ts";

/** A value, and the gradient of the loss with respect to it. */
interface Node extends Matrix {
  grad: Matrix;
}

/** What to do in the backward pass. */
let way: (() => void)[] = [];

const node = (x: Matrix): Node => ({ ...x, grad: matrix(x.rows, x.columns) });
const gather = (grad: Matrix, more: Matrix) =>
  more.values.forEach((value, at) => grad.values[at] += value);

/** A value computed from others; `back` receives its gradient. */
function made(x: Matrix, back: (grad: Matrix) => void): Node {
  const out = node(x);
  way.push(() => back(out.grad));
  return out;
}

const add = (x: Node, y: Node) =>
  made({ ...x, values: x.values.map((value, at) => value + y.values[at]) }, (g) => {
    gather(x.grad, g);
    gather(y.grad, g);
  });

const linear = (x: Node, w: Node, bias?: Node) =>
  made(product(x, w, bias), (g) => {
    gather(x.grad, product(g, transpose(w)));
    gather(w.grad, product(transpose(g), transpose(x)));
    if (bias) gather(bias.grad, columnSums(g));
  });

const relu = (x: Node) =>
  made({ ...x, values: x.values.map((value) => Math.max(value, 0)) }, (g) => {
    g.values.forEach((value, at) => x.grad.values[at] += x.values[at] > 0 ? value : 0);
  });

const embedding = (table: Node, ids: readonly number[]) =>
  made(look(table, ids), (g) => {
    ids.forEach((id, i) => row(g, i).forEach((value, j) => row(table.grad, id)[j] += value));
  });

/** With h the standardised row and u = g · weight: (u − mean u − h · mean(u · h)) / deviation. */
const norm = (x: Node, weight: Node, bias: Node) =>
  made(normed(x, weight, bias), (g) => {
    const C = x.columns;
    for (let i = 0; i < x.rows; i++) {
      const [values, dy] = [row(x, i), row(g, i)];
      const mean = values.reduce((sum, v) => sum + v, 0) / C;
      const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / C;
      const scale = 1 / Math.sqrt(variance + 1e-5);
      const h = values.map((v) => (v - mean) * scale);
      const u = dy.map((v, j) => v * weight.values[j]);
      const meanU = u.reduce((sum, v) => sum + v, 0) / C;
      const meanUh = u.reduce((sum, v, j) => sum + v * h[j], 0) / C;
      u.forEach((v, j) => row(x.grad, i)[j] += (v - meanU - h[j] * meanUh) * scale);
      dy.forEach((v, j) => {
        weight.grad.values[j] += v * h[j];
        bias.grad.values[j] += v;
      });
    }
  });

/**
 * Rotates each pair (i, i + D/2) of a head's numbers by the angle of its position; `way` is 1, or −1 for the inverse.
 */
function turned(x: Matrix, heads: number, length: number, direction: 1 | -1): Matrix {
  const out = matrix(x.rows, x.columns);
  const [D, half] = [x.columns / heads, x.columns / heads / 2];
  for (let i = 0; i < x.rows; i++) {
    for (let at = 0; at < x.columns; at++) {
      if (at % D >= half) continue;
      const angle = direction * (i % length) * 1e4 ** (-2 * (at % D) / D);
      const [a, b] = [row(x, i)[at], row(x, i)[at + half]];
      row(out, i)[at] = a * Math.cos(angle) - b * Math.sin(angle);
      row(out, i)[at + half] = b * Math.cos(angle) + a * Math.sin(angle);
    }
  }
  return out;
}

const rotary = (x: Node, heads: number, length: number) =>
  made(turned(x, heads, length, 1), (g) => gather(x.grad, turned(g, heads, length, -1)));

/** Causal attention; the gradient of a score is p · (dp − Σ p · dp). */
function attention(q: Node, k: Node, v: Node, heads: number, length: number): Node {
  const width = q.columns / heads;
  const part = (x: Matrix, i: number, head: number) =>
    row(x, i).subarray(head * width, (head + 1) * width);
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, x, i) => sum + x * b[i], 0);
  const addTo = (to: Float64Array, x: Float64Array, times: number) =>
    x.forEach((value, i) => to[i] += times * value);
  const out = matrix(q.rows, q.columns);
  const all: { i: number; head: number; weights: Float64Array }[] = [];
  for (let i = 0; i < q.rows; i++) {
    const start = i - i % length;
    for (let head = 0; head < heads; head++) {
      const weights = softmax(Float64Array.from(
        { length: i - start + 1 },
        (_, j) => dot(part(q, i, head), part(k, start + j, head)) / Math.sqrt(width),
      ));
      weights.forEach((p, j) => addTo(part(out, i, head), part(v, start + j, head), p));
      all.push({ i, head, weights });
    }
  }
  return made(out, (g) => {
    for (const { i, head, weights } of all) {
      const start = i - i % length;
      const gradient = part(g, i, head);
      const dWeights = weights.map((_, j) => dot(gradient, part(v, start + j, head)));
      const mean = dot(weights, dWeights);
      weights.forEach((p, j) => {
        const dScore = p * (dWeights[j] - mean) / Math.sqrt(width);
        addTo(part(v.grad, start + j, head), gradient, p);
        addTo(part(q.grad, i, head), part(k, start + j, head), dScore);
        addTo(part(k.grad, start + j, head), part(q, i, head), dScore);
      });
    }
  });
}

/** The mean of −ln p of the targets; its gradient is (p − 1 at the target) / rows. */
function crossEntropy(logits: Node, targets: readonly number[]): number {
  let loss = 0;
  targets.forEach((target, i) => {
    const p = softmax(Float64Array.from(row(logits, i)));
    loss -= Math.log(p[target]) / targets.length;
    p[target] -= 1;
    p.forEach((value, j) => row(logits.grad, i)[j] += value / targets.length);
  });
  return loss;
}

/** Lesson 14's model without dropout, and its gradients; returns the loss of each step. */
export function gptTraining(work: Work): number[] {
  const parameters = Object.fromEntries(
    work.tensors.map(({ name }) => [name, given(work, name)]),
  );
  const moments = Object.values(parameters).map(({ rows, columns }) =>
    [matrix(rows, columns), matrix(rows, columns)].map(({ values }) => values)
  );
  const layers = work.tensors.filter(({ name }) => name.endsWith("query.weight")).length;
  return work.ids.map((texts, step) => {
    way = [];
    const w = Object.fromEntries(Object.entries(parameters).map(([name, x]) => [name, node(x)]));
    const layer = (x: Node, name: string) => linear(x, w[`${name}.weight`], w[`${name}.bias`]);
    const normOf = (x: Node, name: string) => norm(x, w[`${name}.weight`], w[`${name}.bias`]);
    const [length, { heads }] = [texts[0].length, work];
    let x = embedding(w["tokens.weight"], texts.flat());
    for (let i = 0; i < layers; i++) {
      const at = `blocks.${i}`;
      const y = normOf(x, `${at}.norm1`);
      const [q, k, v] = ["query", "key", "value"].map((name) => layer(y, `${at}.${name}`));
      const [a, b] = [q, k].map((one) => rotary(one, heads, length));
      x = add(x, layer(attention(a, b, v, heads, length), `${at}.out`));
      const wide = relu(layer(normOf(x, `${at}.norm2`), `${at}.up`));
      x = add(x, layer(wide, `${at}.down`));
    }
    const loss = crossEntropy(linear(normOf(x, "norm"), w["head.weight"]), work.targets[step]);
    for (const back of way.toReversed()) back();
    Object.entries(w).forEach(([name, { grad }], i) =>
      update(parameters[name].values, grad.values, moments[i], step + 1)
    );
    return loss;
  });
}
