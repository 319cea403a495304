/*
 * The museum prints what its source says, and every bug in it says how to notice it.
 */
import { assert, assertEquals } from "@std/assert";
import { problems } from "../lib/lesson/outputs.ts";
import { journalOf } from "../lib/lesson/show.ts";
import text from "../lessons/museum.ts" with { type: "text" };

Deno.test("the museum prints what stands in its source", async () => {
  await import("../lessons/museum.ts");
  const journal = journalOf(new URL("../lessons/museum.ts", import.meta.url).href);
  assert(journal.length > 14);
  assertEquals(problems(text, journal), []);
});

Deno.test("every bug says how one could have noticed it", () => {
  const rooms = text.split(/^## \d+\. /m).slice(1);
  assertEquals(rooms.length, 14);
  for (const room of rooms) {
    const [title] = room.split("\n");
    const told = /How to\s+notice:/.test(room) || /how the\s+seeds/.test(room);
    assert(told, title);
    assert(/\/\/> /.test(room), `${title}: nothing is run`);
  }
});
