/*
 * `@std/assert`, the standard library's own code, out of npm instead of JSR: the npm package has no
 * types, so `types.d.ts` declares them. `"links"` in deno.json puts this folder in place of the
 * registry's package; without that line Deno fetches the real one and nothing else changes.
 */
// @ts-types="./types.d.ts"
export * from "npm:deno-std@1.4.0/assert/mod.js";
