/*
 * The declarations that make larger tiles of the kernels for software adapters: a tile is so many blocks of
 * 4×4, each named, since only what has a fixed place stays in registers. And the functions that an epilogue
 * may apply.
 */
/** The functions that a product may end in. */
export const activations = {
  relu: "relu(v)",
  tanh: "safeTanh(v)",
  gelu: `0.5 * v * (1.0 + erf(v * ${Math.SQRT1_2}))`,
  geluTanh: `0.5 * v * (1.0 + safeTanh(${Math.sqrt(2 / Math.PI)} * (v + 0.044715 * v * v * v)))`,
};
/** The name of one of {@linkcode activations}. */
export type Activation = keyof typeof activations;

/** The replacement of `fn activate`, or none. */
export const activate = (activation?: Activation): Record<string, string> =>
  activation
    ? { activate: `fn activate(v: f32) -> f32 { return ${activations[activation]}; }` }
    : {};

const count = (n: number) => Array.from({ length: n }, (_, i) => i);
const body = (head: string, lines: string[]) => `${head} {\n  ${lines.join("\n  ")}\n}`;

/** `step` and `finish` call by call: what every block does, in the order of the rows. */
const blocks = (
  rows: number,
  columns: number,
  line: (at: number, i: number, j: number) => string,
) => count(rows).flatMap((i) => count(columns).map((j) => line(i * columns + j, i, j)));

/** A tile of matmul_tile with this many rows and columns. */
export function tileText(rows: number, columns: number): Record<string, string> {
  const [down, across] = [rows / 4, columns / 4];
  const at = (i: number, j: number) => `(*tile)[${i * across + j}]`;
  return {
    ROWS: `const ROWS = ${rows}u;`,
    COLUMNS: `const COLUMNS = ${columns}u;`,
    Tile: `alias Tile = array<mat4x4<f32>, ${down * across}>;`,
    step: body("fn step(tile: ptr<function, Tile>, at_a: u32, at_b: u32)", [
      ...count(across).map((j) => `let y${j} = columns_of(at_b, ${j}u);`),
      ...count(down).flatMap((i) => [
        `let x${i} = rows_of(at_a, ${i}u);`,
        ...count(across).map((j) => `${at(i, j)} = more(${at(i, j)}, x${i}, y${j});`),
      ]),
    ]),
    one: body("fn one(tile: ptr<function, Tile>, at_a: u32, at_b: u32)", [
      ...count(across).map((j) => `let y${j} = b_at(at_b + ${j}u * p.b_block);`),
      ...count(down).flatMap((i) => [
        `let x${i} = a[at_a + ${i}u * p.a_block];`,
        ...count(across).map((j) => `${at(i, j)} += outer(x${i}, y${j});`),
      ]),
    ]),
    finish: body("fn finish(tile: ptr<function, Tile>, start: u32, row: u32, column: u32)", [
      ...count(across).map((j) => `let s${j} = column_bias(column + ${4 * j}u);`),
      ...blocks(
        down,
        across,
        (at, i, j) => `store((*tile)[${at}], start, row + ${4 * i}u, column + ${4 * j}u, s${j});`,
      ),
    ]),
  };
}

/** A B that is read number by number. */
export const singlesText: Record<string, string> = {
  B: "alias B = f32;",
  b_at:
    "fn b_at(at: u32) -> vec4<f32> { return vec4<f32>(b[at], b[at + 1u], b[at + 2u], b[at + 3u]); }",
};

/** Rows of `out` that are stored four numbers at a time. */
export const alignedText: Record<string, string> = {
  Out: "alias Out = vec4<f32>;",
  put: `fn put(v: vec4<f32>, place: u32) {
  var w = v;
  if (ACCUMULATE) { w += out[place]; }
  out[place] = vec4<f32>(activate(w.x), activate(w.y), activate(w.z), activate(w.w));
}`,
  store: `fn store(c: mat4x4<f32>, start: u32, row: u32, column: u32, shift: vec4<f32>) {
  if (column >= p.n) {
    return;
  }
  let at = (start + row * p.out_row + column) / 4u;
  let pitch = p.out_row / 4u;
  if (row < p.m) { put(c[0] + shift, at); }
  if (row + 1u < p.m) { put(c[1] + shift, at + pitch); }
  if (row + 2u < p.m) { put(c[2] + shift, at + 2u * pitch); }
  if (row + 3u < p.m) { put(c[3] + shift, at + 3u * pitch); }
}`,
};

/** A tile of matmul_rate with this many rows and columns. */
export function sumsText(rows: number, columns: number): Record<string, string> {
  const [down, across] = [rows / 4, columns / 4];
  return {
    Tile: `alias Tile = array<mat4x4<f32>, ${down * across}>;`,
    step: body("fn step(tile: ptr<function, Tile>)", [
      ...count(across).map((j) => `let b${j} = y + ${j}.0;`),
      ...count(down).flatMap((i) => [
        `let a${i} = x + ${i}.0;`,
        ...count(across).map((j) => `(*tile)[${i * across + j}] += outer(a${i}, b${j});`),
      ]),
    ]),
    finish: body("fn finish(tile: ptr<function, Tile>) -> f32", [
      "var sum = mat4x4<f32>();",
      ...blocks(down, across, (at) => `sum += (*tile)[${at}];`),
      "let v = sum * vec4<f32>(1.0);",
      "return v.x + v.y + v.z + v.w;",
    ]),
  };
}
