/*
 * Packages that most programs never need. Deno downloads every package that a program's text imports, even if that
 * line never runs. So they are named in a form that Deno reads only when the line runs, and the first lesson does not
 * download megabytes that only a later one needs. A bundler must see the imports in advance: it uses
 * `packages_bundled.ts` instead of this file.
 */
import type * as bundled from "./packages_bundled.ts";

/** After a slash: the whole package. */
const ALL = "";
const pages = "src/column.js";
const gpt2 = "ranks/gpt2", cl100k = "ranks/cl100k_base";

/** Hugging Face's own client: commits, lists of files, information about a file. */
export const hubPackage: typeof bundled.hubPackage = () =>
  import(`npm:@huggingface/hub@2.17.5/${ALL}`);

/** A reader of Parquet. */
export const parquetPackage: typeof bundled.parquetPackage = () =>
  import(`npm:hyparquet@1.31.5/${ALL}`);

/** Its reader of page headers. */
export const parquetPages: typeof bundled.parquetPages = () =>
  import(`npm:hyparquet@1.31.5/${pages}`);

/** The compression formats that a Parquet file may use. */
export const parquetCompressors: typeof bundled.parquetCompressors = () =>
  import(`npm:hyparquet-compressors@1.1.2/${ALL}`);

/** A reader of YAML. */
export const yamlPackage: typeof bundled.yamlPackage = () => import(`npm:yaml@2.9.1/${ALL}`);

/** GPT-2's vocabulary. */
export const gpt2Ranks: typeof bundled.gpt2Ranks = () => import(`npm:js-tiktoken@1.0.21/${gpt2}`);

/** GPT-4's vocabulary. */
export const cl100kRanks: typeof bundled.cl100kRanks = () =>
  import(`npm:js-tiktoken@1.0.21/${cl100k}`);
