/*
 * The host for a Deno program. Apart from the programs of the tasks, this is the only file of the library that
 * names Deno.
 */
import type { Files, Host, OpenFile, Output, Permission } from "./host.ts";
import { heapOf, limitOf, type Room, usageOf, type V8 } from "./room.ts";

const encoder = new TextEncoder();
const pause = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** The functions to call when the program is asked to end. */
const stops = new Set<(code: number) => void>();
/** The signals that ask it to end, each with its exit code. Looked up late, because a page loads this module too. */
const signals = (): [Deno.Signal, number][] =>
  Deno.build.os === "windows"
    ? [["SIGINT", 130], ["SIGBREAK", 131]]
    : [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]];
let gone = false;

/** When the reader of the output has gone (`| head`), the program ends silently, after saving what must be saved. */
function readerHasGone(): void {
  gone = true;
  if (stops.size === 0) Deno.exit(0);
  for (const stop of stops) stop(0);
}

function writeAll(to: typeof Deno.stdout | typeof Deno.stderr, text: string): void {
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += to.writeSync(bytes.subarray(at));
    } catch (error) {
      if (error instanceof Deno.errors.WouldBlock) {
        pause(1); // the pipe is full, and npx has made it non-blocking
      } else if (to === Deno.stderr) {
        return; // there is no one to report an error to
      } else if (error instanceof Deno.errors.BrokenPipe) {
        return gone ? undefined : readerHasGone();
      } else throw error;
    }
  }
}

const output = (to: typeof Deno.stdout | typeof Deno.stderr): Output => ({
  isTerminal: () => to.isTerminal(),
  write: (text) => writeAll(to, text),
});

class DenoFile implements OpenFile {
  #atEnd = false;

  constructor(readonly file: Deno.FsFile) {}

  size(): number {
    return this.file.statSync().size;
  }

  readAt(position: number, into: Uint8Array<ArrayBuffer>): number {
    this.#atEnd = false;
    this.file.seekSync(position, Deno.SeekMode.Start);
    let count = 0;
    while (count < into.length) {
      const n = this.file.readSync(into.subarray(count));
      if (n === null) break;
      count += n;
    }
    return count;
  }

  async write(bytes: Uint8Array): Promise<number> {
    if (!this.#atEnd) this.file.seekSync(0, Deno.SeekMode.End);
    this.#atEnd = true;
    return await this.file.write(bytes);
  }

  async truncate(length: number): Promise<void> {
    this.#atEnd = false;
    await this.file.truncate(length);
  }

  sync(): Promise<void> {
    return this.file.syncData();
  }

  close(): void {
    this.file.close();
  }

  [Symbol.dispose](): void {
    this.file.close();
  }
}

const purposes = {
  read: { read: true },
  write: { write: true, create: true, truncate: true },
  // The system appends, so what two programs write never leaves a hole; Windows could not cut such a file short.
  get append() {
    const write = Deno.build.os === "windows";
    return { read: true, write, append: !write, create: true };
  },
};

/**
 * A lock whose file is removed with it, at the latest when the program ends. Undefined if another program removed the
 * file between opening and locking it: a lock on a file that is gone protects nothing.
 */
function passing(file: Deno.FsFile, path: string): Disposable | undefined {
  const held = file.statSync().ino;
  const inPlace = () => {
    try {
      return Deno.statSync(path).ino === held;
    } catch {
      return false;
    }
  };
  if (!inPlace()) return void file.close();
  let over = false;
  const end = () => {
    if (over) return;
    over = true;
    removeEventListener("unload", end);
    if (inPlace()) Deno.removeSync(path);
    file.close();
  };
  addEventListener("unload", end); // at the end of the program, and on exit()
  return { [Symbol.dispose]: end };
}

const files: Files = {
  open: (path, purpose) => new DenoFile(Deno.openSync(path, purposes[purpose])),
  readText: (path) => Deno.readTextFileSync(path),
  writeText: (path, text) => Deno.writeTextFileSync(path, text),
  info(path) {
    try {
      return Deno.statSync(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  },
  list: (folder) => Deno.readDirSync(folder),
  makeFolder: (path) => Deno.mkdirSync(path, { recursive: true }),
  rename: (from, to) => Deno.renameSync(from, to),
  copy: (from, to) => Deno.copyFileSync(from, to),
  link: (from, to) => Deno.linkSync(from, to),
  symlink: (target, path) => Deno.symlinkSync(target, path),
  remove: (path) => Deno.removeSync(path),
  tryLock(path, { leaves = true } = {}) {
    const file = Deno.openSync(path, { write: true, create: true });
    try {
      if (file.tryLockSync(true)) return leaves ? file : passing(file, path);
    } catch {
      return file; // a file system without locks, such as some network drives: one of two downloads may have to stop
    }
    file.close();
  },
};

/** What Deno's kernel for Jupyter adds to `Deno`. What a cell logs is sent apart from it, at times when it has ended. */
interface Kernel {
  broadcast(kind: string, content: Record<string, unknown>): Promise<void>;
}

const granted = (...wanted: Permission[]): boolean =>
  wanted.every((one) => Deno.permissions.querySync(one).state === "granted");

const env = (name: string) =>
  granted({ name: "env", variable: name }) ? Deno.env.get(name) : undefined;
const isDumb = () => env("TERM") === "dumb";

/** What Deno says only by Node's interface, which it loads when that is first asked for. */
interface NodeProcess {
  constrainedMemory(): number;
  getBuiltinModule(name: "node:v8"): V8;
}
const nodes = () => (globalThis as unknown as { process: NodeProcess }).process;

/** The system's memory is known with the permission to ask for it, as far as this group of programs may have it. */
function room(): Room {
  const { heapUsed, rss } = Deno.memoryUsage();
  const heap = heapOf(heapUsed, () => nodes().getBuiltinModule("node:v8"));
  const asking = { name: "sys", kind: "systemMemoryInfo" } as const;
  if (Deno.permissions.querySync(asking).state !== "granted") return { heap };
  const { available, swapFree } = Deno.systemMemoryInfo();
  const most = limitOf(rss, () => nodes().constrainedMemory());
  return { heap, available: Math.min(available + swapFree, most - rss) };
}

/** A Deno program. */
export const denoHost: Host = {
  get args() {
    return Deno.args;
  },
  get pid() {
    return Deno.pid;
  },
  get main() {
    return Deno.mainModule;
  },
  get noColor() {
    return Deno.noColor || isDumb();
  },
  get plain() {
    return isDumb();
  },
  get output() {
    return output(Deno.stdout);
  },
  get errors() {
    return output(Deno.stderr);
  },
  files,
  folder: () => Deno.cwd(),
  size() {
    const { columns, rows } = Deno.consoleSize();
    return { columns: columns || 80, rows: rows || 24 }; // a terminal that was told no size says 0
  },
  env,
  granted,
  pause(question) {
    if (!Deno.stdin.isTerminal()) return false;
    writeAll(Deno.stderr, question);
    const key = new Uint8Array(1);
    do {
      if (Deno.stdin.readSync(key) === null) return false;
    } while (key[0] !== 10);
    return true;
  },
  usage: () => usageOf(Deno.memoryUsage()),
  room,
  exit: (code) => Deno.exit(code),
  onUncaught(listener) {
    addEventListener("unhandledrejection", (event) => {
      event.preventDefault();
      listener(event.reason);
    });
    addEventListener("error", (event) => {
      event.preventDefault();
      listener(event.error);
    });
  },
  onStop(listener) {
    const hears = signals().map(([signal, code]) => [signal, () => listener(code)] as const);
    for (const [signal, hear] of hears) Deno.addSignalListener(signal, hear);
    stops.add(listener);
    return () => {
      for (const [signal, hear] of hears) Deno.removeSignalListener(signal, hear);
      stops.delete(listener);
    };
  },
  async underCell(text, svg) {
    const { jupyter } = Deno as unknown as { jupyter: Kernel };
    if (svg === undefined) await jupyter.broadcast("stream", { name: "stdout", text });
    else {
      const data = { "image/svg+xml": svg, "text/plain": text };
      await jupyter.broadcast("display_data", { data, metadata: {}, transient: {} });
    }
    // The kernel drops what comes before it has sent the last message.
    await new Promise((resolve) => setTimeout(resolve, 5));
  },
  atEnd(last) {
    addEventListener("beforeunload", (event) => {
      const busy = last();
      if (busy) event.preventDefault(); // the event loop runs on until it is done
    }, { once: true });
  },
  turn: () => new Promise((resolve) => void setImmediate(resolve)),
  settled<T>(promise: Promise<T>, { prototype }: { prototype: object }): T | undefined {
    promise.catch(() => {}); // who awaits it hears of it
    // Deno.inspect shows what a settled promise holds, and asks that value how it wants to be shown.
    let value: T | undefined;
    const shown = function (this: T) {
      value = this;
      return "";
    };
    const asked = Symbol.for("Deno.customInspect");
    Object.defineProperty(prototype, asked, { configurable: true, value: shown });
    const text = Deno.inspect(promise);
    Reflect.deleteProperty(prototype, asked);
    return text === "Promise { null }" ? null as T : value;
  },
};
