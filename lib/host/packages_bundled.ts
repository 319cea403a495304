/*
 * The same packages as in `packages.ts`, in a form that bundlers can read. The types in `packages.ts` come from here.
 */
// deno-lint-ignore-file no-import-prefix -- whoever imports this library by its path has another deno.json

/** Hugging Face's own client: commits, lists of files, information about a file. */
export const hubPackage = (): Promise<typeof import("npm:@huggingface/hub@2.17.5")> =>
  import("npm:@huggingface/hub@2.17.5");

/** A reader of Parquet. */
export const parquetPackage = (): Promise<typeof import("npm:hyparquet@1.31.5")> =>
  import("npm:hyparquet@1.31.5");

/** Its reader of page headers. */
export const parquetPages = (): Promise<typeof import("npm:hyparquet@1.31.5/src/column.js")> =>
  import("npm:hyparquet@1.31.5/src/column.js");

/** The compression formats that a Parquet file may use. */
export const parquetCompressors = (): Promise<
  typeof import("npm:hyparquet-compressors@1.1.2")
> => import("npm:hyparquet-compressors@1.1.2");

/** A reader of YAML. */
export const yamlPackage = (): Promise<typeof import("npm:yaml@2.9.1")> => import("npm:yaml@2.9.1");

/** GPT-2's vocabulary. */
export const gpt2Ranks = (): Promise<typeof import("npm:js-tiktoken@1.0.21/ranks/gpt2")> =>
  import("npm:js-tiktoken@1.0.21/ranks/gpt2");

/** GPT-4's vocabulary. */
export const cl100kRanks = (): Promise<
  typeof import("npm:js-tiktoken@1.0.21/ranks/cl100k_base")
> => import("npm:js-tiktoken@1.0.21/ranks/cl100k_base");
