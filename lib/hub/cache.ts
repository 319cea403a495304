/*
 * The cache on disk, file by file: everything is written beside its place and renamed into it, so that a
 * reader finds all of it or nothing. Which file is what, client.ts says.
 */
import { host, isMissing } from "../host/mod.ts";
import { inWords, sleep } from "./waiting.ts";

/** A file of a repository, as the Hub lists it. */
export interface HubFile {
  /** Its path in the repository. */
  path: string;
  /** Its length in bytes. */
  size: number;
  /** Git's sha1 of it (of its pointer, where it is large). */
  oid: string;
  /** The sha256 of its bytes; known where it is large. */
  sha256?: string;
}

/** Refuses what would lead out of the cache: names come from the Hub, and become paths here. */
export function safe(name: string, what: string): string {
  const parts = name.split("/");
  const bad = parts.some((part) => part === "" || part === "." || part === "..") ||
    /[\\:\0]/.test(name);
  if (bad) {
    throw new TypeError(`Hub: "${name}" is no ${what}; give one without "..", as the Hub lists it`);
  }
  return name;
}

/** Whether there is something at a path, through links. */
export const exists = (path: string): boolean => host.files.info(path) !== undefined;

/** What a file says; undefined where there is none. */
export function textOf(path: string): string | undefined {
  try {
    return host.files.readText(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

const folderOf = (path: string) => path.slice(0, path.lastIndexOf("/"));

/** Writes a small file so that nobody ever reads half of it. */
export function place(path: string, text: string): void {
  host.files.makeFolder(folderOf(path));
  const draft = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  host.files.writeText(draft, text);
  host.files.rename(draft, path);
}

/** Milliseconds between two looks at a lock, and after how many of them somebody is told, first and again. */
const LOOK = 100, TELL_AFTER = 10, TELL_EVERY = 600;

/**
 * Python's lock for one blob: two programs that want the same file download it once. Who holds it is named while it is
 * waited for, since a program that hangs holds it for ever.
 */
export async function lock(path: string, tell: (text: string) => void): Promise<Disposable> {
  const { files } = host;
  files.makeFolder(folderOf(path));
  for (let looks = 0;; looks++) {
    const held = files.tryLock(path);
    if (held) {
      try {
        files.writeText(path, `${new Date().toISOString()}\n`); // its age is that of this lock
      } catch {
        // Then its age is not known.
      }
      return held;
    }
    if (looks % TELL_EVERY === TELL_AFTER) {
      const since = files.info(path)?.mtime?.getTime();
      const age = since === undefined ? "" : `, for ${inWords(Date.now() - since)}`;
      tell(
        `another program is downloading the same file and holds ${path}${age}; waiting for it, and if it hangs, end it`,
      );
    }
    await sleep(LOOK);
  }
}

/** Makes a snapshot's entry for a blob: a link as Python's, else a hard link, else a copy. */
export function link(blob: string, pointer: string, path: string): void {
  const { files } = host;
  files.makeFolder(folderOf(pointer));
  remove(pointer);
  const up = "../".repeat(path.split("/").length + 1);
  try {
    // Deno wants both permissions without limits for a link, since a link may lead anywhere.
    if (host.granted({ name: "read" }, { name: "write" })) {
      return files.symlink(`${up}blobs/${blob.slice(blob.lastIndexOf("/") + 1)}`, pointer);
    }
  } catch {
    // Windows wants a privilege for it.
  }
  try {
    files.link(blob, pointer);
  } catch {
    files.copy(blob, `${blob}.copy`);
    files.rename(`${blob}.copy`, pointer);
  }
}

/** Removes a file or a link, if there is one. */
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

/** The files of a commit as they were listed once; undefined where they were not. */
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

/** Whether this is what is known of a file: it may come from a server, or from a file that anybody can write. */
export function isHubFile(value: unknown): value is HubFile {
  const { path, size, oid, sha256 } = Object(value);
  return typeof path === "string" && path !== "" && Number.isSafeInteger(size) && size >= 0 &&
    /^[0-9a-f]{40}$/.test(oid) && (sha256 === undefined || /^[0-9a-f]{64}$/.test(sha256));
}

/** What was written by another hand, or a newer one, counts for nothing rather than ending the program. */
function parsed(text: string): Tree | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Keeps a list of files as Python keeps it. */
export function writeTree(path: string, files: HubFile[]): void {
  const byPath = files.toSorted((a, b) => a.path < b.path ? -1 : 1);
  const entries = byPath.map(({ path, size, oid, sha256 }) => [
    path,
    { size, blob_id: oid, ...(sha256 && { lfs_sha256: sha256, lfs_size: size }) },
  ]);
  const tree = { format_version: 1, files: Object.fromEntries(entries) };
  place(path, JSON.stringify(tree, null, 1));
}

/** The files that lie in a snapshot. */
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
