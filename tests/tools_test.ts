/*
 * The tools: the adapter check, the table of contents, the ledger and its count, the update of outputs, and the gate.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import config from "../deno.json" with { type: "json" };
import { contents, type Row, written } from "../lessons/contents.ts";
import { UsageError } from "../lib/lesson/args.ts";
import { problems } from "../lib/lesson/outputs.ts";
import { table } from "../lib/tools/contents.ts";
import { type Entry, ledger, measure, readLedger, report } from "../lib/tools/digits.ts";
import { play } from "../lib/tools/play.ts";
import type { Found, System } from "../lib/tools/machine.ts";
import { chromium, findChromium } from "../lib/tools/chromium.ts";
import { advice, ready } from "../lib/tools/ready.ts";
import { find } from "../lib/tools/lesson.ts";
import { checkDeno } from "../lib/tools/version.ts";
import { variables } from "../lib/tools/process.ts";
import { lessonFlags } from "../lib/tools/permissions.ts";
import { chosen, update } from "../lib/tools/update.ts";
import fixture from "./fixtures/lesson.ts" with { type: "text" };
import { withEnvironment } from "./support/environment.ts";
import { needing } from "./support/needing.ts";

const running = needing("run", "read", "write", "env");

const llvmpipe = (backend: string): Found => ({ backend, adapter: "llvmpipe", software: true });

/** A system of our own making: which commands succeed, and which backends there are, by what was run so far. */
function system(
  works: RegExp,
  backends: (ran: string[]) => string[],
  change: Partial<System> = {},
) {
  const ran: string[] = [];
  const said: string[] = [];
  const kept: Found[] = [];
  const it: System = {
    os: "linux",
    distribution: "ID=ubuntu ID_LIKE=debian",
    forbidden: false,
    ci: false,
    say: (text) => void said.push(text),
    ask: (question) => Promise.resolve(void said.push(question)),
    succeeds(command) {
      ran.push(command.join(" "));
      return Promise.resolve(works.test(ran.at(-1)!));
    },
    probe: (backend) =>
      Promise.resolve(backends(ran).includes(backend) ? llvmpipe(backend) : undefined),
    remembered: () => kept[0],
    remember: (found) => void kept.push(found),
    ...change,
  };
  return { it, ran, said, kept };
}
/** An installation that works brings Vulkan beside what there is. */
const comes = (...before: string[]) => (ran: string[]) =>
  ran.some((one) => one.includes("install -y")) ? ["vulkan", ...before] : before;
const stays = (...backends: string[]) => () => backends;
const ROOT = /./;
const SUDO = /^(?!sh)/;
const NOBODY = /^apt-get --version/;

Deno.test("Vulkan is taken before OpenGL, a card before the processor, and nothing is run or said", async () => {
  const { it, ran, said } = system(ROOT, stays("opengl", "vulkan"));
  assertEquals([await ready(it), ran, said], [llvmpipe("vulkan"), [], []]);
  const card = { backend: "opengl", adapter: "a card", software: false };
  const probe = (backend: string) =>
    Promise.resolve(backend === "opengl" ? card : llvmpipe(backend));
  assertEquals(await ready({ ...it, probe }, { anew: true }), card);
});

Deno.test("a browser is installed for the book's tests where that is allowed, and else it is said how", async () => {
  const { it, ran, said } = system(ROOT, stays("vulkan"));
  const come = () =>
    ran.some((one) => one.includes("install -y")) ? "/usr/bin/chromium" : undefined;
  assertEquals(await chromium(it, come), "/usr/bin/chromium");
  assertMatch(
    said.join("\n"),
    /no Chromium here: installing chromium .*LESSONS_INSTALL=no says no/,
  );
  assert(ran.at(-1)!.endsWith("install -y --no-install-recommends chromium"));
  assertEquals(await chromium(it, come), "/usr/bin/chromium");
  assertEquals(said.length, 1, "what is there is not installed again");

  const other = system(NOBODY, stays("vulkan"));
  assertEquals(await chromium(other.it, () => undefined), undefined);
  assertStringIncludes(other.said.join(), "`sudo apt-get install -y chromium` brings it");
  const no = system(ROOT, stays("vulkan"), { forbidden: true });
  assertEquals([await chromium(no.it, () => undefined), no.ran], [undefined, []]);
  const asked = system(SUDO, stays("vulkan"));
  assertEquals(await chromium(asked.it, () => undefined), undefined);
  assertMatch(
    asked.said[0],
    /^There is no Chromium here. Install .* with sudo; LESSONS_INSTALL=no/,
  );
  assertEquals(findChromium(() => true, "/opt/x"), "/opt/x");
});

Deno.test("what was found is remembered, until it is looked for anew", async () => {
  let backends = ["vulkan"];
  const { it, kept } = system(ROOT, () => backends);
  await ready(it);
  assertEquals(kept, [llvmpipe("vulkan")]);
  backends = [];
  assertEquals(await ready(it), llvmpipe("vulkan"));
  assertEquals(await ready(it, { anew: true }), undefined);
});

Deno.test("as root Vulkan is installed, said beforehand, whether there is OpenGL or nothing", async () => {
  for (const before of [[], ["opengl"]]) {
    const { it, ran, said } = system(ROOT, comes(...before));
    assertEquals(await ready(it), llvmpipe("vulkan"));
    assertMatch(
      ran.at(-1)!,
      /^env DEBIAN_FRONTEND=noninteractive apt-get .*install -y .*mesa-vulkan/,
    );
    assertMatch(said[0], /installing mesa-vulkan-drivers.*LESSONS_INSTALL=no says no/);
    assertStringIncludes(
      said[0],
      before.length ? "only WebGPU adapter is llvmpipe" : "there is no",
    );
    assertEquals(said[1], "Installed: computing on llvmpipe, by Vulkan.");
  }
});

Deno.test("without package lists they are fetched, and the install tried again", async () => {
  let updated = false;
  const { it, ran } = system(ROOT, () => updated ? ["vulkan"] : []);
  const succeeds = (command: string[]) => {
    ran.push(command.join(" "));
    updated ||= command.includes("update");
    return Promise.resolve(!command.includes("install") || updated);
  };
  assertEquals(await ready({ ...it, succeeds }), llvmpipe("vulkan"));
  assertEquals(ran.slice(-3).map((one) => one.match(/install|update/)![0]), [
    "install",
    "update",
    "install",
  ]);
});

Deno.test("with a sudo that asks for no password a person is asked, and CI is not", async () => {
  const asked = (answer: boolean | undefined, change: Partial<System> = {}) => {
    const made = system(SUDO, comes("opengl"), change);
    const ask = (question: string) => {
      made.said.push(question);
      return Promise.resolve(answer);
    };
    return { ...made, it: { ...made.it, ask } };
  };
  const yes = asked(true);
  assertEquals(await ready(yes.it), llvmpipe("vulkan"));
  assertMatch(yes.ran.at(-1)!, /^sudo -n env DEBIAN_FRONTEND/);
  assertMatch(yes.said[0], /Install mesa-vulkan-drivers.*\? It is done with sudo/);
  for (const answer of [false, undefined]) {
    const no = asked(answer);
    assertEquals(await ready(no.it), llvmpipe("opengl"));
    assert(!no.ran.some((one) => one.includes("install")));
    assertMatch(no.said[1], /^Computing on llvmpipe, by OpenGL: .*`sudo apt-get update/);
  }
  const ci = asked(undefined, { ci: true });
  assertEquals(await ready(ci.it), llvmpipe("vulkan"));
  assertMatch(ci.said[0], /: installing/);
});

Deno.test("who says no, or may not install, computes on OpenGL, and is told so once", async () => {
  for (
    const { it, ran, said } of [
      system(ROOT, comes("opengl"), { forbidden: true }),
      system(NOBODY, comes("opengl")),
    ]
  ) {
    assertEquals(await ready(it), llvmpipe("opengl"));
    assertEquals(await ready(it), llvmpipe("opengl"));
    assert(!ran.some((one) => one.includes("install")));
    assertEquals(said.length, 1);
  }
});

Deno.test("a backend that is asked for is taken, or its absence said, and nothing is installed", async () => {
  const { it, ran, said } = system(ROOT, stays("vulkan", "opengl"), { wanted: "opengl" });
  assertEquals(await ready(it), llvmpipe("opengl"));
  assertEquals(await ready({ ...it, wanted: "metal" }, { anew: true }), undefined);
  assertMatch(said[0], /DENO_WEBGPU_BACKEND asks for metal.*unset it/);
  assertEquals(ran, []);
});

Deno.test("anywhere else one paragraph says what is missing and the command for that system", async () => {
  for (
    const [it, command] of [
      [system(NOBODY, stays()), /`sudo apt-get update && sudo apt-get install -y mesa/],
      [system(/^$/, stays(), { os: "darwin" }), /terminal of the Mac/],
      [system(ROOT, stays(), { os: "windows" }), /Windows Update/],
    ] as const
  ) {
    assertEquals(await ready(it.it), undefined);
    assertEquals(it.said.length, 1);
    assertMatch(it.said[0], /^No WebGPU adapter was found.*[^\n]$/);
    assertMatch(it.said[0], command);
    assert(!it.ran.some((one) => one.includes("install")));
  }
  const on = (distribution: string) => advice({ os: "linux", distribution });
  assertStringIncludes(on("ID=fedora"), "sudo dnf install -y mesa-vulkan-drivers vulkan-loader");
  assertStringIncludes(on("ID=arch"), "sudo pacman -S --needed vulkan-swrast");
  assertStringIncludes(on("ID=gentoo"), "lavapipe");
});

Deno.test("a failed install, and one that brings no adapter, end with a reason, or on OpenGL", async () => {
  const failing = system(/^(?!.*install)/, stays());
  assertEquals(await ready(failing.it), undefined);
  assertMatch(failing.said.join(" "), /for the reason that apt gives above.*No WebGPU adapter/);
  const useless = system(ROOT, stays());
  assertEquals(await ready(useless.it), undefined);
  assertMatch(useless.said.at(-1)!, /is installed, and yet no Vulkan adapter is found/);
  const content = system(/^(?!.*install)/, stays("opengl"));
  assertEquals(await ready(content.it), llvmpipe("opengl"));
  assertMatch(content.said.at(-1)!, /failed.*Computing on llvmpipe, by OpenGL, which is all right/);
});

const row: Row = {
  number: 99,
  notebook: "000-small-llm",
  section: "for the tests",
  written: written("../tests/fixtures/lesson.ts", fixture, () => Promise.resolve()),
};

Deno.test(
  `llvmpipe gets two threads a core, unless the lesson or the user wants others${running.because}`,
  running,
  async () => {
    const threads = (cores: number, own = {}) => variables("vulkan", own, cores).LP_NUM_THREADS;
    const lesson4 = contents.find(({ number }) => number === 4)?.needs?.env;
    await withEnvironment({ LP_NUM_THREADS: undefined }, () => {
      assertEquals(threads(8), "16");
      assertEquals(threads(1), undefined, "alone it works in the thread that submits");
      assertEquals(threads(8, lesson4), "0");
    });
    await withEnvironment({ LP_NUM_THREADS: "3" }, () => assertEquals(threads(8), undefined));
  },
);

Deno.test("the table of contents has every lesson once, under its notebook, in order", () => {
  assertEquals(contents.map(({ number }) => number), contents.map((_, i) => i + 1));
  const printed = table([{ ...row, number: 98, written: undefined }, row]);
  assertEquals(
    printed,
    "000-small-llm\n" +
      "  98  for the tests (planned)\n" +
      "  99  A lesson for the tests\n" +
      "      It has every form that a lesson may have, and imports nothing of the library but this.\n" +
      "      deno task lesson-99 · needs the network: no\n",
  );
});

Deno.test("a lesson is found by its number, its task, its file's name", () => {
  const files = ["inside", "03-inside", "Inside", "03-inside.ts", "lessons/03-inside.ts"];
  for (const word of ["3", "03", "lesson-3", "lesson3", "lesson 3", ...files]) {
    assertEquals(find(word, contents).number, 3, word);
  }
  const answer = (word: string) => assertThrows(() => find(word, contents), UsageError).message;
  const last = contents.at(-1)!;
  assertEquals(
    answer("99"),
    `there is no lesson "99"; the nearest is lesson ${last.number}, ${last.section}: deno task lesson-${last.number}`,
  );
  assertMatch(answer("0"), /nearest is lesson 1,/);
  assertMatch(answer("3.4"), /nearest is lesson 3,/);
  assertMatch(answer("trianing"), /nearest is lesson 4, training it/);
  assertMatch(answer("tokenzier"), /nearest is lesson 11,/);
  assertEquals(answer("xyzzyxyzzy"), 'there is no lesson "xyzzyxyzzy"');
});

Deno.test(`a lesson may do what it needs and no more${running.because}`, running, async () => {
  const of = (number: number, ...args: string[]) => {
    const { written, needs } = contents[number - 1];
    return lessonFlags(written!.url, needs, args);
  };
  const kinds = (flags: string[]) => flags.map((flag) => flag.replace(/=.*/, ""));
  const values = (flags: string[], kind: string) =>
    flags.find((flag) => flag.startsWith(`--allow-${kind}=`))?.replace(/.*?=/, "").split(",") ?? [];
  for (const number of [1, 2, 3, 4, 5, 6, 7, 8]) {
    assertEquals(kinds(of(number)), ["--no-prompt", "--allow-sys", "--allow-read", "--allow-env"]);
    assertEquals(values(of(number), "sys"), ["systemMemoryInfo"]);
    assertEquals(values(of(number), "read").length, 1);
    assertMatch(values(of(number), "read")[0], /\/lessons\/0\d-.*\.ts$/);
  }
  const hosts = ["huggingface.co", "*.huggingface.co", "*.hf.co"];
  await withEnvironment({ HF_ENDPOINT: "http://localhost:8080/hub" }, () => {
    for (const number of [10, 11, 12, 13]) {
      assertEquals(values(of(number), "net"), [...hosts, "localhost:8080"]);
      assertEquals(values(of(number), "write").length, number === 13 ? 2 : 1);
    }
  });
  assertEquals(values(of(10, "--data", "my.txt"), "read").at(-1), "my.txt");
  assertEquals(values(of(13), "write").at(-1), "out");
  assertEquals(values(of(13, "--out=runs/deep/x"), "write").at(-1), "runs/deep");
});

/** Runs a task's program as `deno task` does. What Deno says of the packages that it downloads is left out. */
async function task(name: string, ...args: string[]) {
  const { command } = config.tasks[name as "test"];
  const [, ...words] = command.split(" ");
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...words, ...args],
    cwd: new URL("..", import.meta.url),
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out, err: err.replace(/^(Download|Initialize) .*\n/gm, "") };
}

for (const name of Object.keys(config.tasks).filter((name) => !/^lesson-([2-9]|1\d)$/.test(name))) {
  Deno.test(
    `deno task ${name} -- --help explains and stops${running.because}`,
    running,
    async () => {
      const { code, out, err } = await task(name, "--", "--help");
      assertEquals([code, err], [0, ""]);
      assert(out.trim().length > 40, out);
    },
  );
}

Deno.test(
  `a lesson runs by its number; what is no lesson gets the nearest and the table${running.because}`,
  running,
  async () => {
    const ran = await task("lesson", "2", "--", "--quiet");
    assertEquals([ran.code, ran.err], [0, ""]);
    assertMatch(ran.out, /^Embedding\(5, 3\)\n/);
    const read = await task("lesson-2");
    assertMatch(read.out, /^[^\n]+ · (Vulkan|OpenGL|Metal|Direct3D 12)\n\n# Lesson 2: /);
    assertEquals(read.err, "", "nothing stands before the title but the adapter");
    const none = await task("lesson", "trianing");
    assertEquals([none.code, none.out], [2, table(contents)]);
    assertMatch(none.err, /^there is no lesson "trianing"; the nearest is lesson 4/);
    for (const { number, written } of contents.filter(({ written }) => !written)) {
      const planned = await task(`lesson-${number}`);
      assertEquals([planned.code, planned.out, written], [1, "", undefined]);
      assertMatch(planned.err, /is planned and not yet written; go on with deno task lesson-\d+/);
    }
  },
);

/** Milliseconds from Ctrl-C in lesson 4's training to its end. */
async function lesson4Stops(): Promise<number> {
  const [, ...words] = config.tasks["lesson-4"].command.split(" ");
  const child = new Deno.Command(Deno.execPath(), {
    args: words,
    cwd: new URL("..", import.meta.url),
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  await new Promise((resolve) => setTimeout(resolve, 4000)); // it is in its training now
  const began = performance.now();
  child.kill("SIGINT");
  const { code } = await child.status;
  await reader.cancel();
  assertEquals(code, 130);
  return performance.now() - began;
}

// The best of three: on a machine that is busy, the wait for its processor would be measured.
Deno.test(`Ctrl-C in lesson 4 answers within two seconds${running.because}`, running, async () => {
  let took = Infinity;
  for (let tries = 0; tries < 3 && took >= 2000; tries++) {
    took = Math.min(took, await lesson4Stops());
  }
  assert(took < 2000, `${took} ms`);
});

Deno.test("a Deno that is too old says which one is needed", () => {
  for (const version of ["2.9.0", "2.9.6", "2.10.0", "3.0.0"]) checkDeno(version);
  for (const version of ["1.46.3", "2.0.0", "2.8.3"]) {
    const { message } = assertThrows(() => checkDeno(version), UsageError);
    assertEquals(message.includes(`Deno ${version}`) && /2\.9 or a newer one/.test(message), true);
  }
  // The Deno that is named there is the one that the README names and that the gate runs.
  const said = assertThrows(() => checkDeno("2.0.0"), UsageError).message;
  const [named] = /deno@[\d.]+/.exec(said)!;
  for (const file of ["README.md", ".ci/run"]) {
    const text = Deno.readTextFileSync(new URL(`../${file}`, import.meta.url));
    assertEquals(new Set(text.match(/deno@[\d.]+/g)), new Set([named]), file);
  }
});

Deno.test("the ledger names every output of the notebooks, and a lesson for each", () => {
  const counts = Object.groupBy(ledger, ({ notebook }) => notebook);
  assertEquals(Object.entries(counts).map(([name, entries]) => [name, entries!.length]), [
    ["000-small-llm", 4],
    ["001-gpt-from-scratch", 6],
    ["002-gpt2-architecture", 6],
    ["003-llm-from-scratch", 32],
  ]);
  for (const { notebook, lesson, holds, printed, band, what } of ledger) {
    assert(contents.some((row) => row.number === lesson && row.notebook === notebook), what);
    assertEquals(holds === "cannot", printed === "", what);
    assertEquals(holds === "band", band > 0, what);
  }
  const logits = ledger.filter(({ what }) => what === "The logits.");
  assertEquals(logits.map(({ printed }) => printed.match(/-?\d\.\d{4}/g)!.length), [48, 48]);
  assertThrows(
    () => readLedger("## x\n\n### In [4], lesson 1\n\nA tree.\n"),
    Error,
    "In [4], lesson 1",
  );
});

const entry: Entry = {
  notebook: "000-small-llm",
  cell: "In [7]",
  lesson: 2,
  holds: "digits",
  band: 0,
  full: false,
  songs: false,
  weights: false,
  what: "A table.",
  printed: "tensor([0.9070, 0.9123])",
};

Deno.test("an entry is measured among its lesson's outputs, or said to wait", () => {
  assertEquals(measure(entry, undefined), "waiting");
  assertEquals(measure({ ...entry, holds: "cannot" }, []), "cannot");
  assertEquals(measure({ ...entry, songs: true }, [entry.printed]), "needs the songs");
  const weighed = { ...entry, weights: true };
  assertEquals(measure(weighed, [entry.printed]), "needs the weights");
  assertEquals(typeof measure(weighed, ["Weights: gpt2", entry.printed]), "object");
  const outputs = ["Dataset: huggingartists/bob-dylan", "Table:\n tensor([0.9070, 0.9122])"];
  const found = { exact: 1, near: 1, inBand: 0, wrong: [] };
  assertEquals(measure({ ...entry, songs: true }, outputs), found);
  const wrong = measure(entry, ["tensor([0.9070, 0.8123])"]);
  assert(typeof wrong === "object" && wrong.wrong.length === 1);
});

Deno.test("the report counts what was measured and names what is wrong", () => {
  const match = { exact: 11, near: 1, inBand: 0, wrong: [] };
  const text = report([
    [entry, match],
    [entry, { ...match, exact: 2, near: 0, wrong: ["expected 0.9123, got 0.8123"] }],
    [entry, "waiting"],
    [{ ...entry, what: "A song. It can't be shipped." }, "cannot"],
  ]);
  const [head, counts, , wrong, cannot] = text.split("\n");
  assertEquals(head.trim().split(/ {2,}/), [
    "outputs",
    "hold",
    "wrong",
    "waiting",
    "need songs",
    "need weights",
    "cannot",
    "numbers exact",
    "one unit off",
    "in band",
  ]);
  assertEquals(counts.trim().split(/ +/), ["000-small-llm", ..."4 1 1 1 0 0 1 13 1 0".split(" ")]);
  assertMatch(wrong, /^WRONG 000-small-llm In \[7\], lesson 2: A table\. expected 0\.9123/);
  assertMatch(cannot, /A song\. It can't be shipped\./);
});

Deno.test("lessons are chosen by number, and a number without one gets a sentence", () => {
  assertEquals(chosen([], [row]).map(({ number }) => number), [99]);
  assertEquals(chosen(["lesson-99"], [row]).length, 1);
  assertThrows(
    () => chosen([7], [row]),
    UsageError,
    "there is no lesson 7; the lessons are 99",
  );
});

Deno.test(
  `an update runs the lesson in full and mends its outputs, a check only tells${running.because}`,
  running,
  async () => {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/lesson.ts`;
    const library = import.meta.resolve("../lib/lesson/show.ts");
    const source = fixture.replace("../../lib/lesson/show.ts", library).replace(
      "//> step 4",
      "//> step 5",
    );
    await Deno.writeTextFile(path, source);
    const lesson = { ...row.written!, url: `file://${path}`, source };
    const [text, well] = await update(lesson, { check: true });
    assertEquals([well, await Deno.readTextFile(path)], [false, source]);
    assertStringIncludes(text, "expected 5, got 4");
    assertEquals(await update(lesson), ["outputs written", true]);
    const mended = await Deno.readTextFile(path);
    assertEquals(mended, source.replace("//> step 5", "//> step 4"));
    assertEquals(problems(mended, await play(lesson.url), { full: true }), []);
    await Deno.remove(folder, { recursive: true });
  },
);

/** Runs the gate with an npx that only prints: what the tasks would, and which backends there are. */
async function gate(
  check: string,
  test: string,
  backends = "vulkan",
  book = "echo 'ok | 3 passed | 0 failed (1s)'",
  computing = "false",
  swiftshader = "/none",
): Promise<[code: number, lastLine: string]> {
  const folder = await Deno.makeTempDir();
  const script = `#!/bin/sh
case "$4" in
check) ${check};;
test) ${test};;
test:book) ${book};;
test:adapter) ${computing};;
ready) for b in ${backends}; do echo "$b a card"; done;;
esac
`;
  await Deno.writeTextFile(`${folder}/npx`, script, { mode: 0o755 });
  const run = new URL("../.ci/run", import.meta.url).pathname;
  const env = { PATH: `${folder}:${Deno.env.get("PATH")}`, SWIFTSHADER: swiftshader };
  const { code, stdout } = await new Deno.Command(run, { env, stdin: "null", stderr: "null" })
    .output();
  await Deno.remove(folder, { recursive: true });
  return [code, new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1)!];
}

Deno.test(
  `the gate says what passed, and fails where anything did not${running.because}`,
  running,
  async () => {
    const passing = "echo 'ok | 12 passed (3 steps) | 0 failed | 2 ignored (1s)'";
    const failing = "echo 'FAILED | 10 passed | 2 failed (1s)'; exit 1";
    const dying = "echo 'error: the process died'; exit 139";
    assertEquals(await gate("true", passing), [0, "15 passed, 0 failed"]);
    assertEquals(await gate("true", failing), [1, "13 passed, 2 failed"]);
    assertEquals(await gate("false", passing), [1, "15 passed, 1 failed"]);
    assertEquals(await gate("true", dying), [1, "3 passed, 1 failed"]);
    assertEquals(await gate("true", `${passing}; exit 1`), [1, "15 passed, 1 failed"]);
    // A driver's crash at the end is not a test's failure.
    assertEquals(await gate("true", `${passing}; exit 134`), [0, "15 passed, 0 failed"]);
    const none = "echo 'ok | 0 passed | 0 failed (1s)'";
    assertEquals(await gate("true", none), [1, "3 passed, 1 failed"]);
    const broken = "echo 'FAILED | 1 passed | 2 failed (1s)'; exit 1";
    assertEquals(await gate("true", passing, "vulkan", broken), [1, "13 passed, 2 failed"]);
  },
);

Deno.test(
  `the gate runs the tests on the best backend, and those that compute on the others${running.because}`,
  running,
  async () => {
    const both = "vulkan opengl";
    const book = "echo 'ok | 3 passed | 0 failed (1s)'";
    const test = 'test -z "$(ls $HOME)" && echo "ok | 5 passed | 0 failed (1s)"';
    const on = (backend: string, driver = "") =>
      `test "$DENO_WEBGPU_BACKEND$VK_DRIVER_FILES" = "${backend}${driver}" && echo "ok | 4 passed | 0 failed (1s)"`;
    assertEquals(await gate("true", test, "metal"), [0, "8 passed, 0 failed"]);
    assertEquals(await gate("true", on("vulkan"), both, book, on("opengl")), [
      0,
      "11 passed, 0 failed",
    ]);
    assertEquals(await gate("true", on("opengl"), both, book, on("opengl")), [
      1,
      "7 passed, 1 failed",
    ]);
    assertEquals(await gate("true", test, both, book, on("vulkan")), [1, "8 passed, 1 failed"]);
    const driver = new URL("../deno.json", import.meta.url).pathname;
    const swift = [book, on("vulkan", driver), driver] as const;
    assertEquals(await gate("true", test, "vulkan", ...swift), [0, "72 passed, 0 failed"]);
    assertEquals(await gate("true", test, both, ...swift), [1, "72 passed, 1 failed"]);
    assertEquals(await gate("true", test, ""), [1, "3 passed, 1 failed"]);
    // Each part of the tests on SwiftShader runs once, whichever of the two programs takes it.
    const parts = 'echo "ok | ${6#--part=} passed | 0 failed (1s)" | tr / 0';
    const counts = Array.from({ length: 16 }, (_, i) => Number(`${i + 1}016`));
    const all = counts.reduce((sum, count) => sum + count, 8);
    assertEquals(await gate("true", test, "vulkan", book, parts, driver), [
      0,
      `${all} passed, 0 failed`,
    ]);
  },
);
