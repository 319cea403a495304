/*
 * The options of a lesson, read from its source. The object in its call of `lesson` is plain, except for options that
 * it shares with an earlier lesson.
 */
import type { Options } from "../lesson/args.ts";
import { transform } from "sucrase";

/** The options of a lesson; empty if it has none. `all` are the sources in which shared options are found. */
export function optionsOf(source: string, all: readonly string[]): Options {
  const text = objectAfter(source, /\blesson\(import\.meta, (?=\{)/);
  if (!text) return {};
  const names = [...text.matchAll(/[{,]\s*(\w+)(?=\s*[,}])/g)].map(([, name]) => name);
  const shared = names.map((name) => {
    for (const other of all) {
      const found = objectAfter(other, new RegExp(`^export const ${name} = (?=\\{)`, "m"));
      if (found) return found;
    }
    throw new Error(`reading a lesson's options: no lesson exports "${name}"`);
  });
  const plain = (code: string) => transform(`(${code})`, { transforms: ["typescript"] }).code;
  return new Function(...names, `return ${plain(text)}`)(
    ...shared.map((code) => new Function(`return ${plain(code)}`)()),
  );
}

/** The object that starts where the pattern matches. */
function objectAfter(source: string, pattern: RegExp): string | undefined {
  const match = source.match(pattern);
  if (!match) return undefined;
  const start = match.index! + match[0].length;
  let depth = 0;
  const tokens = /"(?:[^"\\]|\\.)*"|`[^`]*`|\/\/.*|[{}]/g;
  tokens.lastIndex = start;
  for (let token = tokens.exec(source); token; token = tokens.exec(source)) {
    if (token[0] === "{") depth++;
    if (token[0] === "}" && --depth === 0) return source.slice(start, tokens.lastIndex);
  }
  return undefined;
}
