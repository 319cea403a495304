/*
 * What the Hub leaves out or refuses without a reason, and what the disk refuses: each is named as what it is.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { Hub, hubDownload, hubFiles, type HubOptions } from "../lib/hub/client.ts";
import { HubError } from "../lib/hub/errors.ts";
import { host, type OpenFile, runsIn } from "../lib/host/mod.ts";
import { FakeHub, type Fault, testWith } from "./fake_hub.ts";

const COMMIT = "8757c844391c3190af540f29b732c931affb08fa";
const REPO = "datasets/someone/songs";
const needs: Deno.PermissionName[] = ["net", "read", "write", "env"];

/** A Hub of one small file and one large, and an empty cache. */
async function withHub(body: (hub: FakeHub, options: HubOptions) => Promise<void>) {
  const files = { "x.txt": "x", "large.bin": new Uint8Array(2000) };
  await using hub = new FakeHub({
    [REPO]: { refs: { main: COMMIT }, commits: { [COMMIT]: files } },
  });
  const options = {
    endpoint: hub.endpoint,
    cacheDir: await Deno.makeTempDir(),
    token: undefined,
    offline: false,
    retries: 2,
    backoff: 1,
    listener: undefined,
  };
  try {
    await body(hub, options);
  } finally {
    await Deno.remove(options.cacheDir, { recursive: true });
  }
}

const entry = (change: object): Fault => () =>
  Response.json([{ type: "file", path: "x.txt", size: 1, oid: "1".repeat(40), ...change }]);
const body = (text: string): Fault => () => new Response(text);

testWith(needs, "what the Hub left out, or sent instead, is named", async () => {
  const said: [fault: Fault, says: string][] = [
    [entry({ oid: undefined }), "it gives no size or hash for x.txt"],
    [entry({ size: "1" }), "it gives no size or hash for x.txt"],
    [body(""), "answered nothing, not JSON"],
    [body("<html>Log in</html>"), "answered a page, not JSON"],
    [body("no"), "answered something that is not JSON, not JSON"],
  ];
  await withHub(async (hub, options) => {
    for (const [fault, says] of said) {
      hub.fail("hub", fault);
      const asked = () => hubDownload(REPO, "x.txt", { ...options, revision: COMMIT });
      await assertRejects(asked, HubError, says);
    }
  });
});

testWith(needs, "a refusal without a reason is the Hub's or the store's", async () => {
  const none: Fault = () => new Response("nothing here", { status: 404 });
  await withHub(async (hub, options) => {
    hub.fail("hub", none);
    const gone = await assertRejects(() => hubFiles(REPO, options), HubError);
    assertEquals([gone.fault, gone.status], ["no repository", 404]);
    hub.fail("store", none);
    const expired = await assertRejects(() => hubDownload(REPO, "large.bin", options), HubError);
    assertEquals([expired.fault, expired.status], ["server", 404]);
  });
});

testWith(
  needs,
  "a Hub with an error of its own is asked again, as often as is wanted",
  async () => {
    await withHub(async (hub, options) => {
      const broken: Fault = () => new Response(null, { status: 500 });
      hub.fail("hub", broken, { times: 2 });
      await hubFiles(REPO, { ...options, revision: COMMIT });
      hub.heard.length = 0;
      hub.fail("hub", broken, { times: 9 });
      const { fault } = await assertRejects(() => hubFiles(REPO, options), HubError);
      assertEquals([fault, hub.heard.length], ["server", 3]);
    });
  },
);

testWith(
  needs,
  "a disk that is full, or not for this user, is said; another error stays itself",
  async () => {
    await withHub(async (_, options) => {
      const { files } = host;
      const hub = new Hub(REPO, options);
      const failing = (file: OpenFile, code: string): OpenFile =>
        new Proxy(file, {
          get: (file, name: keyof OpenFile) =>
            name === "write"
              ? () => Promise.reject(Object.assign(new Error("it failed"), { code }))
              : typeof file[name] === "function"
              ? file[name].bind(file)
              : file[name],
        });
      try {
        for (const code of ["ENOSPC", "EDQUOT", "EFBIG", "EIO"]) {
          const open: typeof files.open = (path, purpose) =>
            purpose === "append"
              ? failing(files.open(path, purpose), code)
              : files.open(path, purpose);
          runsIn({
            files: new Proxy(files, {
              get: (_, name) => name === "open" ? open : Reflect.get(files, name).bind(files),
            }),
          });
          const asked = () => hub.download(COMMIT, "large.bin");
          const error = await assertRejects(asked, Error, "it failed");
          assertEquals(
            error instanceof HubError && error.fault,
            code !== "EIO" && "disk full",
            code,
          );
        }
      } finally {
        runsIn({ files });
      }
    });
  },
);
