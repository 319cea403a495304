/*
 * What lesson 9 prints, and its own functions, with a small GPT-2. weights_run_test.ts runs the lesson as a program.
 */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { tensor } from "#lib";
import { testWith } from "./fake_hub.ts";
import golden from "./goldens/gpt2.json" with { type: "json" };
import { hubNeeds, withSmallGPT2 } from "./support/gpt2_hub.ts";
import { testOutputs } from "./support/outputs.ts";

testOutputs(9);

testWith(hubNeeds, "lesson 9's own functions agree with transformers", async () => {
  await withSmallGPT2(async () => {
    const { attentionWeights, write } = await import("../lessons/09-weights.ts");
    let text = "";
    const greedy = { temperature: 0, maxNewTokens: 40 };
    for await (const piece of write("Every effort moves you", greedy)) text += piece;
    const { tokenizer } = await import("../lessons/09-weights.ts");
    assertEquals(text, tokenizer.decode(golden.greedy));
    const ids = golden.ids["Every effort moves you"];
    const got = await attentionWeights(tensor([ids]), 1).data(); // (heads, T)
    const T = ids.length;
    for (let head = 0; head < 4; head++) {
      for (let t = 0; t < T; t++) {
        const wanted = golden.attentions[0][(head * T + T - 1) * T + t];
        assertAlmostEquals(got[head * T + t], wanted, 1e-5, `head ${head}, token ${t}`);
      }
    }
  });
});
