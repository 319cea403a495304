/*
 * Plain values compared with what Python 3.11 wrote and IPython laid out; goldens/python.py made both.
 */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { display, fixed, float, type Repr, repr, size, str, tuple } from "../lib/python/repr.ts";
import goldens from "./goldens/python.json" with { type: "json" };

interface Golden {
  value: unknown;
  repr: string;
  display?: string;
}

const cases = goldens.cases as Golden[];

/** A golden's value; `text` makes what stands for an object with a repr. */
function decode(value: unknown, text: (text: string) => Repr): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => decode(item, text));
  const [[kind, content]] = Object.entries(value);
  const items = () => content.map((item: unknown) => decode(item, text));
  switch (kind) {
    case "int":
      return BigInt(content);
    case "float":
      return number(content);
    case "bytes":
      return Uint8Array.from(content);
    case "size":
      return size(content);
    case "text":
      return text(content);
    case "tuple":
      return tuple(...items());
    case "dict":
      return new Map(items());
  }
}

/** A float; bare wherever a bare number cannot be taken for an int. */
function number(text: string): unknown {
  const x = Number(text.replace("inf", "Infinity"));
  return Number.isSafeInteger(x) ? float(x) : x;
}

const atOnce = (text: string): Repr => ({ repr: () => text });
const later = (text: string): Repr => ({ repr: () => Promise.resolve(text) });

Deno.test("a value has Python's repr, and a notebook's layout where it stands last in a cell", () => {
  for (const golden of cases) {
    const value = decode(golden.value, atOnce);
    assertEquals(repr(value), golden.repr);
    assertEquals(display(value), golden.display ?? golden.repr);
  }
  assertEquals(cases.length, 350);
  assertEquals(cases.filter((golden) => golden.display !== undefined).length, 134);
});

Deno.test("a part whose text is still to be read makes a promise of the same text", async () => {
  let waited = 0;
  for (const golden of cases) {
    const value = decode(golden.value, later);
    const shown = display(value);
    if (shown instanceof Promise) waited++;
    assertEquals(await repr(value), golden.repr);
    assertEquals(await shown, golden.display ?? golden.repr);
  }
  assertEquals(waited, 101);
});

Deno.test("a part that fails to read fails the whole, once and with its own error", async () => {
  const lost: Repr = { repr: () => Promise.reject(new Error("the device was lost")) };
  await assertRejects(
    async () => await str([lost, later("x"), lost]),
    Error,
    "the device was lost",
  );
});

Deno.test("str is the string itself, and the repr of everything else", () => {
  assertEquals(str("it's\n"), "it's\n");
  assertEquals(str(["a", "b"]), "['a', 'b']");
  assertEquals(repr("\ud800"), "'\\ud800'");
  assertEquals(str(undefined), "None");
  assertEquals(str(atOnce("tensor(1)")), "tensor(1)");
});

Deno.test("a tie without decimals is rounded to even, -0 is a float, and a character counts once", () => {
  assertEquals([0.5, 1.5, 2.5, -0.5].map((x) => fixed(x, 0)), ["0", "2", "2", "-0"]); // f"{x:.0f}"
  assertEquals(repr([-0, 2]), "[-0.0, 2]");
  const faces = Array(4).fill("😀".repeat(10)); // 56 characters wide, and 96 of JavaScript's
  assertEquals(display(faces), repr(faces));
});

Deno.test("typed arrays are lists of what they hold, but bytes are bytes", () => {
  assertEquals(repr(Float32Array.of(1, 0.5, -0)), "[1.0, 0.5, -0.0]");
  assertEquals(repr(Float32Array.of(0.1)), "[0.10000000149011612]");
  assertEquals(repr(Int32Array.of(1, -2)), "[1, -2]");
  assertEquals(repr(BigInt64Array.of(3n)), "[3]");
  assertEquals(repr(Uint8Array.of(104, 105)), "b'hi'");
});

Deno.test("a class with a repr wins over the array it extends", () => {
  class Shape extends Array<number> {
    repr = () => `Shape(${this.join("×")})`;
  }
  assertEquals(repr([Shape.of(2, 3)]), "[Shape(2×3)]");
});

Deno.test("what Python has no word for is refused by name", () => {
  class Optimizer {}
  assertThrows(() => repr(() => 1), TypeError, "but got a function");
  assertThrows(() => repr([Symbol("s")]), TypeError, "but got a symbol");
  assertThrows(() => display({ optimizer: new Optimizer() }), TypeError, "but got a Optimizer");
  assertEquals(repr(Object.assign(Object.create(null), { a: 1 })), "{'a': 1}");
});
