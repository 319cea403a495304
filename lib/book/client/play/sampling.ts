/*
 * The next token, as bars: temperature and top-k change them, and a hundred samples are drawn beside them.
 */
import { element } from "../dom.ts";
import type { Distribution } from "./kinds.ts";
import { type Ask, labeled, type Picture, visible } from "./parts.ts";

/** The number of rows. */
const ROWS = 12;
const DRAWS = 100;

/** The probabilities of logits, divided by the temperature; all but the best k are excluded. */
export function probabilities(logits: readonly number[], temperature: number, k: number): number[] {
  const least = logits.toSorted((a, b) => b - a)[Math.min(k, logits.length) - 1];
  const top = Math.max(...logits);
  const exps = logits.map((logit) => logit < least ? 0 : Math.exp((logit - top) / temperature));
  const sum = exps.reduce((a, b) => a + b);
  return exps.map((e) => e / sum);
}

/** The five words of lesson 8. */
export const words = (ask: Ask, redraw: () => void): Picture => sampling(ask, redraw);

/** The next token of a text, from the model of lesson 13. */
export const next = (ask: Ask, redraw: () => void): Picture =>
  sampling(ask, redraw, "He walked down to the river and");

function sampling(ask: Ask, redraw: () => void, text?: string): Picture {
  const field = element("input", { type: "text", value: text ?? "", oninput: redraw });
  const temperature = element("input", {
    type: "range",
    min: 0.1,
    max: 3,
    step: 0.1,
    value: 1,
    oninput: () => bars(),
  });
  const topK = element("input", {
    type: "range",
    min: 1,
    max: 1000,
    value: 1000,
    oninput: () => bars(),
  });
  const list = element("table", { class: "bars" });
  const words = element("p", { class: "note", role: "status" });
  let found: Distribution = { tokens: [], logits: [] };
  let drawn: number[] | undefined;

  const draw = async () => {
    found = await ask({ text: field.value }) as Distribution;
    topK.max = String(found.tokens.length);
    drawn = undefined;
    bars();
  };
  const current = () => probabilities(found.logits, Number(temperature.value), Number(topK.value));
  const bars = () => {
    const p = current();
    list.replaceChildren(...rowsOf(found, p, drawn));
    const [many, kept] = [found.tokens.length, Math.min(Number(topK.value), found.tokens.length)];
    words.textContent =
      `Temperature ${Number(temperature.value).toFixed(1)}, the best ${kept} of ${many}: ` +
      `as open as a choice among ${Math.exp(entropyOf(p)).toFixed(1)} equal tokens.`;
  };
  const sample = () => {
    drawn = drawsFrom(current());
    bars();
  };
  const controls = element(
    "div",
    { class: "buttons" },
    labeled("Temperature", temperature),
    labeled("Top-k", topK),
    element("button", { type: "button", onclick: sample }, `Draw ${DRAWS} times`),
  );
  const parts = [controls, words, list];
  return { parts: text === undefined ? parts : [labeled("A text", field), ...parts], draw };
}

/** The likeliest tokens as rows of a table, each with its probability, and how often it was drawn. */
function rowsOf({ tokens, logits }: Distribution, p: number[], drawn?: number[]): HTMLElement[] {
  const order = logits.map((_, i) => i).sort((a, b) => logits[b] - logits[a]).slice(0, ROWS);
  const most = Math.max(...p);
  const caption = drawn ? `Probability, and how often in ${DRAWS} draws` : "Probability";
  const rows = order.map((i) => {
    const bar = element("span", { class: "share" });
    bar.style.setProperty("--weight", `${100 * p[i] / most}%`);
    return element(
      "tr",
      p[i] === 0 ? { class: "cut" } : {},
      element("th", { scope: "row" }, visible(tokens[i])),
      element("td", { class: "long" }, bar),
      element("td", {}, p[i] === 0 ? "cut" : p[i].toFixed(4)),
      drawn ? element("td", {}, `${drawn[i]}×`) : undefined,
    );
  });
  return [element("caption", {}, caption), ...rows];
}

const entropyOf = (p: readonly number[]) =>
  p.reduce((sum, q) => q > 0 ? sum - q * Math.log(q) : sum, 0);

/** How often each comes in so many draws. */
function drawsFrom(p: readonly number[]): number[] {
  const drawn = p.map(() => 0);
  for (let n = 0; n < DRAWS; n++) {
    let left = Math.random();
    const i = p.findIndex((q) => (left -= q) < 0);
    drawn[i < 0 ? p.indexOf(Math.max(...p)) : i]++;
  }
  return drawn;
}
