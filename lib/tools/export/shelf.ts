/*
 * Copies a folder to the cache of the Hub, where Python's libraries look for a model by its name, as if it had been
 * downloaded: models--owner--name, with blobs, a snapshot and refs/main.
 */
import { createHash } from "node:crypto";
import { UsageError } from "../../host/mistake.ts";
import { checkedName, exists, link, place } from "../../hub/cache.ts";
import { hubConfig } from "../../hub/config.ts";

/** The folder of a model in the cache. */
export function shelfOf(name: string): string {
  if (!/^[\w.-]+\/[\w.-]+$/.test(name)) {
    throw new UsageError(`--cache ${name}: give a name as the Hub has them, owner/name`);
  }
  checkedName(name, "name of a model");
  const { cacheDir } = hubConfig();
  if (!cacheDir) {
    throw new UsageError("--cache: no folder for the cache is known; set HF_HOME or HOME");
  }
  return `${cacheDir}/models--${name.replace("/", "--")}`;
}

/** Copies these files of a folder to the cache, as the newest commit of `name`; returns the snapshot's folder. */
export async function shelve(
  folder: string,
  files: readonly string[],
  name: string,
): Promise<string> {
  const shelf = shelfOf(name);
  const hash = (kind: string, bytes: Uint8Array | string) =>
    createHash(kind).update(bytes).digest("hex");
  const blobs = new Map<string, string>();
  await Deno.mkdir(`${shelf}/blobs`, { recursive: true });
  for (const file of files.toSorted()) {
    const sum = hash("sha256", await Deno.readFile(`${folder}/${file}`));
    const blob = `${shelf}/blobs/${sum}`;
    if (!exists(blob)) {
      await Deno.copyFile(`${folder}/${file}`, `${blob}.incomplete`);
      await Deno.rename(`${blob}.incomplete`, blob);
    }
    blobs.set(file, blob);
  }
  const commit = hash(
    "sha1",
    [...blobs].map(([file, blob]) => `${file} ${blob.split("/").at(-1)}\n`).join(""),
  );
  const snapshot = `${shelf}/snapshots/${commit}`;
  for (const [file, blob] of blobs) link(blob, `${snapshot}/${file}`, file);
  place(`${shelf}/refs/main`, commit);
  return snapshot;
}
