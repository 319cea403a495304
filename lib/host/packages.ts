/*
 * Packages that most programs never need. Deno downloads whatever a program's text says that it imports, even
 * where that line never runs; so these are named in a form that is read only when the line runs, and the first
 * lesson fetches no megabytes for what comes later. A bundler wants to read them beforehand: it takes
 * `packages_bundled.ts` instead of this file.
 */
import type * as bundled from "./packages_bundled.ts";

/** Behind a slash: the whole of a package. */
const ALL = "";
const gpt2 = "ranks/gpt2", cl100k = "ranks/cl100k_base";

/** Hugging Face's own client: commits, lists of files, what is known of a file. */
export const hubPackage: typeof bundled.hubPackage = () =>
  import(`npm:@huggingface/hub@2.17.5/${ALL}`);

/** A reader of Parquet. */
export const parquetPackage: typeof bundled.parquetPackage = () =>
  import(`npm:hyparquet@1.31.5/${ALL}`);

/** All that a Parquet file may be packed with. */
export const parquetCompressors: typeof bundled.parquetCompressors = () =>
  import(`npm:hyparquet-compressors@1.1.2/${ALL}`);

/** A reader of YAML. */
export const yamlPackage: typeof bundled.yamlPackage = () => import(`npm:yaml@2.9.1/${ALL}`);

/** GPT-2's vocabulary. */
export const gpt2Ranks: typeof bundled.gpt2Ranks = () => import(`npm:js-tiktoken@1.0.21/${gpt2}`);

/** GPT-4's vocabulary. */
export const cl100kRanks: typeof bundled.cl100kRanks = () =>
  import(`npm:js-tiktoken@1.0.21/${cl100k}`);
