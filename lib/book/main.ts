/*
 * `deno task book`: builds the book into out/book. `-- --serve` also serves it on this machine and rebuilds it when a
 * source changes.
 */
import { parseArgs } from "@std/cli/parse-args";
import { build, othersIn } from "./build.ts";
import { root } from "./site.ts";

const HELP = `The book: every lesson as a page that runs in a browser.

deno task book -- [options]

  --out FOLDER   where to build it; out/book unless given
  --serve        serve it on this machine, and build it again when a source changes
  --port 8000    the port to serve it on
  --help         show this and stop
`;

const usage = (message: string): never => {
  console.error(`${message}; --help lists the options`);
  Deno.exit(2);
};

const { out, serve, port, help } = parseArgs(Deno.args.filter((arg) => arg !== "--"), {
  boolean: ["serve", "help"],
  string: ["out", "port"],
  default: { out: "out/book", port: "8000" },
  unknown: (arg) => usage(`${arg} is not an option of the book`),
});
if (help) {
  console.log(HELP);
  Deno.exit(0);
}
if (!/^\d+$/.test(port) || Number(port) > 65535) {
  usage(`--port ${port}: give a number up to 65535`);
}
if (out === "") usage("--out wants a folder, such as out/book");
const folder = new URL(`${out.replace(/\/+$/, "")}/`, root);
const [other] = await othersIn(folder);
if (other) usage(`--out ${out}: ${other} lies there, which no book has; give a folder of its own`);
if (serve) {
  const { serveBook } = await import("./serve.ts");
  await serveBook(folder, Number(port));
} else {
  const began = performance.now();
  const { pages, bytes } = await build(folder);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(
    `${pages} pages, ${(bytes / 1e6).toFixed(1)} MB, in ${seconds} s: ${out}/index.html\n` +
      `To run lessons in it, serve it: deno task book -- --serve`,
  );
}
