/*
 * The files that the lessons use from the Hub. Files that a lesson downloads without being asked are pinned to a commit
 * and a hash, so that all readers have the same bytes.
 */
import { Hub, hubDownload, hubOptionNames, type HubOptions } from "../hub/client.ts";
import { HubError } from "../hub/errors.ts";
import { optionsOf } from "../python/arguments.ts";

/** A file that lessons use. */
export interface Source {
  /** A title for people. */
  title: string;
  /** The repository, as {@linkcode hubDownload} names it. */
  repo: string;
  /** A commit, or a branch. */
  revision: string;
  /** Its path in the repository. */
  file: string;
  /** The file's hash, where it is pinned. */
  sha256?: string;
  /** Files that belong to it; they are downloaded first, to the same folder. */
  with?: readonly string[];
  /** The size of the download. */
  size: string;
  /** Which lessons use it. */
  lessons: string;
  /** Whether it is downloaded only when it is named. */
  onDemand?: boolean;
}

/** The files of a GPT-2 besides its weights. */
const folder = ["config.json", "vocab.json", "merges.txt"];

/** One of GPT-2's larger sizes. */
const larger = (name: string, parameters: string, size: string) => ({
  title: `GPT-2's weights, ${parameters} parameters`,
  repo: `openai-community/${name}`,
  revision: "main",
  file: "model.safetensors",
  with: folder,
  size,
  lessons: `lesson 9 with --model ${name}`,
  onDemand: true,
});

/** The files that lessons use, by the name that `deno task fetch` takes. */
export const sources: Readonly<
  Record<"songs" | "gpt2" | "gpt2-medium" | "gpt2-large" | "gpt2-xl", Source>
> = {
  songs: {
    title: "2,241 songs (in copyright: for your own use)",
    repo: "datasets/huggingartists/bob-dylan",
    revision: "8757c844391c3190af540f29b732c931affb08fa",
    file: "datasets.json",
    sha256: "df84541347f8396a218b99987b538bedb40bc8bdd7041e94205b45f9325df8f6",
    size: "2.88 MB",
    lessons: "lessons 10 to 14",
  },
  gpt2: {
    title: "GPT-2's weights, 124M parameters",
    repo: "openai-community/gpt2",
    revision: "607a30d783dfa663caf39e06633721c8d4cfcd7e",
    file: "model.safetensors",
    sha256: "248dfc3911869ec493c76e65bf2fcf7f615828b0254c12b473182f0f81d3a707",
    with: folder,
    size: "548 MB",
    lessons: "lesson 9",
  },
  "gpt2-medium": larger("gpt2-medium", "355M", "1.52 GB"),
  "gpt2-large": larger("gpt2-large", "774M", "3.25 GB"),
  "gpt2-xl": larger("gpt2-xl", "1,558M", "6.43 GB"),
};

/** Downloads one of the files, if it is not in the cache yet, and returns its path. */
export async function fetchSource(source: Source, options?: HubOptions): Promise<string> {
  const { repo, file, revision, sha256 } = source;
  for (const one of source.with ?? []) await hubDownload(repo, one, { ...options, revision });
  return await hubDownload(repo, file, { ...options, revision, sha256 });
}

const readOptions = optionsOf<HubOptions>("fetchModel", ...hubOptionNames);

/**
 * The folder of a GPT-2 from the Hub, downloaded if it is not on this machine yet: `gpt2`, `gpt2-medium`, `gpt2-large`,
 * `gpt2-xl`, or any other as `owner/name`. `revision` is a branch, a tag or a commit; all files are of one commit.
 *
 * @throws {HubError} that says what went wrong and which command downloads it where there is a network
 */
export async function fetchModel(name: string, options: HubOptions = {}): Promise<string> {
  const given = readOptions(options);
  const known: Source | undefined = Object.hasOwn(sources, name)
    ? sources[name as keyof typeof sources]
    : undefined;
  try {
    const path = known && given.revision === undefined
      ? await fetchSource(known, given)
      : await fetchFolder(known?.repo ?? name, given);
    return path.slice(0, path.lastIndexOf("/"));
  } catch (error) {
    if (!(error instanceof HubError) || !/offline|no network/.test(error.fault)) throw error;
    const title = known ? `${known.title} (${known.size})` : `The model ${name}`;
    throw new HubError(
      error.fault,
      `${title}, not on this machine yet: ${error.message}\n` +
        `With a network, this downloads it: deno task fetch -- ${name}`,
      { cause: error },
    );
  }
}

/** Downloads what a model's folder needs, in whichever of its forms the repository has it; returns a path in it. */
async function fetchFolder(repo: string, { revision = "main", ...options }: HubOptions) {
  const hub = new Hub(repo, options);
  const commit = await hub.commit(revision);
  const paths = (await hub.files(commit)).map(({ path }) => path);
  const has = (...names: string[]) => names.every((name) => paths.includes(name));
  const whole = "model.safetensors", index = `${whole}.index.json`;
  const parts = paths.filter((path) => /^model-\d+-of-\d+\.safetensors$/.test(path));
  const wanted = [
    "config.json",
    ...has("vocab.json", "merges.txt") ? ["vocab.json", "merges.txt"] : ["tokenizer.json"],
    ...has(index) && !has(whole) ? [index, ...parts] : [whole],
  ];
  let path = "";
  for (const name of wanted) path = await hub.download(commit, name);
  return path;
}
