/*
 * Lessons 13 and 14 as programs that are stopped with Ctrl-C and resumed: what they leave is, byte for byte, what a
 * run leaves that was not stopped.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openSafetensors } from "#lib";
import { stages } from "../lessons/14-transformer.ts";
import { testWith } from "./fake_hub.ts";

const needs: Deno.PermissionName[] = ["run", "read", "write", "env"];

/** Runs a lesson as a program; `watch` sees its output as it comes. */
async function start(
  lesson: string,
  args: readonly string[],
  watch?: (text: string, child: Deno.ChildProcess) => void,
) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-env", "--allow-read", "--allow-write"]
      .concat(new URL(`../lessons/${lesson}.ts`, import.meta.url).pathname)
      .concat("--data", "shipped", "--quiet", args),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const err = new Response(child.stderr).text();
  let out = "";
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    out += part;
    watch?.(out, child);
  }
  return { code: (await child.status).code, out, err: await err };
}

/** Stops a program once, as soon as `when` says so, and up to so many milliseconds later. */
function stop(when: (text: string) => boolean, later = 0) {
  let stopped = false;
  return (text: string, child: Deno.ChildProcess) => {
    if (stopped || !when(text)) return;
    stopped = true;
    setTimeout(() => child.kill("SIGINT"), later * Math.random());
  };
}

testWith(
  needs,
  "lesson 13, stopped and resumed, leaves the file of a run that was not",
  async () => {
    const folder = await Deno.makeTempDir();
    const run = (out: string, words: string[], watch?: ReturnType<typeof stop>) =>
      start(
        "13-mlp",
        ["--steps", "20", "--evals", "2", "--out", `${folder}/${out}`, ...words],
        watch,
      );
    const whole = await run("whole", []);
    assertEquals(whole.code, 0, whole.err);
    assertMatch(whole.out, /^Dataset: the 145 songs/, "the first line says which songs it reads");
    assertStringIncludes(await Deno.readTextFile(`${folder}/whole.svg`), "validation</text>");

    const cut = await run("cut", [], stop((text) => text.includes("step 0:"), 200));
    assertEquals(cut.code, 130, cut.err);
    assertMatch(
      cut.err,
      /^Stopped before step \d+; saved to \S+cut.safetensors; --resume continues/,
    );

    const rest = await run("cut", ["--resume"]);
    assertEquals(rest.code, 0, rest.err);
    assertEquals(
      rest.out.slice(rest.out.indexOf("step 19:")),
      whole.out.slice(whole.out.indexOf("step 19:")),
    );
    const [a, b] = ["whole", "cut"].map((name) => openSafetensors(`${folder}/${name}.safetensors`));
    assertEquals(a.metadata, b.metadata);
    assertEquals(a.names, b.names);
    for (const name of a.names) {
      assertEquals(a.read(name), b.read(name), `${name}, byte for byte; ${cut.err}`);
    }
  },
);

testWith(
  needs,
  "lesson 14, stopped and resumed, ends as one that was not: as the one imported here",
  async () => {
    // The options of a lesson that is imported.
    const short = "--steps 2 --evals 1 --unseen 100 --tokens 3 --width 32 --context 8".split(" ");
    const folder = await Deno.makeTempDir();
    const run = (words: string[], watch?: ReturnType<typeof stop>) =>
      start("14-transformer", [...short, "--out", folder, ...words], watch);
    const ends = (text: string) => text.match(/\d+ parameters, \d+ steps/g)?.length ?? 0;

    const cut = await run([], stop((text) => ends(text) >= 3));
    assertEquals(cut.code, 130, cut.err);
    assert(ends(cut.out) < stages.length, "it had not come to its end");
    const rest = await run(["--resume"]);
    assertEquals(rest.code, 0, rest.err);
    assertEquals(ends(rest.out), stages.length);
    for (const { name, model } of stages) {
      using file = openSafetensors(`${folder}/${name.replaceAll(" ", "-")}.safetensors`);
      for (const [key, x] of model.stateDict()) {
        assertEquals(file.read(`model.${key}`).data, await x.data(), `${name}: ${key}; ${cut.err}`);
      }
    }
  },
);
