/*
 * The library outside a Deno program with an adapter: what needs neither works there, and what needs one says so.
 */
import { assertEquals, assertMatch } from "@std/assert";
import { needing } from "./support/needing.ts";

const { ignore, because } = needing("read");

/** What comes of using the library where something is missing. */
async function without(what: "gpu" | "Deno"): Promise<Record<string, unknown>> {
  const worker = new Worker(new URL("./fixtures/elsewhere.ts", import.meta.url), {
    type: "module",
  });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
      worker.postMessage(what);
    });
  } finally {
    worker.terminate();
  }
}

const anywhere = {
  text: [31373],
  rows: 2,
  print: `[1, None, "it's"]`,
  picture: true,
  songs: true,
};

Deno.test({
  name: "without an adapter texts, rows and pictures work; the first tensor says what to do" +
    because,
  ignore,
  async fn() {
    const { train, ...rest } = await without("gpu");
    assertEquals(rest, anywhere);
    assertMatch(String(train), /no WebGPU adapter was found; run `deno task ready`/);
  },
});

Deno.test({
  name: "in a page everything works, training too" + because,
  ignore,
  async fn() {
    assertEquals(await without("Deno"), { ...anywhere, train: true });
  },
});
