/*
 * The programs beside the library: the adapter check, the table of contents, the ledger and its
 * count, the outputs' update, and the gate.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { contents, type Row, written } from "../lessons/contents.ts";
import { UsageError } from "../lib/lesson/args.ts";
import { problems } from "../lib/lesson/outputs.ts";
import { table } from "../lib/tools/contents.ts";
import { type Entry, ledger, measure, readLedger, report } from "../lib/tools/digits.ts";
import { play } from "../lib/tools/play.ts";
import { advice, ready, type System } from "../lib/tools/ready.ts";
import { chosen, update } from "../lib/tools/update.ts";
import fixture from "./fixtures/lesson.ts" with { type: "text" };

const queries = (["run", "read", "write", "env"] as const).map((name) =>
  Deno.permissions.query({ name })
);
const allowed = (await Promise.all(queries)).every(({ state }) => state === "granted");
const ifAllowed = { ignore: !allowed };
const because = allowed ? "" : " (ignored: needs --allow-all)";

/** A system of our own making: which commands succeed, and when its adapter appears. */
function system(works: RegExp, adapterAfter: RegExp | "always" | "never", os = "linux") {
  const ran: string[] = [];
  const said: string[] = [];
  const it: System = {
    os,
    distribution: "ID=ubuntu ID_LIKE=debian",
    say: (text) => void said.push(text),
    succeeds(command) {
      ran.push(command.join(" "));
      return Promise.resolve(works.test(ran.at(-1)!));
    },
    hasAdapter: () =>
      Promise.resolve(
        adapterAfter === "always" ||
          adapterAfter !== "never" && ran.some((one) => adapterAfter.test(one) && works.test(one)),
      ),
  };
  return { it, ran, said };
}

Deno.test("where there is an adapter, nothing is run and nothing is said", async () => {
  const { it, ran, said } = system(/./, "always");
  assertEquals([await ready(it), ran, said], [0, [], []]);
});

Deno.test("as root the driver is installed, and the adapter asked for again", async () => {
  const { it, ran, said } = system(/./, /install/);
  assertEquals(await ready(it), 0);
  assertMatch(
    ran.at(-1)!,
    /^env DEBIAN_FRONTEND=noninteractive apt-get .*install -y .*mesa-vulkan/,
  );
  assertMatch(said[0], /There is no WebGPU adapter: installing mesa-vulkan-drivers/);
  assertEquals(said.length, 2);
});

Deno.test("without package lists they are fetched, and the install tried again", async () => {
  let updated = false;
  const { it, ran } = system(/./, "never");
  const succeeds = (command: string[]) => {
    ran.push(command.join(" "));
    updated ||= command.includes("update");
    return Promise.resolve(!command.includes("install") || updated);
  };
  assertEquals(await ready({ ...it, succeeds, hasAdapter: () => Promise.resolve(updated) }), 0);
  assertEquals(ran.slice(-3).map((one) => one.match(/install|update/)![0]), [
    "install",
    "update",
    "install",
  ]);
});

Deno.test("with a sudo that asks for no password, that sudo is used", async () => {
  const { it, ran } = system(/^(?!sh)/, /sudo -n env .*install/);
  assertEquals(await ready(it), 0);
  assertMatch(ran.at(-1)!, /^sudo -n env DEBIAN_FRONTEND/);
});

Deno.test("anywhere else one paragraph says what is missing and the command for that system", async () => {
  for (
    const [it, command] of [
      [
        system(/^apt-get --version/, "never"),
        /`sudo apt-get update && sudo apt-get install -y mesa/,
      ],
      [system(/^$/, "never", "darwin"), /terminal of the Mac/],
      [system(/./, "never", "windows"), /Windows Update/],
    ] as const
  ) {
    assertEquals(await ready(it.it), 1);
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

Deno.test("a failed install, and one that brings no adapter, both end with 1 and a reason", async () => {
  const failing = system(/^(?!.*install)/, "never");
  assertEquals(await ready(failing.it), 1);
  assertMatch(
    failing.said.at(-1)!,
    /failed, for the reason that apt gives above.*No WebGPU adapter/,
  );
  const useless = system(/./, "never");
  assertEquals(await ready(useless.it), 1);
  assertMatch(useless.said.at(-1)!, /is installed, and yet no WebGPU adapter is found/);
});

const row: Row = {
  number: 99,
  notebook: "000-small-llm",
  section: "for the tests",
  written: written("../tests/fixtures/lesson.ts", fixture, () => Promise.resolve()),
};

Deno.test("the table of contents has every lesson once, under its notebook, in order", () => {
  assertEquals(contents.map(({ number }) => number), Array.from({ length: 14 }, (_, i) => i + 1));
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

Deno.test("the ledger names every output of the notebooks, and a lesson for each", () => {
  const counts = Object.groupBy(ledger, ({ notebook }) => notebook);
  assertEquals(Object.entries(counts).map(([name, entries]) => [name, entries!.length]), [
    ["000-small-llm", 4],
    ["001-gpt-from-scratch", 6],
    ["002-gpt2-architecture", 4],
    ["003-llm-from-scratch", 22],
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
  what: "A table.",
  printed: "tensor([0.9070, 0.9123])",
};

Deno.test("an entry is measured among its lesson's outputs, or said to wait", () => {
  assertEquals(measure(entry, undefined), "waiting");
  assertEquals(measure({ ...entry, holds: "cannot" }, []), "cannot");
  assertEquals(measure({ ...entry, songs: true }, [entry.printed]), "needs the songs");
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
    [entry, { ...match, exact: 2, near: 0, wrong: ["0.9123 was wanted, 0.8123 came"] }],
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
    "cannot",
    "numbers exact",
    "one unit off",
    "in band",
  ]);
  assertEquals(counts.trim().split(/ +/), ["000-small-llm", ..."4 1 1 1 0 1 13 1 0".split(" ")]);
  assertMatch(wrong, /^WRONG 000-small-llm In \[7\], lesson 2: A table\. 0\.9123 was wanted/);
  assertMatch(cannot, /A song\. It can't be shipped\./);
});

Deno.test("lessons are chosen by number, and a number without one gets a sentence", () => {
  assertEquals(chosen([], [row]).map(({ number }) => number), [99]);
  assertEquals(chosen(["lesson-99"], [row]).length, 1);
  assertThrows(
    () => chosen([7], [row]),
    UsageError,
    "lesson 7 is not among those that are written: 99",
  );
});

Deno.test(
  `an update runs the lesson in full and mends its outputs, a check only tells${because}`,
  ifAllowed,
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
    assertStringIncludes(text, "5 was wanted, 4 came");
    assertEquals(await update(lesson), ["outputs written", true]);
    const mended = await Deno.readTextFile(path);
    assertEquals(mended, source.replace("//> step 5", "//> step 4"));
    assertEquals(problems(mended, await play(lesson.url), { full: true }), []);
    await Deno.remove(folder, { recursive: true });
  },
);

/** Runs the gate with an npx that only prints: what `check` and what `test` would. */
async function gate(check: string, test: string): Promise<[code: number, lastLine: string]> {
  const folder = await Deno.makeTempDir();
  const script = `#!/bin/sh\ncase "$4" in check) ${check};; test) ${test};; esac\n`;
  await Deno.writeTextFile(`${folder}/npx`, script, { mode: 0o755 });
  const run = new URL("../.ci/run", import.meta.url).pathname;
  const env = { PATH: `${folder}:${Deno.env.get("PATH")}` };
  const { code, stdout } = await new Deno.Command(run, { env, stdin: "null", stderr: "null" })
    .output();
  await Deno.remove(folder, { recursive: true });
  return [code, new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1)!];
}

Deno.test(
  `the gate says what passed, and fails where anything did not${because}`,
  ifAllowed,
  async () => {
    const passing = "echo 'ok | 12 passed (3 steps) | 0 failed | 2 ignored (1s)'";
    const failing = "echo 'FAILED | 10 passed | 2 failed (1s)'; exit 1";
    assertEquals(await gate("true", passing), [0, "12 passed, 0 failed"]);
    assertEquals(await gate("true", failing), [1, "10 passed, 2 failed"]);
    assertEquals(await gate("false", passing), [1, "12 passed, 1 failed"]);
    assertEquals(await gate("true", "echo 'error: the process died'; exit 139"), [
      1,
      "0 passed, 1 failed",
    ]);
    assertEquals(await gate("true", `${passing}; exit 1`), [1, "12 passed, 1 failed"]);
    assertEquals(await gate("true", "echo 'ok | 0 passed | 0 failed (1s)'"), [
      1,
      "0 passed, 1 failed",
    ]);
  },
);
