/*
 * Every argument that PyTorch's signatures name is read by that name, in a call of every function and every method. Its
 * types are tried in hover_test.ts.
 */
import { assertEquals } from "@std/assert";
import * as lib from "#lib";
import { callsOf, type Form, forms, needless, written } from "./support/named.ts";
import { leaf, mask, works, x } from "./support/works.ts";

/** What functions take that have several forms, and methods that are no functions. */
const forNames: Record<string, Record<string, unknown>> = {
  arange: { start: 1, end: 5, step: 2 },
  randint: { low: 1, high: 3, size: [2], generator: new lib.Generator(0) },
  newFull: { size: [2], fillValue: 1 },
  newTensor: { data: [1, 2] },
  oneHot: { numClasses: 3 },
  registerHook: { hook: () => {} },
  to: { dtype: "int64" },
  where: { condition: mask },
  ...Object.fromEntries(["max", "min"].map((name) => [name, { other: x }])),
  ...Object.fromEntries(["clamp", "clamp_"].map((name) => [name, { min: 0, max: 1 }])),
  ...Object.fromEntries(["scatter", "scatter_"].map((name) => [name, { value: 1 }])),
  ...Object.fromEntries(["newEmpty", "newOnes", "newZeros"].map((name) => [name, { size: [2] }])),
  ...Object.fromEntries(
    ["softmax", "logSoftmax", "softmin", "var"].map((name) => [name, { dim: 0 }]),
  ),
};

/** What a form is called with, by its arguments' names; what may be left out is undefined, and its name must be known. */
function valuesOf({ place, name, args, leads }: Form): Record<string, unknown> {
  const { lib, functional, init } = works;
  const listed = { torch: lib, functional, init, Tensor: lib }[place][name] ?? [];
  const values = place === "Tensor" ? listed.slice(1) : [...listed];
  const at = Number(leads);
  const asList = /^(size|shape|dims|repeats)$/.test(args[at]?.name) && name !== "repeatInterleave";
  if (asList && typeof values[at] === "number") values.splice(at, Infinity, values.slice(at));
  const required = args.map((each, i) => [each.name, each.optional ? undefined : values[i]]);
  return { ...Object.fromEntries(required), ...forNames[name] };
}

type Calls = Record<string, (...args: unknown[]) => unknown>;

Deno.test("every argument is read by PyTorch's name", async () => {
  const failed: string[] = [];
  for (const form of forms) {
    const values = valuesOf(form);
    for (const call of callsOf(form)) {
      const own = form.name === "backward" ? leaf.sum() : works.lib[form.name]?.[0] ?? leaf;
      const space = { torch: lib, ...lib.nn, Tensor: own }[form.place];
      const object = Object.fromEntries(call.named.map((name) => [name, values[name]]));
      const args = [...call.positional.map((name) => values[name]), object];
      try {
        await (space as unknown as Calls)[form.name](...args);
      } catch (error) {
        failed.push(`${form.place}: ${written(form, call)} ${error}`);
      }
    }
  }
  assertEquals(failed, []);
});

Deno.test("what has no name here is still an argument of PyTorch's", () => {
  assertEquals(needless, []);
});
