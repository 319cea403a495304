/*
 * Data: from a name on the Hugging Face Hub, or a file, to rows of text; and named arrays in files. Nothing here needs
 * a GPU. In reading order:
 */

/** Rows: a table, and a dictionary of splits, both printed as Python prints them. */
export { Dataset, DatasetDict } from "./dataset.ts";
export type { Columns, Row, SplitOptions, Splits } from "./dataset.ts";
export type { Shuffled } from "./permutation.ts";

/** From a name, a file or a folder to a dataset. */
export { loadDataset } from "./load.ts";
export type { LoadOptions } from "./load.ts";
export type { DataFiles } from "./files.ts";
export type { FormatOptions } from "./formats.ts";
export type { Limits } from "./limits.ts";

/** The lessons' songs, and the files on the Hub that the lessons use. */
export { songs } from "./songs.ts";
export type { Song, Songs, SongsOptions } from "./songs.ts";
export { fetchModel, fetchSource, sources } from "./sources.ts";
export type { Source } from "./sources.ts";

/** Single files from the Hub, in Python's cache. */
export * from "../hub/mod.ts";

/** Named arrays in a file, such as published weights. */
export {
  decodeSafetensors,
  encodeSafetensors,
  openSafetensors,
  SafetensorsFile,
  saveSafetensors,
} from "./safetensors.ts";
export type { SafeArrays, SafeDType, SafeMetadata, SafeTensor } from "./safetensors.ts";
