/*
 * The texts of a lesson, as the book has them: its source, and its program, complete or as the reader runs it.
 */
import { asProgram } from "../compile_plain.ts";
import type { Program } from "./program.ts";

/** The folder of the book's programs. */
const code = new URL("code/", document.baseURI);

/** The text of a file in that folder. */
async function fetched(url: URL): Promise<string> {
  const name = url.href.slice(code.href.length);
  const response = await fetch(url).catch(({ message }) => {
    throw new Error(`${name} could not be loaded: ${message}`);
  });
  if (!response.ok) throw new Error(`${name} could not be loaded: ${response.status}`);
  return await response.text();
}

/** The texts of the lesson with this path. */
export function textsOf(path: string) {
  let text: Promise<string> | undefined;
  const [built, checks] = [".js", ".checks.js"].map((end) =>
    new URL(path.replace(/\.ts$/, end), code)
  );
  return {
    code,
    /** The address of what checks a page of exercises. */
    checks: checks.href,
    /** The lesson's source; it is asked for again if it could not be loaded. */
    source: (): Promise<string> =>
      text ??= fetched(new URL(path, code)).catch((error) => {
        text = undefined;
        throw error;
      }),
    /** A program, changed or not, as a module to import. */
    async addressOf({ text, lines, whole }: Program, changed: boolean): Promise<string> {
      if (whole) return built.href;
      const address = (name: string) =>
        name === "#lib"
          ? new URL("lessons.js", code).href
          : new URL(name.replace(/\.ts$/, ".js"), built).href;
      let script: string;
      if (changed) {
        const { compile } = await import("../compile.ts");
        script = compile(text, address);
      } else {
        // Compiled line by line, so line numbers stay the same from the first line on.
        const all = (await fetched(built)).split("\n").slice(0, text.split("\n").length);
        const kept = all.map((line, i) => lines[i + 1].skipped ? "" : line);
        script = asProgram(kept.join("\n"), address);
      }
      return URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    },
  };
}
