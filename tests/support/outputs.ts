/*
 * The outputs of lessons, tested. A lesson may take seconds to import, and every file of tests imports it anew: so this
 * is called in the file that also tests what the lesson exports.
 */
import { assert, assertEquals } from "@std/assert";
import { contents } from "../../lessons/contents.ts";
import { hold, problems } from "../../lib/lesson/outputs.ts";
import { journalOf } from "../../lib/lesson/show.ts";
import { headOf } from "../../lib/lesson/source.ts";
import { ledger, measure } from "../../lib/tools/digits.ts";
import { testWith } from "../fake_hub.ts";
import { hubNeeds, withSmallGPT2 } from "./gpt2_hub.ts";

/** Tests that these lessons, as short as they allow, print what stands in their sources and in the ledger. */
export function testOutputs(...numbers: number[]): void {
  for (const number of numbers) {
    const { written, needs } = contents.find((lesson) => lesson.number === number)!;
    const { url, source, load } = written!;
    const wanted = needs?.weights ? hubNeeds : [];
    const name = `lesson ${number} prints what stands in its source and in the ledger`;
    testWith(wanted, name, async () => {
      await (needs?.weights ? withSmallGPT2(async () => void await load()) : load());
      const journal = journalOf(url);
      assertEquals(headOf(source).number, number);
      assert(journal.length > 0, "it shows nothing");
      assertEquals(problems(source, journal), []);
      const outputs = hold(source, journal).map(({ text }) => text);
      for (const entry of ledger) {
        if (entry.lesson !== number || entry.full) continue;
        const standing = measure(entry, outputs);
        const wrong = typeof standing === "object" ? standing.wrong : [];
        assertEquals(wrong, [], `${entry.notebook} ${entry.cell}: ${entry.what}`);
      }
    });
  }
}
