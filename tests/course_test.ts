/*
 * The lessons as a text to be read: their diagrams are whole.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { beside, diagram, grid } from "#lib";
import { contents } from "../lessons/contents.ts";
import { isDiagram } from "../lib/lesson/diagram.ts";
import { parts } from "../lib/lesson/source.ts";

const lessons = contents.flatMap(({ number, written }) =>
  written ? [{ number, parts: parts(written.source) }] : []
);

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
  for (const { number, parts } of lessons) {
    for (const { text } of parts.filter(({ kind }) => kind === "prose")) {
      for (const [, drawn] of text.matchAll(/^```diagram\n([^]*?)\n```$/gm)) {
        count++;
        const lines = drawn.split("\n");
        assert(
          lines.every((line) => line.trim() && line.length <= 78),
          `lesson ${number}: ${drawn}`,
        );
        const boxes = diagram(drawn).svg().match(/<rect /g)?.length ?? 0;
        const corners = drawn.match(/┌(?=[─┬┴▼▲]+┐)/g)?.length ?? 0;
        assertEquals(boxes, corners, `lesson ${number}: a box is open in\n${drawn}`);
      }
      assert(!/^```$/m.test(text.replace(/^```\w+\n[^]*?\n```$/gm, "")), `lesson ${number}`);
    }
  }
  assert(count > 3);
});
