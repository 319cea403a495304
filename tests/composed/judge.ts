/*
 * Judges composed programs by PyTorch's answers: every step's values, shapes, dtypes and refusals, and the gradients of
 * the leaves.
 *
 * A number may be off by a few times what PyTorch's own float32 is off from its float64, there or where the leaves are
 * a unit or two larger or smaller (tests/goldens/composed.py), and by a few units of the largest in its tensor. Where a
 * step differs by more, it is run again on PyTorch's inputs: if it is right on these, the program stood on an edge (a
 * floor, a tie, a comparison), and what follows from it is left open.
 */
import type { Tensor } from "#lib";
import { largest } from "../support/compare.ts";
import { attempt, readAll, type Result } from "../support/judge.ts";
import { fromValues } from "../../lib/tensor/tensor.ts";
import { type DType, dtypes } from "../../lib/tensor/dtype.ts";
import { menu } from "./menu.ts";
import { numberOf, type Program, run, type Step } from "./programs.ts";

/** A tensor of PyTorch's; `apart` is how far float32 is from float64 at most, `unknown` where that says nothing. */
export interface Known {
  dtype: DType;
  shape: number[];
  values: (number | string)[];
  apart?: number;
  unknown?: true;
}

/** What PyTorch made of a program. */
export interface Answer {
  steps: { out?: Known[]; shares?: boolean[]; refused?: string; open?: true }[];
  /** All values at the end, where steps write over some. */
  last: (Known | null)[] | null;
  sinks: number[];
  grads: (Known | null)[];
  refused: Record<string, string>;
}

/** Why a program differs: at which call, in what, and how. */
export interface Difference {
  call: string;
  kind: "lenient" | "refused" | "shape" | "dtype" | "value" | "gradient" | "count" | "memory";
  detail: string;
}

/** The verdict on one program. */
export interface Judged {
  difference: Difference | null;
  /** How many numbers were compared, and steps that stood on an edge. */
  compared: number;
  edges: number;
  /** In-place forms of what wants a gradient, which are refused here by design (lessons/differences.md). */
  declined: number;
}

const ROUNDINGS = 4;
const UNITS = 4;

/** The first element that is too far away, said; null where none is. */
function away({ values: got }: Result, want: Known, slack = 1): string | null {
  const numbers = want.values.map(numberOf);
  if (want.dtype !== "float32") {
    const at = numbers.findIndex((v, i) => got[i] !== v);
    return at < 0 ? null : `[${at}] is ${got[at]}, wanted ${numbers[at]}`;
  }
  const most = slack *
    (ROUNDINGS * (want.apart ?? 0) + UNITS * 2 ** -24 * largest(numbers) + 1e-44);
  const at = numbers.findIndex((v, i) =>
    !(Object.is(got[i], v) || got[i] === v || Math.abs(got[i] - v) <= most)
  );
  return at < 0 ? null : `[${at}] is ${got[at]}, wanted ${numbers[at]} (± ${most.toPrecision(2)})`;
}

const asTensor = ({ dtype, shape, values }: Known): Tensor => {
  const array = new dtypes[dtype].array(values.length);
  array.set(values.map(numberOf));
  return fromValues(array, shape, dtype);
};

/** Whether a step gives PyTorch's results on PyTorch's own inputs. */
async function rightAlone(step: Step, inputs: (Known | null)[], want: Known[]): Promise<boolean> {
  if (inputs.includes(null)) return false;
  try {
    const made = menu[step.call].ours(inputs.map((x) => asTensor(x!)), step.args);
    const results = Array.isArray(made) ? made : [made as Tensor];
    const read = await readAll(results);
    return results.every((x, i) => away(read.get(x)!, { ...want[i], apart: 0 }) === null);
  } catch {
    return false;
  }
}

/** Judges one program. */
export async function judge(program: Program, answer: Answer): Promise<Judged> {
  const { leaves, steps } = program;
  const { values, refusals } = run(program);
  const verdict: Judged = { difference: null, compared: 0, edges: 0, declined: 0 };
  const differs = (call: string, kind: Difference["kind"], detail: string): Judged => {
    verdict.difference = { call, kind, detail };
    return verdict;
  };
  const overwrites = answer.last !== null;

  // Gradients first: reading comes at once, at the end.
  const open = new Set<number>();
  const backward = answer.sinks.map((i) => {
    const x = values[i];
    if (!x?.requiresGrad) return { i, error: "no gradient is asked for" };
    const weights = Float32Array.from({ length: x.numel() }, (_, at) => (at % 5 - 2.5) / 2);
    return {
      i,
      error: attempt(() =>
        x.backward({ gradient: fromValues(weights, x.shape, "float32"), retainGraph: true })
      ),
    };
  });
  const grads = leaves.map((_, i) => values[i]!.grad);
  const present = [...values, ...grads].filter((x) => x !== null);
  let read: Map<Tensor, Result>;
  try {
    read = await readAll(present);
  } catch (error) {
    const open = answer.steps.some((step) => step.refused || step.open);
    return open ? verdict : differs("a read", "refused", (error as Error).message);
  }

  const known: (Known | null)[] = leaves.map((leaf) => leaf);
  let at = leaves.length;
  for (const [n, step] of steps.entries()) {
    const { out, refused } = answer.steps[n];
    const mine = refusals.get(step);
    const first = at;
    at += step.makes;
    for (let i = 0; i < step.makes; i++) known.push(out?.[i] ?? null);
    const follows = step.inputs.some((i) => open.has(i));
    const leaveOpen = () => {
      for (let i = first; i < at; i++) open.add(i);
      if (step.call.endsWith("_")) step.inputs.slice(0, 1).forEach((i) => open.add(i));
    };
    if (follows || answer.steps[n].open) {
      leaveOpen();
      continue;
    }
    if (refused !== undefined && mine === undefined) return differs(step.call, "lenient", refused);
    if (refused !== undefined) continue;
    if (mine?.includes("that needs a gradient")) {
      verdict.declined++;
      leaveOpen();
      continue;
    }
    if (mine !== undefined) return differs(step.call, "refused", mine);
    if (out!.length !== step.makes) {
      return differs(step.call, "count", `${step.makes} for ${out!.length}`);
    }
    for (const [i, want] of out!.entries()) {
      const x = values[first + i]!;
      if (`${x.shape}` !== `${want.shape}`) {
        return differs(step.call, "shape", `[${x.shape}], wanted [${want.shape}]`);
      }
      if (x.dtype !== want.dtype) {
        return differs(step.call, "dtype", `${x.dtype}, wanted ${want.dtype}`);
      }
      const shares = x.numel() > 0 && x.storage === values[step.inputs[0]]!.storage;
      if (shares !== (answer.steps[n].shares?.[i] ?? false)) {
        return differs(step.call, "memory", shares ? "it is its input's" : "it is its own");
      }
    }
    if (overwrites) continue; // what was there is gone; the end is compared
    for (const [i, want] of out!.entries()) {
      const found = away(read.get(values[first + i]!)!, want);
      verdict.compared += want.values.length;
      if (found === null) continue;
      if (want.unknown || await rightAlone(step, step.inputs.map((i) => known[i]), out!)) {
        verdict.edges++;
        leaveOpen();
        break;
      }
      return differs(step.call, "value", found);
    }
  }
  if (overwrites && open.size === 0) {
    for (const [i, want] of answer.last!.entries()) {
      if (!want) continue;
      const found = away(read.get(values[i]!)!, want);
      verdict.compared += want.values.length;
      if (found === null) continue;
      if (want.unknown) return verdict;
      return differs("writing over", "value", `value ${i}: ${found}`);
    }
  }
  if (open.size > 0) return verdict;
  for (const { i, error } of backward) {
    const refused = answer.refused[i];
    if (refused !== undefined && error === undefined) {
      return differs("backward", "lenient", refused);
    }
    if (refused === undefined && error !== undefined) return differs("backward", "refused", error);
  }
  if (Object.keys(answer.refused).length > 0) return verdict; // what one that failed had left is open
  for (const [i, want] of answer.grads.entries()) {
    const grad = grads[i];
    if (!want !== !grad) {
      return differs("backward", "gradient", grad ? "there is one" : "there is none");
    }
    if (!want) continue;
    verdict.compared += want.values.length;
    const found = away(read.get(grad!)!, want, 4);
    if (found === null) continue;
    if (want.unknown) {
      verdict.edges++;
      continue;
    }
    return differs("backward", "gradient", `of leaf ${i}: ${found}`);
  }
  return verdict;
}
