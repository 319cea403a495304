/*
 * The one way to the Hub: a `fetch` that carries the token (to the Hub alone, never to the file store it
 * sends us on to), waits when the Hub asks for patience, gives up on silence, and turns every refusal into
 * an error with advice. The functions of @huggingface/hub take it as their own `fetch`.
 */
import { isRefused } from "../host/mod.ts";
import type { HubConfig } from "./config.ts";
import { HubError, refusal, unreachable } from "./errors.ts";

const MAX_REDIRECTS = 10;
/** A Hub that asks for more than half a minute is told about instead of waited for. */
const MAX_WAIT = 30_000;

/** A `fetch` for one purpose; `asked` begins every message, as in "download a.json of datasets/b/c at main". */
export function hubFetch(asked: string, config: HubConfig) {
  return async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (config.offline) {
      throw new HubError(
        "offline",
        `${asked}: it is not in the cache and HF_HUB_OFFLINE is set; unset it, or copy the cache ` +
          `(${config.cacheDir}) from a machine that has it`,
      );
    }
    for (let tries = 0;; tries++) {
      const answer = await follow(asked, url, init, config);
      if (answer.ok) return answer;
      const wait = patience(answer, tries, config);
      if (wait === undefined) {
        throw await refusal(asked, answer, config, askedFor(answer.headers));
      }
      await answer.body?.cancel();
      config.listener?.note(
        `${url.host} answered ${answer.status}; trying again in ${wait / 1000} s`,
      );
      await sleep(wait);
    }
  };
}

/** Milliseconds to wait before this request may be worth another try; undefined for never. */
function patience(answer: Response, tries: number, config: HubConfig): number | undefined {
  const passing = answer.status === 429 || answer.status >= 500;
  if (!passing || tries >= config.retries) return undefined;
  const wait = askedFor(answer.headers) ?? config.backoff * 2 ** tries;
  return wait <= MAX_WAIT ? wait : undefined;
}

/** The wait that the Hub names, in seconds or as a date, or in its own `RateLimit: "api";r=0;t=55`. */
function askedFor(headers: Headers): number | undefined {
  const after = headers.get("retry-after");
  const seconds = after ?? /\bt=(\d+)/.exec(headers.get("ratelimit") ?? "")?.[1];
  if (!seconds) return undefined;
  const wait = /^\d+$/.test(seconds) ? 1000 * Number(seconds) : Date.parse(seconds) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}

/** Fetches along redirects by hand, since the token may go to one origin only. */
async function follow(asked: string, start: URL, init: RequestInit, config: HubConfig) {
  const home = new URL(config.endpoint).origin;
  for (let url = start, hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const headers = new Headers(init.headers);
    if (config.token && url.origin === home) headers.set("authorization", `Bearer ${config.token}`);
    const answer = await answerWithin(asked, url, { ...init, headers, redirect: "manual" }, config);
    const next = answer.headers.get("location");
    if (answer.status < 300 || answer.status > 399 || next === null) return answer;
    await answer.body?.cancel();
    url = new URL(next, url);
  }
  throw new HubError(
    "server",
    `${asked}: ${start.host} redirects in a circle; check HF_ENDPOINT and the proxy`,
  );
}

async function answerWithin(asked: string, url: URL, init: RequestInit, config: HubConfig) {
  const silence = new AbortController();
  const timer = setTimeout(
    () => silence.abort(new Error(`silent for ${config.timeout / 1000} s`)),
    config.timeout,
  );
  try {
    return await fetch(url, { ...init, signal: silence.signal });
  } catch (error) {
    if (isRefused(error)) throw error;
    throw unreachable(asked, url, silence.signal.aborted ? silence.signal.reason : error);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves after so many milliseconds. */
export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));
