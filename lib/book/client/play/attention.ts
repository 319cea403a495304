/*
 * The attention weights of a sentence that the reader types: for the word under the pointer, or with the keyboard
 * focus, how much it attends to each word; for the weight under the pointer, its query and its key.
 */
import { element } from "../dom.ts";
import type { Weights } from "./kinds.ts";
import { type Ask, labeled, type Picture } from "./parts.ts";

const MOST = 14;

/** The picture. */
export function attention(ask: Ask, redraw: () => void): Picture {
  const sentence = element("input", {
    type: "text",
    value: "the dog and the other dog",
    oninput: redraw,
  });
  const mask = element("input", { type: "checkbox", onchange: redraw });
  const line = element("div", { class: "sentence", role: "group", "aria-label": "The words" });
  const table = element("div", { class: "table" });
  const words = element("p", { class: "note", role: "status" });

  const draw = async () => {
    const asked = sentence.value.match(/\S+/g)?.slice(0, MOST) ?? ["the"];
    const found = await ask({ words: asked, masked: mask.checked }) as Weights;
    line.replaceChildren(...found.words.map((word, i) =>
      element("button", {
        type: "button",
        onpointerenter: () => point(found, i),
        onfocus: () => point(found, i),
        onclick: () => point(found, i),
      }, word)
    ));
    table.replaceChildren(tableOf(found, (query, key) => point(found, query, key)));
    point(found, found.words.length - 1);
  };
  const point = ({ words: all, weights, products }: Weights, at: number, key?: number) => {
    [...line.children].forEach((word, i) => {
      shade(word as HTMLElement, weights[at][i]);
      word.classList.toggle("query", i === at);
      word.setAttribute("aria-pressed", String(i === at));
    });
    [...table.querySelectorAll("tbody tr")].forEach((row, i) =>
      row.classList.toggle("query", i === at)
    );
    [...table.querySelectorAll("thead th")].forEach((word, i) =>
      word.classList.toggle("key", i === key)
    );
    if (key !== undefined) {
      words.textContent = `query “${all[at]}” · key “${all[key]}” is ${
        products[at][key].toFixed(2)
      }; attention weight ${weights[at][key].toFixed(4)}`;
      return;
    }
    const best = all.map((word, i) => ({ word, weight: weights[at][i] }))
      .toSorted((a, b) => b.weight - a.weight).slice(0, 3)
      .map(({ word, weight }) => `${word} ${weight.toFixed(4)}`);
    words.textContent = `“${all[at]}” attends to: ${best.join(", ")}`;
  };
  return {
    parts: [
      labeled("A sentence", sentence),
      element("label", { class: "field" }, mask, element("span", {}, "causal mask")),
      line,
      words,
      table,
    ],
    draw,
  };
}

/** The larger the weight, the darker the color. */
function shade(cell: HTMLElement, weight: number): void {
  cell.style.setProperty("--weight", `${Math.round(100 * weight)}%`);
  cell.classList.toggle("strong", weight > 0.55);
}

function tableOf(
  { words, weights }: Weights,
  point: (query: number, key?: number) => void,
): HTMLTableElement {
  const head = element(
    "tr",
    {},
    element("td"),
    ...words.map((word) => element("th", { scope: "col" }, word)),
  );
  const rows = weights.map((row, i) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, words[i]),
      ...row.map((weight, key) => {
        const hear = { onpointerenter: () => point(i, key), onpointerleave: () => point(i) };
        const cell = element("td", { class: "weight", ...hear }, weight.toFixed(2));
        shade(cell, weight);
        return cell;
      }),
    )
  );
  return element(
    "table",
    {},
    element("caption", {}, "Attention weights: a row is a query"),
    element("thead", {}, head),
    element("tbody", {}, ...rows),
  );
}
