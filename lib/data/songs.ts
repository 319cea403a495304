/*
 * The texts for lessons 10 to 14: the notebook's songs if they are in the cache or can be downloaded, else the songs
 * that were written for this project, which are in the repository and need no permission.
 */
import { UsageError } from "../host/mistake.ts";
import { host } from "../host/mod.ts";
import { optionsOf } from "../python/arguments.ts";
import { Dataset } from "./dataset.ts";
import { Hub, hubOptionNames, type HubOptions } from "../hub/client.ts";
import { hubConfig } from "../hub/config.ts";
import { HubError } from "../hub/errors.ts";
import { formatOf } from "./names.ts";
import { loadDataset } from "./load.ts";
import { fetchSource, type Source, sources } from "./sources.ts";

/** A song, in the form of the notebook's dataset. */
export type Song = { text: string };

/** Songs, and where they are from. */
export interface Songs {
  /** One row for each song, in the column `text`. */
  dataset: Dataset<Song>;
  /** A line that says which songs these are and why, for the start of a lesson. */
  which: string;
}

/** What {@linkcode songs} takes. */
export interface SongsOptions extends HubOptions {
  /** A dataset on the Hub, a file on this machine, or `shipped`. */
  data?: string;
  /** The file to use if `data` is not given; the notebook's by default. */
  source?: Source;
}

const readSongs = optionsOf<SongsOptions>("songs", ...hubOptionNames, "data", "source");

/**
 * The songs that the lessons learn from.
 *
 * `data` may name any dataset on the Hub or a file on this machine. Its texts are in the column `text`, or in its
 * only column of text. In a .txt file, or if there is only one text, an empty line separates one text from the next.
 * The word `shipped` stands for the songs in the repository. These are also used if Deno runs without permissions; no
 * permission is asked for.
 *
 * @throws {UsageError} if `data` cannot be loaded, or contains no texts.
 */
export async function songs(
  options: SongsOptions = {},
): Promise<Songs> {
  const { data, source = sources.songs, ...rest } = readSongs(options);
  if (data === "shipped") return await ours();
  if (data !== undefined) return await given(data, rest);
  const path = await notebooks(source, rest);
  if (path instanceof Error) {
    return await ours(`, since ${path.message}`);
  }
  const dataset = await loadDataset<Song>(path, { split: "train" });
  return {
    dataset,
    which: `Dataset: ${name} at ${revision.slice(0, 7)}, ${counted(dataset)} songs`,
  };
}

const { revision, repo } = sources.songs;
const name = repo.replace("datasets/", "");

/** The songs of this project, and the reason for using them, if there is one to give. */
async function ours(why = ""): Promise<Songs> {
  const { shipped } = await import("./shipped.ts");
  const dataset = Dataset.from<Song>({ text: shipped });
  return { dataset, which: `Dataset: the ${shipped.length} songs of this project (CC0)${why}` };
}
const counted = (dataset: Dataset<Song>) => dataset.numRows.toLocaleString("en");

/** The path of the notebook's songs, or why they cannot be used. Never asks for a permission. */
async function notebooks(source: Source, options: HubOptions): Promise<string | Error> {
  const { cacheDir, endpoint } = hubConfig(options);
  if (!cacheDir || !host.granted({ name: "read", path: cacheDir })) {
    return new Error(`the program may not read the cache in which ${name} would be`);
  }
  // Without a network, the reader must not wait for it.
  const quick = { timeout: 5000, retries: 0, ...options };
  const { repo, revision, file, sha256 } = source;
  const hub = new Hub(repo, quick);
  if (hub.cached(revision, file)) {
    return await hub.download(revision, file, sha256).catch((error: HubError) =>
      new Error(`the file of ${name} in the cache is not the pinned one (${error.fault})`)
    );
  }
  const hosts = [new URL(endpoint).host, ...(endpoint.endsWith("huggingface.co") ? [STORE] : [])];
  const net = hosts.map((host) => ({ name: "net", host }) as const);
  if (!host.granted(...net, { name: "write", path: cacheDir })) {
    return new Error(`${name} is not in the cache and the program may not download it`);
  }
  try {
    return await fetchSource(source, quick);
  } catch (error) {
    const reason = error instanceof HubError ? error.fault : (error as Error).message;
    return new Error(`${name} is not in the cache and can't be reached (${reason})`);
  }
}

/** The file store that the Hub redirects to; here it is asked for as an example of its kind. */
const STORE = "cas-bridge.xethub.hf.co";

async function given(data: string, options: HubOptions): Promise<Songs> {
  const refuse = (reason: string, cause?: unknown): never => {
    throw new UsageError(`--data ${data}: ${reason}`, { cause });
  };
  const rows = await loadDataset(data, { ...options, split: "train", sampleBy: "paragraph" })
    .catch((error: Error) => {
      const ways = error instanceof HubError
        ? "; without the Hub, use --data shipped (the songs of this project) or a file of your own"
        : "";
      return refuse(error.message.replace(/^loadDataset: /, "") + ways, error);
    });
  if (rows.numRows === 0) return refuse("it is empty; give one with texts in it");
  const texts = Object.keys(rows.features).filter((one) => rows.features[one] === "string");
  const column = texts.includes("text") ? "text" : texts.length === 1 ? texts[0] : undefined;
  if (column === undefined) {
    return refuse(
      "it has no column 'text', and not exactly one column of text; it has " +
        Object.keys(rows.features).join(", "),
    );
  }
  const found = (rows.column(column) as (string | null)[]).filter((text) => text !== null);
  // If several empty lines separate two texts, Python leaves some of them to the second.
  const all = formatOf(data) === "txt" ? found.map((text) => text.replace(/^\n+/, "")) : found;
  const dataset = Dataset.from<Song>({ text: all.length === 1 ? parted(all[0]) : all });
  return { dataset, which: `Dataset: ${data}, ${counted(dataset)} texts` };
}

/** A single text in parts, so that some can be held out: split at empty lines, else at line ends. */
function parted(text: string): string[] {
  const cuts = [/\n\s*\n/, /\n/].map((cut) => text.split(cut).filter((part) => part.trim()));
  return cuts.find((parts) => parts.length > 1) ?? [text];
}
