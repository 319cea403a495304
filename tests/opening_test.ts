/*
 * When the GPU is opened: not before the first tensor. In this file `navigator.gpu` first throws when it is touched,
 * and then gives what a test puts there. So the library is imported late, and this file must not import it before.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { contents } from "../lessons/contents.ts";
import { needing } from "./support/needing.ts";

const touched = () => {
  throw new Error("the GPU was touched");
};
let gpu: () => unknown = touched;
Object.defineProperty(navigator, "gpu", { get: () => gpu(), configurable: true });
const real = Object.getPrototypeOf(navigator);

const lib = await import("../lib/mod.ts");

Deno.test("importing the library, texts, rows, sizes and random numbers open no GPU", async () => {
  for (const room of ["nn", "optim", "random", "text", "models", "data", "hub"]) {
    await import(`../lib/${room}/mod.ts`);
  }
  lib.manualSeed(7);
  const tokenizer = new lib.BasicTokenizer();
  tokenizer.train("la la la, la la", 260);
  assertEquals(tokenizer.decode(tokenizer.encode("la la")), "la la");
  const rows = lib.Dataset.from({ text: ["one", "two"] });
  assertStringIncludes(rows.repr(), "num_rows: 2");
  assertEquals(lib.gpt2Sizes.gpt2.nEmbd, 768);
  assertThrows(() => lib.tensor([1, 2]), Error, "the GPU was touched");
});

Deno.test("without WebGPU, or without an adapter, the first tensor says what to do, and so does the next", () => {
  gpu = () => undefined;
  for (let i = 0; i < 2; i++) {
    assertThrows(() => lib.zeros([2]), Error, "there is no WebGPU here (navigator.gpu is missing)");
  }
  gpu = () => ({ requestAdapter: () => Promise.resolve(null) });
  assertThrows(() => lib.randn([2]), Error, "run `deno task ready`");
  gpu = () => ({ requestAdapter: () => new Promise(() => {}) });
  assertThrows(() => lib.ones([2]), Error, "`setDefaultDevice(await openDevice())`");
});

Deno.test("the first tensor opens the adapter, and opens it once", async () => {
  const { requestAdapter } = GPU.prototype;
  let asked = 0;
  const own = Reflect.get(real, "gpu", navigator) as GPU;
  gpu = () => ({
    requestAdapter(options: GPURequestAdapterOptions) {
      asked++;
      return requestAdapter.call(own, options);
    },
  });
  assertEquals(await lib.tensor([1, 2]).add(1).tolist(), [2, 3]);
  assertEquals(await lib.tensor([3]).item(), 3);
  assertEquals(asked, 1);
  assertMatch(String(lib.defaultDevice), /^webgpu:0 \(.+\)$/);
});

const root = new URL("..", import.meta.url);
const { ignore, because } = needing("run", "read");

Deno.test({
  name: `the help of a lesson opens no GPU, and loads no other lesson${because}`,
  ignore,
  async fn() {
    const written = contents.flatMap(({ written }) => written ? [written.url] : []);
    for (const url of written.filter((url) => /\/(04|13|14)-/.test(url))) {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-R", "--no-check", "--preload=tests/support/no_gpu.ts", url, "--help"],
        cwd: root,
        env: { NO_COLOR: "1" },
      }).output();
      const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
      assertEquals([code, err], [0, ""], url);
      const source = await Deno.readTextFile(new URL(url));
      for (const [, name] of source.matchAll(/\boptions\.(\w+)/g)) {
        assertMatch(out, new RegExp(`^  --${name}\\b`, "m"), url);
      }
      assert(source.includes("options."), url);
      if (/\/1[34]-/.test(url)) assertMatch(out, /^ {2}--data songs/m);
    }
  },
});

Deno.test({
  name:
    `a mistaken option of a lesson is answered before a GPU is opened and other lessons run${because}`,
  ignore,
  async fn() {
    const { url } = contents[13].written!;
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-R", "--no-check", "--preload=tests/support/no_gpu.ts", url, "--stepz", "5"],
      cwd: root,
      env: { NO_COLOR: "1" },
    }).output();
    const said = new TextDecoder().decode(stderr);
    assertEquals([code, said], [2, "there is no option --stepz; did you mean --steps?\n"]);
  },
});
