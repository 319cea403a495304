/*
 * A kernel's text, rewritten so that each invocation reads its parameters once, when it begins. llvmpipe reads a
 * uniform buffer lane by lane, some 30 instructions for a number, and does so again in each round of a loop that
 * names it; a number that was read stays in a register or on the stack, one instruction away.
 */
import type { Field } from "./interface.ts";

/**
 * A text with `given_k` for each `p.k`, set when `main` begins. Arrays stay as they are, since their elements are
 * chosen at run time; and so does a text without a loop, which reads each number once anyway, and one with a barrier:
 * a browser takes no private variable for uniform.
 */
export function readingParamsOnce(code: string, fields: readonly Field[]): string {
  if (!/\b(for|while|loop)\b\s*[({]/.test(code) || /Barrier\(/.test(code)) return code;
  const types = new Map(
    fields.filter(({ count }) => count === 1 || count === 4)
      .map(({ name, type, count }) => [name, count === 1 ? type : `vec4<${type}>`]),
  );
  const used = new Set<string>();
  const text = code.replace(/\bp\.(\w+)\b(?! *\[)/g, (all, name) => {
    if (!types.has(name)) return all;
    used.add(name);
    return `given_${name}`;
  });
  const declared = [...used].map((name) => `var<private> given_${name}: ${types.get(name)};\n`);
  const read = [...used].map((name) => `\n  given_${name} = p.${name};`);
  return declared.join("") + text.replace(/fn main\([^{]*\{/, (head) => head + read.join(""));
}
