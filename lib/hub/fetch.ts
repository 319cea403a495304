/*
 * All requests to the Hub go through this `fetch`. It sends the token (to the Hub alone, never to the file store that
 * the Hub redirects to), waits when the Hub asks for it, gives up after a long silence, and turns every refusal into an
 * error with advice. The functions of @huggingface/hub use it as their own `fetch`.
 */
import { isRefused } from "../host/mod.ts";
import { printable } from "../host/printable.ts";
import type { HubConfig } from "./config.ts";
import { HubError, refusal, strange, unreachable } from "./errors.ts";
import { sleep, within } from "./waiting.ts";

const MAX_REDIRECTS = 10;
/** If the Hub asks for a longer wait than half a minute, the reader is told instead. */
const MAX_WAIT = 30_000;
/** The most bytes of an answer that is not a file, and the most pages of one list: a million files take a thousand. */
const MAX_ANSWER = 2 ** 26, MAX_PAGES = 1000;
/** An answer that is not a file must be complete within this many times the timeout. */
const MAX_SILENCES = 6;

/**
 * A `fetch` for one purpose; `asked` starts every message, as in "download a.json of datasets/b/c at main". The caller
 * reads a `file` piece by piece. Any other answer is JSON, and is returned when it is complete.
 */
export function hubFetch(asked: string, config: HubConfig, { file = false } = {}): typeof fetch {
  const pages = new Set<string>();
  return async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (config.offline) {
      throw new HubError(
        "offline",
        `${asked}: it is not in the cache and HF_HUB_OFFLINE is set; unset it, or copy the cache ` +
          `(${config.cacheDir}) from a machine that has it`,
      );
    }
    if (!file && (pages.has(url.href) || pages.size === MAX_PAGES)) {
      throw strange(asked, url.host, `gives a list that does not end (${pages.size} pages)`);
    }
    pages.add(url.href);
    for (let tries = 0;; tries++) {
      const [answer, at] = await follow(asked, url, init, config);
      if (answer.ok) return file ? answer : await whole(asked, at, answer, config);
      const wait = patience(answer, tries, config);
      if (wait === undefined) {
        throw await refusal(asked, answer, config, askedFor(answer.headers), at);
      }
      answer.body?.cancel().catch(() => {});
      config.listener?.note(
        `${url.host} answered ${answer.status}; trying again in ${wait / 1000} s`,
      );
      await sleep(wait);
    }
  };
}

/** An answer, once it is complete, in time, and JSON. */
async function whole(asked: string, url: URL, answer: Response, config: HubConfig) {
  const reader = answer.body?.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const end = performance.now() + MAX_SILENCES * config.timeout;
  try {
    for (;;) {
      const part = await within(config.timeout, reader?.read() ?? NOTHING);
      if (part.done) break;
      parts.push(part.value);
      size += part.value.length;
      if (size > MAX_ANSWER) {
        throw strange(asked, url.host, `answered more than ${MAX_ANSWER} bytes`);
      }
      if (performance.now() > end) throw new Error("too slow");
    }
  } catch (error) {
    reader?.cancel().catch(() => {});
    throw error instanceof HubError ? error : unreachable(asked, url, error, config);
  }
  const text = await new Blob(parts).text();
  try {
    JSON.parse(text);
  } catch (cause) {
    const what = /^\s*</.test(text)
      ? "a page"
      : size === 0
      ? "nothing"
      : "something that is not JSON";
    throw strange(asked, url.host, `answered ${what}, not JSON`, cause);
  }
  const { status } = answer, link = answer.headers.get("link");
  return new Response(text, { status, headers: link === null ? {} : { link } });
}

const NOTHING = Promise.resolve({ done: true, value: undefined } as const);

/** Milliseconds until another try may help; undefined if none will. */
function patience(answer: Response, tries: number, config: HubConfig): number | undefined {
  const passing = answer.status === 429 || answer.status >= 500;
  if (!passing || tries >= config.retries) return undefined;
  const wait = askedFor(answer.headers) ?? config.backoff * 2 ** tries;
  return wait <= MAX_WAIT ? wait : undefined;
}

/** The wait that the Hub asks for: in seconds, as a date, or in its own form `RateLimit: "api";r=0;t=55`. */
function askedFor(headers: Headers): number | undefined {
  const after = headers.get("retry-after");
  const seconds = after ?? /\bt=(\d+)/.exec(headers.get("ratelimit") ?? "")?.[1];
  if (!seconds) return undefined;
  const wait = /^\d+$/.test(seconds) ? 1000 * Number(seconds) : Date.parse(seconds) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}

/** Follows redirects by hand: the token may go to one origin only, and a redirect may lead to the web only. */
async function follow(
  asked: string,
  start: URL,
  init: RequestInit,
  config: HubConfig,
): Promise<[answer: Response, at: URL]> {
  const home = new URL(config.endpoint).origin;
  const safely = new URL(config.endpoint).protocol === "https:";
  for (let url = start, hops = 0; hops <= MAX_REDIRECTS; hops++) {
    if (!/^https?:$/.test(url.protocol) || safely && url.protocol !== "https:") {
      const to = printable(url.href.length > 80 ? `${url.href.slice(0, 79)}…` : url.href);
      throw strange(asked, start.host, `redirects to ${to}, which does not hold files of the Hub`);
    }
    const headers = new Headers(init.headers);
    if (config.token && url.origin === home) headers.set("authorization", `Bearer ${config.token}`);
    const answer = await answerWithin(asked, url, { ...init, headers, redirect: "manual" }, config);
    const next = answer.headers.get("location");
    if (answer.status < 300 || answer.status > 399 || next === null) return [answer, url];
    answer.body?.cancel().catch(() => {});
    const to = URL.parse(next, url);
    if (!to) throw strange(asked, url.host, "redirects to something that is not an address");
    if (url.protocol === "https:" && to.protocol === "http:") {
      throw strange(
        asked,
        url.host,
        "redirects from https to http, where anyone can change the file",
      );
    }
    url = to;
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
    throw unreachable(asked, url, silence.signal.aborted ? silence.signal.reason : error, config);
  } finally {
    clearTimeout(timer);
  }
}
