/*
 * What a library must provide to be compared: for each kind of work a function that prepares it and returns a function
 * to run it.
 */
import type { Spec, Work } from "./works.ts";
import { numbers } from "./works.ts";

/** Does the work once, until one number of the result can be read, or all. */
export type Run = (all: boolean) => Promise<ArrayLike<number>>;

/** A library that is ready for the works that it has been given code for. */
export interface Library {
  /** Its name and version, and the device it computes on. */
  about: string;
  /** A sum of a few numbers: a first small computation. */
  tiny?(): Promise<number>;
  matmul?(work: Work): Run;
  /** A layer without a bias; its weight is in the library's preferred layout. */
  linear?(work: Work): Run;
  training?(work: Work): Run | Promise<Run>;
  gptTraining?(work: Work): Run | Promise<Run>;
  forward?(work: Work): Run;
  /** One pass for each token, with a key-value cache. */
  writing?(work: Work): Run | Promise<Run>;
}

/** The options of AdamW for all libraries: PyTorch's defaults. */
export const adamw = { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, decay: 0.01 };

/** The angles of rotary positions, (T, D) each: the cosines, and the sines with the sign for each half. */
export function anglesOf(T: number, D: number): { cos: number[][]; sin: number[][] } {
  const angle = (t: number, i: number) => t * 1e4 ** (-2 * (i % (D / 2)) / D);
  const tableOf = (f: (t: number, i: number) => number) =>
    Array.from({ length: T }, (_, t) => Array.from({ length: D }, (_, i) => f(t, i)));
  return {
    cos: tableOf((t, i) => Math.cos(angle(t, i))),
    sin: tableOf((t, i) => Math.sin(angle(t, i)) * (i < D / 2 ? -1 : 1)),
  };
}

/** Imports a package that only this command uses. */
export const load = (name: string) => import(name);
/** An object of such a package; its types are not available here. */
export type Foreign = Awaited<ReturnType<typeof load>>;

/** A matrix stored column by column; a tensor with another number of dimensions stays as it is. */
export function transposed(spec: Spec): [values: Float32Array<ArrayBuffer>, shape: number[]] {
  const values = numbers(spec);
  if (spec.shape.length !== 2) return [values, spec.shape];
  const [rows, columns] = spec.shape;
  const turned = new Float32Array(values.length);
  const STRIP = 16; // columns at a time, so that what is read is still in the cache
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

/** The names of weights that a product uses, which some libraries want transposed. */
export const isMatrix = ({ name, shape }: Spec) =>
  shape.length === 2 && !/^(table|tokens|places|a|b)\b/.test(name);
