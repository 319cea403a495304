/*
 * Text from outside, on a terminal and in pictures: no control character gets through, and SVG stays well-formed
 * whatever the name of a curve or a token.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "npm:fast-check@4.10.2";
import { BasicTokenizer, chart, Dataset, heatMap, showTokens, tensor } from "#lib";
import { printable } from "../lib/host/printable.ts";
import { UsageError } from "../lib/host/mistake.ts";
import { sentence } from "../lib/lesson/ending.ts";
import { escapeMarkup } from "../lib/text/markup.ts";

const UNSAFE = /(?![\n\t])[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u;

Deno.test("no control character comes through, and what is none stays", () => {
  const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).join("");
  assert(!UNSAFE.test(printable(all)));
  assertEquals(printable("a\x1b[2Jb\x07\x00\x7f\x9b"), "a␛[2Jb␇␀␡�");
  assertEquals(printable("one\r\ntwo\rthree\tfour\n"), "one\ntwo␍three\tfour\n");
  assertEquals(printable("abc\u202edef"), "abc�def");
  assertEquals(printable("é 漢字 👩‍👩‍👧 ✓"), "é 漢字 👩‍👩‍👧 ✓");
  assertEquals(
    printable("\x1b[31mred\x1b[39m\x1b[2J", { colors: true }),
    "\x1b[31mred\x1b[39m␛[2J",
  );
});

Deno.test("errors are shown without what they repeat", () => {
  assertEquals(sentence(new UsageError("no \x1b]0;x\x07 file")), "no ␛]0;x␇ file");
  assert(!UNSAFE.test(sentence(new Error("a\x1b[8m"))));
});

/** Refuses markup that is not well-formed: https://www.w3.org/TR/xml/ */
function assertWellFormed(text: string): void {
  const forbidden = /(?![\t\n\r])[\p{Cc}\p{Cs}]|[\ufffe\uffff]/u;
  assert(!forbidden.test(text), JSON.stringify(text));
  const open: string[] = [];
  const rest = text.replace(
    /<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g,
    (_, end, name, _more, alone) => {
      if (end) assertEquals(open.pop(), name);
      else if (!alone) open.push(name);
      return "";
    },
  );
  assertEquals(open, []);
  assert(!/[<>]|&(?!#\d+;|amp;|lt;|gt;|quot;)/.test(rest), JSON.stringify(rest));
}

Deno.test("SVG and HTML are well-formed for any name", async () => {
  const name = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom(
      "</text>",
      "a & b",
      '"',
      "'",
      "\0",
      "\x1b[2J",
      "\ud800",
      "\ufffe",
      "]]>",
      "<!--",
      "<script>",
    ),
  );
  const numbers = tensor([[1, 2], [3, 4]]);
  await fc.assert(
    fc.asyncProperty(name, name, async (a, b) => {
      assertWellFormed(`<p title="${escapeMarkup(a)}">${escapeMarkup(b)}</p>`);
      assertWellFormed(chart([{ name: a, points: [[0, 1], [1, 2]] }], { x: b, y: a }).svg());
      const map = heatMap(numbers, { rows: [a, b], columns: [b, a], titles: [a] });
      assertWellFormed(await map.svg());
      assert(!UNSAFE.test(await map.plain()));
      assert(!UNSAFE.test((await map.ansi()).replace(/\p{Cc}\[[\d;]*m/gu, "")));
      assertEquals(UNSAFE.test(chart([{ name: a, points: [[0, 1]] }], { x: b }).text()), false);
      const tokens = showTokens(new BasicTokenizer(), a + b);
      assertWellFormed(tokens.svg());
      assertWellFormed(tokens.html());
      assert(!UNSAFE.test(tokens.plain()));
    }),
    { numRuns: 60, seed: 31 },
  );
});

Deno.test("a dataset's columns are data", () => {
  const columns = Object.fromEntries([["\x1b[2J", ["a"]], ["__proto__", ["b"]], ["constructor", [
    "c",
  ]]]);
  const ds = Dataset.from(columns);
  assertEquals(ds.column("__proto__"), ["b"]);
  assertEquals(ds.column("constructor"), ["c"]);
  assertStringIncludes(printable(ds.repr()), "'␛[2J'");
});
