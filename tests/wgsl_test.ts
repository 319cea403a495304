/*
 * The functions that rewrite kernels: each by itself, that nothing unmarked is changed, and that every kernel
 * compiles as it is.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { defaultDevice } from "#lib";
import { readInterface, uncommented } from "../lib/gpu/interface.ts";
import {
  forItems,
  inForm,
  inSubgroups,
  readingImages,
  readingParamsOnce,
  renamed,
  replaced,
  unrolled,
  withFunctions,
} from "../lib/gpu/wgsl.ts";
import { declared, functions } from "../lib/ops/declare.ts";
import { needing } from "./support/needing.ts";
import { SHARING } from "./support/sharing.ts";

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
  const shared = `override LANES: u32 = 64;
fn f() {
  for (var i = 0u; i < LANES; i++) { // unrolled
    sum += lanes[i];
  }
}`;
  assertEquals(
    lines(unrolled(shared, { LANES: 2 })).join(" "),
    "override LANES: u32 = 64; fn f() { { sum += lanes[0u]; } { sum += lanes[1u]; } }",
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
  const numbered = "struct Params {\n  rate: vec4<f32>,\n  all: vec4<f32>,\n}\n" + source;
  const six = forItems(kernel(numbered), 6).source;
  assertMatch(six, /rate: array<vec4<f32>, 2>,\n {2}all: vec4<f32>,/);
  assertMatch(six, /grad5\[i\] \*= p\.rate\[1\]\[1\] \* common\[0\];/);
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

const reading = `
alias Cell = vec4<Word>;
alias Word = u32;
@group(0) @binding(1) var<storage, read> a: array<f32>; // numbers; or an image
@group(0) @binding(2) var<storage, read> table: array<Cell>; // or an image
@group(0) @binding(3) var<storage, read> pairs: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
fn f(i: u32) -> f32 { return a[i + table[i / 4u][i % 4u]] + p.a[1] * pairs[i].x + out[u32(a[0])]; }
`;

Deno.test("reads of a buffer that may be an image become fetches; other buffers stay, and what is written", () => {
  const text = readingImages(declared("small", reading), 4);
  const image = "texture_storage_2d<rgba32uint, read>;";
  assertStringIncludes(text, `@binding(1) var a: ${image} // numbers; or an image`);
  assertStringIncludes(text, `@binding(2) var table: ${image} // or an image`);
  assertStringIncludes(text, "var<storage, read> pairs: array<vec2<f32>>;");
  assertStringIncludes(
    text,
    "return fetch_a(i + fetch_table(i / 4u)[i % 4u]) + p.a[1] * pairs[i].x + out[u32(fetch_a(0))];",
  );
  assertStringIncludes(
    text,
    `fn fetch_a(i: u32) -> f32 {
  let four = textureLoad(a, vec2<u32>(i / 4u % 1024u, i / (4u * 1024u)));
  return bitcast<f32>(four[i % 4u]);
}`,
  );
  assertStringIncludes(
    text,
    `fn fetch_table(i: u32) -> vec4<u32> {
  return bitcast<vec4<u32>>(textureLoad(table, vec2<u32>(i % 1024u, i / 1024u)));
}`,
  );
  const first = readingImages(declared("small", reading), 1);
  assertStringIncludes(first, "fetch_a(i + table[i / 4u][i % 4u])");
  assertEquals(readingImages(declared("small", reading), 0), reading);
  assertEquals(readingImages(kernel(reading), 4), reading, "without declarations for reads");
  const odd = "var<storage, read> pairs: array<vec2<f32>>;";
  assertThrows(
    () => readingImages(declared("small", reading.replace(odd, `${odd} // or an image`)), 4),
    Error,
    'kernel small: "pairs" is to be an image, of vec2<f32>',
  );
});

Deno.test("what is read before it is written is read from an image of what it was, and written where it is", () => {
  const text = readingImages(
    declared(
      "small",
      "@group(0) @binding(3) var<storage, read_write> w: array<vec4<f32>>; // or an image: read first\n" +
        "fn f(i: u32) { let old = w[i]; w[i] = old * w[i + 1u]; }\n",
    ),
    4,
  );
  assertStringIncludes(text, "@binding(3) var<storage, read_write> w: array<vec4<f32>>;");
  assertStringIncludes(
    text,
    "@group(0) @binding(11) var w_before: texture_storage_2d<rgba32uint, read>;",
  );
  assertStringIncludes(text, "let old = fetch_w(i); w[i] = old * fetch_w(i + 1u);");
  assertStringIncludes(text, "textureLoad(w_before, ");
});

Deno.test("parameters are read once where their line says so, but for arrays", () => {
  const text = "struct Params { k: u32, rates: vec4<f32>, shape: array<vec4<u32>, 2> }\n" +
    "@group(0) @binding(0) var<uniform> p: Params; // read once\n" +
    "fn f(d: u32) -> u32 { return p.shape[d][0] + p.k; }\n" +
    "fn main(@builtin(local_invocation_index) i: u32) {\n  for (;;) { f(p.k * u32(p.rates.x)); }\n}\n";
  const once = readingParamsOnce(declared("small", text));
  assertStringIncludes(once, "var<private> given_k: u32;\nvar<private> given_rates: vec4<f32>;\n");
  assertStringIncludes(once, "return p.shape[d][0] + given_k;");
  assertStringIncludes(
    once,
    "{\n  given_k = p.k;\n  given_rates = p.rates;\n  for (;;) { f(given_k",
  );
  const unmarked = text.replace(" // read once", "");
  assertEquals(readingParamsOnce(declared("small", unmarked)), unmarked);
  assertEquals(readingParamsOnce(kernel(text)), text, "without declarations for reads");
});

Deno.test("a kernel that calls functions of subgroups enables them, and knows its own; others stay", () => {
  const text = "fn main(@builtin(local_invocation_index) lane: u32) {\n  out[lane] = f(lane);\n}";
  assertEquals(inSubgroups(`${text} // subgroupAdd(lane)`), `${text} // subgroupAdd(lane)`);
  assertEquals(
    lines(inSubgroups(text.replace("f(", "subgroupAdd("))),
    [
      "enable subgroups;",
      "var<private> subgroup: u32;",
      "var<private> subgroups: u32;",
      "fn main(@builtin(subgroup_id) own_subgroup: u32, @builtin(num_subgroups) all_subgroups: u32, " +
      "@builtin(local_invocation_index) lane: u32) {",
      "subgroup = own_subgroup;",
      "subgroups = all_subgroups;",
      "out[lane] = subgroupAdd(lane);",
      "}",
    ],
  );
});

const folder = new URL("../kernels/", import.meta.url);
const { ignore, because } = needing("read");

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
  ignore,
  async fn() {
    const { gpu } = defaultDevice;
    for (const [path, text] of await allTexts()) {
      if (!text.includes("@compute")) continue;
      readInterface(path, text);
      gpu.pushErrorScope("validation");
      const module = gpu.createShaderModule({
        label: path,
        code: withFunctions(text, functions["in a row"]),
      });
      gpu.createComputePipeline({ label: path, layout: "auto", compute: { module } });
      const error = await gpu.popErrorScope();
      assertEquals(error?.message, undefined, path);
    }
  },
});

Deno.test({
  name: `what is replaced by a file is declared there, and every file is of use${because}`,
  ignore,
  async fn() {
    const texts = await allTexts();
    const forms = [...texts.keys()].filter((path) =>
      !texts.get(path)!.includes("@compute") &&
      !/^(math|reads|lanes|matmul_end|rounding|faults)|_functions/.test(
        path,
      )
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

Deno.test({
  name: `every kernel whose lanes share something is one that runs as on a GPU${because}`,
  ignore,
  async fn() {
    const sharing = [...await allTexts()].filter(([, text]) => text.includes("override LANES"));
    assertEquals(sharing.map(([path]) => path).sort(), SHARING.map((name) => `${name}.wgsl`));
  },
});

Deno.test({
  name: `kernels read fast where they can: images, and parameters once${because}`,
  ignore,
  async fn() {
    const { gpu } = defaultDevice;
    for (const [path, text] of await allTexts()) {
      if (!text.includes("@compute") || path.startsWith("bench/")) continue;
      const loops = /\b(for|while|loop)\b *[({]/.test(uncommented(text));
      const whole = withFunctions(text, functions["in a row"]);
      const once = loops && !/Barrier\(/.test(uncommented(whole));
      assertEquals(/ p: Params; \/\/ read once$/m.test(text), once, `${path}: "read once"`);
      for (const [line] of text.matchAll(/^.* var<storage, read> .*$/gm)) {
        assertEquals(line.includes("or an image"), !line.includes("vec2<"), `${path}: ${line}`);
      }
    }
    gpu.pushErrorScope("validation");
    gpu.createShaderModule({ label: "reads", code: declared("", "").reads! });
    assertEquals((await gpu.popErrorScope())?.message, undefined, "kernels/reads.wgsl");
  },
});
