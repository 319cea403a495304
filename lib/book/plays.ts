/*
 * Which pages have an interactive picture, and the text above it. Its data is computed by the lesson itself, with
 * what it exports.
 */
import { attribute, type Html, markup } from "./html.ts";

interface Play {
  lesson: number;
  /** The picture follows the cell whose code contains this. */
  after: RegExp;
  /** The first cell that it needs besides the one with the imports, if it does not need all. */
  from?: RegExp;
  /** Its name in `client/play`. */
  name: string;
  title: string;
  words: string;
}

const PLAYS: readonly Play[] = [
  {
    lesson: 3,
    after: /^export function attention\(/m,
    from: /^export function attention\(/m,
    name: "attention",
    title: "Attention in a sentence of yours",
    words:
      "Each new word gets a random vector, as above. Point at a word to see what it attends to, at a weight to see its query and its key.",
  },
  {
    lesson: 8,
    after: /\bwordLogits\.topk\(/,
    from: /^export const wordLogits\b/m,
    name: "words",
    title: "Temperature and top-k",
    words: "The five words of this lesson. What top-k cuts off turns gray.",
  },
  {
    lesson: 11,
    after: /tokenizer\.encode\(" wanted"\)/,
    name: "merges",
    title: "The tokenizer, merge by merge",
    words: "Any text, from its bytes on. The two tokens that are merged next are framed.",
  },
  {
    lesson: 13,
    after: /\bof train\(model, optimizer, run\b/,
    name: "writing",
    title: "What it writes while it learns",
    words:
      "Run the lesson in full and ask at any step: the model writes 80 tokens, and its training goes on as if it had not been asked.",
  },
  {
    lesson: 13,
    after: /\bwritten = await generate\(/,
    name: "next",
    title: "What comes next?",
    words:
      "The model's probabilities for the token after your text, as far as it has learned in this page: run the lesson in full for one that has.",
  },
  {
    lesson: 13,
    after: /\bconst unit = vectors/,
    name: "vectors",
    title: "The tokens in the plane",
    words:
      "The two directions in which the vectors differ most, out of 64. Before training there is nothing to see in it, and that is right.",
  },
];

/** The pictures that follow a cell; `cells` is the code of all cells of the lesson. */
export const playsAfter = (
  lesson: number | undefined,
  cell: number,
  cells: readonly string[],
): Html[] =>
  PLAYS.filter((play) => play.lesson === lesson && play.after.test(cells[cell - 1])).map((
    { name, title, words, from },
  ) => {
    const first = from && 1 + cells.findIndex((code) => from.test(code));
    return markup`<section class="play" data-play="${name}" data-after="${cell}"${
      attribute("data-from", first)
    } aria-label="${title}" hidden><h3>${title}</h3><p>${words}</p></section>`;
  });
