/*
 * The last steps for a lesson without types: the addresses of its imports, and which module is the main program.
 */

/** A mistake that is found before the program runs. */
export interface Mistake {
  message: string;
  line?: number;
  column?: number;
}

/** The program with an address for each import; it is the main program of the page that runs it. */
export const asProgram = (code: string, address: (name: string) => string): string =>
  code.replace(
    /(\bfrom\s+|\bimport\s*\(\s*)"([^"]+)"/g,
    (_, before, name) => `${before}"${address(name)}"`,
  ).replaceAll("import.meta.main", "(globalThis.lessonAtWork === import.meta.url)");
