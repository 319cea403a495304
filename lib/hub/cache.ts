/*
 * The cache on disk, file by file. Every file is written next to its place and then renamed, so a reader finds all of
 * it or nothing. client.ts decides which file is which.
 */
import { host, isMissing } from "../host/mod.ts";
import { holderOf, takeLock } from "../host/lock.ts";
import { sleep } from "./waiting.ts";

/** A file of a repository, as the Hub lists it. */
export interface HubFile {
  /** Its path in the repository. */
  path: string;
  /** Its length in bytes. */
  size: number;
  /** Git's sha1 of the file (of its pointer, if the file is large). */
  oid: string;
  /** The sha256 of its bytes; known if the file is large. */
  sha256?: string;
}

/** The name, unless it leads out of the cache: names come from the Hub, and become paths here. */
export function checkedName(name: string, what: string): string {
  const parts = name.split("/");
  const bad = parts.some((part) => part === "" || part === "." || part === "..") ||
    /[\\:\0]/.test(name);
  if (bad) {
    throw new TypeError(
      `Hub: "${name}" is not a valid ${what}; give one without "..", as the Hub lists it`,
    );
  }
  return name;
}

/** Whether there is something at a path, following links. */
export const exists = (path: string): boolean => host.files.info(path) !== undefined;

/** The text of a file; undefined if there is no file. */
export function textOf(path: string): string | undefined {
  try {
    return host.files.readText(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

const folderOf = (path: string) => path.slice(0, path.lastIndexOf("/"));

/** Writes a small file so that no reader ever sees half of it. */
export function place(path: string, text: string): void {
  host.files.makeFolder(folderOf(path));
  const draft = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  host.files.writeText(draft, text);
  host.files.rename(draft, path);
}

/** Milliseconds between two tries to take a lock, and after how many tries a message is shown, and shown again. */
const LOOK = 100, TELL_AFTER = 10, TELL_EVERY = 600;

/** The locks that this program holds. Where the host has no locks, its own downloads wait for each other all the same. */
const own = new Set<string>();

/**
 * Python's lock for one blob: if two programs want the same file, it is downloaded once. A program that waits shows
 * which lock it is waiting for, because a program that hangs never releases its lock.
 */
export async function lock(path: string, tell: (text: string) => void): Promise<Disposable> {
  const { files } = host;
  files.makeFolder(folderOf(path));
  for (let looks = 0;; looks++) {
    const held = own.has(path) ? undefined : takeLock(path);
    if (held) {
      own.add(path);
      if (held.left) tell(`a download was cut off (${held.left}); going on from what it left`);
      return {
        [Symbol.dispose]() {
          own.delete(path);
          held[Symbol.dispose]();
        },
      };
    }
    if (looks % TELL_EVERY === TELL_AFTER) {
      tell(
        `another program is downloading the same file: ${path}, ${holderOf(path)}; ` +
          "waiting for it; if it hangs, end it",
      );
    }
    await sleep(LOOK);
  }
}

/** Makes a snapshot's entry for a blob: a link as Python makes it, else a hard link, else a copy. */
export function link(blob: string, pointer: string, path: string): void {
  const { files } = host;
  files.makeFolder(folderOf(pointer));
  remove(pointer);
  const up = "../".repeat(path.split("/").length + 1);
  try {
    // To make a link, Deno wants read and write permission for all paths, since a link may lead anywhere.
    if (host.granted({ name: "read" }, { name: "write" })) {
      return files.symlink(`${up}blobs/${blob.slice(blob.lastIndexOf("/") + 1)}`, pointer);
    }
  } catch {
    // Windows needs a privilege to make a link.
  }
  try {
    files.link(blob, pointer);
  } catch {
    files.copy(blob, `${blob}.copy`);
    files.rename(`${blob}.copy`, pointer);
  }
}

/** Removes a file or a link, if it exists. */
export function remove(path: string): void {
  try {
    host.files.remove(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

interface Tree {
  format_version: number;
  files: Record<string, { size: number; blob_id: string; lfs_sha256?: string; lfs_size?: number }>;
}

/** The stored list of files of a commit; undefined if it was never stored. */
export function readTree(path: string): HubFile[] | undefined {
  const text = textOf(path);
  const tree = text === undefined ? undefined : parsed(text);
  if (tree?.format_version !== 1 || typeof tree.files !== "object") return undefined;
  const files = Object.entries(tree.files ?? {}).map(([path, file]) => ({
    path,
    size: file?.lfs_size ?? file?.size,
    oid: file?.blob_id,
    sha256: file?.lfs_sha256,
  }));
  return files.every(isHubFile) ? files : undefined;
}

/** Whether a value has the form of a list of files. It may come from a server, or from a file that anyone can write. */
export function isHubFile(value: unknown): value is HubFile {
  const { path, size, oid, sha256 } = Object(value);
  return typeof path === "string" && path !== "" && Number.isSafeInteger(size) && size >= 0 &&
    /^[0-9a-f]{40}$/.test(oid) && (sha256 === undefined || /^[0-9a-f]{64}$/.test(sha256));
}

/** A list that another program, or a newer version, wrote in another form is ignored; it does not end the program. */
function parsed(text: string): Tree | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Stores a list of files in the form that Python uses. */
export function writeTree(path: string, files: HubFile[]): void {
  const byPath = files.toSorted((a, b) => a.path < b.path ? -1 : 1);
  const entries = byPath.map(({ path, size, oid, sha256 }) => [
    path,
    { size, blob_id: oid, ...(sha256 && { lfs_sha256: sha256, lfs_size: size }) },
  ]);
  const tree = { format_version: 1, files: Object.fromEntries(entries) };
  place(path, JSON.stringify(tree, null, 1));
}

/** The files in a snapshot. */
export function walk(folder: string, prefix = ""): HubFile[] {
  const found: HubFile[] = [];
  if (!exists(folder)) return found;
  for (const { name, isDirectory } of host.files.list(folder)) {
    const path = prefix + name;
    if (isDirectory) found.push(...walk(`${folder}/${name}`, `${path}/`));
    else found.push({ path, size: host.files.info(`${folder}/${name}`)!.size, oid: "" });
  }
  return found;
}
