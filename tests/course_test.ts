/*
 * The lessons as text: their diagrams are complete, their cells are short, and the numbers in their prose agree with
 * what a cell computes.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { beside, diagram, grid } from "#lib";
import { contents } from "../lessons/contents.ts";
import museum from "../lessons/museum.ts" with { type: "text" };
import { isDiagram } from "../lib/lesson/diagram.ts";
import { Reader } from "../lib/lesson/reader.ts";
import { type Part, parts } from "../lib/lesson/source.ts";
import { ledger } from "../lib/tools/digits.ts";

const sources = [
  ...contents.flatMap(({ number, written }) =>
    written ? [{ name: `lesson ${number}`, source: written.source }] : []
  ),
  { name: "the museum", source: museum },
];
const lessons = sources.map(({ name, source }) => ({ name, source, parts: parts(source) }));

Deno.test("a diagram's SVG has its boxes, its arrows and its words", () => {
  const text = " x   ┌───┐\n ───►│ a │\n     ├───┤\n     │ b │\n     └─┬─┘\n       ▼";
  const svg = diagram(text).svg();
  assertEquals(svg.match(/<rect /g)?.length, 1, "one box with a line across it");
  assertEquals(svg.match(/l-8 -4v8z|l-4 -8h8z/g)?.length, 2, "two arrows");
  assertEquals([...svg.matchAll(/>([^<>]+)<\/text>/g)].map(([, word]) => word), ["x", "a", "b"]);
  assert(svg.includes("M8 27H36"), svg); // the line behind the arrow's head ends in the head
  assertStringIncludes(diagram("┌─┐\n▼<▼\n└─┘").svg(), "&#60;");
  assert(!diagram("┌─┐\n│ │").svg().includes("<rect"), "what is not closed is no box");
});

Deno.test("tables stand beside each other, and are diagrams", () => {
  const picture = beside(grid([[1], [20]], ["a", "b"]), "→", grid([["x"]]));
  const wanted = [
    "  ┌────┐",
    "a │  1 │   ┌───┐",
    "  ├────┤ → │ x │",
    "b │ 20 │   └───┘",
    "  └────┘",
  ];
  assertEquals(picture.text.split("\n"), wanted);
  assert(isDiagram(picture.text) && !isDiagram("loss\n│⡄\n└┬───┬ step"));
});

Deno.test("the lessons' diagrams fit the page, and every box in them is closed", () => {
  let count = 0;
  for (const { name, parts } of lessons) {
    for (const { text } of parts.filter(({ kind }) => kind === "prose")) {
      for (const [, drawn] of text.matchAll(/^```diagram\n([^]*?)\n```$/gm)) {
        count++;
        const lines = drawn.split("\n");
        assert(
          lines.every((line) => line.trim() && line.length <= 78),
          `${name}: ${drawn}`,
        );
        const boxes = diagram(drawn).svg().match(/<rect /g)?.length ?? 0;
        const corners = drawn.match(/┌(?=[─┬┴▼▲]+┐)/g)?.length ?? 0;
        assertEquals(boxes, corners, `${name}: a box is open in\n${drawn}`);
      }
      assert(!/^```$/m.test(text.replace(/^```\w+\n[^]*?\n```$/gm, "")), `${name}`);
    }
  }
  assert(count > 3);
});

/** The code between two pieces of prose, with its first line's number. */
function cellsOf(all: readonly Part[]): { first: number; lines: string[] }[] {
  const cells: { first: number; lines: string[] }[] = [];
  let open = false;
  for (const { kind, first, text } of all) {
    if (kind === "code") {
      const lines = text.split("\n").filter((line) => line.trim());
      if (open) cells.at(-1)!.lines.push(...lines);
      else cells.push({ first, lines });
    }
    open = kind !== "prose";
  }
  return cells;
}

/** Whether a cell says what a lesson takes: its imports, or its options. */
const isTaking = ([line]: string[]) => /^import |^const \{ show/.test(line);
/** Whether it has one definition, which can't be cut: a class, a function, a kernel; types may stand beside it. */
const isOne = (lines: string[]) =>
  lines.some((line) => line.includes("/* wgsl */")) ||
  lines.filter((line) => /^(export )?(abstract )?(async )?(class|function)\b/.test(line))
          .length === 1 && lines.filter((line) => /^await /.test(line)).length === 0;

Deno.test("a cell has about ten lines: at most 16, or one definition of at most 32", () => {
  const long = lessons.flatMap(({ name, parts }) =>
    cellsOf(parts).filter(({ lines }) =>
      !isTaking(lines) && lines.length > (isOne(lines) ? 32 : 16)
    ).map(({ first, lines }) => `${name}, line ${first}: ${lines.length} lines`)
  );
  assertEquals(long, []);
});

const plain = (text: string) => text.replace(/(?<=\d)[,_](?=\d{3}(?!\d))/g, "");
const numbersIn = (text: string) => plain(text).match(/(?<![\w.])\d+(?:\.\d+)?(?!\w)/g) ?? [];

/** The lessons that a source imports, and those that they import. */
function imported(source: string): string[] {
  const names = [...source.matchAll(/from "\.\/(\d+)-[\w-]+\.ts"/g)].map(([, n]) => `lesson ${+n}`);
  return names.flatMap((name) => {
    const found = lessons.find((lesson) => lesson.name === name)!;
    const own = found.parts.filter(({ kind }) => kind !== "prose").map(({ text }) => text);
    return [...own, ...imported(found.source)];
  });
}

/** What prose says that is no claim: links, names of lessons and notebooks, pictures, code, headings. */
const claims = (prose: string) =>
  prose.replace(/\[[^\]]*\]\([^)]*\)/g, "").replace(/[Ll]essons?\s+\d+((,| and| to)\s+\d+)*/g, "")
    .replace(/^```[^]*?^```/gm, "").replace(/`[^`]*`/g, "").replace(/^#.*$/gm, "")
    .replace(/\b00\d\b/g, "");

/** Numbers that no cell computes, and why they may stand there. */
const KNOWN: Record<string, Record<string, string>> = {
  "lesson 1": { "2017": "a year" },
  "lesson 2": { "32": "bits of a draw" },
  "lesson 3": { "2017": "a year", "137": "an example of a counter" },
  "lesson 5": { "2019": "a year", "124": "millions, as lesson 8 counts them" },
  "lesson 8": { "124": "millions; the lesson counts 124,412,160" },
  "lesson 9": {
    "548": "the size of the file on the Hub, in MB",
    "16": "bits of a float16",
    "40": "GB of text, as the paper says",
    "355": "the name of a model",
    "774": "the name of a model",
    "1558": "the name of a model",
  },
  "lesson 10": { "2.88": "the size of the file on the Hub, in MB", "2241": "2,016 + 225" },
  "lesson 13": { "2016": "in lesson 10's ledger" },
  "lesson 14": {
    "24": "96 / 4",
    "29": "32 − 4 + 1",
    "2.13": "a version of PyTorch",
    "4.17": "PyTorch's after 100 steps, as the next one; held by lessons_transformer_test.ts",
    "3.81": "with three blocks",
  },
  "the museum": { "2.7": "a version of PyTorch", "15": "a tenth of 145" },
};

/** The table of PyTorch's losses is held by lessons_transformer_test.ts. */
const withoutTable = (text: string) => text.replace(/^\|.*$/gm, "");

Deno.test("a number in prose is one that a cell has or prints, or one that the notebook printed", () => {
  const loose: string[] = [];
  const used = new Set<string>();
  for (const { name, source, parts } of lessons) {
    const own = parts.filter(({ kind }) => kind !== "prose").map(({ text }) => text);
    const printed = ledger.filter(({ lesson }) => name === `lesson ${lesson}`).map(({ printed }) =>
      printed
    );
    const all = [...own, ...imported(source), ...printed].flatMap(numbersIn);
    const exact = new Set(all);
    /** A fraction may be rounded, and a percentage is a hundred times a fraction. */
    const rounded = (said: string, percent: boolean) => {
      const digits = said.split(".")[1]?.length ?? 0;
      return (digits > 0 || percent) &&
        all.some((number) =>
          number.includes(".") &&
          (Number(number).toFixed(digits) === said ||
            percent && (100 * Number(number)).toFixed(digits) === said)
        );
    };
    for (const { kind, first, text } of parts) {
      if (kind !== "prose") continue;
      const prose = plain(claims(withoutTable(text)));
      for (const { 0: said, index } of prose.matchAll(/(?<![\w.])\d+(?:\.\d+)?(?!\w)/g)) {
        const percent = /^ ?%/.test(prose.slice(index + said.length));
        if (exact.has(said) || rounded(said, percent)) continue;
        if (KNOWN[name]?.[said]) used.add(`${name} ${said}`);
        else {loose.push(
            `${name}, line ${first}: ${said} in "${prose.slice(index - 30, index + 20)}"`,
          );}
      }
    }
  }
  assertEquals(loose, []);
  const known = Object.entries(KNOWN).flatMap(([name, all]) =>
    Object.keys(all).map((number) => `${name} ${number}`)
  );
  assertEquals(known.filter((entry) => !used.has(entry)), [], "exceptions that nothing needs");
});

Deno.test("what a lesson imports is printed as a paragraph, not a name a line", () => {
  const names = Array.from("abcdefghijklmnopqrstuvwxy", (letter) => letter.repeat(4));
  const source = `import {\n  ` +
    `${names.join(",\n  ")},\n  type Tensor,\n} from "#lib";\nconst x = 1;\n`;
  const printed = new Reader(source).rest().join("");
  assertEquals(printed.split("\n").length, 5, printed);
  assertStringIncludes(printed, `  import { aaaa, bbbb, `);
  assertStringIncludes(printed, `yyyy, type Tensor } from "#lib";\n  const x = 1;`);
});
