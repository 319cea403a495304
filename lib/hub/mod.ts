/*
 * Files of the Hugging Face Hub, in the cache that Python uses too.
 */

export { hubDownload, hubFiles, type HubOptions } from "./client.ts";
export type { HubFile } from "./cache.ts";
export type { DownloadListener, DownloadProgress, HubConfig } from "./config.ts";
export { HubError, type HubFault } from "./errors.ts";
