/*
 * Files that are written completely or not at all, even if several programs write to the same path.
 */
import { host } from "./mod.ts";

/** Writes bytes to the end of an open file. */
export async function append(
  file: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
) {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

/** Writes a temporary file next to the path, and renames it when everything is on the disk. */
export async function writeWhole(path: string, parts: Iterable<Uint8Array>): Promise<void> {
  const draft = `${path}.${crypto.randomUUID().slice(0, 8)}.incomplete`;
  try {
    {
      using file = host.files.open(draft, "write");
      for (const part of parts) await append(file, part);
      await file.sync();
    }
    host.files.rename(draft, path);
  } catch (error) {
    if (host.files.info(draft)) host.files.remove(draft);
    throw error;
  }
}
