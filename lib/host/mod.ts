/*
 * Where the library runs. The other modules ask here for arguments, files, the terminal and the end of the program, so
 * they need not know whether this is Deno, Node or a browser.
 */
import { denoHost } from "./deno.ts";
import type { Host } from "./host.ts";
import { nodeHost } from "./node.ts";
import { pageHost } from "./page.ts";

export {
  type Files,
  type Host,
  isMissing,
  isRefused,
  type OpenFile,
  type Output,
  type Permission,
} from "./host.ts";

/** The place where this program runs. */
export let host: Host = "Deno" in globalThis ? denoHost : nodeHost() ?? pageHost;

/** Replaces parts of the host, for example the output in a page. */
export const runsIn = (changes: Partial<Host>): void => void (host = { ...host, ...changes });
