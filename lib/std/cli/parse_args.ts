/*
 * `@std/cli/parse-args`, the standard library's own code, out of npm instead of JSR, as in
 * `../assert/mod.ts`.
 */
// @ts-types="./types.d.ts"
export * from "npm:deno-std@1.4.0/cli/parse_args.js";
