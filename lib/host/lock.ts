/*
 * Locks that say who holds them. The system releases a lock when its program ends, however that happens. If it was
 * killed, its name stays in the lock's file, and the next program that takes the lock can say so.
 */
import { host } from "./mod.ts";
import { duration } from "./progress.ts";

/** A lock that this program holds. */
export interface Lock extends Disposable {
  /** The program that ended while it held this lock, in words: `process 4711, 2m 5s ago`. */
  readonly left?: string;
}

/** Takes a lock as `host.files.tryLock` does, and notes in its file who holds it. */
export function takeLock(path: string, options?: { leaves?: boolean }): Lock | undefined {
  const lock = host.files.tryLock(path, options);
  if (!lock || host.pid === undefined) return lock;
  const { pid, age } = noted(path);
  note(path, `${host.pid} ${new Date().toISOString()}\n`);
  return {
    left: pid && `process ${pid}, ${age} ago`,
    [Symbol.dispose]() {
      note(path, "");
      lock[Symbol.dispose]();
    },
  };
}

/** Who holds a lock, in words: `process 4711 has held it for 2m 5s`. */
export function holderOf(path: string): string {
  const { pid, age } = noted(path);
  if (pid) return `process ${pid} has held it for ${age}`;
  return age ? `it has been held for ${age}` : "it is not known since when";
}

/** What a lock's file says. Another program's lock may say nothing; then its time is the file's. */
function noted(path: string): { pid?: string; age?: string } {
  try {
    const [, pid, since] = host.files.readText(path).match(/^(\d+) (\S+)\n$/) ?? [];
    const time = since ? Date.parse(since) : host.files.info(path)?.mtime?.getTime();
    if (time === undefined) return { pid };
    return { pid, age: duration(Math.max(0, Date.now() - time) / 1000) };
  } catch {
    return {}; // Windows lets nobody read a locked file
  }
}

function note(path: string, text: string): void {
  try {
    host.files.writeText(path, text);
  } catch {
    // then nobody can read who holds it
  }
}
