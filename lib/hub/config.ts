/*
 * The Hub's address, the access token, and the folder of the cache on this machine. All come from the environment
 * variables of Python's huggingface_hub, which are read only here. No permission is asked for: a variable or a file
 * that may not be read counts as missing.
 */

import { UsageError } from "../host/mistake.ts";
import { host } from "../host/mod.ts";

/** One step of a download: `done` of `total` bytes of the file called `name` are on disk. */
export interface DownloadProgress {
  /** The file's path in the repository. */
  name: string;
  /** Bytes that are on disk so far. */
  done: number;
  /** Bytes of the whole file. */
  total: number;
}

/** Something that listens to downloads, such as a progress bar. */
export interface DownloadListener {
  /** Called when a download starts, for every piece that arrives, and when it ends. */
  progress(at: DownloadProgress): void;
  /** Called with a sentence when the program has to wait or tries again. */
  note(text: string): void;
  /** Called when the download has ended or failed. */
  end(): void;
}

/** How the Hub is reached. Every field has a default from the environment. */
export interface HubConfig {
  /** The Hub's address: `HF_ENDPOINT`, else https://huggingface.co. */
  endpoint: string;
  /**
   * The access token: `HF_TOKEN`, else the file that `hf auth login` wrote; false sends none, as does
   * `HF_HUB_DISABLE_IMPLICIT_TOKEN`. It is sent to the endpoint only.
   */
  token?: string | false;
  /** The cache, in Python's layout: `HF_HUB_CACHE`, else `HF_HOME/hub`, else ~/.cache/huggingface/hub. */
  cacheDir?: string;
  /** Whether requests are forbidden: `HF_HUB_OFFLINE`, else `TRANSFORMERS_OFFLINE`. */
  offline: boolean;
  /** Milliseconds of silence before a request is given up: `HF_HUB_DOWNLOAD_TIMEOUT` (in seconds). */
  timeout: number;
  /** How often to try again if the Hub is busy or a connection breaks; every byte that arrives restarts the count. */
  retries: number;
  /** Milliseconds before the second try; each later one waits twice as long. */
  backoff: number;
  /** What listens to the progress; by default a progress bar on standard error, if that is a terminal. */
  listener?: DownloadListener;
}

/** The settings of the environment, with `given` in place of those it names. */
export function hubConfig(given: Partial<HubConfig> = {}): HubConfig {
  const home = cacheHome();
  const config: HubConfig = {
    endpoint: address(env("HF_ENDPOINT") ?? "https://huggingface.co"),
    token: !isTrue(env("HF_HUB_DISABLE_IMPLICIT_TOKEN")) &&
      (env("HF_TOKEN") ?? env("HUGGING_FACE_HUB_TOKEN") ??
        readToken(env("HF_TOKEN_PATH") ?? (home && `${home}/token`))),
    cacheDir: expand(env("HF_HUB_CACHE") ?? env("HUGGINGFACE_HUB_CACHE")) ??
      (home && `${home}/hub`),
    offline: isTrue(env("HF_HUB_OFFLINE") ?? env("TRANSFORMERS_OFFLINE")),
    timeout: 1000 * (Number(env("HF_HUB_DOWNLOAD_TIMEOUT")) || 10),
    retries: 5,
    backoff: 1000,
    ...given,
  };
  if (!config.token || /^[!-~]+$/.test(config.token)) return config;
  throw new UsageError(
    "the access token of the Hub (HF_TOKEN, or the file that `hf auth login` wrote) holds a character that a token " +
      "can't have, such as a line break or a space; copy it again. It is not shown here",
  );
}

function address(text: string): string {
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? "")) return text.replace(/\/+$/, "");
  throw new TypeError(
    `HF_ENDPOINT: "${text}" is not an address; write it as https://huggingface.co`,
  );
}

/** Whether a variable's value turns it on, as Python's huggingface_hub reads it. */
export const isTrue = (value = ""): boolean => /^(1|on|yes|true)$/i.test(value);

const env = (name: string): string | undefined => host.env(name)?.trim() || undefined;

function cacheHome(): string | undefined {
  const home = expand(env("HF_HOME"));
  if (home !== undefined) return home;
  const caches = expand(env("XDG_CACHE_HOME")) ?? expand("~/.cache");
  return caches && `${caches}/huggingface`;
}

/** Resolves a leading `~`; undefined if the home folder is not known. */
function expand(path: string | undefined): string | undefined {
  if (path === undefined || !/^~(?=[/\\]|$)/.test(path)) return path;
  const home = env("HOME") ?? env("USERPROFILE");
  return home && home + path.slice(1);
}

function readToken(path: string | undefined): string | undefined {
  const file = expand(path);
  if (file === undefined || !host.granted({ name: "read", path: file })) return undefined;
  try {
    return host.files.readText(file).trim() || undefined;
  } catch {
    return undefined;
  }
}
