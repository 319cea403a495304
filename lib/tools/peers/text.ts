/*
 * Tokenizers beside each other: this library's, js-tiktoken, and with Python Hugging Face's `tokenizers` and the
 * algorithm of minbpe. A made text of 10 MB is learned from and encoded; minbpe's takes a small part of it, since its
 * cost is proportional to the text and to the merges.
 */
import { median } from "../bench/measure.ts";
import { markdown } from "./table.ts";

/** One thing that a tokenizer does, and how long it took. */
export interface TextTime {
  work: string;
  seconds: number;
}

/** The works, in the order of the table. */
export const textWorks = [
  "train 512 ids",
  "train 50,000 ids",
  "encode with the 50,000",
  "encode with GPT-2's",
  "encode again with GPT-2's",
  "a run of 1 MB of one letter",
] as const;

/**
 * A text of so many characters, the same each time: words of made syllables, the n-th most frequent one occurring 1/n
 * as often as the first, as in a language.
 */
export function madeText(length: number): string {
  let state = 1;
  const draw = () => (state = Math.imul(state, 1_664_525) + 1_013_904_223 >>> 0) / 2 ** 32;
  const pick = (from: string) => from[Math.floor(draw() * from.length)];
  const syllable = () =>
    pick("bcdfghklmnprstvw") + pick("aeiou") + (draw() < 0.4 ? pick("lnrst") : "");
  const WORDS = 60_000;
  const words = Array.from({ length: WORDS }, () => {
    const count = 1 + Math.floor(draw() * 4);
    return Array.from({ length: count }, syllable).join("");
  });
  const parts: string[] = [];
  for (let size = 0; size < length;) {
    const word = words[Math.floor(WORDS ** draw()) - 1]; // a uniform exponent makes frequencies of 1/n
    const end = draw() < 0.1 ? pick(".,;\n") : "";
    parts.push(word + end);
    size += word.length + end.length + 1;
  }
  return parts.join(" ").slice(0, length);
}

const here = (file: string) => `${import.meta.dirname}/${file}`;

/** The tokenizers, each with the command that measures it on a file and prints its times as JSON. */
export function tokenizers(python: string | undefined): { name: string; command: string[] }[] {
  const deno = [Deno.execPath(), "run", "--quiet", "--allow-all", here("text_child.ts")];
  return [
    { name: "this library", command: [...deno, "ours"] },
    { name: "js-tiktoken", command: [...deno, "js-tiktoken"] },
    ...(python
      ? [
        { name: "tokenizers (Rust)", command: [python, here("text_works.py"), "tokenizers"] },
        { name: "minbpe's algorithm", command: [python, here("text_works.py"), "minbpe"] },
      ]
      : []),
  ];
}

/** Seconds, and how many times as long as the first library. */
const cell = (seconds: number | undefined, first: number | undefined, own: boolean): string => {
  if (seconds === undefined) return "–";
  const text = seconds >= 100 ? seconds.toFixed(0) : seconds.toPrecision(3);
  return own || first === undefined ? text : `${text} · ${(seconds / first).toPrecision(2)}×`;
};

/** Measures all tokenizers in turns; returns a Markdown table of medians. */
export async function compareTokenizers(
  python: string | undefined,
  folder: string,
  runs: number,
  say: (text: string) => void,
): Promise<string> {
  const file = `${folder}/text.txt`;
  await Deno.writeTextFile(file, madeText(10_000_000));
  const all = tokenizers(python);
  const times = all.map(() => new Map<string, number[]>());
  for (let turn = 0; turn < runs; turn++) {
    for (const [i, { name, command: [program, ...args] }] of all.entries()) {
      say(`tokenizers: ${name}, turn ${turn + 1} of ${runs}`);
      const { success, stdout } = await new Deno.Command(program, {
        args: [...args, file],
        stderr: "inherit",
      }).output();
      if (!success) continue;
      const measured = JSON.parse(new TextDecoder().decode(stdout)) as TextTime[];
      for (const { work, seconds } of measured) {
        times[i].set(work, [...times[i].get(work) ?? [], seconds]);
      }
    }
  }
  const middle = (i: number, work: string) => {
    const found = times[i].get(work);
    return found && median(found);
  };
  return markdown(
    ["seconds, 10 MB of text · times as long", ...all.map(({ name }) => name)],
    textWorks.map((work) => [
      work,
      ...all.map((_, i) => cell(middle(i, work), middle(0, work), i === 0)),
    ]),
  );
}
