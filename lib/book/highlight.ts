/*
 * Colored code: each token is a span with one of a few classes; the style sheet has their colors for light and dark
 * pages. Shapes in comments, such as `// (B, T, C)`, are highlighted.
 */
import { createHighlighterCoreSync } from "shiki/core";
import { createOnigurumaEngine } from "shiki/engine/oniguruma";
import typescript from "shiki/langs/typescript.mjs";
import wgsl from "shiki/langs/wgsl.mjs";
import shell from "shiki/langs/shellscript.mjs";
import python from "shiki/langs/python.mjs";
import light from "shiki/themes/github-light-high-contrast.mjs";
import dark from "shiki/themes/github-dark-high-contrast.mjs";
import { escapeMarkup } from "../text/markup.ts";

/** The languages that can be colored. */
export type Language = "typescript" | "wgsl" | "shellscript" | "python" | "text";

const shiki = createHighlighterCoreSync({
  themes: [light, dark],
  langs: [typescript, wgsl, shell, python],
  engine: await createOnigurumaEngine(import("shiki/wasm")),
});
const themes = { light: "github-light-high-contrast", dark: "github-dark-high-contrast" };

/** The class of text that is neither a word nor a number: none. */
const PLAIN = "";
/** The colors used so far, each pair with its class. */
const classes = new Map([["#0E1116 #F0F3F6", PLAIN]]);

/** The style of the classes that {@linkcode highlight} has used so far. */
export function highlightStyle(): string {
  const rules = (of: 0 | 1) =>
    [...classes].filter(([, name]) => name).map(([pair, name]) =>
      `.${name}{color:${pair.split(" ")[of]}}`
    ).join("");
  return `${rules(0)}\n@media screen and (prefers-color-scheme:dark){${rules(1)}}\n`;
}

/** Code as HTML. */
export function highlight(code: string, language: Language): string {
  if (language === "text") return escapeMarkup(code);
  const { tokens } = shiki.codeToTokens(code, {
    lang: language,
    themes,
    defaultColor: false,
    tokenizeTimeLimit: 0, // a line is colored completely, however slow the machine is
  });
  return tokens.map((line) => {
    const runs: { text: string; name: string }[] = [];
    for (const { content, htmlStyle } of line) {
      const style = htmlStyle as Record<string, string>;
      const name = classOf(`${style["--shiki-light"]} ${style["--shiki-dark"]}`);
      const last = runs.at(-1);
      if (last && (last.name === name || !content.trim())) last.text += content;
      else runs.push({ text: content, name });
    }
    return runs.map(({ text, name }) => span(text, name)).join("");
  }).join("\n");
}

function classOf(pair: string): string {
  const name = classes.get(pair) ?? `c${classes.size}`;
  classes.set(pair, name);
  return name;
}

const SHAPE = /^(\s*\/\/ )(\([^()]*\)(?: each)?|torch\.Size.*)$/;

function span(text: string, name: string): string {
  if (!text.trim() || name === PLAIN) return escapeMarkup(text);
  const shape = text.match(SHAPE);
  const inner = shape
    ? `${escapeMarkup(shape[1])}<b>${escapeMarkup(shape[2])}</b>`
    : escapeMarkup(text);
  return `<span class="${name}">${inner}</span>`;
}
