/*
 * `deno task book`: builds the book into out/book. `-- --serve` also serves it on this machine and rebuilds it when a
 * source changes.
 */
import { describeOptions, type Options, readArgs, UsageError } from "../lesson/args.ts";
import { program } from "../lesson/ending.ts";
import { folderAt } from "../tools/folders.ts";

const options = {
  out: { value: "out/book", help: "where to build it" },
  serve: {
    value: false,
    help: "serve it on this machine, and build it again when a source changes",
  },
  port: { value: 8000, help: "the port to serve it on" },
  help: { value: false, help: "show this and stop" },
} satisfies Options;

const HELP = `The book: every lesson as a page that runs in a browser.

deno task book -- [options]

${describeOptions(options)}`;

/** Loads what needs packages. The import hides its name, so that help and a mistake download none of them. */
const load = <T>(name: string): Promise<T> => import(new URL(`./${name}.ts`, import.meta.url).href);

async function main(): Promise<void> {
  const { out, serve, port, help } = readArgs(Deno.args, options);
  if (help) return console.log(HELP);
  if (port > 65535) throw new UsageError(`--port ${port}: give a number up to 65535`);
  const folder = folderAt(out, new URL("../../", import.meta.url));
  if (serve) {
    return await (await load<typeof import("./serve.ts")>("serve")).serveBook(folder, port);
  }
  const { build } = await load<typeof import("./build.ts")>("build");
  const began = performance.now();
  const { pages, bytes } = await build(folder);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(
    `${pages} pages, ${(bytes / 1e6).toFixed(1)} MB, in ${seconds} s: ${out}/index.html\n` +
      `To run lessons in it, serve it: deno task book -- --serve`,
  );
}

await program(main);
