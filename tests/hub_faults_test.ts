/*
 * Every wrong answer that a Hub, a store or a network may give, tried on each kind of request. Each time the request
 * ends soon, with the right bytes or with one sentence: without the token, without control characters, and with
 * nothing wrong left in the cache.
 */
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { Hub, hubDownload, hubFiles, type HubOptions } from "../lib/hub/client.ts";
import { lock } from "../lib/hub/cache.ts";
import { hubConfig } from "../lib/hub/config.ts";
import { HubError } from "../lib/hub/errors.ts";
import { transfer } from "../lib/hub/transfer.ts";
import { host, type OpenFile, runsIn } from "../lib/host/mod.ts";
import { nodeHost } from "../lib/host/node.ts";
import { hubPackage } from "../lib/host/packages.ts";
import { hubFetch } from "../lib/hub/fetch.ts";
import { UsageError } from "../lib/host/mistake.ts";
import { loadDataset } from "../lib/data/load.ts";
import { at, holding } from "./support/holding.ts";
import {
  cutAfter,
  FakeHub,
  type Fault,
  garbled,
  gitHash,
  MEMBER,
  sha256,
  silentAfter,
  testWith,
} from "./fake_hub.ts";

const COMMIT = "8757c844391c3190af540f29b732c931affb08fa";
const LARGE = new Uint8Array(30_000).map((_, i) => (i * i + i / 7) % 251);
const SMALL = "a\nb\n";
const REPO = "datasets/someone/songs";
const files = { "small.txt": SMALL, "large.bin": LARGE, "x.txt": "x", "y.txt": "y", "z.txt": "z" };

const text = (body: BodyInit | null, init: ResponseInit = {}): Fault => () =>
  new Response(body, init);
const status = (status: number, headers: HeadersInit = {}, body = "no"): Fault => () =>
  new Response(status === 304 || status === 204 ? null : body, { status, headers });
const to = (location: string): Fault => status(302, { location });
const json = (value: unknown): Fault => () => Response.json(value);
const oid = "1".repeat(40);
const entry = (change: object) =>
  json([{ type: "file", path: "small.txt", size: 4, oid, ...change }]);
const next = (link: string): Fault => () =>
  Response.json([], { headers: { link: `<${link}>; rel="next"` } });
/** A body that comes one byte at a time, for as long as somebody reads. */
const drip: Fault = () => {
  let timer: ReturnType<typeof setInterval>;
  const body = new ReadableStream({
    start(controller) {
      timer = setInterval(() => controller.enqueue(new Uint8Array([32])), 20);
    },
    cancel: () => clearInterval(timer),
  });
  return new Response(body);
};
/** A store that knows no ranges and never comes to an end. */
const never: Fault = () => {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(LARGE.slice(0, 20_000));
      controller.close();
    },
  });
  return new Response(body);
};
let page = 0;

/** What may come, by kind. */
const faults: Record<string, Record<string, Fault>> = {
  none: { "an honest answer": (honest) => honest },
  time: {
    "a head that never comes": () =>
      new Promise((done) => setTimeout(() => done(new Response()), 900)),
    "silence behind the head": silentAfter(0),
    "silence in the middle": silentAfter(3),
    "a byte now and then": drip,
    "cut behind the head": cutAfter(0),
    "cut in the middle": cutAfter(10),
    "for ever from the beginning": never,
  },
  status: Object.fromEntries(
    [
      204,
      206,
      300,
      301,
      304,
      400,
      401,
      402,
      403,
      404,
      405,
      409,
      410,
      416,
      418,
      422,
      429,
      451,
      500,
      501,
      502,
      503,
      504,
      599,
    ]
      .map((code) => [String(code), status(code)]),
  ),
  patience: {
    "an hour": status(429, { "retry-after": "3600" }),
    "no time": status(429, { "retry-after": "soon" }),
    "before the flood": status(429, { "retry-after": "Thu, 01 Jan 1970 00:00:00 GMT" }),
    "less than none": status(503, { "retry-after": "-5" }),
    "a strange limit": status(429, { ratelimit: '"api";r=0;t=99999999999999999999' }),
  },
  text: {
    "nothing": text(""),
    "a page": text("<!doctype html><title>Log in</title>", {
      headers: { "content-type": "text/html" },
    }),
    "a page without a type": text("<html>Log in</html>"),
    "half of a list": text('[{"type":"file","path":'),
    "no UTF-8": text(Uint8Array.of(0xff, 0xfe, 0)),
    "NaN": text("NaN"),
    "another file": garbled,
    "control characters": status(400, {}, "\x1b[2J\x1b]0;title\x07\r\x00 no"),
    "the token": status(400, {}, `you are ${MEMBER}`),
    "the token in JSON": () => Response.json({ error: `you are ${MEMBER}` }, { status: 403 }),
    "an error that is no text": () => Response.json({ error: { a: [1] } }, { status: 400 }),
    "an error of ten megabytes": () => new Response("x".repeat(10_000_000), { status: 400 }),
    "an error in silence": async (honest) =>
      new Response((await silentAfter(0)(honest, null!)).body, { status: 404 }),
  },
  shape: {
    "null": json(null),
    "a number": json(5),
    "a text": json("no"),
    "true": json(true),
    "an empty list": json([]),
    "an empty object": json({}),
    "a list of null": json([null]),
    "a list of lists": json([[]]),
    "a commit that is a number": json({ _id: "1", id: "a/b", sha: 5 }),
    "a commit that leads out": json({ _id: "1", id: "a/b", sha: "../../x" }),
    "a commit cut short": json({ _id: "1", id: "a/b", sha: COMMIT.slice(1) }),
    "a file without a path": entry({ path: undefined }),
    "a path that is a number": entry({ path: 5 }),
    "a path that leads out": entry({ path: "../../small.txt" }),
    "a size below nothing": entry({ size: -1 }),
    "a size past all": entry({ size: 1e300 }),
    "a size that is a text": entry({ size: "4" }),
    "no hash": entry({ oid: undefined }),
    "a hash that leads out": entry({ oid: "../../../x" }),
    "a large file without a hash": entry({ lfs: {} }),
    "a large file that leads out": entry({ lfs: { oid: "../x", size: 4 } }),
    "another hash": entry({}),
  },
  pages: {
    "itself again": (_, { path }) =>
      Response.json([], { headers: { link: `<http://localhost${path}>; rel="next"` } }),
    "a file": next("file:///etc/passwd"),
    "data": next("data:application/json,[]"),
    "nowhere": next("http://"),
  },
  redirects: {
    "to a file": to("file:///etc/passwd"),
    "to data": to("data:application/json,{}"),
    "to blob": to("blob:null/1"),
    "to ftp": to("ftp://localhost/x"),
    "to no address": to("http://"),
    "to itself": (_, { path }) => new Response(null, { status: 302, headers: { location: path } }),
    "to nowhere": status(302),
    "to a port of nobody": to("http://127.0.0.1:1/x"),
  },
};

/** The ways that ask, and how to see that what came is right. */
const ways: Record<string, (options: HubOptions) => Promise<boolean>> = {
  async small(options) {
    return await Deno.readTextFile(await hubDownload(REPO, "small.txt", options)) === SMALL;
  },
  async large(options) {
    const got = await Deno.readFile(await hubDownload(REPO, "large.bin", options));
    return sha256(got) === sha256(LARGE);
  },
  async list(options) {
    const got = (await hubFiles(REPO, options)).map((file) => file.path).sort();
    return got.length === 0 || String(got) === String(Object.keys(files).sort());
  },
  async dataset(options) {
    const got = await loadDataset("someone/songs", { ...options, split: "train" });
    return got.numRows === 5;
  },
};

const figures: string[] = [];

interface Case {
  what: string;
  fault: Fault;
  ask(options: HubOptions): Promise<boolean>;
  at: "hub" | "store";
  times: number;
}

/** Every fault on every way, at every server that it passes, once and for ever. */
function casesOf(kind: string, all: Record<string, Fault>): Case[] {
  return Object.entries(all).flatMap(([name, fault]) =>
    Object.entries(ways).flatMap(([way, ask]) =>
      (way === "large" && fault !== drip ? ["hub", "store"] as const : ["hub"] as const).flatMap(
        (at) =>
          [1, 1e9].map((times) => ({
            what: `${kind}, ${name}, ${way} at the ${at}, ${times === 1 ? "once" : "always"}`,
            fault,
            ask,
            at,
            times,
          })),
      )
    )
  );
}

/** Whether an error is one sentence that can be shown. */
function isSaid(error: unknown): boolean {
  const { message } = error as Error;
  return (error instanceof HubError || error instanceof RangeError) && !/\p{Cc}/u.test(message) &&
    !message.includes(MEMBER) && !/undefined|is not a function|Cannot|\[object/.test(message) &&
    message.length < 700;
}

/** Everything for a quick test: no token, no bar. */
const quick: HubOptions = {
  token: undefined,
  offline: false,
  timeout: 600,
  retries: 0,
  backoff: 1,
  listener: undefined,
};

for (const [kind, all] of Object.entries(faults)) {
  testWith(
    ["net", "read", "write", "env"],
    `wrong answers, ${kind}: bytes or a sentence`,
    async () => {
      let right = 0, said = 0;
      const failed: string[] = [];
      await hubPackage(); // so that no request waits for it
      const cases = casesOf(kind, all);
      const run = async ({ what, fault, ask, at, times }: Case) => {
        await using hub = new FakeHub({
          [REPO]: { refs: { main: COMMIT }, commits: { [COMMIT]: files } },
        });
        const cacheDir = await Deno.makeTempDir();
        const options = { ...quick, endpoint: hub.endpoint, cacheDir, token: MEMBER, retries: 1 };
        if (kind === "none") options.timeout = 10_000;
        hub.fail(at, fault, { times });
        const began = performance.now();
        try {
          if (await ask(options)) right++;
          else failed.push(`${what}: wrong bytes`);
        } catch (error) {
          if (isSaid(error)) said++;
          else failed.push(`${what}: ${error}`);
        }
        const ms = performance.now() - began;
        if (ms > 10_000) failed.push(`${what}: took ${ms} ms`);
        if (hub.heard.length > 30) failed.push(`${what}: ${hub.heard.length} requests`);
        failed.push(...wrongBlobs(cacheDir).map((blob) => `${what}: left ${blob}`));
        await Deno.remove(cacheDir, { recursive: true });
      };
      const atOnce = kind === "time" ? cases.length : 12; // of its time almost all is waiting
      while (cases.length > 0) await Promise.all(cases.splice(0, atOnce).map(run));
      const tried = right + said + failed.length;
      figures.push(
        `${kind}: ${tried} tried, ${right} right all the same, ${said} said, ${failed.length} failed`,
      );
      console.log(figures.at(-1));
      assertEquals(failed, []);
      if (kind === "none") assertEquals(right, tried);
    },
  );
}

/** Blobs in a cache whose name is not their hash. */
function wrongBlobs(cacheDir: string): string[] {
  const folder = `${cacheDir}/datasets--someone--songs/blobs`;
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name).filter((name) => {
      if (name.endsWith(".incomplete")) return false;
      const bytes = Deno.readFileSync(`${folder}/${name}`);
      return name !== gitHash(bytes) && name !== sha256(bytes);
    });
  } catch {
    return [];
  }
}

/** A Hub, and a cache that has the small file already. */
async function withCache(body: (hub: FakeHub, options: HubOptions) => Promise<void>) {
  await using hub = new FakeHub({
    [REPO]: { refs: { main: COMMIT }, commits: { [COMMIT]: files } },
  });
  const cacheDir = await Deno.makeTempDir();
  const options = { ...quick, endpoint: hub.endpoint, cacheDir, timeout: 2000 };
  await hubDownload(REPO, "small.txt", options);
  await body(hub, options);
  await Deno.remove(cacheDir, { recursive: true });
}
const needs: Deno.PermissionName[] = ["net", "read", "write", "env"];

testWith(
  needs,
  "a network's own page, or silence, stands back behind what was downloaded",
  async () => {
    await withCache(async (hub, options) => {
      for (const fault of [faults.text["a page"], silentAfter(5), json(null), json({}), text("")]) {
        hub.fail("hub", fault);
        const path = await hubDownload(REPO, "small.txt", options);
        assertEquals(await Deno.readTextFile(path), SMALL);
      }
    });
  },
);

testWith(needs, "a file in the cache is held to its pinned hash", async () => {
  await withCache(async (hub, options) => {
    const pinned = {
      ...options,
      revision: COMMIT,
      sha256: sha256(new TextEncoder().encode(SMALL)),
    };
    const path = await hubDownload(REPO, "small.txt", pinned);
    await Deno.writeTextFile(path, "another");
    hub.heard.length = 0;
    const error = await assertRejects(() => hubDownload(REPO, "small.txt", pinned), HubError);
    assertEquals([error.fault, hub.heard.length], ["hash", 0]);
    assertMatch(
      error.message,
      /is a different one .* so it is not used; remove it and run this again/,
    );
    await Deno.remove(path);
    const again = await assertRejects(() => hubDownload(REPO, "small.txt", pinned), HubError);
    assertMatch(again.message, /blobs\/\S+ is a different one/);
    await Deno.remove(`${new Hub(REPO, options).folder}/blobs`, { recursive: true });
    assertEquals(await Deno.readTextFile(await hubDownload(REPO, "small.txt", pinned)), SMALL);
  });
});

/** A fault of a line so slow that downloads begun together are all under way together. */
const slowly: Fault = async (honest) => {
  const bytes = new Uint8Array(await honest.arrayBuffer());
  const body = new ReadableStream({
    async start(controller) {
      for (let at = 0; at < bytes.length; at += 5000) {
        controller.enqueue(bytes.slice(at, at + 5000));
        await new Promise((done) => setTimeout(done, 5));
      }
      controller.close();
    },
  });
  return new Response(body, { status: honest.status, headers: honest.headers });
};

testWith(
  needs,
  "a program's own downloads of one file wait for each other, locks or not",
  async () => {
    await withCache(async (hub, options) => {
      const one = () => hubDownload(REPO, "large.bin", { ...options, revision: COMMIT });
      const both = async () => {
        for (const path of await Promise.all([one(), one()])) {
          assertEquals(await Deno.readFile(path), LARGE);
        }
        assertEquals(hub.paths("store").length, 1);
      };
      hub.fail("store", slowly, { times: 9 });
      await both();
      const { files } = host;
      runsIn({ files: nodeHost()!.files }); // Node has no locks
      try {
        await Deno.remove(`${options.cacheDir}/datasets--someone--songs`, { recursive: true });
        hub.heard.length = 0;
        await both();
      } finally {
        runsIn({ files });
      }
    });
  },
);

/** What is to be transferred where no lock keeps programs apart: the large file. */
const largeFile = ({ endpoint, cacheDir }: HubOptions) => ({
  asked: "download",
  name: "large.bin",
  url: `${endpoint}/${REPO}/resolve/${COMMIT}/large.bin`,
  path: `${cacheDir}/large`,
  size: LARGE.length,
  promised: [{ kind: "sha256" as const, hex: sha256(LARGE) }],
});

testWith(needs, "two programs that no lock keeps apart never leave a file of both", async () => {
  await withCache(async (hub, options) => {
    const wanted = largeFile(options), { path } = wanted;
    const config = hubConfig(options);
    const ranges: Fault = (honest, heard) => slowly(honest, heard);
    const noRanges: Fault = (_, heard) => slowly(new Response(LARGE), heard);
    for (const fault of [ranges, noRanges]) {
      for (const wait of [0, 12, 40]) {
        hub.fail("store", fault, { times: 2 });
        const ends = await Promise.allSettled([
          transfer(wanted, config),
          new Promise((done) => setTimeout(done, wait)).then(() => transfer(wanted, config)),
        ]);
        for (const end of ends) {
          if (end.status === "fulfilled") assertEquals(await Deno.readFile(path), LARGE);
          else {
            assert(end.reason instanceof HubError, `${end.reason}`);
            assertStringIncludes(end.reason.message, "another program downloads the same file");
          }
        }
        await transfer(wanted, config); // what is left lets the next one end well
        assertEquals(await Deno.readFile(path), LARGE);
        await Deno.remove(path);
      }
    }
  });
});

testWith(
  needs,
  "a program that comes too late leaves the file that another has finished",
  async () => {
    await withCache(async (_, options) => {
      const wanted = largeFile(options), { path } = wanted;
      const config = hubConfig(options), { files } = host;
      let first: Promise<void> | undefined;
      /** A file whose first bytes are on their way when the other program begins, and arrive when that has ended. */
      const late = (file: OpenFile): OpenFile =>
        new Proxy(file, {
          get: (file, name: keyof OpenFile) =>
            name !== "write"
              ? typeof file[name] === "function" ? file[name].bind(file) : file[name]
              : async (bytes: Uint8Array<ArrayBuffer>) => {
                runsIn({ files });
                await (first ??= transfer(wanted, config));
                return await file.write(bytes);
              },
        });
      const open: typeof files.open = (path, purpose) => late(files.open(path, purpose));
      runsIn({
        files: new Proxy(files, {
          get: (_, name) => name === "open" ? open : Reflect.get(files, name).bind(files),
        }),
      });
      try {
        await assertRejects(() => transfer(wanted, config), HubError, "another program downloads");
      } finally {
        runsIn({ files });
      }
      assertEquals(await Deno.readFile(path), LARGE);
    });
  },
);

testWith(needs, "who holds a lock is named with its age while it is waited for", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/x.lock`;
  const told: string[] = [];
  const first = await lock(path, () => {});
  Deno.writeTextFileSync(path, `4711 ${new Date(Date.now() - 725_000).toISOString()}\n`);
  const second = await lock(path, (text) => {
    told.push(text);
    first[Symbol.dispose]();
  });
  second[Symbol.dispose]();
  assertEquals(told.length, 1);
  assertMatch(told[0], /same file: \S+x\.lock, process 4711 has held it for 12m \d+s; waiting for/);
  (await lock(path, (text) => told.push(text)))[Symbol.dispose](); // released as it should be: nothing to say
  assertEquals(told.length, 1);
  await Deno.remove(folder, { recursive: true });
});

testWith(
  [...needs, "run"],
  "a download that was killed leaves a lock that the next one takes over, and names",
  async () => {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/x.lock`;
    await using child = await holding(
      `import { lock } from ${at("lib/hub/cache.ts")};
      await lock(${JSON.stringify(path)}, () => {});`,
    );
    const told: string[] = [];
    const next = lock(path, (text) => {
      told.push(text);
      void child.kill();
    });
    (await next)[Symbol.dispose]();
    assertEquals(told.length, 2);
    assertStringIncludes(told[0], `${path}, process ${child.pid} has held it for`);
    assertMatch(told[1], /^a download was cut off \(process \d+, \d+s ago\); going on from what/);
    await Deno.remove(folder, { recursive: true });
  },
);

Deno.test("a token with a line break is refused, and not shown", () => {
  for (
    const token of ["hf_secret\nx", "hf_secret\0", "hf_sec ret", "hf_sécret", "hf_secret\r\n\r\n"]
  ) {
    const { message } = assertThrows(() => hubConfig({ token }), UsageError);
    assertMatch(message, /^the access token of the Hub .* copy it again. It is not shown here$/);
    assert(!/secret|sec ret|sécret/.test(message));
  }
  assertEquals(hubConfig({ token: "hf_right" }).token, "hf_right");
});

Deno.test("a redirect from https to http is refused, and pages have an end", async () => {
  const config = hubConfig({
    endpoint: "https://hub.test",
    cacheDir: "/x",
    token: "hf_t",
    offline: false,
    retries: 0,
  });
  const real = globalThis.fetch;
  const asked: string[] = [];
  const answering = async (answer: (url: URL) => Response, start = "https://hub.test/a") => {
    asked.length = 0;
    globalThis.fetch = (input) => {
      asked.push(String(input));
      return Promise.resolve(answer(new URL(String(input))));
    };
    try {
      return await assertRejects(() => hubFetch("find a", config)(start), HubError);
    } finally {
      globalThis.fetch = real;
    }
  };
  const down = await answering(() =>
    new Response(null, { status: 302, headers: { location: "http://store.test/b" } })
  );
  assertMatch(
    down.message,
    /^find a: hub.test redirects from https to http, where anyone can change/,
  );
  assertEquals(asked.length, 1);
  assertMatch(
    (await answering(() => new Response("{}"), "http://hub.test/a")).message,
    /redirects to http:/,
  );

  const list = hubFetch("list a", config);
  globalThis.fetch = () => Promise.resolve(new Response("[]"));
  try {
    const { message } = await assertRejects(async () => {
      for (page = 0; page < 5000; page++) await list(`https://hub.test/a?cursor=${page}`);
    }, HubError);
    assertMatch(message, /^list a: hub.test gives a list that does not end \(1000 pages\)/);
    const circle = hubFetch("list a", config);
    await circle("https://hub.test/a");
    await assertRejects(() => circle("https://hub.test/a"), HubError, "does not end (1 pages)");
  } finally {
    globalThis.fetch = real;
  }
});
