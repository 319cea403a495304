/*
 * The last steps for a lesson without types: the addresses of its imports, and which module is the main program; and
 * what it exports.
 */

/** A mistake that is found before the program runs. */
export interface Mistake {
  message: string;
  line?: number;
  column?: number;
}

/** The names that a program exports where it declares them, as lessons do. */
export const exportsOf = (code: string): string[] =>
  Array.from(
    code.matchAll(/^export (?:const|let|class|(?:async )?function\*?) (\w+)/gm),
    ([, name]) => name,
  );

/** What an import or export takes, by its name; a text in which the same words stand is none. */
const TAKEN =
  /(^[ \t]*(?:(?:import|export)\b[\w$*{},\s]*?\bfrom\b|\} *from\b|import\b) *|\bimport\s*\(\s*)(["'])([^"'\n]+)\2/gm;

/** The program with an address for each import; it is the main program of the page that runs it. */
export const asProgram = (code: string, address: (name: string) => string): string =>
  code.replace(TAKEN, (_, before, __, name) => `${before}"${address(name)}"`).replaceAll(
    "import.meta.main",
    "(globalThis.lessonAtWork === import.meta.url)",
  );
