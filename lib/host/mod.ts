/*
 * Where the library runs. All else in it asks here for arguments, files, the terminal and the end of the
 * program, and so knows neither Deno nor Node nor a browser.
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

/** Says what is otherwise in this place, such as an output of a page's own. */
export const runsIn = (changes: Partial<Host>): void => void (host = { ...host, ...changes });
