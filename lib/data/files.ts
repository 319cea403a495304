/*
 * Which files of a repository belong to which split, by the rules of Python's `datasets`: first what the dataset's card
 * says, then shards with names like data/train-00000-of-00004, then keywords in folder names, then in file names. If
 * nothing matches, all files are for training.
 */
import type { CardConfig } from "../hub/card.ts";
import { formatOf, SPLITS } from "./names.ts";

/** Paths by split. */
export type SplitFiles = Record<string, string[]>;

/** Files, or patterns with `*`, `**` and `?`, either for one split or by split. */
export type DataFiles = string | string[] | Record<string, string | string[]>;

const NO_DATA = new Set([
  "README.md",
  "config.json",
  "dataset_info.json",
  "dataset_infos.json",
  "dataset_dict.json",
]);

/** The splits that the names of the files mention. */
export function filesByName(paths: string[]): SplitFiles {
  const data = paths.filter(isData).toSorted();
  const shards = grouped(
    data,
    (path) => /^data\/(\w+)-\d{5}-of-\d{5}[^/]*\.[^/]*$/.exec(path)?.[1],
  );
  const folders = grouped(data, (path) => keyword(path.split("/").slice(0, -1)));
  const names = grouped(data, (path) => keyword(path.split("/").slice(-1)));
  const found = [shards, folders, names].find((splits) => Object.keys(splits).length > 0);
  return ofOneFormat(found ?? { train: data });
}

/** The splits of the Hub's own Parquet copy: config/train/0000.parquet. */
export function filesOfCopy(paths: string[], repo: string, config?: string): SplitFiles {
  const configs = [...new Set(paths.filter(isData).map((path) => path.split("/")[0]))];
  const one = pick(configs, repo, config);
  const own = paths.filter((path) => path.startsWith(`${one}/`));
  return grouped(own, (path) => path.split("/")[1].replace(/^partial-/, ""));
}

/** Files that name no split are for training. */
export function bySplit(files: DataFiles): SplitFiles {
  const named = typeof files === "string" || Array.isArray(files) ? { train: files } : files;
  return Object.fromEntries(Object.entries(named).map(([split, one]) => [split, [one].flat()]));
}

/** The splits of the files and patterns that the caller has named. */
export function filesByPattern(paths: string[], wanted: SplitFiles): SplitFiles {
  const splits: SplitFiles = {};
  for (const [split, patterns] of Object.entries(wanted)) {
    splits[split] = patterns.flatMap((pattern) => {
      const form = glob(pattern);
      const found = paths.filter((path) => form.test(path)).sort();
      if (found.length > 0) return found;
      throw new RangeError(
        `Unable to find '${pattern}': the files are ${some(paths)}; check the spelling`,
      );
    });
  }
  return splits;
}

/** The files of this machine that the caller has named; `list` gives the paths in a folder. */
export function filesHere(wanted: SplitFiles, list: (folder: string) => string[]): SplitFiles {
  const found = (name: string) => {
    if (!isPattern(name)) return [name];
    const folder = /^(?:[^*?]*[/\\])?/.exec(name)![0]; // the part without a pattern
    const { some } = filesByPattern(list(folder || "."), { some: [name.slice(folder.length)] });
    return some.map((path) => folder + path);
  };
  return Object.fromEntries(
    Object.entries(wanted).map(([split, names]) => [split, names.flatMap(found)]),
  );
}

/** Whether a name is a pattern. */
export const isPattern = (name: string) => /[*?]/.test(name);

/** The splits of a configuration in the card. */
export function filesByCard(
  paths: string[],
  configs: CardConfig[],
  repo: string,
  name?: string,
): SplitFiles {
  const usual = configs.find((one) => one.default === "true")?.config_name;
  const chosen = pick(configs.map((one) => one.config_name ?? "default"), repo, name ?? usual);
  const { data_dir, data_files } = configs.find((one) =>
    (one.config_name ?? "default") === chosen
  )!;
  const folder = data_dir ? `${data_dir.replace(/\/+$/, "")}/` : "";
  const own = paths.filter((path) => path.startsWith(folder)).map((path) =>
    path.slice(folder.length)
  );
  const splits = data_files === undefined
    ? filesByName(own)
    : filesByPattern(own, bySplit(described(data_files)));
  return Object.fromEntries(
    Object.entries(splits).map(([split, files]) => [split, files.map((file) => folder + file)]),
  );
}

function described(files: NonNullable<CardConfig["data_files"]>): DataFiles {
  if (!Array.isArray(files) || typeof files[0] === "string") return files as DataFiles;
  const entries = files as { split: string; path: string | string[] }[];
  return Object.fromEntries(entries.map(({ split, path }) => [split, path]));
}

function pick(configs: string[], repo: string, name?: string): string {
  const one = name ?? (configs.length === 1 ? configs[0] : "default");
  if (configs.includes(one)) return one;
  if (name === undefined) {
    throw new RangeError(
      `Config name is missing. ${repo} has ${some(configs)}; pass one of them as name`,
    );
  }
  throw new RangeError(`BuilderConfig '${name}' not found. ${repo} has ${some(configs)}`);
}

const some = (names: string[]) =>
  names.slice(0, 20).join(", ") + (names.length > 20 ? ` and ${names.length - 20} more` : "");

function isData(path: string): boolean {
  const parts = path.split("/");
  const hidden = parts.some((part) => part.startsWith(".") || part.startsWith("__"));
  return !hidden && !NO_DATA.has(parts.at(-1)!) && formatOf(path) !== undefined;
}

/** All files of a dataset have one format: the one that most files have. */
function ofOneFormat(splits: SplitFiles): SplitFiles {
  const counts = Map.groupBy(Object.values(splits).flat(), formatOf);
  const [most] = [...counts].sort(([, a], [, b]) => b.length - a.length)[0] ?? [];
  const kept: SplitFiles = {};
  for (const [split, files] of Object.entries(splits)) {
    const own = files.filter((file) => formatOf(file) === most);
    if (own.length > 0) kept[split] = own;
  }
  return kept;
}

function grouped(paths: string[], splitOf: (path: string) => string | undefined): SplitFiles {
  const splits: SplitFiles = Object.create(null); // a split may have any name
  for (const path of paths) {
    const split = splitOf(path);
    if (split !== undefined) (splits[split] ??= []).push(path);
  }
  return inOrder(splits);
}

/** Train first, then validation and test, then all others. */
function inOrder(splits: SplitFiles): SplitFiles {
  const names = [...Object.keys(SPLITS), ...Object.keys(splits)];
  return Object.fromEntries(
    [...new Set(names)].filter((name) => Object.hasOwn(splits, name)).map((
      name,
    ) => [name, splits[name]]),
  );
}

/** The split whose keyword occurs as a word in one of these names. */
function keyword(names: string[]): string | undefined {
  return Object.keys(SPLITS).find((split) => {
    const word = new RegExp(`(^|[-._ 0-9])(${SPLITS[split].join("|")})([-._ 0-9]|$)`);
    return names.some((name) => word.test(name));
  });
}

/** A pattern as a regular expression: `**` matches across folders, `*` and `?` within one. */
function glob(pattern: string): RegExp {
  const source = pattern.replace(/^\.\//, "").replace(
    /\*\*\/?|[*?]|[.+^${}()|[\]\\]/g,
    (mark) => ({ "**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]" })[mark] ?? `\\${mark}`,
  );
  return new RegExp(`^${source}$`);
}
