/*
 * An output as HTML: exactly what Python would have printed, or a drawing if it is a picture.
 */
import { diagram, isDiagram } from "../lesson/diagram.ts";
import { escapeMarkup } from "../text/markup.ts";
import { type Html, markup, raw } from "./html.ts";
import { readChart, readHeatMap, readTokens } from "./picture.ts";

/** An output to show: its text, and the code that printed it. */
export interface Printed {
  text: string;
  code?: string;
  /** A drawing made from the numbers themselves, if there was a run. */
  svg?: string;
}

/** The content of an output, and its description for a screen reader. */
export async function outputHtml({ text, code = "", svg }: Printed): Promise<Html> {
  const drawn = await drawingOf(text);
  if (drawn) return figure(svg ?? drawn.svg, drawn.what, text);
  if (/\bshowTokens\(/.test(code)) return tokensHtml(readTokens(text));
  if (svg) return figure(svg, "Picture", text);
  if (isTree(text)) return treeHtml(text);
  return markup`<pre tabindex="0" role="group" aria-label="Output">${withShapes(text)}</pre>`;
}

/** The drawing of a text that is one, and what it is. */
export async function drawingOf(text: string): Promise<{ what: string; svg: string } | undefined> {
  const heat = readHeatMap(text);
  if (heat) return { what: "Heat map", svg: await heat.svg() };
  // A diagram may have a line that looks like a chart's axis.
  if (isDiagram(text)) return { what: "Diagram", svg: diagram(text).svg() };
  const curves = readChart(text);
  return curves && { what: "Chart", svg: curves.svg() };
}

/** A drawing; the text that it replaces is folded. */
export const figure = (svg: string, what: string, text: string): Html =>
  markup`
    <figure>
      <div class="drawn" tabindex="0" role="group" aria-label="${what}">${
    raw(
      themed(svg, `${what}: ${summaryOf(text)}`),
    )
  }</div>
      <details class="as-text">
        <summary>as text</summary>
        <pre tabindex="0" role="group" aria-label="${what} as text">${text}</pre>
      </details>
    </figure>
  `;

const summaryOf = (text: string) => {
  const words = text.match(/[\p{L}][\p{L} ]*[\p{L}]/gu) ?? [];
  return [...new Set(words.map((word) => word.replace(/\s+/g, " ")))].slice(0, 12).join(", ");
};

/** A drawing in the page's colors, with a description. */
export function themed(svg: string, label: string): string {
  const bare = svg.replace(/ role="img" aria-label="[^"]*"/, "");
  const colored = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"].reduce(
    (text, color, i) => text.replaceAll(`"${color}"`, `"var(--curve-${i})"`),
    bare,
  ).replaceAll(`"#0b5394"`, `"var(--heat)"`);
  const box = colored.match(/<svg[^>]*?\bwidth="([\d.]+)" height="([\d.]+)"/);
  const view = box && !/<svg[^>]*viewBox/.test(colored) ? ` viewBox="0 0 ${box[1]} ${box[2]}"` : "";
  return colored.replace("<svg ", `<svg role="img" aria-label="${escapeMarkup(label)}"${view} `);
}

/** Tokens on colored backgrounds. */
const tokensHtml = (tokens: readonly string[]): Html =>
  markup`<pre class="tokens" tabindex="0" role="group" aria-label="Tokens">${
    tokens.map((token, i) => {
      const [, breaks, rest] = token.match(/^(\n*)([^]*)$/)!;
      return markup`${breaks}<span class="t${i % 5}">${rest}</span>`;
    })
  }</pre>`;

const withShapes = (text: string): Html =>
  raw(escapeMarkup(text).replace(/torch\.Size\(\[[\d, ]*\]\)/g, (size) => `<b>${size}</b>`));

/** Whether a text is a tree of modules: a line that opens a bracket, indented lines, a closing bracket. */
export const isTree = (text: string): boolean =>
  /^[\w.]+\(\n(?: +\([\w.-]+\): .*\n| +\)\n)+\)$/.test(text);

interface Branch {
  line: string;
  children: Branch[];
}

/** A tree of modules; each level can be folded. */
export function treeHtml(text: string): Html {
  const root: Branch = { line: "", children: [] };
  const path = [root];
  for (const line of text.split("\n")) {
    if (line.trim() === ")") {
      path.pop();
      continue;
    }
    const branch = { line, children: [] };
    path.at(-1)!.children.push(branch);
    if (line.endsWith("(")) path.push(branch);
  }
  return markup`<div class="tree" tabindex="0" role="group" aria-label="Tree of modules">${
    root.children.map(branchHtml)
  }</div>`;
}

function branchHtml({ line, children }: Branch): Html {
  if (!children.length && !line.endsWith("(")) return markup`<div class="leaf">${line}</div>`;
  const margin = line.match(/^ */)![0];
  return markup`
    <details open><summary><span>${line}</span></summary>${
    children.map(
      branchHtml,
    )
  }<div class="leaf">${margin})</div></details>
  `;
}
