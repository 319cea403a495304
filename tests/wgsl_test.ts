/*
 * The functions that rewrite kernels: each by itself, that nothing unmarked is changed, and that every kernel
 * compiles as it is.
 */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { defaultDevice } from "#lib";
import { readInterface } from "../lib/gpu/interface.ts";
import { forItems, inForm, renamed, replaced, unrolled, withFunctions } from "../lib/gpu/wgsl.ts";
import { mathFunctions } from "../lib/ops/declare.ts";

/** Lines without what surrounds them, for texts that are compared. */
const lines = (text: string) => text.split("\n").map((line) => line.trim()).filter(Boolean);

const kernel = (source: string) => ({ name: "small", source });

Deno.test("a type, a value and what a function returns are replaced where their lines say so", () => {
  const source = `alias A = f32; // replaced by the dtype of a
const SIZE = 4u; // replaced by the tile
fn op(v: A) -> A { // replaced by the op
  if (v > 0.0) {
    return v;
  }
  return -v;
}
fn other(v: A) -> A {
  return op(v);
}`;
  assertEquals(
    lines(replaced(kernel(source), { A: "i32", SIZE: "8u", op: "v * v" })),
    [
      "alias A = i32; // replaced by the dtype of a",
      "const SIZE = 8u; // replaced by the tile",
      "fn op(v: A) -> A { return v * v; }",
      "fn other(v: A) -> A {",
      "return op(v);",
      "}",
    ],
  );
  assertEquals(replaced(kernel(source), {}), source);
  assertThrows(
    () => replaced(kernel(source), { B: "i32" }),
    Error,
    'kernel small: there is no declaration "B" to replace',
  );
  assertThrows(
    () => replaced(kernel(source), { other: "v" }),
    Error,
    'kernel small: "other" is to be replaced; its line must end in "// replaced by" and by what',
  );
});

Deno.test("a form's declarations stand for those that name it, and for no others", () => {
  const source = `alias V = f32; // replaced by fours.wgsl
alias W = f32; // replaced by the dtype of w
fn total(v: V) -> f32 { // replaced by fours.wgsl
  return v;
}`;
  const form = {
    name: "fours",
    source: "// Fours.\nalias W = vec4<f32>;\nalias V = vec4<f32>;\n\n",
  };
  assertThrows(() => inForm(kernel(source), form), Error, 'fours does not declare "total"');
  const whole = { ...form, source: `${form.source}fn total(v: V) -> f32 {\n  return v.x;\n}\n` };
  const made = inForm(kernel(source), whole);
  assertEquals(made.name, "small fours");
  assertEquals(
    lines(made.source),
    [
      "alias V = vec4<f32>; // replaced by fours.wgsl",
      "alias W = f32; // replaced by the dtype of w",
      "fn total(v: V) -> f32 {",
      "return v.x;",
      "} // replaced by fours.wgsl",
    ].map((line) => line.replace(/^\} .*/, "}")),
  );
  assertThrows(() => inForm(kernel("fn main() {}"), whole), Error, "nothing in it is replaced by");
});

Deno.test("marked loops are unrolled, those inside them too; others stay", () => {
  const source = `const DOWN = 2u;
fn f() {
  for (var i = 0u; i < DOWN; i++) { // unrolled
    let row = rows(i);
    for (var j = 0u; j < 2u; j++) { // unrolled
      sum[i * 2u + j] += row;
    }
  }
  for (var i = 0u; i < 9u; i++) {
    more(i);
  }
}`;
  assertEquals(
    lines(unrolled(source)).join(" "),
    "const DOWN = 2u; fn f() { " +
      "{ let row = rows(0u); { sum[0u * 2u + 0u] += row; } { sum[0u * 2u + 1u] += row; } } " +
      "{ let row = rows(1u); { sum[1u * 2u + 0u] += row; } { sum[1u * 2u + 1u] += row; } } " +
      "for (var i = 0u; i < 9u; i++) { more(i); } }",
  );
  assertThrows(
    () => unrolled(source.replace("const DOWN = 2u;", "")),
    Error,
    'a loop up to DOWN is to be unrolled, but no "const DOWN = …u;" says how often',
  );
});

Deno.test("what stands for each item is there once an item, with names and bindings of its own", () => {
  const source = `// for each item:
@group(0) @binding(1) var<storage, read> grad0: array<vec4<f32>>;
// end
fn main() {
  var i = 10u;
  // for each item:
  if (i < fours[0]) {
    grad0[i] *= p.rate[0] * common[0];
  }
  // end
}
`;
  assertEquals(forItems(kernel(source), 1).source, source);
  const two = forItems(kernel(source), 2);
  assertEquals(two.name, "small ×2");
  assertEquals(lines(two.source), [
    "@group(0) @binding(1) var<storage, read> grad0: array<vec4<f32>>;",
    "@group(0) @binding(17) var<storage, read> grad1: array<vec4<f32>>;",
    "fn main() {",
    "var i = 10u;",
    "if (i < fours[0]) {",
    "grad0[i] *= p.rate[0] * common[0];",
    "}",
    "if (i < fours[1]) {",
    "grad1[i] *= p.rate[1] * common[0];",
    "}",
    "}",
  ]);
  assertThrows(() => forItems(kernel("fn main() {}"), 2), Error, 'nothing in it stands "for each');
});

Deno.test("an expression is said with other names, and functions come along with those that they call", () => {
  assertEquals(
    renamed("g * (1.0 - y * y) + grad(v)", { g: "x", v: "y" }),
    "x * (1.0 - y * y) + grad(y)",
  );
  const library = new Map([
    ["outer", "fn outer() { inner(); }"],
    ["inner", "fn inner() {}"],
    ["unused", "fn unused() {}"],
    ["own", "fn own() { wrong(); }"],
  ]);
  const text = "fn own() {}\nfn main() { outer(); own(); } // unused()";
  assertEquals(withFunctions(text, library), `fn outer() { inner(); }\nfn inner() {}\n${text}`);
});

const folder = new URL("../kernels/", import.meta.url);
const canRead = (await Deno.permissions.query({ name: "read", path: folder })).state === "granted";
const because = canRead ? "" : " (ignored: needs --allow-read)";

/** All kernels and what they are made with, by their paths in kernels/. */
async function allTexts(): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const under of ["", "bench/"]) {
    for await (const { name, isFile } of Deno.readDir(new URL(under, folder))) {
      if (isFile && name.endsWith(".wgsl")) {
        texts.set(under + name, await Deno.readTextFile(new URL(under + name, folder)));
      }
    }
  }
  return texts;
}

Deno.test({
  name: `every kernel compiles as it stands${because}`,
  ignore: !canRead,
  async fn() {
    const { gpu } = defaultDevice;
    for (const [path, text] of await allTexts()) {
      if (!text.includes("@compute")) continue;
      readInterface(path, text);
      gpu.pushErrorScope("validation");
      const module = gpu.createShaderModule({
        label: path,
        code: withFunctions(text, mathFunctions),
      });
      gpu.createComputePipeline({ label: path, layout: "auto", compute: { module } });
      const error = await gpu.popErrorScope();
      assertEquals(error?.message, undefined, path);
    }
  },
});

Deno.test({
  name: `what is replaced by a file is declared there, and every file is of use${because}`,
  ignore: !canRead,
  async fn() {
    const texts = await allTexts();
    const forms = [...texts.keys()].filter((path) =>
      !texts.get(path)!.includes("@compute") && !path.startsWith("math")
    );
    assert(forms.length >= 3);
    const used = new Set<string>();
    for (const [path, text] of texts) {
      for (
        const [, declared, file] of text.matchAll(/^\w+ (\w+).*\/\/ replaced by (\w+\.wgsl)$/gm)
      ) {
        assertStringIncludes(forms.join(" "), file, path);
        used.add(`${file} ${declared}`);
      }
    }
    const declared = forms.flatMap((file) =>
      [...texts.get(file)!.matchAll(/^(?:alias|const|fn) (\w+)/gm)].map(([, name]) =>
        `${file} ${name}`
      )
    );
    assertEquals([...used].toSorted(), declared.toSorted());
  },
});
