/*
 * Downloads in a worker: large ones report their progress.
 */
import { bytes, progressLine } from "../../host/progress.ts";
import type { Progressed } from "../../lesson/watch.ts";

/** The size in bytes from which on a download reports its progress. */
const LARGE = 2 ** 20;
const EVERY_MS = 250;

/** Makes every fetch of a large file report its progress. */
export function tellDownloads(tell: (at: Progressed | undefined) => void): void {
  const plain = globalThis.fetch;
  globalThis.fetch = async (...asked) => {
    const response = await plain(...asked);
    const total = Number(response.headers.get("content-length"));
    if (!response.body || total < LARGE) return response;
    const body = response.body.pipeThrough(counter(total, tell));
    const { status, statusText, headers, url } = response;
    const told = new Response(body, { status, statusText, headers });
    return Object.defineProperty(told, "url", { value: url });
  };
}

/** Passes bytes on, and counts them. */
function counter(total: number, tell: (at: Progressed | undefined) => void) {
  const began = performance.now();
  let done = 0, told = 0;
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, out) {
      done += piece.length;
      out.enqueue(piece);
      const now = performance.now();
      if (now - told < EVERY_MS) return;
      told = now;
      const seconds = (now - began) / 1000;
      const words = progressLine({
        label: "download",
        count: `${bytes(done, total)}/${bytes(total)}`,
        rates: [`${bytes(done / seconds)}/s`],
        left: seconds * (total - done) / done,
      });
      tell({ label: "download", step: done, total, words });
    },
    flush: () => tell(undefined),
  });
}
