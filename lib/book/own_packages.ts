/*
 * The book's own packages. They are in `imports.json` and `deno.lock` in this folder, so that a reader who uses only
 * the terminal downloads none of them. Every Deno command for the book gets these arguments.
 */
import { fromFileUrl } from "./site.ts";

/** The arguments that make the book's packages known to Deno. */
export const ownPackages: readonly string[] = [
  `--import-map=${fromFileUrl(new URL("imports.json", import.meta.url))}`,
  `--lock=${fromFileUrl(new URL("deno.lock", import.meta.url))}`,
  "--frozen",
];

/** What `deno` is told so that it bundles programs for a page; a folder, and the programs, come behind it. */
export const bundling: readonly string[] = [
  "bundle",
  "--quiet",
  ...ownPackages,
  "--platform=browser",
  "--code-splitting",
  "--keep-names",
];
