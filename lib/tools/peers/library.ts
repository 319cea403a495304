/*
 * What a library has to offer to be compared: for each kind of work a function that prepares it, and gives
 * back a run of it.
 */
import type { Spec, Work } from "./works.ts";
import { numbers } from "./works.ts";

/** Does the work once, to the moment when one number of the result is there, or all. */
export type Run = (all: boolean) => Promise<ArrayLike<number>>;

/** A library, ready to be given a work. */
export interface Library {
  /** Its name and version, and where it computes. */
  about: string;
  /** A sum of a few numbers: the first thing that a program may do. */
  tiny(): Promise<number>;
  matmul(work: Work): Run;
  /** A layer without a bias; its weight lies as the library likes it. */
  linear(work: Work): Run;
  training(work: Work): Run | Promise<Run>;
  gptTraining(work: Work): Run | Promise<Run>;
  forward(work: Work): Run;
  /** A pass of one token after the other with keys and values kept, where it has been written in this library. */
  writing?(work: Work): Run;
}

/** What AdamW is told everywhere: PyTorch's defaults. */
export const adamw = { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, decay: 0.01 };

/** Angles of rotary positions, (T, D) each: the cosines, and the sines with the sign that each half has. */
export function anglesOf(T: number, D: number): { cos: number[][]; sin: number[][] } {
  const angle = (t: number, i: number) => t * 1e4 ** (-2 * (i % (D / 2)) / D);
  const tableOf = (f: (t: number, i: number) => number) =>
    Array.from({ length: T }, (_, t) => Array.from({ length: D }, (_, i) => f(t, i)));
  return {
    cos: tableOf((t, i) => Math.cos(angle(t, i))),
    sin: tableOf((t, i) => Math.sin(angle(t, i)) * (i < D / 2 ? -1 : 1)),
  };
}

/** Imports a package that only this command has. */
export const load = (name: string) => import(name);
/** Something of such a package: its types are not here. */
export type Foreign = Awaited<ReturnType<typeof load>>;

/** A tensor of two dimensions that lies column by column; any other as it is. */
export function transposed(spec: Spec): [values: Float32Array<ArrayBuffer>, shape: number[]] {
  const values = numbers(spec);
  if (spec.shape.length !== 2) return [values, spec.shape];
  const [rows, columns] = spec.shape;
  const turned = new Float32Array(values.length);
  const STRIP = 16; // columns at a time, so that what is read is still at hand
  for (let from = 0; from < columns; from += STRIP) {
    const to = Math.min(from + STRIP, columns);
    for (let row = 0; row < rows; row++) {
      for (let column = from; column < to; column++) {
        turned[column * rows + row] = values[row * columns + column];
      }
    }
  }
  return [turned, [columns, rows]];
}

/** The names of weights that a product uses, and which peers want transposed. */
export const isMatrix = ({ name, shape }: Spec) =>
  shape.length === 2 && !/^(table|tokens|places|a|b)\b/.test(name);
