/*
 * The library's own tests in a browser: those files that need nothing of Deno but its test runner. A few of them always
 * run, all with `deno task test:browser`.
 */
import { assertEquals } from "@std/assert";
import { chromium } from "playwright-core";
import { bundling } from "../../lib/book/own_packages.ts";
import { answer } from "../../lib/book/serve.ts";
import { fromFileUrl, root } from "../../lib/book/site.ts";
import { findChromium } from "../../lib/tools/chromium.ts";
import type { Outcome } from "./suite_worker.ts";

const executablePath = findChromium();
const because = executablePath ? "" : " (ignored: no Chromium, see the book's other tests)";
const all = Deno.env.get("BOOK") === "all";
/** Files that always run: a few seconds. */
const ALWAYS = ["00_smoke", "folds", "format", "python", "random"];
/** Runs texts of the book and finds their lines in their files, not in a bundle; their pages are tested in browser.ts. */
const TEXTS = ["lessons_gpt", "museum"];

/** Whether a text uses nothing of Deno but its tests, and no program or package of Deno's side. */
const isPlain = (text: string) =>
  !/\bDeno\.(?!test\b|permissions\b|TestContext\b)/.test(text) &&
  !/from "(?:node:|(?:\.\.\/)+lib\/tools\/|(?:\.\.\/)+lib\/host\/(?:deno|node))/.test(text);

/** A file of tests, and the files of the tests' folder that it imports. */
async function* textsOf(url: URL, seen = new Set<string>()): AsyncGenerator<string> {
  if (seen.has(url.href)) return;
  seen.add(url.href);
  const text = await Deno.readTextFile(url);
  yield text;
  for (const [, name] of text.matchAll(/^(?:import|export|\}) .*from "(\.[^"]+\.ts)";$/gm)) {
    const imported = new URL(name, url);
    if (imported.href.startsWith(folderOfTests.href)) yield* textsOf(imported, seen);
  }
}

const folderOfTests = new URL("tests/", root);
const files = (await Array.fromAsync(Deno.readDir(folderOfTests), ({ name }) => name))
  .filter((name) => name.endsWith("_test.ts")).sort();
const plain: string[] = [];
for (const name of files) {
  const [, short] = name.match(/^(.*)_test\.ts$/)!;
  const texts = await Array.fromAsync(textsOf(new URL(name, folderOfTests)));
  if (texts.every(isPlain) && !TEXTS.includes(short)) plain.push(short);
}
const chosen = all ? plain : plain.filter((name) => ALWAYS.includes(name));

let server: Deno.HttpServer, folder: string, address: string;
const counts = { passed: 0, failed: 0, ignored: 0 };

if (executablePath) {
  Deno.test.beforeAll(async () => {
    folder = await Deno.makeTempDir();
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...bundling,
        `--outdir=${folder}`,
        "tests/book/suite_worker.ts",
        ...chosen.map((name) => `tests/${name}_test.ts`),
      ],
      cwd: fromFileUrl(root),
    }).output();
    assertEquals(success, true, new TextDecoder().decode(stderr));
    await Deno.writeTextFile(`${folder}/index.html`, "<!DOCTYPE html><title>Tests</title>");
    const at = new URL(`file://${folder}/`);
    server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      (asked) => answer(at, asked),
    );
    address = `http://localhost:${(server.addr as Deno.NetAddr).port}/`;
  });
  Deno.test.afterAll(async () => {
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
    const { passed, failed, ignored } = counts;
    console.log(
      `The library's own tests in Chromium: ${chosen.length} files, ${passed} passed, ${failed} failed, ${ignored} ignored`,
    );
  });
}

for (const name of chosen) {
  Deno.test({
    name: `the library's ${name}_test passes in Chromium${because}`,
    ignore: !executablePath,
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const browser = await chromium.launch({
        executablePath,
        args: [
          "--no-sandbox",
          "--enable-unsafe-webgpu",
          "--use-webgpu-adapter=swiftshader",
          "--js-flags=--expose-gc",
        ],
      });
      const tab = await browser.newPage();
      try {
        const found: Outcome[] = [];
        await tab.exposeFunction("told", (outcome: Outcome) => void found.push(outcome));
        await tab.goto(address);
        await tab.evaluate(inPage, { name, patience: PATIENCE })
          .catch(({ message }) =>
            found.push({ name: `after ${found.at(-1)?.name ?? "nothing"}`, error: message, ms: 0 })
          );
        const wrong = found.filter(({ error }) => error !== undefined);
        const ignored = found.filter(({ ignored }) => ignored);
        counts.failed += wrong.length;
        counts.ignored += ignored.length;
        counts.passed += found.length - wrong.length - ignored.length;
        assertEquals(wrong.map(({ name, error }) => `${name}\n${error}`), []);
      } finally {
        await browser.close();
      }
    },
  });
}

/** Milliseconds after which a file's worker is ended. */
const PATIENCE = 600_000;

/** In the page: starts the worker with a file, and passes on what it says. */
const inPage = ({ name, patience }: { name: string; patience: number }) =>
  new Promise<void>((resolve, reject) => {
    const { told } = globalThis as unknown as { told(outcome: unknown): void };
    const worker = new Worker("book/suite_worker.js", { type: "module" });
    const end = (error?: Error) => {
      worker.terminate();
      if (error) reject(error);
      else resolve();
    };
    worker.onerror = (event) => end(new Error(event.message || "the worker broke off"));
    worker.onmessage = ({ data }) => data === "ended" ? end() : told(data);
    setTimeout(() => end(new Error(`not done after ${patience / 1000} s`)), patience);
    worker.postMessage(new URL(`${name}_test.js`, location.href).href);
  });
