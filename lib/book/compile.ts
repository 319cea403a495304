/*
 * A lesson as JavaScript for a browser: its types are removed, but every line stays in its place, so the line number
 * in an error is that of the source. The build compiles the lessons; a page compiles what its reader has changed.
 */
import { transform } from "sucrase";
import { asProgram, exportsOf, type Mistake } from "./compile_plain.ts";

/**
 * The JavaScript of a lesson.
 *
 * @param address the address for each imported name
 * @throws {Mistake}
 */
export function compile(source: string, address: (name: string) => string): string {
  try {
    const { code } = transform(source, { transforms: ["typescript"], disableESTransforms: true });
    return handingOut(code) + asProgram(code, address);
  } catch (error) {
    const { message, loc } = error as Error & { loc?: { line: number; column: number } };
    const mistake: Mistake = {
      message: `SyntaxError: ${
        message.replace(/^Error transforming.*?: /, "").replace(/ \(\d+:\d+\)$/, "")
      }`,
      line: loc?.line,
      column: loc?.column,
    };
    throw mistake;
  }
}

/**
 * Hands out what a program exports while it still runs, so that a picture can ask a model in the middle of its
 * training. It stands at the beginning of the program's first line.
 */
function handingOut(code: string): string {
  const getters = exportsOf(code).map((name) => `get ${name}() { return ${name}; }`).join(", ");
  return `globalThis.lessonHandsOut?.(import.meta.url, { ${getters} }); `;
}
