/*
 * The host for a Node program. Node's own modules are loaded by name at run time, because a page loads this file
 * too and has none of them.
 */
import type * as fs from "node:fs";
import type { Files, Host, OpenFile, Output } from "./host.ts";
import { pageHost } from "./page.ts";
import { heapOf, type MemoryUsage, usageOf, type V8 } from "./room.ts";

interface Stream {
  readonly isTTY?: boolean;
  readonly fd: number;
}

interface Process {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Stream & { readonly columns?: number; readonly rows?: number };
  readonly stderr: Stream;
  getBuiltinModule?(name: "node:fs"): typeof fs;
  getBuiltinModule?(name: "node:v8"): V8;
  memoryUsage(): MemoryUsage;
  availableMemory?(): number;
  exit(code: number): never;
  on(event: string, listener: (what: unknown) => void): void;
  once(event: string, listener: () => void): void;
  off(event: string, listener: (what: unknown) => void): void;
}

const signals = [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const;

const noLock = (): Disposable => ({ [Symbol.dispose]() {} });

function filesOf(node: typeof fs): Files {
  const open = (path: string, flags: string): OpenFile => {
    const file = node.openSync(path, flags);
    const close = () => node.closeSync(file);
    return {
      size: () => node.fstatSync(file).size,
      readAt(position, into) {
        let count = 0;
        while (count < into.length) {
          const n = node.readSync(file, into, count, into.length - count, position + count);
          if (n === 0) break;
          count += n;
        }
        return count;
      },
      write: (bytes) => Promise.resolve(node.writeSync(file, bytes)),
      truncate: (length) => Promise.resolve(node.ftruncateSync(file, length)),
      sync: () => Promise.resolve(node.fsyncSync(file)),
      close,
      [Symbol.dispose]: close,
    };
  };
  const flags = { read: "r", write: "w", append: "a+" };
  return {
    open: (path, purpose) => open(path, flags[purpose]),
    readText: (path) => node.readFileSync(path, "utf8"),
    writeText: (path, text) => node.writeFileSync(path, text),
    info(path) {
      const found = node.statSync(path, { throwIfNoEntry: false });
      return found && { isFile: found.isFile(), size: found.size, mtime: found.mtime };
    },
    list: (folder) =>
      node.readdirSync(folder, { withFileTypes: true }).map((entry) => ({
        name: entry.name,
        isDirectory: entry.isDirectory(),
      })),
    makeFolder: (path) => void node.mkdirSync(path, { recursive: true }),
    rename: (from, to) => node.renameSync(from, to),
    copy: (from, to) => node.copyFileSync(from, to),
    link: (from, to) => node.linkSync(from, to),
    symlink: (target, path) => node.symlinkSync(target, path),
    remove: (path) => node.rmSync(path),
    // Node has no file locks: of two programs that download one file, one may have to stop.
    tryLock: noLock,
  };
}

/** A Node program, if this is one. */
export function nodeHost(): Host | undefined {
  const { process } = globalThis as { process?: Process };
  const node = process?.getBuiltinModule?.("node:fs");
  if (!process || !node) return undefined;
  const output = ({ isTTY, fd }: Stream): Output => ({
    isTerminal: () => isTTY === true,
    write: (text) => node.writeSync(fd, text),
  });
  return {
    ...pageHost,
    args: process.argv.slice(2),
    noColor: Boolean(process.env.NO_COLOR),
    output: output(process.stdout),
    errors: output(process.stderr),
    files: filesOf(node),
    size: () => ({ columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 }),
    env: (name) => process.env[name],
    granted: () => true,
    usage: () => usageOf(process.memoryUsage()),
    room: () => ({
      heap: heapOf(process.memoryUsage().heapUsed, () => process.getBuiltinModule?.("node:v8")),
      available: process.availableMemory?.(),
    }),
    exit: (code) => process.exit(code),
    onUncaught(listener) {
      process.on("uncaughtException", listener);
      process.on("unhandledRejection", listener);
    },
    onStop(listener) {
      const hears = signals.map(([signal, code]) => [signal, () => listener(code)] as const);
      for (const [signal, hear] of hears) process.on(signal, hear);
      return () => {
        for (const [signal, hear] of hears) process.off(signal, hear);
      };
    },
    atEnd: (last) => process.once("beforeExit", () => void last()),
  };
}
