/*
 * Folders that are named on a command line, and those that a task fills anew each time it runs. What somebody else put
 * into a folder is never deleted.
 */
import { UsageError } from "../host/mistake.ts";

/** The file by which a folder is known that the task has filled before, and what that file holds. */
export interface Mark {
  file: string;
  holds: string;
  /** The names of what a run puts into the folder; what else lies there stays. All unless given. */
  ours?: RegExp;
}

/**
 * Empties a folder that an earlier run has filled. One that is not there, or is empty, is left to be filled.
 *
 * @throws {UsageError} for a folder that holds anything else, and for a file
 */
export async function emptied(folder: URL, { file, holds, ours = /./ }: Mark): Promise<void> {
  const path = fromFileUrl(folder).replace(/(?<=.)\/$/, "");
  const names = namesIn(path);
  if (names.length === 0) return;
  const mark = await Deno.readTextFile(new URL(file, folder)).catch(() => "");
  if (!mark.includes(holds)) {
    const some = names.sort().slice(0, 3).join(", ") + (names.length > 3 ? ", …" : "");
    throw new UsageError(
      `${path} holds other files (${some}), which would be deleted; ` +
        "give an empty folder, or one that is not there yet",
    );
  }
  for (const name of names.filter((name) => ours.test(name))) {
    await Deno.remove(`${fromFileUrl(folder)}${name}`, { recursive: true });
  }
}

/**
 * The names in a folder; none if it is not there.
 *
 * @throws {UsageError} for a file
 */
export function namesIn(path: string): string[] {
  try {
    return Array.from(Deno.readDirSync(path), ({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    if (!(error instanceof Deno.errors.NotADirectory)) throw error;
    throw new UsageError(`${path} is a file; give a folder`);
  }
}

/** The path of a file from its URL. */
export const fromFileUrl = (url: URL): string =>
  decodeURIComponent(Deno.build.os === "windows" ? url.pathname.slice(1) : url.pathname);

/** The URL of a file that somebody named, from a folder; its name may hold any character. */
export const fileAt = (path: string, from: URL): URL =>
  new URL(encodeURI(path).replace(/[?#]/g, encodeURIComponent), from);

/** The URL of a folder that somebody named; no name is the folder that it is looked for in. */
export const folderAt = (path: string, from: URL): URL =>
  fileAt((path || ".").replace(/\/*$/, "/"), from);
