/*
 * A lesson as a browser reads it: without types, line by line where it was, so that what an error says of a
 * line is true of the source. The build compiles the lessons as they are; a page, what its reader has changed.
 */
import { transform } from "sucrase";
import { asProgram, type Mistake } from "./compile_plain.ts";

/**
 * The JavaScript of a lesson.
 *
 * @param address where what is imported by a name lies
 * @throws {Mistake}
 */
export function compile(source: string, address: (name: string) => string): string {
  try {
    const { code } = transform(source, { transforms: ["typescript"], disableESTransforms: true });
    return asProgram(code, address);
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
