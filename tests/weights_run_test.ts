/*
 * Lesson 9 as a program: with a small GPT-2 from a Hub on this machine, in both layouts; without a network; and with
 * options for which no text can be generated.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { testWith } from "./fake_hub.ts";
import { environment, withEnvironment } from "./support/environment.ts";
import { hubNeeds, SMALL, withSmallGPT2 } from "./support/gpt2_hub.ts";

const needs: Deno.PermissionName[] = [...hubNeeds, "run"];
const lesson = new URL("../lessons/09-weights.ts", import.meta.url).pathname;

/** Runs the lesson with these words on its command line. */
async function start(...words: string[]) {
  const args = ["run", "--allow-all", "--no-check", lesson, "--quiet", ...words];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    env: environment(),
  })
    .output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out, err };
}

testWith(needs, "lesson 9 fetches a model from the Hub once, and writes with it", async () => {
  await withSmallGPT2(async (hub) => {
    const words = ["--model", SMALL, "--layer", "1", "--tokens", "3"];
    const { code, out } = await start(...words);
    assertEquals(code, 0);
    const asked = hub.paths("store").length;
    assert(asked > 0, "the weights came from the store");
    assertStringIncludes(out, "\n28 tensors\ntransformer.ln_f.bias F32 [32] 128 bytes\n");
    assertStringIncludes(out, "\nEvery effort moves you");
    assertStringIncludes(out, "\nas printed: not compared\n");
    assertStringIncludes(out, "\nhead 3 ");
    assertEquals((await start(...words)).out, out, "the same words again");
    assertEquals(hub.paths("store").length, asked, "from the cache");
  }, "today");
});

testWith(
  needs,
  "without a network, lesson 9 says the one command that fetches the weights",
  async () => {
    const home = await Deno.makeTempDir();
    await withEnvironment({ HF_HOME: home, HF_HUB_OFFLINE: "1" }, async () => {
      const { code, out, err } = await start();
      assertEquals([code, out], [1, ""]);
      assertStringIncludes(
        err,
        "GPT-2's weights, 124M parameters (548 MB), not on this machine yet",
      );
      assertStringIncludes(
        err,
        "\nWith a network, this downloads it: deno task fetch -- gpt2\n",
      );
    });
    await Deno.remove(home, { recursive: true });
  },
);

/** Command lines that no text can be written by, and a part of the sentence that each gets. */
const mistakes: [words: string[], code: number, says: string][] = [
  [["--tokens", "0"], 1, "0 new tokens; give a whole number from 1"],
  [["--top-k", "301"], 1, "top-k 301: give a whole number from 1 to 300"],
  [["--prompt", "a ".repeat(70)], 1, "and this model reads 64 at once"],
  [["--prompt", ""], 2, "--prompt wants a value"],
  [["--layer", "2"], 1, "layer 2: this model's layers are 0 to 1"],
  [["--folder", "no/such/folder"], 1, "no/such/folder: there is no such folder\n"],
];
for (const [words, wanted, says] of mistakes) {
  testWith(
    needs,
    `lesson 9 with ${words[0]} ${words[1].slice(0, 20)} gets a sentence`,
    async () => {
      await withSmallGPT2(async () => {
        const { code, err } = await start("--model", SMALL, "--layer", "1", ...words);
        assertStringIncludes(err, says);
        assertEquals(code, wanted);
      });
    },
  );
}
