/*
 * The pages of the book: what a lesson's source becomes, before anything runs.
 */
import { gzipSync } from "node:zlib";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { getRngState, heatMap, manualSeed, nn, randn, tensor } from "#lib";
import { chart } from "../../lib/lesson/chart.ts";
import { answer } from "../../lib/book/client/play/answers.ts";
import type { Writing } from "../../lib/book/client/play/kinds.ts";
import { build } from "../../lib/book/build.ts";
import { lighter } from "../../lib/book/bundle.ts";
import { compile } from "../../lib/book/compile.ts";
import { asProgram } from "../../lib/book/compile_plain.ts";
import { exerciseNotebook } from "../../lib/book/exercise_notebook.ts";
import { highlight } from "../../lib/book/highlight.ts";
import { lessonPage } from "../../lib/book/lesson_page.ts";
import { renderMarkdown } from "../../lib/book/markdown.ts";
import { fromNotebook, toNotebook } from "../../lib/book/notebook.ts";
import { isTree, outputHtml, treeHtml } from "../../lib/book/output.ts";
import { readChart, readCurves, readHeatMap } from "../../lib/book/picture.ts";
import { isDiagram } from "../../lib/lesson/diagram.ts";
import { ownPackages } from "../../lib/book/own_packages.ts";
import { paragraph } from "../../lib/book/other_pages.ts";
import { readSite, root } from "../../lib/book/site.ts";
import { weave } from "../../lib/book/weave.ts";

const site = await readSite();
const lessons = site.pages.filter(({ kind }) => kind === "lesson");

Deno.test("weaving a lesson loses no line, and knows the line of each piece", () => {
  for (const { source, path } of lessons) {
    const lines = source.split("\n");
    for (const block of weave(source)) {
      for (const piece of block.kind === "cell" ? block.segments : []) {
        const there = piece.kind === "code"
          ? piece.text
          : piece.text.replace(/^/gm, "//> ").replace(/ +$/gm, "");
        const first = there.split("\n")[0].trim();
        assertEquals(lines[piece.first - 1].trim(), first, `${path}:${piece.first}`);
      }
    }
    const prose = weave(source).filter(({ kind }) => kind === "prose").length;
    assertEquals(prose, lines.filter((line) => /^\/\*(?!\*)/.test(line)).length, path);
  }
});

Deno.test("a heat map is read back from its text: labels, titles, several beside each other", async () => {
  const values = tensor([[[1, 0], [0.5, 0.25]], [[0, 1], [0.75, 0]]]);
  for (
    const options of [
      {},
      { rows: ["the", "dog"] },
      { rows: ["the", "dog"], columns: ["the", "dog"] },
      { rows: ["a", "b"], columns: ["a", "b"], titles: ["head 1", "head 2"] },
      { rows: ["a", "b"], titles: ["head 1", "head 2"] },
    ]
  ) {
    const count = "titles" in options ? 2 : 1;
    const drawn = heatMap(count === 2 ? values : values.index(0), options);
    const text = await drawn.plain();
    const back = readHeatMap(text)!;
    assertEquals(await back.plain(), text);
    assertEquals((await back.matrices).length, count);
  }
  assertEquals(readHeatMap("tensor([[1., 0.],\n        [0., 1.]])"), undefined);
});

Deno.test("every heat map and every chart in a lesson is read back", async () => {
  let [maps, charts] = [0, 0];
  for (const { source } of lessons) {
    for (const block of weave(source)) {
      for (const { kind, text } of block.kind === "cell" ? block.segments : []) {
        if (kind !== "output") continue;
        if (isDiagram(text)) {
          assertStringIncludes((await outputHtml({ text })).text, 'class="diagram"');
        }
        if (/█ -?\d+\.\d\d$/.test(text)) {
          assertEquals(await readHeatMap(text)!.plain(), text);
          maps++;
        }
        if (/^ *└[─┬]/m.test(text) && !isDiagram(text)) {
          assert(readChart(text), text);
          charts++;
        }
      }
    }
  }
  assert(maps >= 8 && charts >= 4, `${maps} heat maps, ${charts} charts`);
});

Deno.test("a chart is read back from its text: curves by name, marks, axes", () => {
  const line = Array.from({ length: 60 }, (_, x) => [x, (x / 10) ** 2] as const);
  const marks = [[0, 36], [30, 18], [59, 3]] as const;
  const text = chart([{ name: "squares", points: line }, {
    name: "few",
    points: marks,
    marks: true,
  }], {
    x: "step",
    y: "size",
  }).text();
  const svg = readChart(text)!.svg();
  for (const word of ["squares", "few", "step", "size"]) assertStringIncludes(svg, `>${word}<`);
  assertEquals(svg.match(/<circle/g)?.length, 3);
  const [, points] = svg.match(/<polyline points="([^"]+)"/)!;
  const [first, last] = [points.split(" ")[0], points.split(" ").at(-1)!].map((at) =>
    at.split(",").map(Number)
  );
  assert(last[0] - first[0] > 500 && first[1] - last[1] > 200, points);
});

Deno.test("a single curve without a name is read back too", () => {
  const points = Array.from({ length: 60 }, (_, x) => [x, 60 - x] as const);
  const text = chart([{ name: "", points }], { x: "step", y: "factor" }).text();
  const [curve] = readCurves(text)!.series;
  assert(curve.points.length > 100);
  assert(Math.abs(curve.points.at(-1)![1] - 1) < 3, `${curve.points.at(-1)}`);
});

Deno.test("a tree of modules folds at each level, and says the same", () => {
  const model = new nn.Sequential(new nn.Linear(2, 3), new nn.Sequential(new nn.ReLU()));
  const text = model.repr();
  assert(isTree(text), text);
  const { text: page } = treeHtml(text);
  assertEquals(page.match(/<details open>/g)?.length, 2);
  const words = page.replace(/<\/(summary|div)>/g, "\n").replace(/<[^>]+>/g, "");
  assertEquals(words.trim(), text);
});

Deno.test("prose: anchors, links to lessons and to files of the project, no two ids alike", async () => {
  const { html, headings } = renderMarkdown(
    "## Why\n\nAs in lesson 2, see `kernels/softmax.wgsl`.\n\n## Why\n",
    { lesson: (n) => `lesson-${n}.html`, file: (path) => site.ofFile(path)?.address },
  );
  assertEquals(headings.map(({ id }) => id), ["why", "why-2"]);
  assertStringIncludes(html, `<a href="lesson-2.html">lesson 2</a>`);
  assertStringIncludes(html, `<a href="kernel-softmax.html"><code>kernels/softmax.wgsl</code></a>`);
  assertStringIncludes(
    (await lessonPage(site, site.lesson(2)!)).page.text,
    `<a href="exercise-02.html"><code>deno task exercise 2</code></a>`,
  );
});

Deno.test("a kernel's header: its formulas stand on lines of their own, laid out as they are", () => {
  const html = (text: string) => paragraph(text).map(({ text }) => text).join("");
  const pre = (text: string) =>
    `<pre class="formula" tabindex="0" role="group" aria-label="Formula"><code>${text}</code></pre>`;
  assertEquals(
    html("out[i, j] = a[i] + b[j]: the sum\nof `a` and b."),
    `${pre("out[i, j] = a[i] + b[j]")}<p>the sum\nof <code>a</code> and b.</p>`,
  );
  assertEquals(
    html("One step:\n  v = g     its size\n  w = w - v\nof many."),
    `<p>One step:</p>${pre("v = g     its size\nw = w - v")}<p>of many.</p>`,
  );
  assertEquals(html("With h = x:\ny = h."), `<p>With h = x:</p>${pre("y = h")}`);
  assertEquals(html("The slope of y = x."), "<p>The slope of y = x.</p>");
});

Deno.test("an empty corner of a table is no header", () => {
  const { html } = renderMarkdown("| | a |\n|-|-|\n| b | 1 |\n", {});
  assertStringIncludes(html.replace(/\s+/g, ""), "<tr><td></td><th>a</th></tr>");
});

Deno.test("code keeps every character, and a shape in a comment stands out", () => {
  const code = "const x: Tensor = f(`a<b>`); // (B, T)\n";
  const page = highlight(code, "typescript");
  assertStringIncludes(page, "<b>(B, T)</b>");
  const text = page.replace(/<[^>]+>/g, "")
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code));
  assertEquals(text, code);
});

Deno.test("`deno task book -- --serve` says its address, serves the book, builds it anew when a source changes, and ends by Ctrl-C", async (t) => {
  const folder = await Deno.makeTempDir();
  const serving = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      "--unstable-raw-imports",
      ...ownPackages,
      "lib/book/main.ts",
      "--serve",
      "--port=0",
      `--out=${folder}/book`,
    ],
    cwd: root,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines = serving.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  const says = async (pattern: RegExp) => {
    for (;;) {
      const match = said.match(pattern);
      if (match) return match;
      const { value, done } = await lines.read();
      assert(!done, `it ended after: ${said}`);
      said += value;
    }
  };
  try {
    const [, address] = await says(/The book is at (http:\/\/localhost:\d+\/)/);
    await t.step("its pages", async () => {
      const texts = new Map<string, string>();
      for (const name of ["index.html", ...site.pages.map(({ address }) => address)]) {
        const response = await fetch(address + name);
        assertEquals(response.headers.get("content-type"), "text/html; charset=utf-8", name);
        texts.set(name, await response.text());
      }
      const url = new URL(`file://${folder}/book/`);
      await checkLinks(url, texts);
      await weigh(url, [...texts.keys()]);
    });
    for (const [name, code] of [["nothing.html", 404], ["code", 404], ["%", 400], ["", 200]]) {
      const { status, body } = await fetch(address + name);
      await body?.cancel();
      assertEquals(status, code, `${name}`);
    }
    said = "";
    const now = Date.now() / 1000;
    await Deno.utime(new URL("lessons/contents.ts", root), now, now);
    await says(/^[\d:]+ built\n/m);
    await Deno.writeTextFile(`${folder}/book/index.html`, "a page of somebody's own");
    await Deno.utime(new URL("lessons/contents.ts", root), now + 1, now + 1);
    await says(/^[\d:]+ not built: the error stands above\n/m);
    const why = await serving.stderr.pipeThrough(new TextDecoderStream()).getReader().read();
    assertStringIncludes(why.value!, "holds other files");
  } finally {
    serving.kill("SIGINT");
    await lines.cancel();
    assertEquals((await serving.status).signal, "SIGINT");
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a folder that holds anything but a book is not emptied for one", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/index.html`, "a page of somebody's own");
    const url = new URL(`file://${folder}/`);
    await assertRejects(() => build(url), Error, "holds other files (index.html)");
    const args = ["run", "-A", "--unstable-raw-imports", ...ownPackages, "lib/book/main.ts"];
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...args, `--out=${folder}`],
      cwd: root,
    }).output();
    assertStringIncludes(new TextDecoder().decode(stderr), "holds other files");
    assertEquals(code, 2);
    assertEquals([...Deno.readDirSync(folder)].length, 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Every link leads to a page or a file, every anchor to an element; nothing breaks the page's own policy. */
async function checkLinks(url: URL, texts: ReadonlyMap<string, string>) {
  for (const [name, text] of texts) {
    const ids = [...text.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id);
    assertEquals(ids.length, new Set(ids).size, `${name} has two elements of one id`);
    for (const [, href] of text.matchAll(/\b(?:href|src)="([^"]+)"/g)) {
      if (/^(https?|data):/.test(href)) continue;
      const [page, anchor] = href.split("#");
      if (page && !page.endsWith(".html")) {
        await Deno.stat(new URL(page, url));
        continue;
      }
      const target = page ? texts.get(page) : text;
      assert(target, `${name} links to ${href}`);
      if (anchor) assertStringIncludes(target, `id="${anchor}"`, `${name} links to ${href}`);
    }
    assert(!/ style="| on\w+="|<script>|<style/.test(text), `${name} breaks its own policy`);
  }
}

/** Compressed, a page weighs at most 120 kB before its lesson is run, and the library 230 kB more. */
async function weigh(url: URL, pages: readonly string[]) {
  const sizes = new Map<string, number>();
  /** The bytes of files and of all that they import from the beginning, each counted once. */
  const weight = async (paths: string[], seen = new Set<string>()) => {
    for (const path of paths) {
      if (seen.has(path)) continue;
      seen.add(path);
      const bytes = await Deno.readFile(new URL(path, url));
      if (!sizes.has(path)) {
        sizes.set(
          path,
          path.endsWith(".woff2") ? bytes.length : gzipSync(bytes, { level: 9 }).length,
        );
      }
      if (!path.endsWith(".js")) continue;
      const imports = new TextDecoder().decode(bytes).matchAll(/(?:from|import)"(\.[^"]+\.js)"/g);
      const found = [...imports].map(([, name]) =>
        new URL(name, new URL(path, url)).href.replace(url.href, "")
      );
      await weight(found, seen);
    }
    return seen;
  };
  const sum = (paths: Iterable<string>) =>
    [...paths].reduce((sum, path) => sum + sizes.get(path)!, 0);
  const code = await Array.fromAsync(Deno.readDir(new URL("code/", url)), ({ name }) => name);
  const late = code.filter((name) => /^(run|play)-/.test(name)).map((name) => `code/${name}`);
  assertEquals(late.length, 2);
  const common = await weight(["style.css", "font.woff2", "code/book/client/page.js", ...late]);
  for (const page of pages) {
    await weight([page]);
    const bytes = sum([page, ...common]);
    assert(bytes <= 120_000, `${page} weighs ${bytes} before Run`);
  }
  const library = await weight(["code/lessons.js", "code/book/client/worker.js"]);
  const more = sum([...library].filter((path) => !common.has(path)));
  assert(more <= 230_000, `the library weighs ${more}`);
}

Deno.test("each lesson's page holds every output of its source", async () => {
  for (const page of lessons) {
    const text = (await lessonPage(site, page)).page.text;
    const outputs = weave(page.source).flatMap((block) =>
      block.kind === "cell" ? block.segments : []
    )
      .filter(({ kind }) => kind === "output");
    assertEquals(text.match(/<div class="output"/g)?.length ?? 0, outputs.length, page.path);
  }
  assert((await outputHtml({ text: "a <b> & c" })).text.includes("a &#60;b&#62; &#38; c"));
  assert(root.href.endsWith("/"));
});

Deno.test("every lesson, and the museum, becomes a notebook and comes back as it was", async () => {
  const texts = site.pages.filter(({ kind }) => kind === "lesson" || kind === "extra");
  const drawn: string[] = [];
  for (const { source, path } of texts) {
    const notebook = await toNotebook(source, "../../lessons/");
    assertEquals(fromNotebook(JSON.parse(JSON.stringify(notebook))), source, path);
    const ids = notebook.cells.map(({ id }) => id);
    assertEquals(ids.length, new Set(ids).size, path);
    assert(notebook.cells.every(({ source }) => !source.join("").includes("import.meta")), path);
    for (const { data } of notebook.cells.flatMap(({ outputs = [] }) => outputs)) {
      if (data) drawn.push([...data["image/svg+xml"]].join(""));
    }
  }
  assert(drawn.length > 15, `${drawn.length} pictures are drawn`);
  for (const svg of drawn) {
    assert(/^<svg [^>]*color="#1f2328"[^>]*><rect [^>]*fill="#fff"/.test(svg));
  }
});

Deno.test("exercises become notebooks that check them, and come back with the reader's answers", async () => {
  for (const { path, source, solved } of site.pages.filter(({ solved }) => solved)) {
    const name = path.split("/").at(-1)!;
    const notebook = await exerciseNotebook(solved!, name, "../../lessons/");
    assertEquals(fromNotebook(JSON.parse(JSON.stringify(notebook))), source, path);
    const texts = notebook.cells.map(({ source }) => source.join(""));
    const checked = texts.flatMap((text) => text.match(/^await check\(\{ (\w+) \}\);$/)?.[1] ?? []);
    const wanted = [
      ...solved!.split("// ---- checks")[0].matchAll(/^export (?:async )?\w+ (\w+)/gm),
    ];
    assertEquals(checked, wanted.map(([, name]) => name), path);
    const folds = texts.filter((text) => text.startsWith("<details><summary>A solution"));
    assertEquals(folds.length, checked.length, path);
    const answered = notebook.cells.find(({ source }) => source.join("").includes(checked[0]))!;
    answered.source = [`export const ${checked[0]} = 25;`];
    assertStringIncludes(fromNotebook(notebook), `\nexport const ${checked[0]} = 25;\n`);
  }
});

Deno.test("a kernel in a page is the kernel, without comments and spaces; what lib/gpu looks for stays", async () => {
  const comments =
    /\/\/(?! (?:for each item:|end$|replaced by |unrolled|or an image|read once)).*$/gm;
  const bare = (text: string) => text.replace(comments, "").replace(/\s+/g, "");
  for await (const { name, isFile } of Deno.readDir(new URL("kernels/", root))) {
    if (!isFile) continue;
    const text = await Deno.readTextFile(new URL(`kernels/${name}`, root));
    const light = lighter(text);
    assertEquals(bare(light), bare(text), name);
    assertEquals(light.match(comments), null, name);
    assert(/^(?:\S.*\S\n|\S\n)+$/.test(light) && light.length < 0.95 * text.length, name);
    assertEquals(light.match(/--/g)?.length, text.replace(comments, "").match(/--/g)?.length, name);
  }
});

Deno.test("a lesson's program hands out what it exports while it still runs, line by line as before", () => {
  const source = "/*\n# A\n*/\nexport const a: number = 1;\nawait work();\nexport class B {}\n";
  const code = compile(source, (name) => name);
  assertEquals(code.split("\n").length, source.split("\n").length);
  assertStringIncludes(code.split("\n")[0], "{ get a() { return a; }, get B() { return B; } }");
});

Deno.test("a program takes its imports from other addresses; the same words in a text stay", () => {
  const there = (code: string) => asProgram(code, (name) => `there/${name}`);
  for (
    const code of [
      `import { a, b } from "x";`,
      `import {\n  a,\n  b, // two\n} from 'x';`,
      `import "x";`,
      `export * from "x";`,
      `const { a } = await import("x");`,
    ]
  ) {
    assertStringIncludes(there(code).replaceAll("'", '"'), `"there/x"`, code);
    assertEquals(there(code).split("\n").length, code.split("\n").length);
  }
  for (const text of [`await show('from "x"');`, `/*\nTaken from "x\ny".\n*/`, `// from "x"`]) {
    assertEquals(there(text), text);
  }
});

Deno.test("an answer in the middle of a training leaves the random numbers as they were", async () => {
  const lesson = {
    model: {},
    run: { step: 7, steps: 9 },
    generate: async () => await randn([5]).repr(),
  };
  manualSeed(3);
  const before = getRngState();
  const { step, steps } = await answer("writing", lesson, {}, "") as Writing;
  assertEquals([step, steps, getRngState()], [7, 9, before]);
});

Deno.test("a remark in parentheses stands in the margin, where the paragraph is as high", () => {
  const html = (text: string) => renderMarkdown(text).html;
  const long = "A sentence that goes on. ".repeat(6);
  assertStringIncludes(
    html(`${long}(A remark.) End.`),
    `class="aside"><span class="paren">(</span>A`,
  );
  assertStringIncludes(html(`${long}(\`eval()\` is one.)`), `</span><code>eval()</code> is one.`);
  for (const other of [`(A remark.)`, `${long}(no sentence)`, `Short. (${long.trim()})`]) {
    assert(!html(other).includes("aside"), other);
  }
});

Deno.test("a changed cell comes back changed, with what it printed", async () => {
  const [{ source }] = lessons;
  const notebook = await toNotebook(source, "./");
  const cell = notebook.cells.find(({ outputs }) => outputs?.length)!;
  cell.source = ["await show(1 + 1);"];
  cell.outputs = [{ output_type: "stream", name: "stdout", text: ["2\n"] }];
  assertStringIncludes(fromNotebook(notebook), "\nawait show(1 + 1);\n//> 2\n");
  const drawn = { "image/svg+xml": ["<svg/>"], "text/plain": ["┌─┐\n", "└─┘"] };
  cell.outputs.push({ output_type: "display_data", data: drawn, metadata: {} });
  assertStringIncludes(fromNotebook(notebook), "\n//> 2\n//> ┌─┐\n//> └─┘\n");
});
