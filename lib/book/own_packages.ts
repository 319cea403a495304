/*
 * The book's own packages: they stand in `imports.json` and `deno.lock` of this folder, so that a reader of
 * the terminal downloads none of them. Every command of Deno that touches the book is told so.
 */
import { fromFileUrl } from "./site.ts";

/** The words on Deno's command line that make the book's packages known. */
export const ownPackages: readonly string[] = [
  `--import-map=${fromFileUrl(new URL("imports.json", import.meta.url))}`,
  `--lock=${fromFileUrl(new URL("deno.lock", import.meta.url))}`,
  "--frozen",
];
