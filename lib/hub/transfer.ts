/*
 * The download of one file to the disk. It is written next to its place as `.incomplete`, continued where an earlier
 * run stopped (Range), tried again when the connection breaks, and hashed as it arrives. It is renamed only when every
 * byte is there, the hash is the expected one, and nobody else has written to it: not every place has locks.
 */
import type { Hash } from "node:crypto";
import { host, isMissing, type OpenFile } from "../host/mod.ts";
import { exists, remove } from "./cache.ts";
import type { HubConfig } from "./config.ts";
import { HubError, strange } from "./errors.ts";
import { hubFetch } from "./fetch.ts";
import { sleep, within } from "./waiting.ts";

/** The hash that a file must have: the sha256 of its bytes, or git's sha1 of a blob. */
export interface Promised {
  kind: "sha256" | "git";
  hex: string;
}

/** What to download, and where to. */
export interface Transfer {
  /** The start of every error message: "download a.json of datasets/b/c at main". */
  asked: string;
  /** The file's name for the progress bar. */
  name: string;
  url: string;
  /** The path to save it at. */
  path: string;
  /** Its length in bytes. */
  size: number;
  promised: Promised[];
}

/**
 * Downloads one file.
 *
 * @throws {HubError} for a cut, a wrong hash, a full disk, another program that writes the same file, or what
 * {@linkcode hubFetch} throws. Except after a wrong hash, the bytes that have arrived stay in `.incomplete`, and the
 * next call continues from there.
 */
export async function transfer(wanted: Transfer, config: HubConfig): Promise<void> {
  const incomplete = `${wanted.path}.incomplete`;
  const file = await Arriving.open(incomplete, wanted);
  try {
    const resumed = file.done > 0;
    await fill(file, wanted, config);
    if (resumed && file.mismatch()) {
      // The fault may be in what an earlier run left; then a fresh copy helps.
      await file.restart();
      await fill(file, wanted, config);
    }
    const wrong = file.mismatch();
    if (wrong) {
      await file.restart();
      throw wrong;
    }
    await file.sync();
    file.checkAlone();
  } catch (error) {
    const empty = file.done === 0 && file.file.size() === 0;
    file.close();
    if (empty) remove(incomplete);
    throw error;
  } finally {
    config.listener?.end();
  }
  file.close();
  try {
    host.files.rename(incomplete, wanted.path);
  } catch (error) {
    if (!isMissing(error)) throw error;
    if (!exists(wanted.path)) throw notAlone(wanted); // else another program was quicker
  }
}

/** A connection that ended before its file did. */
class Broken extends Error {}

/** Asks for the missing bytes until there are none, or until the connection has broken too often. */
async function fill(file: Arriving, wanted: Transfer, config: HubConfig): Promise<void> {
  const get = hubFetch(wanted.asked, config, { file: true });
  const start = file.done;
  // Only bytes that were never there before count as progress, and a few are not enough. A server without ranges would
  // start again for ever, and one that breaks off after ten bytes would be asked a million times.
  const gain = wanted.size / 100;
  for (let tries = 0, record = start; file.done < wanted.size;) {
    try {
      await file.append(await ask(get, file, wanted), config);
    } catch (cause) {
      const gone = cause instanceof HubError && cause.fault === "no network" && file.done > start;
      if (!gone && !(cause instanceof Broken)) throw cause;
      const more = file.done > record && file.done - record >= gain;
      tries = more ? 1 : tries + 1;
      if (more) record = file.done;
      if (tries > config.retries) throw cut(file, wanted, config, cause);
      const wait = config.backoff * 2 ** (tries - 1);
      config.listener?.note(`${wanted.name}: ${cause.message}; trying again in ${wait / 1000} s`);
      await sleep(wait);
    }
  }
}

async function ask(get: typeof fetch, file: Arriving, wanted: Transfer): Promise<Response> {
  // Byte positions mean nothing in a compressed answer.
  const headers: Record<string, string> = { "accept-encoding": "identity" };
  if (file.done > 0) headers.range = `bytes=${file.done}-`;
  const answer = await get(wanted.url, { headers }).catch((error) => {
    if (error instanceof HubError && error.status === 416) return undefined;
    throw error;
  });
  if (answer && isPage(answer, wanted.name)) {
    await answer.body?.cancel();
    throw strange(
      wanted.asked,
      new URL(wanted.url).host,
      "answered with a web page, not with the file",
    );
  }
  const from = Number(/^bytes (\d+)-/.exec(answer?.headers.get("content-range") ?? "")?.[1] ?? 0);
  if (answer !== undefined && from === file.done) return answer;
  // The server has no ranges, or not this one: start from the beginning.
  await file.restart();
  if (answer?.status === 200) return answer;
  await answer?.body?.cancel();
  return get(wanted.url, { headers: { "accept-encoding": "identity" } });
}

/** Whether the network's own page came instead of a file. */
const isPage = ({ headers }: Response, name: string) =>
  /^text\/html/i.test(headers.get("content-type") ?? "") && !/\.html?$/i.test(name);

function cut(file: Arriving, wanted: Transfer, config: HubConfig, cause: Error): HubError {
  const times = config.retries + 1;
  return new HubError(
    "cut",
    `${wanted.asked}: the connection broke ${times} times in a row (${cause.message}); ` +
      `${file.done} of ${wanted.size} bytes are kept; run this again to continue from there`,
    { cause },
  );
}

const notAlone = ({ asked, path }: Transfer) =>
  new HubError(
    "cut",
    `${asked}: another program downloads the same file to ${path}.incomplete, where no lock keeps the two apart; ` +
      "run this again when that one has ended",
  );

/** A file that is being downloaded: how much of it is on disk, and the hashes so far. */
class Arriving {
  done = 0;
  #hashes: Hash[] = [];

  private constructor(
    readonly file: OpenFile,
    readonly wanted: Transfer,
    readonly newHashes: () => Hash[],
  ) {}

  /** Opens the file of an earlier run, or a new one. */
  static async open(path: string, wanted: Transfer): Promise<Arriving> {
    // Deno's web crypto can only hash data that is in memory as a whole; this one takes it piece by piece.
    const { createHash } = await import("node:crypto");
    const newHashes = () =>
      wanted.promised.map(({ kind }) =>
        kind === "sha256"
          ? createHash("sha256")
          : createHash("sha1").update(`blob ${wanted.size}\0`)
      );
    const file = host.files.open(path, "append");
    const arriving = new Arriving(file, wanted, newHashes);
    arriving.readBack();
    return arriving;
  }

  /** Hashes the bytes that are there already. */
  readBack(): void {
    const size = this.file.size();
    this.#hashes = this.newHashes();
    const buffer = new Uint8Array(Math.min(size, 1 << 20));
    while (this.done < size) {
      this.#count(buffer.subarray(0, this.file.readAt(this.done, buffer)));
    }
  }

  /**
   * Throws if the file is longer or shorter than what this download has written: then another program writes to it,
   * and a hash of the bytes that came here says nothing of what lies there.
   */
  checkAlone(): void {
    if (this.file.size() !== this.done) throw notAlone(this.wanted);
  }

  /** Deletes the bytes that are there. */
  async restart(): Promise<void> {
    this.checkAlone();
    await this.file.truncate(0);
    this.done = 0;
    this.#hashes = this.newHashes();
  }

  /** Appends the body of an answer to the file; throws if it breaks off or falls silent. */
  async append(answer: Response, config: HubConfig): Promise<void> {
    const { name, size } = this.wanted;
    if (!answer.body) throw new Broken("the answer is empty");
    const reader = answer.body.getReader();
    config.listener?.progress({ name, done: this.done, total: size });
    try {
      for (;;) {
        const { done, value } = await within(config.timeout, reader.read()).catch((cause) => {
          throw new Broken(cause.message, { cause });
        });
        if (done && this.done === size) return;
        if (done) throw new Broken("the answer ended early");
        if (this.done + value.length > size) throw new Broken("the answer is longer than the file");
        await this.#write(value);
        config.listener?.progress({ name, done: this.done, total: size });
      }
    } finally {
      await reader.cancel().catch(() => {});
    }
  }

  async #write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const { asked, size, path } = this.wanted;
    this.checkAlone();
    for (let at = 0; at < bytes.length;) {
      try {
        at += await this.file.write(bytes.subarray(at));
      } catch (cause) {
        if (!isFull(cause)) throw cause;
        await this.file.truncate(this.done).catch(() => {});
        throw new HubError(
          "disk full",
          `${asked}: the disk is full (${cause.message}), the file takes ${size} bytes; free some space beside ` +
            `${path}, or put the cache elsewhere with HF_HUB_CACHE, and run this again`,
          { cause },
        );
      }
    }
    // Another program may have finished and renamed the file just before this write: then its end stands there again.
    if (this.file.size() > size) await this.file.truncate(size);
    this.#count(bytes);
  }

  #count(bytes: Uint8Array): void {
    for (const hash of this.#hashes) hash.update(bytes);
    this.done += bytes.length;
  }

  /** The error for a hash that is not the expected one, if there is one. */
  mismatch(): HubError | undefined {
    const { asked, promised } = this.wanted;
    const found = this.#hashes.map((hash) => hash.copy().digest("hex"));
    const at = promised.findIndex(({ hex }, i) => hex !== found[i]);
    if (at < 0) return undefined;
    const { kind, hex } = promised[at];
    return new HubError(
      "hash",
      `${asked}: its ${kind} hash is ${found[at]}, not the promised ${hex}, so nothing is kept; ` +
        "run this again, and if it happens again, a proxy changes the file, or the file on the Hub is a new one",
    );
  }

  /** Waits until everything is on the disk. */
  sync(): Promise<void> {
    return this.file.sync();
  }

  close(): void {
    this.file.close();
  }
}

/** The sha256 of a file on the disk. */
export async function fileHash(path: string): Promise<string> {
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  using file = host.files.open(path, "read");
  const buffer = new Uint8Array(1 << 20);
  for (let at = 0, count = 0; (count = file.readAt(at, buffer)) > 0; at += count) {
    hash.update(buffer.subarray(0, count));
  }
  return hash.digest("hex");
}

function isFull(error: unknown): error is Error & { code: string } {
  const code = (error as { code?: string }).code;
  return code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG";
}
