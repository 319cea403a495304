/*
 * Files in memory, for a place that has no disk: a page stores here what its reader gave it, and reads here what a
 * lesson has saved.
 */
import type { Files, OpenFile } from "./host.ts";

const missing = (path: string): Error =>
  Object.assign(new Error(`${path}: there is no such file`), { code: "ENOENT" });

/** Files by path. */
export class MemoryFiles implements Files {
  /** The files, by path. */
  readonly contents = new Map<string, Uint8Array<ArrayBuffer>>();

  open(path: string, purpose: "read" | "write" | "append"): OpenFile {
    if (purpose === "write") this.contents.set(path, new Uint8Array());
    if (purpose === "append" && !this.contents.has(path)) this.contents.set(path, new Uint8Array());
    if (!this.contents.has(path)) throw missing(path);
    return new MemoryFile(this.contents, path);
  }

  readText(path: string): string {
    return new TextDecoder().decode(this.#at(path));
  }

  writeText(path: string, text: string): void {
    this.contents.set(path, new TextEncoder().encode(text));
  }

  info(path: string): { isFile: boolean; size: number } | undefined {
    const bytes = this.contents.get(path);
    if (bytes) return { isFile: true, size: bytes.length };
    const folder = `${path.replace(/\/+$/, "")}/`;
    const isFolder = [...this.contents.keys()].some((name) => name.startsWith(folder));
    return isFolder ? { isFile: false, size: 0 } : undefined;
  }

  list(folder: string): Iterable<{ name: string; isDirectory: boolean }> {
    const start = `${folder.replace(/\/+$/, "")}/`;
    const names = [...this.contents.keys()].filter((path) => path.startsWith(start))
      .map((path) => path.slice(start.length).split("/"));
    return new Map(names.map(([name, ...rest]) => [name, { name, isDirectory: rest.length > 0 }]))
      .values();
  }

  /** There are no real folders, only paths that contain one. */
  makeFolder(): void {}

  rename(from: string, to: string): void {
    this.copy(from, to);
    this.contents.delete(from);
  }

  copy(from: string, to: string): void {
    this.contents.set(to, this.#at(from));
  }

  link(from: string, to: string): void {
    this.copy(from, to);
  }

  symlink(target: string, path: string): void {
    this.copy(target, path);
  }

  remove(path: string): void {
    if (!this.contents.delete(path)) throw missing(path);
  }

  /** No other program can hold a lock here. */
  tryLock(): Disposable {
    return { [Symbol.dispose]() {} };
  }

  lock(): Promise<Disposable> {
    return Promise.resolve(this.tryLock());
  }

  #at(path: string): Uint8Array<ArrayBuffer> {
    const bytes = this.contents.get(path);
    if (!bytes) throw missing(path);
    return bytes;
  }
}

/** The most bytes that are reserved for a file that may still grow. */
const MOST_ROOM = 2 ** 27;

class MemoryFile implements OpenFile {
  #room?: ArrayBuffer;

  constructor(readonly contents: Map<string, Uint8Array<ArrayBuffer>>, readonly path: string) {}

  size(): number {
    return this.contents.get(this.path)!.length;
  }

  readAt(position: number, into: Uint8Array<ArrayBuffer>): number {
    const part = this.contents.get(this.path)!.subarray(position, position + into.length);
    into.set(part);
    return part.length;
  }

  write(bytes: Uint8Array): Promise<number> {
    const before = this.contents.get(this.path)!;
    const length = before.length + bytes.length;
    // Doubles the space, so that a file that arrives in pieces is not copied for each piece.
    const room = this.#room?.byteLength ?? 0;
    if (before.buffer !== this.#room || length > room) {
      this.#room = new ArrayBuffer(Math.max(length, Math.min(2 * length, length + MOST_ROOM)));
      new Uint8Array(this.#room).set(before);
    }
    const all = new Uint8Array(this.#room!, 0, length);
    all.set(bytes, before.length);
    this.contents.set(this.path, all);
    return Promise.resolve(bytes.length);
  }

  truncate(length: number): Promise<void> {
    const all = new Uint8Array(length);
    all.set(this.contents.get(this.path)!.subarray(0, length));
    this.contents.set(this.path, all);
    return Promise.resolve();
  }

  sync(): Promise<void> {
    return Promise.resolve();
  }

  /** Frees the space that was reserved. */
  close(): void {
    const all = this.contents.get(this.path);
    if (this.#room && all?.buffer === this.#room && all.length < this.#room.byteLength) {
      this.contents.set(this.path, new Uint8Array(this.#room.transfer(all.length)));
    }
    this.#room = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
