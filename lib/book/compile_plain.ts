/*
 * What is left to do for a lesson without types: the addresses of what it imports, and who is the program.
 */

/** A mistake that is found before anything runs. */
export interface Mistake {
  message: string;
  line?: number;
  column?: number;
}

/** A program of which each import has its address, and that is the one at work where a page runs it. */
export const asProgram = (code: string, address: (name: string) => string): string =>
  code.replace(
    /(\bfrom\s+|\bimport\s*\(\s*)"([^"]+)"/g,
    (_, before, name) => `${before}"${address(name)}"`,
  ).replaceAll("import.meta.main", "(globalThis.lessonAtWork === import.meta.url)");
