/*
 * Tensors compared with what PyTorch 2.13 printed, and floats with what Python wrote; goldens/format.py made both.
 */
import { assertEquals, assertThrows } from "@std/assert";
import { exponential, fixed, shortest } from "../lib/python/decimal.ts";
import type { DType } from "../lib/tensor/dtype.ts";
import {
  formatTensor,
  type Printed,
  type PrintOptions,
  printOptions,
  setPrintOptions,
  summaryIndices,
} from "../lib/python/tensor.ts";
import { numelOf } from "../lib/tensor/shape.ts";
import goldens from "./goldens/format.json" with { type: "json" };

interface Golden {
  shape: number[];
  dtype: DType;
  values?: string;
  recipe?: number[];
  suffix?: string[];
  options?: Record<string, unknown>;
  text: string;
}

const cases = goldens.cases as Golden[];

/** Python's spelling of a number, read. */
const number = (text: string): number => Number(text.replace("inf", "Infinity"));

function printed({ values, recipe, ...tensor }: Golden): Printed {
  if (recipe === undefined) {
    const exact = (x: number) => tensor.dtype === "float32" ? Math.fround(x) : x;
    return {
      ...tensor,
      values: values ? values.split(" ").map((word) => exact(number(word))) : [],
    };
  }
  const [a, m, b, s] = recipe;
  const value = (_: unknown, i: number) => ((i * a) % m - b) * s;
  return { ...tensor, values: Float32Array.from({ length: numelOf(tensor.shape) }, value) };
}

/** Runs the body under options set for everyone, as `torch.set_printoptions` does. */
function under<T>(options: Record<string, unknown> | undefined, body: () => T): T {
  setPrintOptions(options);
  try {
    return body();
  } finally {
    setPrintOptions({ profile: "default" });
  }
}

Deno.test("a tensor prints as PyTorch prints it, under every option", () => {
  for (const golden of cases) {
    assertEquals(under(golden.options, () => formatTensor(printed(golden))), golden.text);
  }
  assertEquals(cases.length, 644);
});

Deno.test("a large tensor prints the same from the elements at summaryIndices alone", () => {
  let summarised = 0;
  for (const golden of cases) {
    const tensor = printed(golden);
    under(golden.options, () => {
      const indices = summaryIndices(tensor.shape);
      if (!indices) return;
      summarised++;
      const values = Array.from(indices, (index) => tensor.values[index]);
      assertEquals(formatTensor({ ...tensor, values }), golden.text);
    });
  }
  assertEquals(summarised, 134);
});

Deno.test("a summary of 38 million elements reads 36 of them, at both ends of each dimension", () => {
  const indices = summaryIndices([50257, 768])!;
  const rows = [0, 1, 2, 50254, 50255, 50256];
  const columns = [0, 1, 2, 765, 766, 767];
  assertEquals(indices, Uint32Array.from(rows.flatMap((r) => columns.map((c) => r * 768 + c))));
});

Deno.test("options of one call hold for that call and lie over those set for all", () => {
  const tensor: Printed = { values: [0.5, 1000.25, 3], shape: [3], dtype: "float32" };
  const before = { ...printOptions };
  assertEquals(
    formatTensor(tensor, { sciMode: false, precision: 1 }),
    "tensor([   0.5, 1000.2,    3.0])",
  );
  assertEquals(printOptions, before);
  assertEquals(summaryIndices([3], { threshold: 2, edgeitems: 1 }), Uint32Array.of(0, 2));
});

Deno.test("set_printoptions: what is not named stays, but sciMode returns to null", () => {
  under({ precision: 2, sciMode: true }, () => {
    setPrintOptions({ linewidth: 60, threshold: undefined });
    const expected: PrintOptions = {
      precision: 2,
      threshold: 1000,
      edgeitems: 3,
      linewidth: 60,
      sciMode: null,
    };
    assertEquals(printOptions, expected);
  });
});

Deno.test("options out of range and values that do not fill the shape are refused, and change nothing", () => {
  const before = { ...printOptions };
  const refused: [Record<string, unknown>, string][] = [
    [{ edgeitems: 0 }, "edgeitems was 0, expected a whole number from 1"],
    [{ precision: -1 }, "precision was -1"],
    [{ precision: 101 }, "precision was 101, expected a whole number from 0 to 100"],
    [{ linewidth: 2.5 }, "linewidth was 2.5"],
    [{ threshold: NaN }, "threshold was NaN"],
    [
      { precision: 2, profile: "long" },
      'the profile was "long", expected one of default, short, full',
    ],
  ];
  for (const [options, message] of refused) {
    assertThrows(() => setPrintOptions(options), RangeError, message);
    assertEquals(printOptions, before);
  }
  assertThrows(
    () => formatTensor({ values: [1, 2], shape: [3], dtype: "float32" }),
    RangeError,
    "got 2 values for the shape [3], expected all 3",
  );
  assertThrows(
    () => formatTensor({ values: [1, 2], shape: [7, 200], dtype: "int64" }),
    RangeError,
    "expected all 1400 or the 36 at summaryIndices",
  );
});

Deno.test("floats are written and rounded as Python does it: ties to even, signs of zero, exponents", () => {
  for (const line of goldens.decimals) {
    const [repr, digits, asFixed, asExponential] = line.split(" ");
    const x = number(repr);
    assertEquals(shortest(x), repr);
    assertEquals(fixed(x, Number(digits)), asFixed, line);
    assertEquals(exponential(x, Number(digits)), asExponential, line);
  }
  assertEquals(goldens.decimals.length, 450);
});
