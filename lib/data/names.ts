/*
 * What the name of a file says: its format, and its split.
 */

/** The formats of files, by the ends of their names. */
export const FORMATS = ["json", "jsonl", "ndjson", "csv", "tsv", "txt", "parquet"] as const;

/** The keywords of a split in file and folder names, by the name of the split. */
export const SPLITS: Record<string, string[]> = {
  train: ["train", "training"],
  validation: ["validation", "valid", "dev", "val"],
  test: ["test", "testing", "eval", "evaluation"],
};

/** The format that a file's name says, such as "csv" for a.csv and a.csv.gz; undefined if it is not known. */
export function formatOf(path: string): typeof FORMATS[number] | undefined {
  const ending = /\.(\w+)(?:\.gz)?$/.exec(path)?.[1].toLowerCase();
  return FORMATS.find((format) => format === ending);
}
