/*
 * The tokenizer on any text, merge by merge; the next pair to merge is marked.
 */
import { element } from "../dom.ts";
import type { Merges } from "./kinds.ts";
import { type Ask, labeled, type Picture, visible } from "./parts.ts";

/** The picture. */
export function merges(ask: Ask, redraw: () => void): Picture {
  const text = element("input", {
    type: "text",
    value: "She wanted the river and the railway",
    oninput: redraw,
  });
  const step = element("input", { type: "range", min: 0, value: 0, oninput: () => showStep() });
  const tokens = element("p", { class: "tokens" });
  const words = element("p", { class: "note", role: "status" });
  let found: Merges = { steps: [] };

  const draw = async () => {
    found = await ask({ text: text.value.slice(0, 400) || " " }) as Merges;
    step.max = String(found.steps.length - 1);
    showStep();
  };
  const move = (by: number) => {
    step.value = String(Number(step.value) + by);
    showStep();
  };
  const showStep = () => {
    const at = Number(step.value);
    const { pair, id, tokens: all } = found.steps[at];
    tokens.replaceChildren(...all.map(({ text, joins }, i) =>
      element("span", {
        class: `t${i % 5}${joins || all[i - 1]?.joins ? " joins" : ""}`,
      }, visible(text))
    ));
    const characters = [...text.value.slice(0, 400)].length;
    const per = (characters / Math.max(1, all.length)).toFixed(2);
    words.textContent = `${all.length} tokens, ${per} characters a token. ` +
      (pair
        ? `Merge ${at + 1} of ${found.steps.length - 1}: “${visible(pair[0])}” and “${
          visible(pair[1])
        }” become token ${id}.`
        : "No pair that is left was ever merged in training.");
  };
  const button = (label: string, does: () => void) =>
    element("button", { type: "button", onclick: does }, label);
  return {
    parts: [
      labeled("A text", text),
      element(
        "div",
        { class: "buttons" },
        button("Back", () => move(-1)),
        button("Merge", () => move(1)),
        labeled("Merges", step),
        button("All", () => move(1e6)),
      ),
      tokens,
      words,
    ],
    draw,
  };
}
