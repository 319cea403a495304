/*
 * The permissions for the process of a lesson or a tool, as flags of `deno run`: as few as possible.
 */
import type { Needs } from "../../lessons/contents.ts";
import { hubConfig } from "../hub/config.ts";

/** What a process may read, write and connect to, and which variables it may see. */
interface Allowed {
  read: string[];
  write: string[];
  net: string[];
  env: string[];
}

/** Variables that every program here may read. */
const VARIABLES = ["DENO_WEBGPU_BACKEND", "LESSONS_*", "DEBUG", "TERM"];

/** How much memory the machine has left, so that a program can say in time that it runs out. */
const MEMORY = "--allow-sys=systemMemoryInfo";

/** The flags for a lesson with this command line. */
export function lessonFlags(
  url: string,
  needs: Needs = {},
  args: readonly string[] = [],
): string[] {
  const hub = needs.hub ? hubAccess() : none();
  const data = needs.data ? optionIn(args, needs.data === true ? "data" : needs.data) : undefined;
  const out = needs.out && folderOf(optionIn(args, "out") ?? needs.out);
  // Part of a lesson's options may stand in an earlier lesson.
  const texts = args.some((arg) => arg !== "--") ? folderOf(pathOf(url)) : pathOf(url);
  return flags({
    read: [texts, ...hub.read, ...data ? [data] : [], ...out ? [out] : []],
    write: [...hub.write, ...out ? [out] : []],
    net: hub.net,
    env: [...VARIABLES, ...hub.env],
  });
}

/** The flags for a program that only uses the Hub. */
export function hubFlags(): string[] {
  const { env, ...hub } = hubAccess();
  return flags({ ...hub, env: [...VARIABLES, ...env] });
}

const none = (): Allowed => ({ read: [], write: [], net: [], env: [] });

/** The Hub's hosts, or the one in HF_ENDPOINT, the cache, and the file with the token. */
function hubAccess(): Allowed {
  const { cacheDir, endpoint } = hubConfig();
  const cache = cacheDir ? [cacheDir] : [];
  const token = Deno.env.get("HF_TOKEN_PATH") ?? (cacheDir && `${folderOf(cacheDir)}/token`);
  return {
    read: [...cache, ...token ? [token] : []],
    write: cache,
    net: [
      ...new Set(["huggingface.co", "*.huggingface.co", "*.hf.co", new URL(endpoint).host]),
    ],
    env: ["HF_*", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME", "HOME", "USERPROFILE"],
  };
}

function flags(allowed: Allowed): string[] {
  const named = Object.entries(allowed).filter(([, list]) => list.length > 0);
  // A comma in a path is written twice.
  const text = (list: string[]) => list.map((one) => one.replaceAll(",", ",,")).join();
  return ["--no-prompt", MEMORY, ...named.map(([name, list]) => `--allow-${name}=${text(list)}`)];
}

/** The value of an option on a command line. */
function optionIn(args: readonly string[], name: string): string | undefined {
  const at = args.findLastIndex((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`));
  if (at < 0) return undefined;
  return (args[at].includes("=") ? args[at].slice(name.length + 3) : args[at + 1]) || undefined;
}

const pathOf = (url: string) =>
  decodeURIComponent(new URL(url).pathname).replace(/^\/(?=[A-Z]:)/, "");
const folderOf = (path: string) =>
  path.includes("/") ? path.slice(0, path.lastIndexOf("/")) || "/" : ".";
