/*
 * The host for a page, for its workers, and for any other place without Deno: no arguments, no environment, no
 * terminal and no files. A page that has some of these passes them to `runsIn`.
 */
import type { Files, Host, Output } from "./host.ts";

const noFiles = (what: string, path: string): never => {
  throw new Error(
    `${what} ${path}: there are no files here; run this with Deno, or fetch the bytes and give them`,
  );
};

const files: Files = {
  open: (path) => noFiles("open", path),
  readText: (path) => noFiles("read", path),
  writeText: (path) => noFiles("write", path),
  info: () => undefined,
  list: (path) => noFiles("list", path),
  makeFolder: (path) => noFiles("make the folder", path),
  rename: (path) => noFiles("rename", path),
  copy: (path) => noFiles("copy", path),
  link: (path) => noFiles("link", path),
  symlink: (_, path) => noFiles("link", path),
  remove: (path) => noFiles("remove", path),
  tryLock: (path) => noFiles("lock", path),
};

/** Whole lines go to the console. */
const output = (print: (line: string) => void): Output => {
  let rest = "";
  return {
    isTerminal: () => false,
    write(text) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      if (lines.length > 0) print(lines.join("\n"));
    },
  };
};

/** A page, or a worker. */
export const pageHost: Host = {
  args: [],
  main: undefined,
  noColor: true,
  plain: true,
  output: output((lines) => console.log(lines)),
  errors: output((lines) => console.error(lines)),
  files,
  folder: () => undefined,
  size: () => ({ columns: 80, rows: 24 }),
  env: () => undefined,
  granted: (...wanted) => wanted.every(({ name }) => name === "net"),
  pause: () => false,
  usage: () => undefined,
  room: () => ({}),
  exit: (code) => {
    throw new Error(`the program ended with code ${code}`);
  },
  onUncaught: () => {}, // the page shows errors itself
  onStop: () => () => {},
  atEnd: () => {},
  turn() {
    const { port1, port2 } = new MessageChannel();
    return new Promise((resolve) => {
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(null); // a timer would wait for four milliseconds
    });
  },
};
