/*
 * The book in a browser: every page, lessons that run in it, and what a reader may do to them. Ignored with the reason
 * where there is no Chromium. `BOOK=all` also runs the lessons that take long, and lets axe read every page.
 */
import { Buffer } from "node:buffer";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import axe from "axe-core/axe.min.js" with { type: "text" };
import { type Browser, chromium, type Page as Tab } from "playwright-core";
import { build } from "../../lib/book/build.ts";
import { answer } from "../../lib/book/serve.ts";
import { readSite, root } from "../../lib/book/site.ts";
import { peekCheckpoint } from "../../lib/data/checkpoint.ts";
import { findChromium } from "../../lib/tools/chromium.ts";

const executablePath = findChromium();
const all = Deno.env.get("BOOK") === "all";
const because = executablePath
  ? ""
  : " (ignored: no Chromium; `sudo apt-get install -y chromium`, or name one in CHROMIUM)";
const GPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/** The book, served from a folder below a host's root, as it may lie anywhere. */
const place = "a/b/";
let address = "";
let browser: Browser;
let server: Deno.HttpServer;
let folder = "";

if (executablePath) {
  Deno.test.beforeAll(async () => {
    folder = await Deno.makeTempDir();
    await build(new URL(`file://${folder}/${place}`));
    const root = new URL(`file://${folder}/`);
    server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      (request) => answer(root, request),
    );
    address = `http://localhost:${(server.addr as Deno.NetAddr).port}/${place}`;
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox", ...GPU] });
  });
  Deno.test.afterAll(async () => {
    await browser.close();
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  });
}

interface Visit {
  width?: number;
  dark?: boolean;
  browser?: Browser;
}

/** Opens a page in a fresh profile, hands it over, and holds that nothing failed and nothing else was asked for. */
async function visit(name: string, look: (tab: Tab) => Promise<void>, given: Visit = {}) {
  const { width = 1400, dark = false } = given;
  const context = await (given.browser ?? browser).newContext({
    viewport: { width, height: 900 },
    colorScheme: dark ? "dark" : "light",
  });
  try {
    const tab = await context.newPage();
    const wrong: string[] = [];
    tab.on("pageerror", (error) => wrong.push(String(error)));
    tab.on("console", (message) => {
      if (message.type() === "error") wrong.push(message.text());
    });
    tab.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(address) && !/^(data|blob):/.test(url)) wrong.push(`asked for ${url}`);
    });
    await tab.goto(address + name);
    await look(tab);
    assertEquals(wrong, [], name);
  } finally {
    await context.close();
  }
}

const test = (name: string, fn: () => Promise<void>) =>
  Deno.test({
    name: name + because,
    ignore: !executablePath,
    fn,
    sanitizeOps: false,
    sanitizeResources: false,
  });

/** Presses a button of the lesson and waits for the end; returns what the strip says. */
async function run(tab: Tab, button: RegExp | string, timeout = 240_000): Promise<string> {
  await tab.locator("#run").getByRole("button", { name: button }).first().click();
  return await ended(tab, timeout);
}

async function ended(tab: Tab, timeout = 240_000): Promise<string> {
  await tab.locator(".live .quiet").waitFor({ state: "visible", timeout });
  return await tab.locator(".live [role=status]").innerText();
}

const marks = (tab: Tab) => tab.locator(".mark").allInnerTexts();
const site = await readSite();
const pages = ["index.html", ...site.pages.map(({ address }) => address)];

test("every page loads without an error or a request elsewhere, and never scrolls sideways", async () => {
  for (const name of pages) {
    await visit(name, async (tab) => {
      await tab.locator("#search").waitFor({ state: "visible" });
      if (await tab.locator("#run").count()) await tab.locator(".runner").waitFor();
      const wide = await tab.evaluate("document.documentElement.scrollWidth > innerWidth");
      assertEquals(wide, false, `${name} scrolls sideways at 360 px`);
    }, { width: 360 });
  }
});

test("axe finds nothing, in light and dark", async () => {
  const kinds = all ? pages : [
    "differences.html",
    "index.html",
    "lesson-3.html",
    "lesson-11.html",
    "lesson-12.html",
    "ledger.html",
    "kernel-softmax.html",
  ];
  for (const dark of [false, true]) {
    for (const name of kinds) {
      await visit(name, async (tab) => {
        await tab.locator("#search").waitFor({ state: "visible" });
        if (name === "lesson-12.html") await tab.locator(".options summary").click();
        await tab.evaluate(axe);
        const { violations } = await tab.evaluate("axe.run()") as {
          violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
        };
        assertEquals(
          violations.map(({ id, nodes }) => `${id}: ${nodes[0].html} ${nodes[0].failureSummary}`),
          [],
          name,
        );
      }, { dark, width: name === "differences.html" ? 360 : undefined }); // its table is wider
    }
  }
});

/** Lessons that run whole in any run of the tests, and those that do so only when all is wanted. */
const WHOLE = [1, 2, 3, 5, 6, 7, 10, 11, 12];
const WHOLE_TOO = [8];
/** The same for those that take their time even when they run briefly. */
const BRIEF = [9];
const BRIEF_TOO = [4, 13, 14];

const whole = (all ? [...WHOLE, ...WHOLE_TOO] : WHOLE).map((number) => `lesson-${number}`);
for (const name of [...whole, "museum"]) {
  test(`${name} runs whole in its page, every output as in its source`, async () => {
    await visit(`${name}.html`, async (tab) => {
      const outputs = await tab.locator(".output").count();
      const words = await run(tab, /Run this lesson|Run in full/);
      assertMatch(words, new RegExp(`^${outputs} outputs?: .*swiftshader`));
      const odd = (await marks(tab)).filter((mark) =>
        !/^(=|≈|±|~ not compared: no two)/.test(mark)
      );
      assertEquals(odd, [], words);
    });
  });
}

for (const number of all ? [...BRIEF, ...BRIEF_TOO] : BRIEF) {
  test(`lesson ${number} runs briefly in its page; what a short run prints is not compared`, async () => {
    await visit(`lesson-${number}.html`, async (tab) => {
      const words = await run(tab, "Run briefly", 600_000);
      assertMatch(words, /^\d+ outputs: \d+ equal.*swiftshader/);
      const found = await marks(tab);
      assertEquals(found.filter((mark) => mark.startsWith("≠")), []);
      // What nobody has seen in full yet stands in the source without its output.
      const notSeen = site.lesson(number)!.source.match(/; \/\/ .*not seen$/gm)?.length ?? 0;
      assertEquals(found.filter((mark) => mark.startsWith("+")).length, notSeen);
      assert(number === 14 || found.some((mark) => mark.startsWith("~ not compared: a brief run")));
      if (number === 13) await asksTheModel(tab);
    });
  });
}

/** The pictures of lesson 13 ask the model that the page has just trained. */
async function asksTheModel(tab: Tab) {
  for (const name of ["next", "vectors"]) {
    const play = tab.locator(`[data-play=${name}]`);
    await play.getByRole("button", { name: "Try it" }).click();
    await play.getByRole("button", { name: "Ask again" }).waitFor({ timeout: 240_000 });
  }
  const next = await tab.locator("[data-play=next]").innerText();
  assertMatch(next, /the best 512 of 512: as open as a choice among \d+\.\d equal tokens/);
  const vectors = tab.locator("[data-play=vectors]");
  assert(await vectors.locator("svg text").count() > 300);
  await vectors.getByLabel("A token").selectOption({ label: "·my" });
  assertMatch(
    await vectors.innerText(),
    /Nearest to “·my” in all 64 dimensions, with their cosine: (\S+ 0\.\d\d, ){7}\S+ 0\.\d\d\./,
  );
}

test("a cell is changed, run, breaks with its line, is reset; the change survives a reload and goes with a link", async () => {
  await visit("lesson-2.html", async (tab) => {
    const found = tab.locator(".cell", { hasText: "new nn.Embedding(5, 3)" }).first();
    const at = `[data-cell='${await found.getAttribute("data-cell")}']`;
    const [cell, editor] = await openEditor(tab, at);
    await editor.fill("const embedding = new nn.Embedding(2, 7);\nawait show(embedding);");
    await cell.getByRole("button", { name: "Run", exact: true }).click();
    await ended(tab);
    assertStringIncludes(await cell.innerText(), "Embedding(2, 7)");

    await editor.fill(
      "const embedding = new nn.Embedding(2, 7);\nawait show(embedding.nothing());",
    );
    await cell.getByRole("button", { name: "Run", exact: true }).click();
    await ended(tab);
    assertMatch(
      await cell.locator(".fault").innerText(),
      /^Line 2 of this cell\s+TypeError: .*nothing/,
    );

    await editor.fill("const embedding: = 5;");
    await cell.getByRole("button", { name: "Run", exact: true }).click();
    await ended(tab);
    assertMatch(await cell.locator(".fault").innerText(), /^Line 1 of this cell\s+SyntaxError/);

    await cell.getByRole("button", { name: "Link" }).click();
    const link = tab.url();
    assertStringIncludes(link, "#edits=");
    await tab.goto(address + "lesson-2.html");
    await tab.locator(`${at} .cm-content`).waitFor();
    assertStringIncludes(
      await tab.locator(`${at} .cm-content`).innerText(),
      "embedding: = 5",
    );
    await visit(link.replace(address, ""), async (other) => {
      await other.locator(`${at} .cm-content`).waitFor();
      assertStringIncludes(
        await other.locator(`${at} .cm-content`).innerText(),
        "embedding: = 5",
      );
    });

    await tab.locator(at).getByRole("button", { name: "Reset" }).click();
    assertEquals(await tab.locator(".cm-content").count(), 0);
    assertMatch(await run(tab, "Run this lesson"), /^(\d+) outputs: \1 equal/);
  });
});

/** Opens the editor of a cell; returns the cell, and where its text is typed. */
async function openEditor(tab: Tab, at: string) {
  const cell = tab.locator(at);
  await cell.hover();
  await cell.getByRole("button", { name: /^(Edit|Answer)$/ }).click();
  return [cell, cell.locator(".cm-content")] as const;
}

test("every change is kept: of two cells, and one that was made after its link", async () => {
  await visit("lesson-2.html", async (tab) => {
    const [, first] = await openEditor(tab, "[data-cell='2']");
    await first.fill("");
    await tab.keyboard.type("const half = 1 / 2; // a half");
    const [second, text] = await openEditor(tab, "[data-cell='3']");
    await text.fill("await show(1);");
    await second.getByRole("button", { name: "Link" }).click();
    assertStringIncludes(tab.url(), "#edits=");
    await text.fill("await show(2);");
    await tab.waitForURL(/html$/); // the address says no longer something else
    await tab.reload();
    await tab.locator(".cm-content").nth(1).waitFor();
    assertEquals(await tab.locator(".cm-content").allInnerTexts(), [
      "const half = 1 / 2; // a half",
      "await show(2);",
    ]);
  });
});

test("what a cell shows or does without await counts too; a cell that is not changed keeps its output", async () => {
  await visit("lesson-2.html", async (tab) => {
    const [cell, editor] = await openEditor(tab, "[data-cell='3']");
    const result = async (code?: string) => {
      if (code) await editor.fill(code);
      await cell.getByRole("button", { name: "Run", exact: true }).click();
      await ended(tab);
      return (await cell.locator(".output:visible, .fault").allInnerTexts()).join("|");
    };
    assertMatch(await result(), /^= equal.*\s+Embedding\(5, 3\)$/);
    assertMatch(await result("show(tensor([1, 2]));"), /tensor\(\[1, 2\]\)$/);
    assertMatch(await result(`console.log('taken from "b"', 5);`), /taken from "b" 5$/);
    assertMatch(
      await result("const a = tensor([[1, 2]]);\nawait show(a.matmul(a));"),
      /^Line 2 of this cell\s+RangeError: mat1 and mat2 shapes/,
    );
    assertMatch(await result("console.log(new Error('so'));"), /Error: so$/);
    assertMatch(await result("(async () => { await 1;\nthrow 'late'; })();"), /^An error\s+late$/);
    assertMatch(
      await result("import { dataset } from './10-dataset.ts';\nshow(dataset.numRows);"),
      /145$/,
    );
    // An error stands where it can be seen, above the strip and below many outputs.
    await tab.setViewportSize({ width: 1400, height: 500 });
    assertMatch(
      await result("await show(tensor([1]));\n".repeat(9) + "nothing();"),
      /nothing is not/,
    );
    const bottom = async (at: string) =>
      await tab.locator(at).evaluate((it) => it.getBoundingClientRect().bottom);
    const strip = await tab.locator(".live").evaluate((it) => it.getBoundingClientRect().top);
    await tab.waitForFunction(
      (top) => document.querySelector(".fault")!.getBoundingClientRect().bottom <= top,
      strip,
    );
    // And the page's end is not covered.
    await tab.evaluate("scrollTo(0, 1e6)");
    assert(
      await bottom(".around") <=
        await tab.locator(".live").evaluate((it) => it.getBoundingClientRect().top),
    );
    await tab.emulateMedia({ media: "print" });
    assertEquals(await tab.locator(".live, .editor .actions").filter({ visible: true }).count(), 0);
  });
});

test("Stop, or Escape, ends a lesson that saves nothing, and its worker with it", async () => {
  await visit("lesson-3.html", async (tab) => {
    for (
      const stop of [() => tab.locator(".live .stop").click(), () => tab.keyboard.press("Escape")]
    ) {
      await tab.locator("#run").getByRole("button").first().click();
      await tab.locator(".mark").first().waitFor();
      await tab.locator("h1").hover(); // no worker is made ready for the next run
      await stop();
      assertMatch(await ended(tab), /^Stopped\./);
      while (tab.workers().length) await tab.workers()[0].waitForEvent("close");
    }
  });
});

test("without a network a page says so, and goes on when there is one", async () => {
  const context = await browser.newContext();
  try {
    const tab = await context.newPage();
    await tab.goto(`${address}lesson-2.html`);
    await tab.locator(".runner").waitFor();
    await context.setOffline(true);
    assertMatch(await run(tab, "Run this lesson"), /^It did not run\./);
    assertMatch(await tab.locator(".fault").innerText(), /02-embedding\.ts could not be loaded/);
    await tab.locator("#search").fill("keepdim");
    await context.setOffline(false);
    assertMatch(await run(tab, "Run this lesson"), /^(\d+) outputs: \1 equal/);
    await tab.locator("#search").fill("keepdims");
    await tab.locator(".found a").first().waitFor();
  } finally {
    await context.close();
  }
});

const heightOf = (tab: Tab, at: string) =>
  tab.locator(at).evaluate((it) => it.getBoundingClientRect().height);

test("on a narrow page the contents open over the text, wherever the reader is", async () => {
  await visit("lesson-3.html#the-whole", async (tab) => {
    await tab.locator(".runner").waitFor();
    await tab.locator(".menu summary").click();
    const lies = await tab.locator(".contents").evaluate((it) => {
      const { top, bottom } = it.getBoundingClientRect();
      return [top, bottom];
    });
    assertEquals(lies, [await heightOf(tab, ".bar"), 900]); // and what is longer scrolls in it
    const link = tab.locator(".contents").getByRole("link", { name: "Many heads" });
    await link.click();
    await link.waitFor({ state: "hidden" });
    assertMatch(tab.url(), /#many-heads$/);
    const top = await tab.locator("#many-heads").evaluate((it) => it.getBoundingClientRect().top);
    assert(top > 50 && top < 200, `the heading stands at ${top}`);
  }, { width: 360 });
});

test("a lesson that trains shows how far it is, and stops; what it has learned goes to the terminal and comes back", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/lesson-13.safetensors`;
  const stop = async (tab: Tab) => {
    const words = tab.getByText(/train [\d,]+\/10,000 · .* left/);
    await words.waitFor({ timeout: 240_000 });
    const [, step] = (await words.innerText()).match(/train ([\d,]+)/)!;
    await tab.locator(".live .stop").click();
    assertMatch(await ended(tab), /^Stopped\./);
    return Number(step.replace(",", ""));
  };
  try {
    await visit("lesson-13.html", async (tab) => {
      const full = tab.locator("#run").getByRole("button", { name: "Run in full" });
      await tab.locator(".options summary").click();
      await tab.getByLabel("--evals").fill("1");
      await full.click();
      const writing = tab.locator("[data-play=writing]");
      await writing.getByRole("button", { name: "Try it" }).click();
      await tab.getByText(/train [\d,]+\/10,000 · .* left/).waitFor({ timeout: 240_000 });
      await writing.getByText(/^after [\d,]+ of 10,000 steps$/).waitFor();
      assert((await writing.locator("figure pre").innerText()).length > 80);
      await stop(tab);
      assert(await tab.locator(".live .curves polyline").count() > 0);
      const [download] = await Promise.all([
        tab.waitForEvent("download"),
        tab.getByRole("link", { name: "lesson-13.safetensors" }).click(),
      ]);
      await download.saveAs(path);
      const learned = peekCheckpoint(path)!.step;

      const args = ["--resume", "--data=shipped", "--evals=1", "--quiet", `--steps=${learned + 2}`];
      const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "--allow-all",
          "--no-check",
          "lessons/13-mlp.ts",
          ...args,
          `--out=${folder}/lesson-13`,
        ],
        cwd: root,
      }).output();
      assert(success, new TextDecoder().decode(stderr));
      assertMatch(new TextDecoder().decode(stdout), new RegExp(`step ${learned + 1}: train loss`));
      assertEquals(peekCheckpoint(path)!.step, learned + 2);

      await tab.getByLabel("A checkpoint to continue from").setInputFiles(path);
      assert(await tab.getByLabel("--resume").isChecked());
      await full.click();
      const again = await stop(tab);
      assert(again >= learned + 2, `${again} after ${learned + 2}`);
      const goOn = tab.locator(".live").getByRole("button", { name: "Go on" });
      assert(await goOn.isVisible());
      if (!all) return; // each start of this lesson takes long
      await goOn.click();
      assert(await stop(tab) >= again);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

test("a file of the reader's own is the data", async () => {
  await visit("lesson-10.html", async (tab) => {
    await tab.locator(".options summary").click();
    await tab.getByLabel("A file of your own").setInputFiles({
      name: "mine.txt",
      mimeType: "text/plain",
      buffer: Buffer.from("One song\n\nAnother\n\nA third\n\nAnd a fourth\n"),
    });
    assertEquals(await tab.getByLabel("--data", { exact: true }).inputValue(), "./mine.txt");
    await run(tab, "Run this lesson");
    const [first, second] = await tab.locator(".output .here pre").allInnerTexts();
    assertMatch(first, /mine\.txt.*\b4\b/);
    assertMatch(second, /num_rows: 4\b/);
  });
});

test("exercises are answered, checked and hinted at in their page", async () => {
  await visit("exercise-03.html", async (tab) => {
    const answer = async (cell: number, code: string) => {
      const [, editor] = await openEditor(tab, `[data-cell="${cell}"]`);
      await editor.fill(code);
    };
    await answer(2, "export const query = [1, 2];");
    await answer(
      4,
      "export function attention(q: Tensor, k: Tensor, v: Tensor): Tensor {\n" +
        "  return q.matmul(k.t()).div(Math.sqrt(q.shape[1])).softmax(-1).matmul(v);\n}",
    );
    assertMatch(await run(tab, "Check my answers"), /^1 of \d+ right\./);
    const found = await tab.locator(".answer").allInnerTexts();
    assertEquals(found.slice(0, 3), [
      "≠ the context vector of [1,2] is 17.76, not 25",
      "~ not answered yet",
      "= right",
    ]);
    const cell = tab.locator('[data-cell="2"]');
    await cell.locator(".cm-content").fill("const query = [1, 2];\nconsole.log(query);");
    assertMatch(await run(tab, "Check my answers"), /^1 of \d+ right\. 1 output: 1 new/);
    assertStringIncludes(await cell.locator(".output").innerText(), "[1, 2]");
    assertStringIncludes(await cell.locator(".answer").innerText(), "keep its name and its export");
    await tab.locator(".hint summary").first().click();
    assertStringIncludes(await tab.locator(".hint").innerText(), "the second and the third key");
    await tab.locator(".solution summary").first().click();
    assertStringIncludes(await tab.locator(".solution pre").first().innerText(), "[-3, 3]");
  });
});

test("pictures answer: attention, temperature and top-k, merges", async () => {
  const open = async (tab: Tab) => {
    const play = tab.locator(".play");
    await play.getByRole("button", { name: "Try it" }).click();
    await play.getByRole("button", { name: "Ask again" }).waitFor({ timeout: 240_000 });
    return play;
  };
  await visit("lesson-3.html", async (tab) => {
    const play = await open(tab);
    // The lesson's own sentence, and its own weights.
    assertStringIncludes(await play.innerText(), "“dog” attends to: dog 0.4938, dog 0.4938");
    await play.locator("tbody tr").nth(1).locator("td").nth(5).hover();
    assertMatch(
      await play.locator("[role=status]").last().innerText(),
      /^query “dog” · key “dog” is \d\d\.\d\d; attention weight 0\.4938$/,
    );
    await play.getByLabel("causal mask").check();
    await play.getByLabel("A sentence").fill("a rose is a rose");
    await play.getByRole("button", { name: "is" }).waitFor();
    const rows = play.locator("tbody tr");
    assertMatch(await rows.first().innerText(), /^a\s+1\.00(\s+0\.00){4}$/);
    await play.getByRole("button", { name: "is" }).focus();
    assertMatch(await play.locator("[role=status]").last().innerText(), /^“is” attends to: is/);
  });
  await visit("lesson-8.html", async (tab) => {
    const play = await open(tab);
    assertMatch(await play.innerText(), /forward\s+0\.5098/);
    await play.getByLabel("Top-k").fill("3");
    assertMatch(await play.innerText(), /forward\s+0\.5465[^]*pizza\s+cut/);
    await play.getByRole("button", { name: "Draw 100 times" }).click();
    assertMatch(await play.innerText(), /pizza\s+cut\s+0×/);
  });
  await visit("lesson-11.html", async (tab) => {
    const play = await open(tab);
    await play.getByLabel("A text").fill(" wanted");
    await play.getByText("Merge 1 of 3: “·” and “w” become token").waitFor();
    await play.getByRole("button", { name: "All" }).click();
    assertEquals(await play.locator(".tokens span").allInnerTexts(), ["·w", "an", "t", "ed"]);
  });
});

test("the search finds a word of another lesson, by keyboard alone", async () => {
  await visit("index.html", async (tab) => {
    await tab.keyboard.press("/");
    await tab.keyboard.type("keepdim", { delay: 20 });
    await tab.locator(".found a").first().waitFor();
    await tab.keyboard.press("ArrowDown");
    await tab.keyboard.press("Enter");
    await tab.waitForURL(/lesson-6\.html/);
  });
});

test("without WebGPU a page is a good page still, and says which browsers have it", async () => {
  const plain = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    await visit("lesson-2.html", async (tab) => {
      await tab.getByText("This page needs WebGPU").waitFor();
      assertEquals(await tab.locator(".cell button").count(), 0);
      assert(await tab.locator(".output").count() > 0);
    }, { browser: plain });
  } finally {
    await plain.close();
  }
});
