/*
 * What the lessons take from the Hub, each pinned to a commit and a hash, so that everybody has the same bytes.
 */
import { hubDownload, type HubOptions } from "../hub/client.ts";

/** A file that lessons use. */
export interface Source {
  /** What it is, for people. */
  title: string;
  /** The repository, as {@linkcode hubDownload} names it. */
  repo: string;
  revision: string;
  file: string;
  sha256: string;
  /** How much there is to download. */
  size: string;
  /** Which lessons use it. */
  lessons: string;
}

/** The files that lessons use, by the name that `deno task fetch` takes. */
export const sources = {
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
    size: "548 MB",
    lessons: "lesson 9",
  },
} as const satisfies Record<string, Source>;

/** Brings one of the files, if it is not in the cache yet, and returns its path. */
export function fetchSource(
  { repo, file, revision, sha256 }: Source,
  options?: HubOptions,
): Promise<string> {
  return hubDownload(repo, file, { ...options, revision, sha256 });
}
