/*
 * Float64 arithmetic on rows of numbers, straight from the formulas: the judges use it.
 */
import { adamw } from "./library.ts";
import { numbers, type Spec, type Work } from "./works.ts";

/** Rows of numbers. */
export interface Matrix {
  rows: number;
  columns: number;
  values: Float64Array;
}

export const matrix = (rows: number, columns: number): Matrix => ({
  rows,
  columns,
  values: new Float64Array(rows * columns),
});

/** The tensor of this name as rows; a tensor with one dimension is one row. */
export function given({ tensors }: Work, name: string): Matrix {
  const { shape, ...spec } = tensors.find((spec) => spec.name === name)!;
  const columns = shape.at(-1)!;
  const values = Float64Array.from(numbers({ shape, ...spec } as Spec));
  return { rows: values.length / columns, columns, values };
}

/** x · wᵀ (+ bias): each number is a row of x times a row of w; four rows of x at a time, only for speed. */
export function product(x: Matrix, w: Matrix, bias?: Matrix): Matrix {
  const out = matrix(x.rows, w.rows);
  const K = x.columns;
  for (let row = 0; row < x.rows; row += 4) {
    const count = Math.min(4, x.rows - row);
    const [a, b, c, d] = [0, 1, 2, 3].map((i) =>
      x.values.subarray((row + Math.min(i, count - 1)) * K)
    );
    for (let column = 0; column < w.rows; column++) {
      const v = w.values.subarray(column * K, (column + 1) * K);
      let [p, q, r, s] = [0, 0, 0, 0];
      for (let k = 0; k < K; k++) {
        const y = v[k];
        p += a[k] * y;
        q += b[k] * y;
        r += c[k] * y;
        s += d[k] * y;
      }
      const shift = bias ? bias.values[column] : 0;
      [p, q, r, s].slice(0, count).forEach((sum, i) =>
        out.values[(row + i) * w.rows + column] = sum + shift
      );
    }
  }
  return out;
}

/** The transpose. */
export function transpose({ rows, columns, values }: Matrix): Matrix {
  const out = matrix(columns, rows);
  for (let i = 0; i < values.length; i++) {
    out.values[i % columns * rows + Math.floor(i / columns)] = values[i];
  }
  return out;
}

export const map = (x: Matrix, f: (value: number, at: number) => number): Matrix => ({
  ...x,
  values: x.values.map(f),
});
export const add = (x: Matrix, y: Matrix) => map(x, (value, at) => value + y.values[at]);
export const row = ({ columns, values }: Matrix, i: number) =>
  values.subarray(i * columns, (i + 1) * columns);
export const columnSums = ({ columns, values }: Matrix): Matrix => {
  const sums = matrix(1, columns);
  values.forEach((value, at) => sums.values[at % columns] += value);
  return sums;
};

/** The rows of a table with these indices. */
export function look(table: Matrix, ids: readonly number[]): Matrix {
  const out = matrix(ids.length, table.columns);
  ids.forEach((id, i) => out.values.set(row(table, id), i * table.columns));
  return out;
}

/** (x − mean) / √(variance + ε) · weight + bias, row by row. */
export function norm(x: Matrix, weight: Matrix, bias: Matrix): Matrix {
  const out = matrix(x.rows, x.columns);
  for (let i = 0; i < x.rows; i++) {
    const values = row(x, i);
    const mean = values.reduce((sum, v) => sum + v, 0) / x.columns;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.columns;
    const scale = 1 / Math.sqrt(variance + 1e-5);
    values.forEach((v, j) =>
      out.values[i * x.columns + j] = (v - mean) * scale * weight.values[j] + bias.values[j]
    );
  }
  return out;
}

/** eˣ over the sum of all, in place. */
export function softmax(values: Float64Array): Float64Array {
  const most = values.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] = Math.exp(values[i] - most);
  for (let i = 0; i < values.length; i++) values[i] /= sum;
  return values;
}

export const gelu = (x: number) =>
  x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

/** Causal attention: each position attends to itself and those before it, separately in each head and each text. */
export function attention(q: Matrix, k: Matrix, v: Matrix, heads: number, length: number): Matrix {
  const out = matrix(q.rows, q.columns);
  const width = q.columns / heads;
  const part = (x: Matrix, i: number, head: number) =>
    row(x, i).subarray(head * width, (head + 1) * width);
  for (let i = 0; i < q.rows; i++) {
    const start = i - i % length;
    for (let head = 0; head < heads; head++) {
      const query = part(q, i, head);
      const shares = softmax(Float64Array.from(
        { length: i - start + 1 },
        (_, j) =>
          part(k, start + j, head).reduce((sum, x, at) => sum + x * query[at], 0) /
          Math.sqrt(width),
      ));
      const found = part(out, i, head);
      shares.forEach((share, j) =>
        part(v, start + j, head).forEach((x, at) => found[at] += share * x)
      );
    }
  }
  return out;
}

/** A step of AdamW, in place. */
export function update(
  w: Float64Array,
  g: Float64Array,
  [m, v]: Float64Array[],
  step: number,
): void {
  const { lr, beta1, beta2, eps, decay } = adamw;
  for (let i = 0; i < w.length; i++) {
    m[i] = beta1 * m[i] + (1 - beta1) * g[i];
    v[i] = beta2 * v[i] + (1 - beta2) * g[i] ** 2;
    const size = Math.sqrt(v[i] / (1 - beta2 ** step)) + eps;
    w[i] -= lr * decay * w[i] + lr * m[i] / (1 - beta1 ** step) / size;
  }
}
