/*
 * The works in float64, from the formulas, one number after the other: what all others are held against. It
 * shares nothing with what it judges but the numbers that go in.
 */
import { adamw } from "./library.ts";
import { numbers, type Spec, type Work } from "./works.ts";

/** Rows of numbers. */
interface Matrix {
  rows: number;
  columns: number;
  values: Float64Array;
}

const matrix = (rows: number, columns: number): Matrix => ({
  rows,
  columns,
  values: new Float64Array(rows * columns),
});

/** The tensor of this name as rows; one of a single dimension is one row. */
function given({ tensors }: Work, name: string): Matrix {
  const { shape, ...spec } = tensors.find((spec) => spec.name === name)!;
  const columns = shape.at(-1)!;
  const values = Float64Array.from(numbers({ shape, ...spec } as Spec));
  return { rows: values.length / columns, columns, values };
}

/** x · wᵀ (+ bias): each number is a row of x by a row of w; four rows of x at a time, for speed alone. */
function product(x: Matrix, w: Matrix, bias?: Matrix): Matrix {
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

/** Rows and columns exchanged. */
function transpose({ rows, columns, values }: Matrix): Matrix {
  const out = matrix(columns, rows);
  for (let i = 0; i < values.length; i++) {
    out.values[i % columns * rows + Math.floor(i / columns)] = values[i];
  }
  return out;
}

const map = (x: Matrix, f: (value: number, at: number) => number): Matrix => ({
  ...x,
  values: x.values.map(f),
});
const add = (x: Matrix, y: Matrix) => map(x, (value, at) => value + y.values[at]);
const row = ({ columns, values }: Matrix, i: number) =>
  values.subarray(i * columns, (i + 1) * columns);
const columnSums = ({ columns, values }: Matrix): Matrix => {
  const sums = matrix(1, columns);
  values.forEach((value, at) => sums.values[at % columns] += value);
  return sums;
};

/** The rows of a table with these numbers. */
function look(table: Matrix, ids: readonly number[]): Matrix {
  const out = matrix(ids.length, table.columns);
  ids.forEach((id, i) => out.values.set(row(table, id), i * table.columns));
  return out;
}

/** (x − mean) / √(variance + ε) · weight + bias, row by row. */
function norm(x: Matrix, weight: Matrix, bias: Matrix): Matrix {
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
function softmax(values: Float64Array): Float64Array {
  const most = values.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] = Math.exp(values[i] - most);
  for (let i = 0; i < values.length; i++) values[i] /= sum;
  return values;
}

const gelu = (x: number) =>
  x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

/** Each place looks at those up to its own, in each head and each text of its own. */
function attention(q: Matrix, k: Matrix, v: Matrix, heads: number, length: number): Matrix {
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

/** A product at the sampled places. */
function products(work: Work, b: Matrix): number[] {
  const a = given(work, "a");
  return work.samples.map((place) => {
    const [i, j] = [Math.floor(place / b.rows), place % b.rows];
    const other = row(b, j);
    return row(a, i).reduce((sum, x, k) => sum + x * other[k], 0);
  });
}

/** Lesson 13's model and its gradients, written out; the loss of each step. */
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

/** A step of AdamW, in place. */
function update(w: Float64Array, g: Float64Array, [m, v]: Float64Array[], step: number): void {
  const { lr, beta1, beta2, eps, decay } = adamw;
  for (let i = 0; i < w.length; i++) {
    m[i] = beta1 * m[i] + (1 - beta1) * g[i];
    v[i] = beta2 * v[i] + (1 - beta2) * g[i] ** 2;
    const size = Math.sqrt(v[i] / (1 - beta2 ** step)) + eps;
    w[i] -= lr * decay * w[i] + lr * m[i] / (1 - beta1 ** step) / size;
  }
}

/** A GPT's logits at the sampled places. */
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

/** The right numbers at the sampled places. */
export function judge(work: Work): number[] {
  if (work.kind === "matmul") return products(work, transpose(given(work, "b")));
  if (work.kind === "linear") return products(work, given(work, "b"));
  if (work.kind === "training") return training(work);
  if (work.kind === "writing") {
    const last = (work.ids[0][0].length - 1) * work.tensors[0].shape[0];
    return forward({ ...work, samples: work.samples.map((place) => last + place) });
  }
  return work.kind === "forward" ? forward(work) : [12];
}

/** The largest difference from what is right, beside the largest right number; NaN where a number is none. */
export function errorOf(values: readonly (number | null)[], right: readonly number[]): number {
  const size = Math.max(...right.map(Math.abs));
  if (values.length !== right.length || values.includes(null)) return NaN;
  return Math.max(...values.map((value, i) => Math.abs(value! - right[i]))) / size;
}
