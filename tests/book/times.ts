/*
 * `deno task bench:book`: how long a reader of the book waits, in Chromium on this machine. Each page is opened in a new
 * browser, which has compiled nothing yet; the reader looks at it for a moment, points at the button and presses it.
 */
import { chromium, type Page as Tab } from "playwright-core";
import { build } from "../../lib/book/build.ts";
import { ownPackages } from "../../lib/book/own_packages.ts";
import { answer } from "../../lib/book/serve.ts";
import { fromFileUrl, root } from "../../lib/book/site.ts";
import { describeOptions, type Options, readArgs } from "../../lib/lesson/args.ts";
import { endWell } from "../../lib/lesson/ending.ts";
import { findChromium } from "../../lib/tools/chromium.ts";
import { lastOf } from "./steps.ts";

const options = {
  runs: { value: 5, help: "how often each page is opened in a new browser" },
  steps: { value: 40, help: "more steps of lesson 13, in a page and in Deno; 0 leaves them out" },
  point: {
    value: 200,
    help: "milliseconds for which the pointer is over the button before it is pressed",
  },
  help: { value: false, help: "show this and stop" },
} satisfies Options;

const HELP = `How long a reader of the book waits, in Chromium.

deno task bench:book -- [options]

${describeOptions(options)}

Deno runs lesson 13 on its default adapter. Where Chromium computes with SwiftShader, let Deno do so too:
VK_DRIVER_FILES and VK_ICD_FILENAMES name Chromium's vk_swiftshader_icd.json.
`;

/** What happens in a page, in milliseconds after the press of the button. */
interface Times {
  /** The first output is there. */
  first: number;
  /** The first numbers that come from the GPU are there. */
  numbers: number;
  /** The run has ended. */
  end: number;
  /** The words that are waited for are there. */
  words: number;
}

/** Steps that are run beside more of them. */
const FEW = 10;
/** How often lesson 13 is timed in a page and in Deno, in turns. */
const TURNS = 2;

endWell();
const { runs, steps, point, help } = readArgs(Deno.args, options);
const executablePath = findChromium();

/** Opens a page in a new browser, and hands it over once it can be run. */
async function visit<T>(address: string, look: (tab: Tab) => Promise<T>): Promise<T> {
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
  });
  try {
    const tab = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    await tab.goto(address);
    await tab.locator(".runner").waitFor();
    await tab.waitForTimeout(1000); // a short look
    return await look(tab);
  } finally {
    await browser.close();
  }
}

/** In the page: notes when the button is pressed, when outputs come, and these words in one, and when the run ends. */
function watchRun(words: string | undefined) {
  const times: Record<string, number> = {};
  const note = (what: string) => times[what] ??= performance.now() - times.press;
  addEventListener("click", () => times.press ??= performance.now(), true);
  new MutationObserver(() => {
    const marks = [...document.querySelectorAll("article .mark")];
    if (marks.length) note("first");
    if (marks.some((mark) => /tensor\(/.test(mark.parentElement!.textContent))) note("numbers");
    if (document.querySelector<HTMLElement>(".live .quiet:not([hidden])")) note("end");
    const own = words && document.querySelectorAll("article .here");
    if (own && [...own].some(({ textContent }) => textContent.includes(words))) note("words");
  }).observe(document.body, { subtree: true, childList: true, attributes: true });
  Object.assign(globalThis, { times });
}

/** The times of a lesson that runs whole. */
const timesOf = (address: string): Promise<Times> =>
  visit(address, async (tab) => {
    await tab.evaluate(watchRun, undefined);
    const button = tab.locator("#run button.go");
    await button.hover();
    await tab.waitForTimeout(point);
    await button.click();
    await tab.locator(".live .quiet").waitFor({ timeout: 60_000 });
    return await tab.evaluate("times") as Times;
  });

/** Milliseconds that so many steps of lesson 13 take in its page, with all that comes before them. */
const stepsInPage = (address: string) => (steps: number): Promise<number> =>
  visit(address, async (tab) => {
    await tab.locator(".options summary").click();
    await tab.getByLabel("--steps").fill(String(steps));
    await tab.getByLabel("--evals").fill("1");
    await tab.evaluate(watchRun, lastOf(steps));
    await tab.locator("#run").getByRole("button", { name: "Run in full" }).click();
    const last = tab.locator("article .here", { hasText: lastOf(steps) }).first();
    await last.waitFor({ state: "attached", timeout: 240_000 });
    return (await tab.evaluate("times") as Times).words;
  });

/** The same in Deno, and on which adapter. */
async function stepsInDeno(steps: number): Promise<{ adapter: string; ms: number }> {
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      "--no-check",
      ...ownPackages,
      fromFileUrl(new URL("steps.ts", import.meta.url)),
      String(steps),
    ],
    cwd: fromFileUrl(root),
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);
}

/** Milliseconds a step: what more steps take, so that compiling and all else that is done once drops out. */
async function aStep(run: (steps: number) => Promise<number>): Promise<number> {
  const few = await run(FEW);
  return (await run(FEW + steps) - few) / steps;
}

const sorted = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b);
const median = (numbers: readonly number[]) => sorted(numbers)[Math.floor(numbers.length / 2)];
const words = (numbers: readonly number[]) => {
  const [low, high] = [sorted(numbers)[0], sorted(numbers).at(-1)!];
  return `${median(numbers).toFixed(0)} ms (${low.toFixed(0)}–${high.toFixed(0)})`;
};

async function main(): Promise<void> {
  const folder = await Deno.makeTempDir();
  const book = new URL(`file://${folder}/`);
  await build(book);
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => answer(book, request),
  );
  const address = `http://localhost:${server.addr.port}/`;
  try {
    for (const number of runs ? [2, 6] : []) {
      const all: Times[] = [];
      for (let i = 0; i < runs; i++) all.push(await timesOf(`${address}lesson-${number}.html`));
      console.log(
        `lesson ${number}, ${runs} new browsers: first output after ${
          words(all.map(({ first }) => first))
        }, first numbers ${words(all.map(({ numbers }) => numbers))}, whole ${
          words(all.map(({ end }) => end))
        }`,
      );
    }
    if (steps) {
      const [page, deno]: number[][] = [[], []];
      let on = "";
      const inDeno = async (steps: number) => {
        const { adapter, ms } = await stepsInDeno(steps);
        on = adapter;
        return ms;
      };
      for (let i = 0; i < TURNS; i++) {
        page.push(await aStep(stepsInPage(`${address}lesson-13.html`)));
        deno.push(await aStep(inDeno));
      }
      const ratio = Math.min(...page) / Math.min(...deno);
      console.log(
        `lesson 13, a step: ${words(page)} in the page, ${words(deno)} in Deno on ` +
          `${on}: ${ratio.toFixed(2)} ×`,
      );
    }
  } finally {
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
}

if (help) console.log(HELP);
else if (!executablePath) {
  console.error(
    "There is no Chromium here; `sudo apt-get install -y chromium`, or name one in CHROMIUM",
  );
  Deno.exit(1);
} else await main();
