/*
 * What can go wrong between a reader and the Hub, each with what to try. The Hub gives its reason in the header
 * X-Error-Code. The status alone can mislead: for a missing repository it is 401 if the reader is not logged in.
 */
import { printable } from "../host/printable.ts";
import type { HubConfig } from "./config.ts";
import { inWords, within } from "./waiting.ts";

/** The kinds of failure, for code that wants to handle one of them. */
export type HubFault =
  | "gated"
  | "unauthorized"
  | "no repository"
  | "no revision"
  | "no file"
  | "too many requests"
  | "server"
  | "no network"
  | "offline"
  | "cut"
  | "hash"
  | "disk full";

/** A failed download: what was asked, what happened, what to try. */
export class HubError extends Error {
  /** The name of the error. */
  override name = "HubError";
  /** The kind of failure. */
  readonly fault: HubFault;
  /** The HTTP status, if the Hub answered. */
  readonly status?: number;

  /** An error of this kind; `message` says what happened and what to try. */
  constructor(fault: HubFault, message: string, options?: ErrorOptions & { status?: number }) {
    super(message, options);
    this.fault = fault;
    this.status = options?.status;
  }
}

interface Refusal {
  status: number;
  /** The header X-Error-Code. */
  code: string;
  /** Whether a token was sent. */
  known: boolean;
  /** Whether the answer came from the file store that the Hub redirects to. */
  elsewhere: boolean;
  /** Milliseconds that the Hub asks us to wait. */
  wait?: number;
}

const LOG_IN = "log in on the Hub, make a token under Settings, and set it as HF_TOKEN";

/** The first row that fits says what went wrong and what to do. */
const refusals: { fault: HubFault; when(r: Refusal): boolean; advice(r: Refusal): string }[] = [
  {
    fault: "gated",
    when: (r) => r.code === "GatedRepo",
    advice: (r) =>
      r.known
        ? "open its page on the Hub with the account of your token and accept its terms"
        : `open its page on the Hub, accept its terms, then ${LOG_IN}`,
  },
  {
    fault: "no file",
    when: (r) => r.code === "EntryNotFound",
    advice: () => "check the spelling, and the repository's list of files",
  },
  {
    fault: "no revision",
    when: (r) => r.code === "RevisionNotFound",
    advice: () => "use a branch, a tag or a commit that the repository has, such as main",
  },
  {
    fault: "no repository",
    when: (r) => r.code === "RepoNotFound" || (r.status === 404 && !r.elsewhere),
    advice: (r) =>
      "look at its spelling (a dataset is not a model)" +
      (r.known
        ? "; a private one needs a token that may read it"
        : `; if it is private, ${LOG_IN}`),
  },
  {
    fault: "too many requests",
    when: (r) => r.status === 429,
    advice: (r) => {
      const wait = r.wait === undefined ? "wait" : `wait ${inWords(r.wait)}`;
      return r.known
        ? `${wait}, then run this again`
        : `${wait}, then run this again, or ${LOG_IN}`;
    },
  },
  {
    fault: "server",
    when: (r) => r.status >= 500,
    advice: () => "run this again later; what has been downloaded is kept",
  },
  {
    fault: "server",
    when: (r) => r.elsewhere,
    advice: () =>
      "run this again to get a new link; if it happens again, a proxy may be in the way",
  },
  {
    fault: "unauthorized",
    when: (r) => r.status === 401 || r.status === 403,
    advice: (r) => r.known ? "check that your token is valid and may read this" : LOG_IN,
  },
  {
    fault: "server",
    when: () => true, // 304, 400, 416, 418: another account would not help
    advice: () =>
      "this is not a valid answer; run this again later, and check HF_ENDPOINT and the proxy if it happens again",
  },
];

/** The error for an answer that is not a success. Reads the body of the answer. */
export async function refusal(
  asked: string,
  answer: Response,
  config: HubConfig,
  wait?: number,
  at: URL = new URL(answer.url),
) {
  const { status, headers } = answer;
  const { host } = at;
  const about = {
    status,
    code: headers.get("x-error-code") ?? "",
    known: Boolean(config.token),
    elsewhere: host !== new URL(config.endpoint).host,
    wait,
  };
  const { fault, advice } = refusals.find((row) => row.when(about))!;
  const said = await words(answer, config);
  return new HubError(
    fault,
    `${asked}: ${host} answered ${status}${said && ` (${said})`}; ${advice(about)}`,
    { status },
  );
}

/** The reason from the Hub's header, its JSON or its text, as one short line without the token, which it may repeat. */
async function words(answer: Response, config: HubConfig): Promise<string> {
  const body = await beginning(answer, config.timeout);
  let said: unknown = answer.headers.get("x-error-message") ?? body;
  try {
    said = answer.headers.get("x-error-message") ?? JSON.parse(body)?.error ?? body;
  } catch {
    // The body is not JSON: its text will do, unless it is a page.
  }
  const line = printable(hidden(typeof said === "string" ? said : body, config)).trim()
    .replace(/\s+/g, " ");
  if (line.startsWith("<")) return "";
  return line.length > 200 ? `${line.slice(0, 199)}…` : line.replace(/\.$/, "");
}

/** Bytes of a refusal that are read; the reason is at the start. */
const BEGINNING = 10_000;

/** The start of an answer's text; it does not wait for text that is late. */
async function beginning(answer: Response, timeout: number): Promise<string> {
  const reader = answer.body?.getReader(), decoder = new TextDecoder();
  if (!reader) return "";
  const read = async () => {
    let text = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += decoder.decode(part.value, { stream: true });
      if (text.length > BEGINNING) break;
    }
    return text;
  };
  const text = await within(timeout, read()).catch(() => "");
  reader.cancel().catch(() => {});
  return text;
}

/** A text without the token, which must not appear in an error. */
const hidden = (text: string, { token }: HubConfig) => token ? text.replaceAll(token, "…") : text;

/** The error for a host that gives no answer, or only part of one. */
export function unreachable(
  asked: string,
  url: URL,
  error: unknown,
  config: HubConfig,
): HubError {
  const reason = hidden(reasonOf(error), config);
  return new HubError(
    "no network",
    `${asked}: ${url.host} gave no answer (${reason}); check the connection and the proxy ` +
      "(HTTPS_PROXY), or set HF_ENDPOINT to a mirror",
    { cause: error },
  );
}

/** The error for a successful answer of the wrong kind: a page instead of a list, a redirect instead of a file. */
export const strange = (asked: string, host: string, what: string, cause?: unknown): HubError =>
  new HubError(
    "server",
    `${asked}: ${host} ${what}; if this network asks for a login, open a page in a browser first, else look at ` +
      "HF_ENDPOINT and the proxy",
    { cause },
  );

/** The innermost reason of a failed fetch: "dns error: failed to lookup address information". */
function reasonOf(error: unknown): string {
  const { message = String(error), cause } = Object(error) as Error;
  return cause === undefined ? message.replace(/^.*client error \(\w+\): /, "") : reasonOf(cause);
}
