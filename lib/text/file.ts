/*
 * The file format of minbpe: what a tokenizer has learned, as text.
 *
 * A `.model` file is for programs: a version, the split pattern, the special tokens, then one merge per line, in order.
 * A `.vocab` file is for people: every token in readable form. This module opens no files.
 */

import type { Pair } from "./bpe.ts";
import { escapeControls, fromBytes } from "./bytes.ts";

/** Everything that a tokenizer must remember. */
export interface Model {
  /** Empty if texts are not split. */
  pattern: string;
  /** Each special token and its id. */
  specialTokens: ReadonlyMap<string, number>;
  /** The pairs in the order in which they were learned: `merges[i]` makes the id 256 + i. */
  merges: readonly Pair[];
}

const VERSION = "minbpe v1";

/** The text of a `.model` file. */
export function formatModel({ pattern, specialTokens, merges }: Model): string {
  for (const line of [pattern, ...specialTokens.keys()]) {
    if (/[\r\n]/.test(line) || line !== line.trim()) {
      throw new Error(
        `save: got ${JSON.stringify(line)}, but a line of a .model file can't hold a line ` +
          "break, or a space at an end; use a pattern or a special token without",
      );
    }
  }
  const lines = [
    VERSION,
    pattern,
    specialTokens.size,
    ...[...specialTokens].map(([token, id]) => `${token} ${id}`),
    ...merges.map(([left, right]) => `${left} ${right}`),
  ];
  return lines.join("\n") + "\n";
}

/** Reads the text of a `.model` file. */
export function parseModel(text: string): Model {
  const lines = text.split(/\r?\n/);
  const wrong = (number: number, wanted: string) =>
    new Error(
      `load: line ${number} is ${JSON.stringify(lines[number - 1] ?? "")}, expected ${wanted}; ` +
        "is it a .model file that minbpe or this library wrote?",
    );
  if (lines[0].trim() !== VERSION) throw wrong(1, `"${VERSION}"`);
  const pattern = (lines[1] ?? "").trim();
  if (!/^\d+\s*$/.test(lines[2] ?? "")) throw wrong(3, "the number of special tokens");
  const firstMerge = 3 + Number(lines[2]);

  const specialTokens = new Map<string, number>();
  for (let i = 3; i < firstMerge; i++) {
    const parts = /^(?<token>\S.*) (?<id>\d+)\s*$/u.exec(lines[i] ?? "");
    if (!parts) throw wrong(i + 1, "a special token and its id");
    specialTokens.set(parts.groups!.token, Number(parts.groups!.id));
  }
  const merges: Pair[] = [];
  for (let i = firstMerge; i < lines.length; i++) {
    if (i === lines.length - 1 && lines[i] === "") break;
    const parts = /^(\d+) (\d+)\s*$/.exec(lines[i]);
    if (!parts) throw wrong(i + 1, "two ids");
    merges.push([Number(parts[1]), Number(parts[2])]);
  }
  return { pattern, specialTokens, merges };
}

/** The text of a `.vocab` file: `[h][e] -> [he] 257`, the bytes first, the special tokens last. */
export function formatVocab(vocab: readonly Uint8Array[], model: Omit<Model, "pattern">): string {
  const reads = vocab.map((bytes) => `[${escapeControls(fromBytes(bytes))}]`);
  const lines = reads.map((read, id) => {
    const pair = model.merges[id - 256];
    return pair ? `${reads[pair[0]]}${reads[pair[1]]} -> ${read} ${id}` : `${read} ${id}`;
  });
  for (const [token, id] of model.specialTokens) lines.push(`[${escapeControls(token)}] ${id}`);
  return lines.join("\n") + "\n";
}
