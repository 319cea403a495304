/*
 * Whole programs of the kind that a learner writes next, each held to its twin in PyTorch (tests/goldens/twins.py):
 * losses of training, gradients, draws, and every tensor as it is printed.
 */
import { assertEquals } from "@std/assert";
import goldens from "./goldens/twins.json" with { type: "json" };
import classifier from "./twins/classifier.ts";
import ema from "./twins/ema.ts";
import llama from "./twins/llama.ts";
import loaders from "./twins/loaders.ts";
import lora from "./twins/lora.ts";
import losses from "./twins/losses.ts";
import moe from "./twins/moe.ts";
import names from "./twins/names.ts";
import { type Kept, kept, type Say } from "./twins/said.ts";

const programs: Record<string, (say: Say) => Promise<void>> = {
  names,
  classifier,
  lora,
  losses,
  ema,
  llama,
  moe,
  loaders,
};
const said = goldens.programs as Record<string, unknown[][]>;

/** By how much a number may differ, as a share of the largest in its tensor. */
const SHARE = 2e-5;

const numberOf = (v: number | boolean | string): number =>
  v === "nan" ? NaN : v === "inf" ? Infinity : v === "-inf" ? -Infinity : Number(v);
const near = (got: number, want: number, scale: number): boolean =>
  Object.is(got, want) || Math.abs(got - want) <= SHARE * scale || got === want;

const NUMBER = /-?\d+(?:\.\d*)?(?:e[-+]\d+)?/g;
/** One unit of the last digit that a number is printed with. */
function unit(text: string): number {
  const [, digits = "", power = "0"] =
    /\.?(\d*)(?:e([-+]\d+))?$/.exec(text.replace(/^[^.]*(?=\.)/, "")) ?? [];
  return 10 ** (Number(power) - (text.includes(".") ? digits.length : 0));
}

/** What two printed tensors differ in: words, or numbers by more than one unit of their last digit. */
function textDiffers(got: string, want: string): boolean {
  const words = (text: string) => text.replace(NUMBER, "#").replace(/\s+/g, " ");
  if (words(got) !== words(want)) return true;
  const [ours, theirs] = [got, want].map((text) => text.match(NUMBER) ?? []);
  return ours.some((text, i) =>
    Math.abs(Number(text) - Number(theirs[i])) > 1.001 * unit(theirs[i])
  );
}

/** Sentences about what differs. */
function differences(got: unknown, want: unknown): string[] {
  if (Array.isArray(want)) {
    if (!Array.isArray(got) || got.length !== want.length) {
      return [`${JSON.stringify(got)}, and PyTorch says ${JSON.stringify(want)}`];
    }
    return want.flatMap((each, i) => differences(got[i], each));
  }
  if (typeof want === "object" && want !== null) {
    const [ours, theirs] = [got as Kept, want as Kept];
    const form = (x: Kept) => `${x?.dtype} [${x?.shape}]`;
    if (form(ours) !== form(theirs)) return [`${form(ours)}, and PyTorch has ${form(theirs)}`];
    const numbers = theirs.values.map(numberOf);
    const scale = Math.max(...numbers.map(Math.abs).filter(Number.isFinite), 1e-9);
    const far = numbers.findIndex((v, i) => !near(numberOf(ours.values[i]), v, scale));
    if (far >= 0) {
      const off = Math.max(...numbers.map((v, i) => Math.abs(v - numberOf(ours.values[i])))) /
        scale;
      return [
        `${ours.values[far]} at ${far}, and PyTorch has ${numbers[far]} (off by ${off} in all)`,
      ];
    }
    return textDiffers(ours.printed, theirs.printed)
      ? [`printed ${ours.printed}, and PyTorch prints ${theirs.printed}`]
      : [];
  }
  if (typeof want === "number" && typeof got === "number") {
    return near(got, want, Math.abs(want)) ? [] : [`${got}, and PyTorch has ${want}`];
  }
  return got === want ? [] : [`${JSON.stringify(got)}, and PyTorch says ${JSON.stringify(want)}`];
}

for (const [name, program] of Object.entries(programs)) {
  Deno.test(`twins: ${name} says what PyTorch ${goldens.torch} says`, async () => {
    const lines: unknown[] = [];
    await program(async (...values) => void lines.push(await kept(values)));
    const found = lines.flatMap((line, i) =>
      differences(line, said[name][i]).map((what) =>
        `line ${i}, ${JSON.stringify(said[name][i][0])}: ${what}`
      )
    );
    assertEquals(found, []);
    assertEquals(lines.length, said[name].length, "lines");
  });
}

Deno.test("twins: every program has what PyTorch said, and nothing else is kept", () => {
  assertEquals(Object.keys(programs), Object.keys(said), "run tests/goldens/twins.py");
});
