/*
 * The two judges of an op: its reference in float64, and PyTorch's goldens.
 */
import type { NdArray } from "../../lib/tensor/ndarray.ts";
import { largest, ulpOf, Verdict } from "./compare.ts";
import { type AnyOp, type Case, differentiable, type Outcome } from "./judge.ts";
import { type Probe, probes } from "./slopes.ts";
import { NOT_A_SLOPE, toleranceOf } from "./tolerance.ts";
import { wobble } from "./wobble.ts";

/** What PyTorch made of a sample (tests/goldens/ops.py). */
export interface Golden {
  shape?: number[];
  dtype?: string;
  values?: string;
  grads?: (string | null)[];
  /** Gradients in float64, where those of float32 are more than a unit away. */
  exact?: (string | null)[];
  refused?: string;
}

/** What was compared, for the test that counts it. */
export const tally = {
  calls: 0,
  gradients: 0,
  slopes: 0,
  kinks: 0,
  goldens: 0,
  refused: 0,
  numbers: 0,
};

const title = ({ call: { index, layout, inputs, sample } }: Outcome) =>
  `sample ${index}, ${layout}, ${JSON.stringify(inputs.map((x) => x.shape))} ` +
  JSON.stringify(sample.args);

/** A slope and a gradient may differ by this share; what central differences can't see any better. */
const SLOPE_SHARE = 1e-5;

/** Below this share of what arrived, a gradient is rounding. */
const LEAST_GRADIENT = 1e-2;

function unitsOf(op: AnyOp, { inputs, sample, want, weights }: Case) {
  const floats = sample.inputs.map(({ dtype }) => dtype === "float32");
  const reference = (moved: readonly NdArray[]) => op.reference(moved, sample.args);
  const moved = toleranceOf(op.name).forward === 0
    ? new Float64Array(want.data.length)
    : wobble(reference, inputs, floats, want);
  const given = largest(...inputs.map(({ data }) => data));
  return {
    unit: moved.map((by) => Math.max(by, 2 ** -40 * given)),
    // How many times worse than by rounding the result is known.
    condition: Math.max(1, largest(moved) / ulpOf(largest(want.data) || given)),
    arrived: largest(weights.data),
  };
}

/** Holds every case of an op against its reference, and its gradients against the slopes of that. */
export function againstReference(op: AnyOp, outcomes: readonly Outcome[]): Verdict {
  const verdict = new Verdict();
  const tolerance = toleranceOf(op.name).forward;
  const known = new Map<string, Probe[]>();
  for (const outcome of outcomes) {
    const { call, out, refused } = outcome;
    const where = title(outcome);
    tally.calls++;
    if (refused) verdict.complain(`${where}: backward: ${refused}`);
    if (!verdict.same(`${where}: shape`, out.shape, call.want.shape)) continue;
    const { unit } = unitsOf(op, call);
    verdict.compare(where, out.values, call.want.data, { tolerance, unit });
    if (!differentiable(op, call, out.dtype)) continue;
    tally.gradients++;
    if (!NOT_A_SLOPE[op.name]?.(call.sample.args as object)) {
      judgeSlopes(op, outcome, known, verdict);
    }
  }
  tally.numbers += verdict.compared;
  return verdict;
}

function judgeSlopes(
  op: AnyOp,
  outcome: Outcome,
  known: Map<string, Probe[]>,
  verdict: Verdict,
): void {
  const { call, grads } = outcome;
  const { args, inputs: declared } = call.sample;
  const { condition, arrived } = unitsOf(op, call);
  const reference = (inputs: readonly NdArray[]) => op.reference(inputs, args);
  declared.forEach((input, i) => {
    const where = `${title(outcome)}: gradient of ${i}`;
    const grad = grads[i];
    if (!input.differentiable) return void verdict.same(where, grad, null);
    if (!grad) return verdict.complain(`${where} is missing`);
    if (!verdict.same(`${where}: shape`, grad.shape, input.shape)) return;
    // Layouts that hold the same numbers share their slopes.
    const key = `${call.index} ${i} ${call.inputs.map(({ data }) => data.join())}`;
    const found = known.get(key) ?? probes(reference, call.inputs, i, call.weights, call.index);
    known.set(key, found);
    const size = Math.max(LEAST_GRADIENT * arrived, largest(grad.values)) * condition;
    for (const { direction, slope, kink } of found) {
      tally[kink ? "kinks" : "slopes"]++;
      if (kink) continue;
      const reach = direction.reduce((sum, d) => sum + Math.abs(d), 0) * size;
      const got = direction.reduce((sum, d, at) => sum + d * grad.values[at], 0);
      if (!(Math.abs(got - slope) <= SLOPE_SHARE * reach)) {
        const axis = direction.filter((d) => d !== 0).length === 1
          ? `at ${direction.findIndex((d) => d !== 0)}`
          : "along a random direction";
        verdict.complain(`${where} ${axis}: ${got}, wanted ${slope}`);
      }
    }
  });
}

const words: Record<string, number> = { nan: NaN, inf: Infinity, "-inf": -Infinity };
const numbersIn = (text: string): number[] =>
  text === "" ? [] : text.split(" ").map((v) => words[v] ?? Number(v));

/** Holds the contiguous cases of an op against PyTorch: shape, dtype, values, signs of zeros, gradients. */
export function againstPyTorch(
  op: AnyOp,
  outcomes: readonly Outcome[],
  goldens: readonly Golden[],
): Verdict {
  const verdict = new Verdict();
  const { forward, backward } = toleranceOf(op.name);
  for (const outcome of outcomes.filter(({ call }) => call.layout === "contiguous")) {
    const { call, out, grads } = outcome;
    const { shape, dtype, values, grads: slopes, exact, refused } = goldens[call.index];
    const where = title(outcome);
    tally[refused ? "refused" : "goldens"]++;
    if (refused) {
      verdict.complain(`${where}: PyTorch refuses it: ${refused}`);
      continue;
    }
    if (!verdict.same(`${where}: shape`, out.shape, shape)) continue;
    verdict.same(`${where}: dtype`, out.dtype, dtype);
    const { unit, condition, arrived } = unitsOf(op, call);
    const wanted = numbersIn(values!);
    const signs = dtype === "float32";
    // PyTorch rounds too, so we may be twice as far from it as from the truth.
    verdict.compare(where, out.values, wanted, { tolerance: 2 * forward, unit, signs });
    slopes?.forEach((text, i) => {
      const at = `${where}: gradient of ${i}`;
      const got = grads[i]?.values;
      if (text === null || !got) return void verdict.same(at, got ?? null, text);
      const slope = numbersIn(text);
      const unit = largest(slope, [arrived]) * 2 ** -24 * condition;
      const true64 = exact?.[i];
      verdict.compare(at, got, slope, {
        ...{ tolerance: backward, unit },
        exact: true64 ? numbersIn(true64) : undefined,
      });
    });
  }
  tally.numbers += verdict.compared;
  return verdict;
}
