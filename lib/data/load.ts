/*
 * `loadDataset`: from a name on the Hub, or a file or folder on this machine, to rows, as Python's `load_dataset` does
 * it for text: JSON, JSON Lines, CSV, plain text, Parquet. It runs no code from a repository. For a dataset that is a
 * program, it reads the Parquet copy on the Hub instead.
 */
import { host } from "../host/mod.ts";
import { optionsOf } from "../python/arguments.ts";
import { Dataset, DatasetDict, type Row } from "./dataset.ts";
import type { DataFiles, SplitFiles } from "./files.ts";
import { type FormatOptions, readBatches } from "./formats.ts";
import { formatOf } from "./names.ts";
import { Hub, hubOptionNames, type HubOptions } from "../hub/client.ts";
import { exists, walk } from "../hub/cache.ts";
import { HubError } from "../hub/errors.ts";
import type { Gathered } from "./gathered.ts";
import type { Part } from "./part.ts";

/** Which dataset to load, and how. */
export interface LoadOptions extends HubOptions, FormatOptions {
  /** The configuration, if the dataset has several. */
  name?: string;
  /** The files to read, if their names and the dataset's card do not say. */
  dataFiles?: DataFiles;
}

/** Files by split, and how to get the path of each on this machine. */
interface Source {
  files: SplitFiles;
  path(file: string): Promise<string>;
}

/**
 * Loads a dataset from the Hub (`owner/name`), or from a file or folder on this machine.
 *
 * `split` names one of its splits, or a part of one: `train`, `train[:1000]`, `test[10%:20%]`. Of a large dataset, only
 * the files with these rows are downloaded. Without `split`, all splits are loaded.
 *
 * The type of a row is yours to give: `loadDataset<{ height: number; label: number }>("people.csv")`.
 *
 * @throws {HubError} when the Hub refuses; {RangeError} for a split, a configuration or a file that the
 * dataset does not have; {SyntaxError} for a file that cannot be read.
 */
export function loadDataset<R extends object = Row>(
  id: string,
  options: LoadOptions & { split: string },
): Promise<Dataset<R>>;
/** Without `split`: all splits by name. */
export function loadDataset<R extends object = Row>(
  id: string,
  options?: LoadOptions,
): Promise<DatasetDict<string, R>>;
export async function loadDataset<R extends object = Row>(
  id: string,
  given: LoadOptions & { split?: string } = {},
): Promise<Dataset<R> | DatasetDict<string, R>> {
  const { split, ...options } = readLoad(given);
  const { Part } = await import("./part.ts"); // which, as those below, few programs need
  const part = split === undefined ? undefined : Part.of(split);
  const source = await (KINDS.has(id) ? namedSource : isLocal(id) ? localSource : hubSource)(
    id,
    options,
  );
  const tables = await read(source, options, part);
  const datasets = Object.fromEntries(
    Object.entries(tables).map(([name, columns]) => [name, Dataset.from(columns) as Dataset<R>]),
  );
  if (part === undefined) return DatasetDict.of<string, R>(datasets);
  if (Object.hasOwn(datasets, part.split)) return part.from(datasets[part.split]);
  const known = new Set([...Object.keys(source.files), ...Object.keys(datasets)]);
  const names = [...known].map((name) => `'${name}'`).join(", ");
  throw new RangeError(`Unknown split "${part.split}". Should be one of [${names}].`);
}

/** What Python calls readers, as in `load_dataset("csv", data_files="a.csv")`: here a file's own name says how it is read. */
const KINDS = new Set(["csv", "json", "text", "parquet"]);

/** Files and patterns of this machine. */
async function namedSource(id: string, { dataFiles }: LoadOptions): Promise<Source> {
  if (!dataFiles) {
    throw new TypeError(`loadDataset: "${id}" reads files; name them in { dataFiles }`);
  }
  const { bySplit, filesHere } = await rules();
  const files = filesHere(bySplit(dataFiles), (folder) => walk(folder).map(({ path }) => path));
  for (const path of Object.values(files).flat()) if (!exists(path)) noFile(path);
  return { files, path: (file) => Promise.resolve(file) };
}

/** The rules by which files belong to splits. */
const rules = () => import("./files.ts");

const readLoad = optionsOf<LoadOptions & { split?: string }>(
  "loadDataset",
  ...hubOptionNames,
  ...["name", "dataFiles", "field", "sampleBy", "split", "maxRow", "maxUnpacked"] as const,
);

/** A path, or a name with a known file ending, is a file on this machine; any other name is on the Hub. */
function isLocal(id: string): boolean {
  return /^(\.{0,2}[/\\]|file:|[A-Za-z]:[/\\])/.test(id) || id === "." ||
    formatOf(id) !== undefined || host.granted({ name: "read", path: id }) && exists(id);
}

async function localSource(id: string, { dataFiles }: LoadOptions): Promise<Source> {
  const path = id.startsWith("file:")
    ? decodeURIComponent(new URL(id).pathname)
    : id.replace(/(?<=.)[/\\]+$/, "");
  if (!exists(path)) noFile(path);
  if (host.files.info(path)!.isFile) {
    return { files: { train: [path] }, path: (file) => Promise.resolve(file) };
  }
  const paths = walk(path).map((file) => file.path);
  const { bySplit, filesByName, filesByPattern } = await rules();
  const files = dataFiles ? filesByPattern(paths, bySplit(dataFiles)) : filesByName(paths);
  if (Object.keys(files).length === 0) {
    throw new RangeError(`loadDataset: the folder ${path} holds no file of a known format`);
  }
  return { files, path: (file) => Promise.resolve(`${path}/${file}`) };
}

function noFile(path: string): never {
  throw new RangeError(
    `loadDataset: there is no file ${path}${lookedFor(path)}; ` +
      "a dataset of the Hub is called owner/name",
  );
}

/** Says where a relative path was looked up, since that is not always where its writer thinks. */
const lookedFor = (path: string) =>
  /^([/\\]|[A-Za-z]:)/.test(path) || !host.folder() ? "" : ` in ${host.folder()}`;

async function hubSource(id: string, options: LoadOptions): Promise<Source> {
  const { bySplit, filesByCard, filesByName, filesByPattern, isPattern } = await rules();
  const hub = new Hub(`datasets/${id}`, options);
  const commit = await hub.commit(options.revision ?? "main");
  const path = (file: string) => hub.download(commit, file);
  const named = options.dataFiles && bySplit(options.dataFiles);
  // For files that are named one by one no list is needed, and so, once cached, no request.
  if (named && !Object.values(named).flat().some(isPattern)) return { files: named, path };
  const paths = (await hub.files(commit)).map((file) => file.path);
  if (named) return { files: filesByPattern(paths, named), path };
  const card = paths.includes("README.md") ? host.files.readText(await path("README.md")) : "";
  const { cardConfigs } = await import("../hub/card.ts");
  const configs = (await cardConfigs(card)).filter((one) => one.data_files ?? one.data_dir);
  const files = configs.length > 0
    ? filesByCard(paths, configs, id, options.name)
    : filesByName(paths);
  return Object.keys(files).length > 0
    ? { files, path }
    : await copySource(hub, id, options, paths);
}

/** The Parquet copy that the Hub makes of a dataset that is a program, or is in another format. */
async function copySource(hub: Hub, id: string, { name }: LoadOptions, paths: string[]) {
  try {
    const commit = await hub.commit("refs/convert/parquet");
    const copies = (await hub.files(commit)).map((file) => file.path);
    const path = (file: string) => hub.download(commit, file);
    const { filesOfCopy } = await rules();
    return { files: filesOfCopy(copies, id, name), path };
  } catch (error) {
    if (!(error instanceof HubError && error.fault === "no revision")) throw error;
    const some = paths.slice(0, 9).join(", ");
    throw new RangeError(
      `loadDataset: ${id} holds no file of a known format (${some}), and the Hub has no Parquet ` +
        "copy of it; choose another dataset",
      { cause: error },
    );
  }
}

/** Reads the files of the wanted splits into columns, and no more rows than wanted. */
async function read(source: Source, options: FormatOptions, part?: Part) {
  const { Gathered } = await import("./gathered.ts");
  const tables: Record<string, Gathered> = Object.create(null); // a split may have any name
  const enough = part?.enough ?? Infinity;
  let ownSplits = false;
  for (const [split, files] of Object.entries(source.files)) {
    for (const file of files) {
      // A JSON file may hold splits of its own, so any file may hold the wanted one.
      if (part && part.split !== split && formatOf(file) !== "json") continue;
      if ((tables[split]?.numRows ?? 0) >= enough) break;
      for await (const batch of readBatches(await source.path(file), options)) {
        const own = batch.split;
        const table = tables[own ?? split] ??= new Gathered();
        table.push(batch, own === undefined ? enough - table.numRows : Infinity);
        ownSplits ||= own !== undefined;
        if (own === undefined && table.numRows >= enough) break;
      }
    }
    // Files without rows make a split without rows.
    if (!ownSplits && (part?.split ?? split) === split) tables[split] ??= new Gathered();
  }
  return Object.fromEntries(
    Object.entries(tables).map(([name, table]) => [name, table.toColumns()]),
  );
}
