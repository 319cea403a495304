/*
 * The lessons use the terms of the field, and no words of our own in their place.
 */
import { assert, assertEquals } from "@std/assert";
import { contents } from "../lessons/contents.ts";
import { parts } from "../lib/lesson/source.ts";

const proseOf = (source: string) =>
  parts(source).filter(({ kind }) => kind === "prose").map(({ text }) => text).join("\n");

const prose = contents.flatMap(({ number, written }) =>
  written ? [{ number, text: proseOf(written.source).replace(/\s+/g, " ") }] : []
);

/** Words of the house that once stood for a term, and the term. */
const HOUSE: [RegExp, string][] = [
  [/\bmatrix of shares\b|\bits share\b|\bequal shares\b/gi, "attention weights"],
  [/\bquestions?\b/gi, "query, or input"],
  [/\bput aside\b/gi, "validation"],
  [/\bin use\b/gi, "at inference, in evaluation mode"],
  [/\bfillings?\b/gi, "padding"],
  [/\beven (guess|ones)\b/gi, "uniform"],
  [/\bbehind the (sum|attention|layer)\b|\bin front of the layer\b/gi, "post-norm, pre-norm"],
  [/\bsamples?\b(?= of the (songs|batch))/gi, "example"],
];

/** House words that are plain English too, and how often they may stand there; the review counted 52 places, 15 shares. */
const RARE: [RegExp, number][] = [
  [/\bplaces?\b/gi, 6],
  [/\bshares?\b/gi, 3],
  [/\bbehind\b/gi, 1],
  [/\bin front of\b/gi, 2],
  [/\b(?<!random |ten |three |these )numbers\b/gi, 40],
];

/** How often the terms stand in the lessons, at least. */
const FIELD: [string, number][] = [
  ["attention weights", 6],
  ["query", 15],
  ["position", 40],
  ["logit", 40],
  ["target", 20],
  ["validation", 10],
  ["example", 25],
  ["padding", 3],
  ["uniform", 6],
  ["inference", 4],
  ["overfitting", 1],
  ["perplexity", 4],
  ["vanish", 3],
  ["pre-norm", 2],
  ["post-norm", 1],
  ["decoder-only", 2],
  ["residual connection", 3],
  ["weight decay", 1],
  ["momentum", 1],
];

Deno.test("no word of the house stands for a term of the field", () => {
  const found = prose.flatMap(({ number, text }) =>
    HOUSE.flatMap(([word, term]) =>
      (text.match(word) ?? []).map((said) => `lesson ${number} says "${said}" for ${term}`)
    )
  );
  assertEquals(found, []);
});

Deno.test("words of the house that are plain English too are rare", () => {
  const all = prose.map(({ text }) => text).join(" ");
  for (const [word, most] of RARE) {
    const count = all.match(word)?.length ?? 0;
    assert(count <= most, `${word} stands there ${count} times, more often than ${most}`);
  }
});

Deno.test("the terms of the field are in the lessons", () => {
  const all = prose.map(({ text }) => text).join(" ").toLowerCase();
  for (const [term, wanted] of FIELD) {
    const count = all.split(term).length - 1;
    assert(count >= wanted, `"${term}" stands there ${count} times, fewer than ${wanted}`);
  }
});

/** Terms that are plain English too, or that an overview names before their section comes. */
const EARLY = new Set(["value", "score", "context", "feed-forward network"]);

Deno.test("a term stands in bold where it is defined, once, and no earlier sentence needs it", () => {
  const paragraphs = contents.flatMap(({ number, written }) =>
    parts(written?.source ?? "").filter(({ kind }) => kind === "prose").flatMap(({ text }) =>
      text.replace(/^```[^]*?^```/gm, "").split(/\n\n+/)
    ).map((text, i) => ({ number, isHead: i < 3, text: text.replace(/\s+/g, " ") }))
  );
  // A head gives an overview, a heading announces, and what names a lesson says where to look.
  const isPlain = (text: string) => !/^#|[Ll]esson \d/.test(text);
  const defined = new Set<string>();
  const wrong: string[] = [];
  paragraphs.forEach(({ number, text }, at) => {
    for (const [, bold] of text.matchAll(/\*\*([^*]+)\*\*/g)) {
      const term = bold.toLowerCase().replace(/[.:]$/, "");
      if (defined.has(term)) wrong.push(`lesson ${number} defines "${term}" again`);
      defined.add(term);
      if (EARLY.has(term)) continue;
      const word = new RegExp(`\\b${RegExp.escape(term.replace(/s$/, ""))}s?\\b`, "i");
      const early = paragraphs.slice(0, at).find(({ text, isHead }) =>
        !isHead && isPlain(text) && word.test(text)
      );
      if (early) {
        wrong.push(`lesson ${early.number} says "${term}" before it is defined: ${early.text}`);
      }
    }
  });
  assertEquals(wrong, []);
  assert(defined.size > 40, `${defined.size} terms`);
});
