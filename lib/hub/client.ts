/*
 * Files of the Hugging Face Hub, kept in the cache that Python's huggingface_hub keeps, in its layout:
 *
 *   datasets--huggingartists--bob-dylan/
 *     refs/main                       the commit that main was at last time
 *     trees/<commit>.json             the files of a commit, with sizes and hashes
 *     blobs/<sha256 or git sha1>      the bytes
 *     snapshots/<commit>/datasets.json -> ../../blobs/…
 *
 * so a file that either of the two has downloaded serves both. @huggingface/hub asks for commits, lists and file
 * information. The transfer is ours, because its own neither resumes nor checks a hash.
 */
import { host, isRefused } from "../host/mod.ts";
import { hubPackage } from "../host/packages.ts";
import { optionsOf } from "../python/arguments.ts";
import { printable } from "../host/printable.ts";
import { terminalBar } from "./bar.ts";
import {
  checkedName,
  exists,
  type HubFile,
  isHubFile,
  link,
  lock,
  place,
  readTree,
  textOf,
  walk,
  writeTree,
} from "./cache.ts";
import { type HubConfig, hubConfig } from "./config.ts";
import { HubError, strange } from "./errors.ts";
import type { Promised } from "./transfer.ts";

/** How to ask for a file of the Hub. */
export interface HubOptions extends Partial<HubConfig> {
  /** A branch, a tag, or a commit of 40 hex digits; main by default. A cached commit needs no request. */
  revision?: string;
}

/** The names of the fields in {@linkcode HubOptions}. */
export const hubOptionNames = [
  ...["endpoint", "token", "cacheDir", "offline", "timeout"] as const,
  ...["retries", "backoff", "listener", "revision"] as const,
];
const readDownload = optionsOf<HubOptions & { sha256?: string }>(
  "hubDownload",
  ...hubOptionNames,
  "sha256",
);
const readFiles = optionsOf<HubOptions>("hubFiles", ...hubOptionNames);

/**
 * Downloads a file of the Hub, unless it is in the cache already, and returns its path.
 *
 * `repo` is the name of a model, such as `openai-community/gpt2`, or the name of a dataset after `datasets/`, such as
 * `datasets/huggingartists/bob-dylan`. Pass `sha256` to check the file against a hash of your own.
 *
 * @throws {HubError} that says what was asked, what the Hub answered, and what to try
 */
export async function hubDownload(
  repo: string,
  path: string,
  options: HubOptions & { sha256?: string } = {},
): Promise<string> {
  const { revision = "main", sha256, ...given } = readDownload(options);
  const hub = new Hub(repo, given);
  return await hub.download(await hub.commit(revision), path, sha256);
}

/**
 * Lists the files of a repository on the Hub.
 *
 * @throws {HubError} that says what was asked, what the Hub answered, and what to try
 */
export async function hubFiles(
  repo: string,
  options: HubOptions = {},
): Promise<HubFile[]> {
  const { revision = "main", ...given } = readFiles(options);
  const hub = new Hub(repo, given);
  return await hub.files(await hub.commit(revision));
}

/** The options that the functions of @huggingface/hub take. */
interface Asking {
  repo: { type: "model" | "dataset"; name: string };
  name: string;
  revision: string;
  hubUrl: string;
  fetch: typeof fetch;
}

/** One repository on the Hub, and its folder in the cache. */
export class Hub {
  readonly config: HubConfig;
  /** The repository's folder in the cache. */
  readonly folder: string;
  readonly #cache: string;
  /** Its address on the endpoint, and the name that messages use for it. */
  readonly #name: string;
  readonly #id: { type: "model" | "dataset"; name: string };

  constructor(repo: string, given: Partial<HubConfig> = {}) {
    const [, kind, name] = /^(datasets\/|models\/)?([\w.-]+(?:\/[\w.-]+)?)$/.exec(repo) ?? [];
    if (name === undefined || name.includes("..")) {
      throw new TypeError(
        `Hub: "${repo}" is not a repository's name; write owner/name for a model, datasets/owner/name for a dataset`,
      );
    }
    this.#id = { type: kind === "datasets/" ? "dataset" : "model", name };
    this.#name = kind === "datasets/" ? repo : name;
    this.config = { listener: terminalBar(), ...hubConfig(given) };
    if (this.config.cacheDir === undefined) {
      throw new TypeError(
        "Hub: no folder for the cache is known; set HF_HOME, and let the program read it (--allow-env)",
      );
    }
    this.#cache = this.config.cacheDir;
    this.folder = `${this.#cache}/${this.#repoFolder}`;
  }

  get #repoFolder(): string {
    return `${this.#id.type}s--${this.#id.name.replace("/", "--")}`;
  }

  async #request(asked: string, revision: string): Promise<Asking> {
    const { hubFetch } = await import("./fetch.ts"); // as transfer.ts, only for who asks
    return {
      repo: this.#id,
      name: this.#id.name,
      revision,
      hubUrl: this.config.endpoint,
      fetch: hubFetch(asked, this.config),
    };
  }

  /** Asks the Hub through its own client, which does not check the form of the answers. */
  async #ask<T>(
    asked: string,
    revision: string,
    ask: (request: Asking) => Promise<T>,
  ): Promise<T> {
    try {
      return await ask(await this.#request(asked, revision));
    } catch (cause) {
      if (cause instanceof HubError || isRefused(cause)) throw cause;
      // The message of a TypeError is JavaScript's own, and does not help a reader.
      const why = cause instanceof RangeError ? ` (${printable(cause.message)})` : "";
      const { host } = new URL(this.config.endpoint);
      throw strange(asked, host, `gave an answer that makes no sense${why}`, cause);
    }
  }

  /**
   * The commit of a revision. For a name, the Hub is asked; if it cannot be reached, or refuses to say (a token that has
   * expired, a repository that is private now), the commit that the name had last time is used, as in Python.
   */
  async commit(revision: string): Promise<string> {
    if (/^[0-9a-f]{40}$/.test(revision)) return revision;
    const ref = `${this.folder}/refs/${checkedName(revision, "revision")}`;
    const known = textOf(ref)?.trim();
    if (this.config.offline && known) return known;
    const asked = `find ${this.#name} at ${revision}`;
    try {
      const { datasetInfo, modelInfo } = await hubPackage();
      const sha = await this.#ask(asked, revision, async (request) => {
        const fields = { ...request, additionalFields: ["sha" as const] };
        const { sha } =
          await (this.#id.type === "dataset" ? datasetInfo(fields) : modelInfo(fields));
        if (!/^[0-9a-f]{40}$/.test(sha)) throw new RangeError("it names no commit");
        return sha;
      });
      if (sha !== known) place(ref, sha);
      return sha;
    } catch (error) {
      if (!(error instanceof HubError) || error.fault === "no revision" || !known) throw error;
      this.config.listener?.note(`${error.message}; using what was downloaded earlier`);
      return known;
    }
  }

  /** The files of a commit: from the stored list, else from the Hub, else from the cache. */
  async files(commit: string): Promise<HubFile[]> {
    const tree = `${this.folder}/trees/${commit}.json`;
    const listed = readTree(tree);
    if (listed) return listed;
    if (this.config.offline) {
      const held = walk(`${this.folder}/snapshots/${commit}`);
      if (held.length > 0) return held;
    }
    const { listFiles } = await hubPackage();
    const files: HubFile[] = [];
    await this.#ask(`list ${this.#name} at ${commit.slice(0, 7)}`, commit, async (request) => {
      for await (const entry of listFiles({ ...request, recursive: true })) {
        if (entry.type === "file") files.push(fileOf(entry, entry.path));
      }
    });
    writeTree(tree, files);
    return files;
  }

  /** The path of a file in the cache; undefined if it is not there. Makes no request. */
  cached(commit: string, path: string): string | undefined {
    const pointer = `${this.folder}/snapshots/${commit}/${checkedName(path, "path")}`;
    return exists(pointer) ? pointer : undefined;
  }

  /** The path of a file of a commit; the file is downloaded if the cache does not have it. */
  async download(commit: string, path: string, sha256?: string): Promise<string> {
    const asked = `download ${path} of ${this.#name} at ${commit.slice(0, 7)}`;
    const cached = this.cached(commit, path);
    if (cached) return await this.#held(asked, cached, sha256);
    const file = await this.#file(asked, commit, path);
    const etag = checkedName(file.sha256 ?? file.oid, "hash");
    const blob = `${this.folder}/blobs/${etag}`;
    const pointer = `${this.folder}/snapshots/${commit}/${path}`;
    host.files.makeFolder(`${this.folder}/blobs`);
    const { listener } = this.config;
    using _lock = await lock(
      `${this.#cache}/.locks/${this.#repoFolder}/${etag}.lock`,
      listener ? (text) => listener.note(text) : (text) => host.errors.write(`${text}\n`),
    );
    if (exists(blob)) await this.#held(asked, blob, sha256);
    else {
      const promised: Promised[] = [
        file.sha256 ? { kind: "sha256", hex: file.sha256 } : { kind: "git", hex: file.oid },
      ];
      if (sha256) promised.push({ kind: "sha256", hex: sha256 });
      const encoded = path.split("/").map(encodeURIComponent).join("/");
      const url = `${this.config.endpoint}/${this.#name}/resolve/${commit}/${encoded}`;
      const { transfer } = await import("./transfer.ts");
      await transfer(
        { asked, name: path, url, path: blob, size: file.size, promised },
        this.config,
      );
    }
    if (!exists(pointer)) link(blob, pointer, path);
    return pointer;
  }

  async #file(asked: string, commit: string, path: string): Promise<HubFile> {
    const listed = readTree(`${this.folder}/trees/${commit}.json`);
    const known = listed?.find((file) => file.path === path);
    if (known) return known;
    const { pathsInfo } = await hubPackage();
    const info = await this.#ask(asked, commit, async (request) => {
      const [info] = await pathsInfo({ ...request, paths: [path] });
      return info?.type === "file" ? fileOf(info, path) : undefined;
    });
    if (!info) {
      throw new HubError(
        "no file",
        `${asked}: the repository has no such file; look at its list of files, and at the spelling`,
      );
    }
    return info;
  }

  /** Checks a file in the cache against the hash that the caller gave, because anyone can write to the cache. */
  async #held(asked: string, path: string, sha256?: string): Promise<string> {
    const found = sha256 && await (await import("./transfer.ts")).fileHash(path);
    if (found === sha256) return path;
    throw new HubError(
      "hash",
      `${asked}: the file in the cache, ${path}, is a different one (its sha256 hash is ${found}, not the promised ` +
        `${sha256}), so it is not used; remove it and run this again`,
    );
  }
}

/** The size and hash of a file, from an answer of the Hub. */
function fileOf(
  { size, oid, lfs }: { size: number; oid?: string; lfs?: { size: number; oid: string } },
  path: string,
): HubFile {
  const file = { path, size: lfs?.size ?? size, oid, sha256: lfs?.oid };
  if (isHubFile(file)) return file;
  throw new RangeError(`it gives no size or hash for ${path}`);
}
