/*
 * The cache on disk, file by file: everything is written beside its place and renamed into it, so that a
 * reader finds all of it or nothing. Which file is what, client.ts says.
 */
import { granted } from "./config.ts";

/** A file of a repository, as the Hub lists it. */
export interface HubFile {
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
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** What a file says; undefined where there is none. */
export async function textOf(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Makes a folder and those above it. */
export const makeFolder = (path: string) => Deno.mkdir(path, { recursive: true });
const folderOf = (path: string) => path.slice(0, path.lastIndexOf("/"));

/** Writes a small file so that nobody ever reads half of it. */
export async function place(path: string, text: string): Promise<void> {
  await makeFolder(folderOf(path));
  const draft = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  await Deno.writeTextFile(draft, text);
  await Deno.rename(draft, path);
}

/** Python's lock for one blob: two programs that want the same file download it once. */
export async function lock(path: string): Promise<Disposable> {
  await makeFolder(folderOf(path));
  const file = await Deno.open(path, { write: true, create: true });
  // Some network file systems know no locks; then the worst is a file that is brought twice.
  await file.lock(true).catch(() => {});
  return file;
}

/** Makes a snapshot's entry for a blob: a link as Python's, else a hard link, else a copy. */
export async function link(blob: string, pointer: string, path: string): Promise<void> {
  await makeFolder(folderOf(pointer));
  await remove(pointer);
  const up = "../".repeat(path.split("/").length + 1);
  try {
    // Deno wants both permissions without limits for a link, since a link may lead anywhere.
    if (granted({ name: "read" }, { name: "write" })) {
      return await Deno.symlink(`${up}blobs/${blob.slice(blob.lastIndexOf("/") + 1)}`, pointer);
    }
  } catch {
    // Windows wants a privilege for it.
  }
  try {
    await Deno.link(blob, pointer);
  } catch {
    await Deno.copyFile(blob, `${blob}.copy`);
    await Deno.rename(`${blob}.copy`, pointer);
  }
}

/** Removes a file or a link, if there is one. */
export async function remove(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

interface Tree {
  format_version: number;
  files: Record<string, { size: number; blob_id: string; lfs_sha256?: string; lfs_size?: number }>;
}

/** The files of a commit as they were listed once; undefined where they were not. */
export async function readTree(path: string): Promise<HubFile[] | undefined> {
  const text = await textOf(path);
  const tree = text === undefined ? undefined : parsed(text);
  if (tree?.format_version !== 1) return undefined;
  return Object.entries(tree.files).map(([path, file]) => ({
    path,
    size: file.lfs_size ?? file.size,
    oid: file.blob_id,
    sha256: file.lfs_sha256,
  }));
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
export async function writeTree(path: string, files: HubFile[]): Promise<void> {
  const byPath = files.toSorted((a, b) => a.path < b.path ? -1 : 1);
  const entries = byPath.map(({ path, size, oid, sha256 }) => [
    path,
    { size, blob_id: oid, ...(sha256 && { lfs_sha256: sha256, lfs_size: size }) },
  ]);
  const tree = { format_version: 1, files: Object.fromEntries(entries) };
  await place(path, JSON.stringify(tree, null, 1));
}

/** The files that lie in a snapshot. */
export async function walk(folder: string, prefix = ""): Promise<HubFile[]> {
  const found: HubFile[] = [];
  if (!await exists(folder)) return found;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = prefix + name;
    if (isDirectory) found.push(...await walk(`${folder}/${name}`, `${path}/`));
    else found.push({ path, size: (await Deno.stat(`${folder}/${name}`)).size, oid: "" });
  }
  return found;
}
