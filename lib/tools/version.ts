/*
 * The oldest Deno that the lessons run on. Older ones do not read a kernel's file as a text, which they say in other words,
 * and their WebGPU lacks what the library uses. So this is asked before a module is loaded that imports a text.
 */
import { UsageError } from "../lesson/args.ts";

/** With 2.7 and older ones, lesson 1 ends with an error; 2.8.0 crashed in seven of eight runs of two files of tests. */
const OLDEST = [2, 9];

/** Throws a sentence if this Deno is too old. */
export function checkDeno(version: string = Deno.version.deno): void {
  const [major, minor] = version.split(".").map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  const wanted = OLDEST.join(".");
  throw new UsageError(
    `this is Deno ${version}, and the lessons need ${wanted} or a newer one: \`deno upgrade\` brings it; ` +
      "with Node, `npx -y deno@2.9.6 task lesson-1` works without installing anything",
  );
}
