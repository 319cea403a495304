/*
 * Downloads from the Hub to the disk, and everything that may go wrong, each fault with its error and with the cache
 * intact. The Hub is that of fake_hub.ts, never the real one.
 */
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { getRepoFolderName } from "npm:@huggingface/hub@2.17.5";
import { downloadLine, Meter } from "../lib/hub/bar.ts";
import { Hub, hubDownload, hubFiles, type HubOptions } from "../lib/hub/client.ts";
import { hubConfig } from "../lib/hub/config.ts";
import { host, runsIn } from "../lib/host/mod.ts";
import { HubError, type HubFault } from "../lib/hub/errors.ts";
import {
  busy,
  cutAfter,
  FakeHub,
  type FakeRepo,
  type Fault,
  garbled,
  gitHash,
  ill,
  MEMBER,
  sha256,
  silentAfter,
  STRANGER,
  testWith,
} from "./fake_hub.ts";

const COMMIT = "8757c844391c3190af540f29b732c931affb08fa";
const SMALL = "a small file, é\n";
const LARGE = new Uint8Array(50_000).map((_, i) => (i * i + i / 7) % 251);
const REPO = "datasets/someone/songs";

const TEMP = host.granted({ name: "env" }) && Deno.env.get("TMPDIR") || "/tmp";

const repo = (closed?: FakeRepo["closed"]): FakeRepo => ({
  refs: { main: COMMIT },
  commits: {
    [COMMIT]: { "small.txt": SMALL, "large.bin": LARGE, "deep/er/x y.txt": "x", "empty.txt": "" },
  },
  closed,
});

interface Setting {
  hub: FakeHub;
  cacheDir: string;
  folder: string;
  /** Everything for a quick test: this Hub, this cache, no token, no bar. */
  options: HubOptions;
}

function hubTest(
  sentence: string,
  body: (at: Setting, t: Deno.TestContext) => Promise<void>,
  permissions?: Deno.PermissionOptions,
) {
  testWith(["net", "read", "write", "env"], sentence, async (t) => {
    await using hub = new FakeHub({
      [REPO]: repo(),
      "someone/model": repo(),
      "someone/gated": repo("gated"),
      "someone/private": repo("private"),
    });
    const cacheDir = await Deno.makeTempDir();
    const options: HubOptions = {
      endpoint: hub.endpoint,
      cacheDir,
      token: undefined,
      offline: false,
      timeout: 2000,
      retries: 2,
      backoff: 1,
      listener: undefined,
    };
    try {
      await body({ hub, cacheDir, folder: `${cacheDir}/datasets--someone--songs`, options }, t);
    } finally {
      await Deno.remove(cacheDir, { recursive: true });
    }
  }, permissions);
}

/** The address of a port on which nobody listens. */
function nobody(): string {
  using listener = Deno.listen({ hostname: "localhost", port: 0 });
  return `http://localhost:${listener.addr.port}`;
}

/** The one error that a download ends in. */
async function faultOf(download: Promise<unknown>): Promise<HubError> {
  return await assertRejects(() => download, HubError);
}

async function names(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of Deno.readDir(folder)) found.push(name);
  return found.sort();
}

hubTest("a downloaded file lies where Python's huggingface_hub would have put it", async (at) => {
  const path = await hubDownload(REPO, "small.txt", at.options);
  assertEquals(path, `${at.folder}/snapshots/${COMMIT}/small.txt`);
  assertEquals(await Deno.readTextFile(path), SMALL);
  const blob = gitHash(new TextEncoder().encode(SMALL));
  assertEquals(await names(`${at.folder}/blobs`), [blob]);
  assertEquals(await Deno.readTextFile(`${at.folder}/refs/main`), COMMIT);
  if (Deno.build.os !== "windows") {
    assertEquals(await Deno.readLink(path), `../../blobs/${blob}`);
    const deep = await hubDownload(REPO, "deep/er/x y.txt", at.options);
    assertEquals(await Deno.readTextFile(deep), "x");
    assertEquals((await Deno.readLink(deep)).slice(0, 18), "../../../../blobs/");
  }
});

Deno.test("a repository's folder is named as Python names it", () => {
  const folder = (name: string) => new Hub(name, { cacheDir: "/c" }).folder;
  const id = { type: "dataset", name: "someone/songs" } as const;
  assertEquals(folder(REPO), `/c/${getRepoFolderName(id)}`);
  assertEquals(folder("gpt2"), `/c/${getRepoFolderName({ type: "model", name: "gpt2" })}`);
});

hubTest("a large file comes from the store, and the token goes to the Hub alone", async (at) => {
  const path = await hubDownload(REPO, "large.bin", { ...at.options, token: MEMBER });
  assertEquals(await Deno.readFile(path), LARGE);
  assertEquals(await names(`${at.folder}/blobs`), [sha256(LARGE)]);
  assert(at.hub.heard.some((one) => one.at === "store"));
  for (const one of at.hub.heard) assertEquals(one.token, one.at === "hub" ? MEMBER : undefined);
});

hubTest("an empty file is a file too", async (at) => {
  const path = await hubDownload(REPO, "empty.txt", at.options);
  assertEquals((await Deno.stat(path)).size, 0);
});

hubTest(
  "what is cached makes no request: a commit never, a branch one, offline none",
  async (at) => {
    const asked = async (options: HubOptions) => {
      at.hub.heard.length = 0;
      const path = await hubDownload(REPO, "large.bin", { ...at.options, ...options });
      assertEquals(await Deno.readFile(path), LARGE);
      return at.hub.heard.length;
    };
    assert(await asked({ revision: COMMIT }) > 1);
    assertEquals(await asked({ revision: COMMIT }), 0);
    assertEquals(await asked({ revision: "main" }), 1);
    assertEquals(await asked({ revision: "main", offline: true }), 0);
    assertEquals(await asked({ revision: COMMIT, endpoint: nobody() }), 0);
  },
);

hubTest("a branch that cannot be asked for means what it meant last time", async (at) => {
  await hubDownload(REPO, "small.txt", at.options);
  const path = await hubDownload(REPO, "small.txt", {
    ...at.options,
    endpoint: nobody(),
  });
  assertEquals(await Deno.readTextFile(path), SMALL);
  at.hub.fail("hub", ill, { times: 9 });
  assertEquals(await hubDownload(REPO, "small.txt", at.options), path);
});

hubTest("what is cached is used where the Hub refuses, as in Python", async (at) => {
  // A token that has expired, and a private repository without one; a wrong revision stays an error.
  for (const name of [REPO, "someone/private", "someone/gated"]) {
    const path = await hubDownload(name, "small.txt", { ...at.options, token: MEMBER });
    for (const token of ["hf_expired", false] as const) {
      assertEquals(await hubDownload(name, "small.txt", { ...at.options, token }), path);
    }
    const nope = { ...at.options, token: MEMBER, revision: "nope" };
    assertEquals((await faultOf(hubDownload(name, "small.txt", nope))).fault, "no revision");
    const other = { ...at.options, token: "hf_expired" };
    assertEquals((await faultOf(hubDownload(name, "large.bin", other))).fault, "unauthorized");
  }
});

hubTest("offline, what is not cached is an error without a request", async (at) => {
  for (const revision of ["main", COMMIT]) {
    const error = await faultOf(
      hubDownload(REPO, "small.txt", { ...at.options, revision, offline: true }),
    );
    assertEquals(error.fault, "offline");
    assertStringIncludes(error.message, "HF_HUB_OFFLINE");
  }
  assertEquals(at.hub.heard, []);
});

hubTest("a connection cut in the middle is taken up where it broke", async (at) => {
  at.hub.fail("store", cutAfter(20_000));
  at.hub.fail("store", cutAfter(10_000));
  const path = await hubDownload(REPO, "large.bin", at.options);
  assertEquals(await Deno.readFile(path), LARGE);
  const ranges = at.hub.heard.filter((one) => one.at === "store").map((one) => one.range);
  assertEquals(ranges, [undefined, "bytes=20000-", "bytes=30000-"]);
});

hubTest("progress starts the count of tries anew, so many cuts are survived", async (at) => {
  at.hub.fail("store", cutAfter(4000), { times: 12 });
  assertEquals(await Deno.readFile(await hubDownload(REPO, "large.bin", at.options)), LARGE);
});

hubTest("a download given up leaves no file as if whole, and the next run goes on", async (at) => {
  at.hub.fail("store", cutAfter(30_000));
  at.hub.fail("store", cutAfter(0), { times: 2 });
  const error = await faultOf(hubDownload(REPO, "large.bin", at.options));
  assertEquals([error.fault, at.hub.paths("store").length], ["cut", 3]);
  assertStringIncludes(error.message, "download large.bin of datasets/someone/songs at 8757c84: ");
  assertStringIncludes(error.message, "30000 of 50000 bytes are kept");
  const blob = sha256(LARGE);
  assertEquals(await names(`${at.folder}/blobs`), [`${blob}.incomplete`]);
  assertEquals(await new Hub(REPO, at.options).cached(COMMIT, "large.bin"), undefined);

  at.hub.heard.length = 0;
  assertEquals(await Deno.readFile(await hubDownload(REPO, "large.bin", at.options)), LARGE);
  assertEquals(at.hub.heard.at(-1)?.range, "bytes=30000-");
  assertEquals(await names(`${at.folder}/blobs`), [blob]);
});

hubTest("a connection that falls silent counts as cut", async (at) => {
  at.hub.fail("store", silentAfter(10_000));
  const path = await hubDownload(REPO, "large.bin", { ...at.options, timeout: 200 });
  assertEquals(await Deno.readFile(path), LARGE);
});

hubTest("a store without ranges, or with another file, is read from the beginning", async (at) => {
  const whole: Fault = () => new Response(LARGE);
  const no: Fault = () => new Response(null, { status: 416 });
  for (const fault of [whole, no]) {
    const cacheDir = await Deno.makeTempDir({ dir: at.cacheDir });
    at.hub.fail("store", cutAfter(20_000));
    at.hub.fail("store", fault);
    const path = await hubDownload(REPO, "large.bin", { ...at.options, cacheDir });
    assertEquals(await Deno.readFile(path), LARGE);
  }
});

hubTest("bytes that do not hash as promised are not kept, large file or small", async (at) => {
  for (
    const [file, server, kind] of [["large.bin", "store", "sha256"], [
      "small.txt",
      "hub",
      "git",
    ]] as const
  ) {
    at.hub.fail(server, garbled, { match: /resolve|^\/[0-9a-f]{64}$/ });
    const error = await faultOf(hubDownload(REPO, file, at.options));
    assertEquals(error.fault, "hash");
    assertStringIncludes(error.message, `its ${kind} hash is`);
    assertEquals(await names(`${at.folder}/blobs`), []);
  }
});

hubTest("a file is held to the hash that the caller knows", async (at) => {
  const wrong = "0".repeat(64);
  const error = await faultOf(hubDownload(REPO, "small.txt", { ...at.options, sha256: wrong }));
  assertEquals(error.fault, "hash");
  assertStringIncludes(error.message, wrong);
  const right = sha256(new TextEncoder().encode(SMALL));
  await hubDownload(REPO, "small.txt", { ...at.options, sha256: right });
});

hubTest("a rotten beginning from an earlier run is mended by a fresh copy", async (at) => {
  await Deno.mkdir(`${at.folder}/blobs`, { recursive: true });
  const left = `${at.folder}/blobs/${sha256(LARGE)}.incomplete`;
  for (const size of [100, LARGE.length, LARGE.length + 1]) {
    await Deno.writeFile(left, new Uint8Array(size));
    const path = await hubDownload(REPO, "large.bin", at.options);
    assertEquals(await Deno.readFile(path), LARGE);
    await Deno.remove(at.folder, { recursive: true });
    await Deno.mkdir(`${at.folder}/blobs`, { recursive: true });
  }
});

const refusals: {
  name: string;
  repo?: string;
  file?: string;
  options?: HubOptions;
  fault: HubFault;
  status?: number;
  says: string[];
}[] = [
  {
    name: "no such repository",
    repo: "datasets/someone/nothing",
    fault: "no repository",
    status: 401,
    says: [
      "find datasets/someone/nothing at main",
      "401 (Repository not found)",
      "spelling",
      "HF_TOKEN",
    ],
  },
  {
    name: "a private repository, and a token that may not",
    repo: "someone/private",
    options: { token: STRANGER },
    fault: "no repository",
    status: 404,
    says: ["404 (Repository not found)", "a token that may read it"],
  },
  {
    name: "no such revision",
    options: { revision: "nowhere" },
    fault: "no revision",
    status: 404,
    says: ["at nowhere", "Invalid rev id: nowhere", "such as main"],
  },
  {
    name: "no such file",
    file: "nothing.txt",
    fault: "no file",
    says: ["download nothing.txt", "no such file", "spelling"],
  },
  {
    name: "a gated repository, without a token",
    repo: "someone/gated",
    fault: "gated",
    status: 401,
    says: ["401 (Access to someone/gated is restricted)", "accept its terms", "HF_TOKEN"],
  },
  {
    name: "a gated repository, and somebody who has not asked",
    repo: "someone/gated",
    options: { token: STRANGER },
    fault: "gated",
    status: 403,
    says: ["403", "with the account of your token"],
  },
  {
    name: "a token that is none",
    options: { token: "hf_wrong" },
    fault: "unauthorized",
    status: 401,
    says: ["Invalid credentials", "check that your token is valid"],
  },
];

for (const { name, repo = REPO, file = "small.txt", options, fault, status, says } of refusals) {
  hubTest(`${name}: the error says what was asked, what the Hub said, what to try`, async (at) => {
    const error = await faultOf(hubDownload(repo, file, { ...at.options, ...options }));
    assertEquals(error.fault, fault);
    assertEquals(error.status, status);
    for (const words of says) assertStringIncludes(error.message, words);
    if (fault === "gated") {
      assertEquals(await names(`${at.cacheDir}/models--someone--gated/blobs`), []);
    }
  });
}

hubTest("a member reads what is gated and what is private", async (at) => {
  for (const name of ["someone/gated", "someone/private"]) {
    const path = await hubDownload(name, "large.bin", { ...at.options, token: MEMBER });
    assertEquals(await Deno.readFile(path), LARGE);
  }
});

hubTest("a busy Hub is waited for as long as it asks, within reason", async (at) => {
  const notes: string[] = [];
  const listener = { progress() {}, end() {}, note: (text: string) => void notes.push(text) };
  const soon = new Date(Date.now() - 1000).toUTCString();
  at.hub.fail("hub", busy());
  at.hub.fail("hub", busy({ "retry-after": soon }));
  at.hub.fail("hub", busy({ ratelimit: '"api";r=0;t=0' }), { match: /resolve/ });
  at.hub.fail("store", busy({}));
  await hubDownload(REPO, "large.bin", { ...at.options, listener });
  assertEquals(notes.length, 4);
  assertStringIncludes(notes[0], "answered 429; trying again in 0 s");
  assertStringIncludes(notes[3], "trying again in 0.002 s");
});

hubTest("a Hub that stays busy or ill, or asks for an hour, ends in an error", async (at) => {
  const asked = async (fault: Fault, times: number) => {
    at.hub.heard.length = 0;
    at.hub.fail("hub", fault, { times });
    const error = await faultOf(hubDownload(REPO, "small.txt", { ...at.options, retries: 2 }));
    return { error, requests: at.hub.heard.length };
  };
  const hour = await asked(busy({ "retry-after": "3600" }), 1);
  assertEquals([hour.error.fault, hour.requests], ["too many requests", 1]);
  assertStringIncludes(hour.error.message, "429 (Too many requests); wait");
  const always = await asked(busy(), 3);
  assertEquals([always.error.fault, always.requests], ["too many requests", 3]);
  const sick = await asked(ill, 3);
  assertEquals([sick.error.fault, sick.requests], ["server", 3]);
  assertStringIncludes(sick.error.message, "answered 502; run this again later");
});

hubTest("the store's refusal is not mistaken for the Hub's", async (at) => {
  at.hub.fail("store", () => new Response("link expired", { status: 403 }));
  const error = await faultOf(hubDownload(REPO, "large.bin", at.options));
  assertEquals([error.fault, error.status], ["server", 403]);
  assertStringIncludes(error.message, "new link");
});

hubTest("no network: the error names the host and the ways out", async (at) => {
  const error = await faultOf(
    hubDownload(REPO, "small.txt", { ...at.options, endpoint: nobody() }),
  );
  assertEquals(error.fault, "no network");
  for (const words of ["gave no answer (tcp connect error: ", "HTTPS_PROXY", "HF_ENDPOINT"]) {
    assertStringIncludes(error.message, words);
  }
});

hubTest("a Hub that never answers is given up", async (at) => {
  at.hub.fail(
    "hub",
    () => new Promise<Response>((answer) => setTimeout(() => answer(new Response()), 300)),
  );
  const error = await faultOf(hubDownload(REPO, "small.txt", { ...at.options, timeout: 100 }));
  assertEquals(error.fault, "no network");
  assertStringIncludes(error.message, "silent for 0.1 s");
  await new Promise((done) => setTimeout(done, 300));
});

hubTest("redirects in a circle end", async (at) => {
  const round: Fault = (_, { path }) =>
    new Response(null, { status: 302, headers: { location: path } });
  at.hub.fail("hub", round, { times: 99 });
  const error = await faultOf(hubDownload(REPO, "small.txt", at.options));
  assertStringIncludes(error.message, "redirects in a circle");
});

hubTest("a full disk is called a full disk, and the file is not there", async (at) => {
  if (Deno.build.os !== "linux") return;
  await Deno.mkdir(`${at.folder}/blobs`, { recursive: true });
  await Deno.symlink("/dev/full", `${at.folder}/blobs/${sha256(LARGE)}.incomplete`);
  const error = await faultOf(hubDownload(REPO, "large.bin", at.options));
  assertEquals(error.fault, "disk full");
  for (const words of ["No space left", "50000 bytes", "HF_HUB_CACHE"]) {
    assertStringIncludes(error.message, words);
  }
  assertEquals(await new Hub(REPO, at.options).cached(COMMIT, "large.bin"), undefined);
});

hubTest("a link into nothing is made anew", async (at) => {
  const path = await hubDownload(REPO, "large.bin", at.options);
  await Deno.remove(`${at.folder}/blobs/${sha256(LARGE)}`);
  assertEquals(await hubDownload(REPO, "large.bin", at.options), path);
  assertEquals(await Deno.readFile(path), LARGE);
  if (Deno.build.os !== "windows") assert((await Deno.lstat(path)).isSymlink);
});

hubTest("a list of files is asked for once, page by page, and kept", async (at) => {
  const files = await hubFiles(REPO, at.options);
  const paths = ["deep/er/x y.txt", "empty.txt", "large.bin", "small.txt"];
  assertEquals(files.map((file) => file.path).sort(), paths);
  assertEquals(files.find((file) => file.path === "large.bin")?.sha256, sha256(LARGE));
  assertEquals(at.hub.paths("hub").length, 3);
  const again = await hubFiles(REPO, { ...at.options, revision: COMMIT });
  assertEquals(again.map((file) => file.path), paths);
  assertEquals(at.hub.paths("hub").length, 3);
  // What is listed need not be asked for when it is downloaded.
  await hubDownload(REPO, "small.txt", { ...at.options, revision: COMMIT });
  assertEquals(at.hub.paths("hub").slice(3), [`/${REPO}/resolve/${COMMIT}/small.txt`]);
});

hubTest(
  "offline, what lies in the cache is the list; a list that cannot be read counts for nothing",
  async (at) => {
    await hubDownload(REPO, "small.txt", at.options);
    const offline = { ...at.options, offline: true };
    assertEquals((await hubFiles(REPO, offline)).map((file) => file.path), ["small.txt"]);
    await Deno.mkdir(`${at.folder}/trees`);
    await Deno.writeTextFile(`${at.folder}/trees/${COMMIT}.json`, '{"format_version":');
    assertEquals((await hubFiles(REPO, offline)).length, 1);
    assertEquals((await hubFiles(REPO, at.options)).length, 4);
  },
);

hubTest("where no symbolic link may be made, the snapshot holds the file itself", async (at) => {
  const path = await hubDownload(REPO, "large.bin", at.options);
  assertEquals((await Deno.lstat(path)).isSymlink, false);
  assertEquals(await Deno.readFile(path), LARGE);
}, { net: true, env: true, read: [TEMP], write: [TEMP] });

Deno.test("names that would lead out of the cache are refused", async () => {
  const options = { cacheDir: "/nowhere", offline: true };
  for (const name of ["../../etc", "a/b/c", "", "a b", "..", "datasets/a/.."]) {
    assertThrows(() => new Hub(name, options), TypeError, "is not a repository's name");
  }
  const hub = new Hub("a/b", options);
  for (const path of ["../x", "/x", "a/../../x", "a\\..\\x", "", "c:x"]) {
    assertThrows(() => hub.cached(COMMIT, path), TypeError, "is not a valid path");
  }
  await assertRejects(() => hub.commit("../main"), TypeError, "is not a valid revision");
});

hubTest("the environment variables of Python's huggingface_hub are honoured", async (at) => {
  const variables = [
    "HF_ENDPOINT",
    "HF_TOKEN",
    "HF_TOKEN_PATH",
    "HUGGING_FACE_HUB_TOKEN",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN",
    "TRANSFORMERS_OFFLINE",
    "HF_HOME",
    "HF_HUB_CACHE",
    "HUGGINGFACE_HUB_CACHE",
    "HF_HUB_OFFLINE",
    "XDG_CACHE_HOME",
    "HOME",
    "HF_HUB_DOWNLOAD_TIMEOUT",
  ];
  const none = Object.fromEntries(variables.map((name) => [name, undefined]));
  let set: Record<string, string> = {};
  const given = (environment: Record<string, string>) => {
    set = environment;
    return hubConfig();
  };
  const { env } = host;
  runsIn({ env: (name) => name in none ? set[name] : env(name) });
  try {
    const bare = given({ HOME: "/h" });
    assertEquals(bare.endpoint, "https://huggingface.co");
    assertEquals([bare.cacheDir, bare.token, bare.offline, bare.timeout], [
      "/h/.cache/huggingface/hub",
      undefined,
      false,
      10_000,
    ]);
    assertEquals(given({}).cacheDir, undefined);
    assertEquals(given({ HOME: "/h", XDG_CACHE_HOME: "/x" }).cacheDir, "/x/huggingface/hub");
    assertEquals(given({ HOME: "/h", HF_HOME: "~/hf" }).cacheDir, "/h/hf/hub");
    assertEquals(given({ HF_HOME: "/a", HF_HUB_CACHE: "/b" }).cacheDir, "/b");
    assertEquals(given({ HF_HOME: "/a", HUGGINGFACE_HUB_CACHE: "/c" }).cacheDir, "/c");
    assertEquals(given({ HF_HUB_OFFLINE: "True" }).offline, true);
    assertEquals(given({ HF_HUB_OFFLINE: "0" }).offline, false);
    assertEquals(given({ TRANSFORMERS_OFFLINE: "1" }).offline, true);
    assertEquals(given({ TRANSFORMERS_OFFLINE: "1", HF_HUB_OFFLINE: "0" }).offline, false);
    assertEquals(given({ HF_HUB_DOWNLOAD_TIMEOUT: "3" }).timeout, 3000);
    assertEquals(given({ HF_ENDPOINT: "http://mirror/hf/" }).endpoint, "http://mirror/hf");
    assertThrows(() => given({ HF_ENDPOINT: "mirror" }), TypeError, 'HF_ENDPOINT: "mirror"');
    assertEquals(given({ HF_TOKEN: " hf_x " }).token, "hf_x");
    await Deno.writeTextFile(`${at.cacheDir}/token`, "hf_filed\n");
    assertEquals(given({ HF_HOME: at.cacheDir }).token, "hf_filed");
    assertEquals(given({ HF_TOKEN_PATH: `${at.cacheDir}/token` }).token, "hf_filed");
    assertEquals(given({ HF_HOME: at.cacheDir, HF_TOKEN: "hf_x" }).token, "hf_x");
    assertEquals(given({ HUGGING_FACE_HUB_TOKEN: "hf_old" }).token, "hf_old");
    assertEquals(given({ HUGGING_FACE_HUB_TOKEN: "hf_old", HF_TOKEN: "hf_x" }).token, "hf_x");
    const unasked = { HF_HUB_DISABLE_IMPLICIT_TOKEN: "1", HF_TOKEN: "hf_x", HF_HOME: at.cacheDir };
    assert(!given(unasked).token);
    assertEquals(hubConfig({ token: "hf_y" }).token, "hf_y");
    assert(!hubConfig({ token: "" }).token);

    given({ HF_ENDPOINT: at.hub.endpoint, HF_HUB_CACHE: at.cacheDir, HF_TOKEN: MEMBER });
    const path = await hubDownload("someone/gated", "small.txt", { listener: undefined });
    assertStringIncludes(path, at.cacheDir);
    at.hub.heard.length = 0;
    set = { ...set, HF_HUB_OFFLINE: "1" };
    assertEquals(await hubDownload("someone/gated", "small.txt", { listener: undefined }), path);
    assertEquals(at.hub.heard, []);
  } finally {
    runsIn({ env });
  }
});

hubTest("progress is told piece by piece, from where it goes on up to the whole", async (at) => {
  const seen: number[] = [];
  let ended = 0;
  const listener = {
    progress: ({ name, done, total }: { name: string; done: number; total: number }) => {
      assertEquals([name, total], ["large.bin", LARGE.length]);
      seen.push(done);
    },
    note() {},
    end: () => void ended++,
  };
  at.hub.fail("store", cutAfter(20_000));
  await hubDownload(REPO, "large.bin", { ...at.options, listener });
  assertEquals(seen, seen.toSorted((a, b) => a - b));
  assertEquals([seen[0], seen.at(-1), ended], [0, LARGE.length, 1]);
  assert(seen.includes(20_000));
});

Deno.test("the line of a download says size, rate and time left", () => {
  const at = { name: "datasets.json", done: 1_800_000, total: 2_880_000 };
  assertEquals(downloadLine(at, 540_000), "datasets.json 1.8/2.9 MB · 540 kB/s · 2s left");
  assertEquals(downloadLine({ ...at, done: 2_880_000 }), "datasets.json 2.9/2.9 MB");
  const gpt2 = { name: "model.safetensors", done: 0, total: 548_105_171 };
  assertEquals(
    downloadLine(gpt2, 100_000),
    "model.safetensors 0.0/548 MB · 100 kB/s · 1h 31m left",
  );
  assertEquals(downloadLine({ name: "e", done: 0, total: 0 }), "e 0/0 B");
});

Deno.test("the rate is that of the last seconds", () => {
  const meter = new Meter();
  assertEquals(meter.rate(), undefined);
  for (let second = 0; second <= 20; second++) {
    meter.add(1000 * second, second <= 10 ? 0 : 7000 * (second - 10));
  }
  assertEquals(meter.rate(), 7000);
});
