/*
 * A Hugging Face Hub on localhost: two servers on two ports, the Hub and the file store that it redirects to for large
 * files. It counts requests, and fails on demand. It was checked with Python's huggingface_hub (1.33), which downloads
 * from it and then leaves the same cache as ours, byte for byte. It stores nothing.
 */
import { createHash } from "node:crypto";
import { needing } from "./support/needing.ts";

/** Files by path, as text or as bytes. */
export type Files = Record<string, string | Uint8Array<ArrayBuffer>>;

/** A repository: the files of each commit, and what its branches mean. */
export interface FakeRepo {
  refs: Record<string, string>;
  commits: Record<string, Files>;
  /** Who may not read it: the gated hand out lists but no files, the private nothing. */
  closed?: "gated" | "private";
}

/** A request, as one of the two servers heard it. */
export interface Heard {
  at: "hub" | "store";
  method: string;
  path: string;
  range?: string;
  token?: string;
}

/** Answers in the place of a server; it gets what that would have said. */
export type Fault = (honest: Response, heard: Heard) => Response | Promise<Response>;

/** Two names of this machine, since by them clients tell the Hub from the store. */
const HOSTS = { hub: "localhost", store: "127.0.0.1" };
/** Files of more bytes than this are "large": with an LFS pointer, at the store. */
const LARGE = 1000;
/** The token that opens private and gated repositories; any other but these two is no token at all. */
export const MEMBER = "hf_member", STRANGER = "hf_stranger";

/** The running pair of servers. */
export class FakeHub implements AsyncDisposable {
  /** Every request, in order. */
  readonly heard: Heard[] = [];
  readonly #stop = new AbortController();
  readonly #hub = this.#serve("hub", (request, url) => this.#hubSays(request, url));
  readonly #store = this.#serve("store", (request, url) => this.#storeSays(request, url));
  readonly #faults: { at: Heard["at"]; left: number; fault: Fault; match: RegExp }[] = [];
  readonly #blobs = new Map<string, Uint8Array<ArrayBuffer>>();

  /** `repos` by name: `owner/name` is a model, `datasets/owner/name` a dataset. */
  constructor(readonly repos: Record<string, FakeRepo>) {}

  get endpoint(): string {
    return `http://${HOSTS.hub}:${this.#hub.addr.port}`;
  }

  /** Lets the next `times` requests to a server whose path matches end in a fault. */
  fail(at: Heard["at"], fault: Fault, { times = 1, match = /^/ } = {}): void {
    this.#faults.push({ at, left: times, fault, match });
  }

  /** Paths asked of a server, without what stands behind a question mark. */
  paths(at: Heard["at"]): string[] {
    return this.heard.filter((one) => one.at === at).map((one) => one.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#hub.finished, this.#store.finished]);
  }

  #serve(at: Heard["at"], say: (request: Request, url: URL) => Response | Promise<Response>) {
    const options = { hostname: HOSTS[at], port: 0, signal: this.#stop.signal, onListen() {} };
    return Deno.serve(options, async (request) => {
      const url = new URL(request.url);
      const heard: Heard = {
        at,
        method: request.method,
        path: decodeURIComponent(url.pathname),
        range: request.headers.get("range") ?? undefined,
        token: request.headers.get("authorization")?.replace("Bearer ", ""),
      };
      this.heard.push(heard);
      const honest = await say(request, url);
      const fault = this.#faults.find((one) =>
        one.at === at && one.left > 0 && one.match.test(heard.path)
      );
      if (!fault) return honest;
      fault.left--;
      return await fault.fault(honest, heard);
    });
  }

  #storeSays(request: Request, url: URL): Response {
    const bytes = this.#blobs.get(url.pathname.slice(1));
    return bytes ? ranged(request, bytes, {}) : refuse(404, "", "no such object");
  }

  async #hubSays(request: Request, url: URL): Promise<Response> {
    const path = decodeURIComponent(url.pathname).replace(/^\/api\/models\//, "/api/").slice(1);
    const api = /^api\/(.+?)\/(revision|tree|paths-info)\/(.+)$/.exec(path);
    const [, name, verb, revision, file = ""] = api ??
      /^(.+?)\/(resolve)\/((?:refs\/\w+\/)?[^/]+)\/(.+)$/.exec(path) ?? [];
    const token = request.headers.get("authorization")?.replace("Bearer ", "");
    if (token && token !== MEMBER && token !== STRANGER) {
      return refuse(401, "", "Invalid credentials in Authorization header");
    }
    const repo = this.repos[name];
    if (!repo || (repo.closed === "private" && token !== MEMBER)) {
      return refuse(token ? 404 : 401, "RepoNotFound", "Repository not found");
    }
    const commit = repo.refs[revision] ?? revision;
    const files = repo.commits[commit];
    if (!files) return refuse(404, "RevisionNotFound", `Invalid rev id: ${revision}`);
    if (verb === "revision") return Response.json({ _id: "1", id: name, sha: commit });
    if (verb === "tree") return this.#tree(url, files);
    if (verb === "paths-info") {
      const { paths } = await request.json();
      return Response.json(entries(files).filter((one) => paths.includes(one.path)));
    }
    if (repo.closed === "gated" && token !== MEMBER) {
      return refuse(token ? 403 : 401, "GatedRepo", `Access to ${name} is restricted.`);
    }
    return this.#resolve(request, files, commit, file);
  }

  /** The list of files, two to a page. */
  #tree(url: URL, files: Files): Response {
    const all = entries(files), from = Number(url.searchParams.get("cursor") ?? 0);
    url.searchParams.set("cursor", String(from + 2));
    const next = `<${this.endpoint}${url.pathname}${url.search}>; rel="next"`;
    return Response.json(all.slice(from, from + 2), {
      headers: from + 2 < all.length ? { link: next } : {},
    });
  }

  #resolve(
    request: Request,
    files: Files,
    commit: string,
    path: string,
  ): Response {
    if (files[path] === undefined) return refuse(404, "EntryNotFound", "Entry not found");
    const bytes = bytesOf(files[path]);
    const [entry] = entries({ [path]: bytes });
    const headers: Record<string, string> = { "x-repo-commit": commit, etag: `"${entry.oid}"` };
    if (!entry.lfs) return ranged(request, bytes, headers);
    this.#blobs.set(entry.lfs.oid, bytes);
    return new Response(null, {
      status: 302,
      headers: {
        ...headers,
        location: `http://${HOSTS.store}:${this.#store.addr.port}/${entry.lfs.oid}`,
        "x-linked-etag": `"${entry.lfs.oid}"`,
        "x-linked-size": String(bytes.length),
      },
    });
  }
}

/** The fault of a server that asks for patience. */
export const busy = (headers: HeadersInit = { "retry-after": "0" }): Fault => () =>
  new Response("Too many requests", { status: 429, headers });
/** The fault of a server that is ill. */
export const ill: Fault = () => new Response("<html>502</html>", { status: 502 });
/** The fault of a connection that breaks after so many bytes of the answer. */
export const cutAfter = (count: number): Fault => async (honest) => {
  const bytes = new Uint8Array(await honest.arrayBuffer()).slice(0, count);
  return new Response(streamOf(bytes, true), { status: honest.status, headers: honest.headers });
};
/** The fault of a connection that falls silent after so many bytes of the answer. */
export const silentAfter = (count: number): Fault => async (honest) => {
  const bytes = new Uint8Array(await honest.arrayBuffer()).slice(0, count);
  return new Response(streamOf(bytes, false), { status: honest.status, headers: honest.headers });
};
/** The fault of a server, or a proxy, that changes a byte. */
export const garbled: Fault = async (honest) => {
  const bytes = new Uint8Array(await honest.arrayBuffer());
  bytes[bytes.length >> 1] ^= 1;
  return new Response(bytes, { status: honest.status, headers: honest.headers });
};

/** Git's sha1 of a file. */
export const gitHash = (bytes: Uint8Array) =>
  createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
/** The sha256 of a file. */
export const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function streamOf(bytes: Uint8Array, ends: boolean): ReadableStream {
  return new ReadableStream({
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes);
      if (ends) controller.close();
    },
  });
}

function refuse(status: number, code: string, message: string): Response {
  const headers = { "x-error-message": message, ...(code && { "x-error-code": code }) };
  return Response.json({ error: message }, { status, headers });
}

function bytesOf(file: Files[string]): Uint8Array<ArrayBuffer> {
  return typeof file === "string" ? new TextEncoder().encode(file) : new Uint8Array(file);
}

/** What the Hub lists of files. */
function entries(files: Files) {
  return Object.entries(files).map(([path, file]) => {
    const bytes = bytesOf(file), size = bytes.length;
    if (size <= LARGE) return { type: "file", path, size, oid: gitHash(bytes) };
    const oid = sha256(bytes);
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${size}\n`;
    const lfs = { oid, size, pointerSize: pointer.length };
    return { type: "file", path, size, oid: gitHash(bytesOf(pointer)), lfs };
  });
}

/** The bytes, or the part of them that the request names. */
function ranged(request: Request, bytes: Uint8Array<ArrayBuffer>, headers: Record<string, string>) {
  const asked = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get("range") ?? "");
  const from = Number(asked?.[1] ?? 0);
  const to = Math.min(Number(asked?.[2] || Infinity) + 1, bytes.length);
  if (from >= bytes.length && asked) {
    return new Response(null, {
      status: 416,
      headers: { "content-range": `bytes */${bytes.length}` },
    });
  }
  const part = bytes.slice(from, to);
  return new Response(request.method === "HEAD" ? null : part, {
    status: asked ? 206 : 200,
    headers: {
      ...headers,
      "content-length": String(part.length),
      "accept-ranges": "bytes",
      ...(asked && { "content-range": `bytes ${from}-${to - 1}/${bytes.length}` }),
    },
  });
}

/** A test that needs permissions; without them it is ignored, and its name says why. */
export function testWith(
  needs: Deno.PermissionName[],
  sentence: string,
  fn: (t: Deno.TestContext) => Promise<void>,
  permissions?: Deno.PermissionOptions,
): void {
  const { ignore, because } = needing(...needs);
  Deno.test({ name: sentence + because, ignore, fn, permissions });
}

/** Runs a test in a folder that holds these files. */
export function withFiles(
  sentence: string,
  files: Files,
  body: (folder: string) => Promise<void>,
  permissions?: Deno.PermissionOptions,
) {
  testWith(["read", "write"], sentence, async () => {
    const folder = await Deno.makeTempDir();
    try {
      for (const [path, content] of Object.entries(files)) {
        const at = `${folder}/${path}`;
        await Deno.mkdir(at.slice(0, at.lastIndexOf("/")), { recursive: true });
        if (typeof content === "string") await Deno.writeTextFile(at, content);
        else await Deno.writeFile(at, content);
      }
      await body(folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }, permissions);
}
