/*
 * How much memory a program takes, and how much more it can have, as Deno and Node know it.
 */

/** What this program takes, in bytes. */
export interface Usage {
  /** Its part of the machine's memory. */
  readonly rss: number;
  /** What JavaScript's objects and arrays take of it. */
  readonly js: number;
}

/** How much there is; what is not known, or may not be known, is left out. */
export interface Room {
  /** Bytes that the system can still give to this program. */
  readonly available?: number;
  /** V8's heap: bytes in use, garbage included, and how many there can be. */
  readonly heap?: { readonly used: number; readonly limit: number };
}

/** What Deno and Node say of a program's memory. */
export interface MemoryUsage {
  rss: number;
  heapUsed: number;
  heapTotal: number;
  external: number;
}

/** The two numbers of it that count here. */
export const usageOf = ({ rss, heapTotal, external }: MemoryUsage): Usage => ({
  rss,
  js: heapTotal + external,
});

/** The part of Node's `v8` that is used here. */
export interface V8 {
  getHeapStatistics(): { heap_size_limit: number };
}

/** Programs and heaps below this are not short of memory; Deno takes some 30 ms to load what knows their limits. */
const SMALL_PROGRAM = 2 ** 28, SMALL_HEAP = 2 ** 24;
/** What V8 counts to its limit for young objects; those that stay have the rest. */
const YOUNG = 96 * 2 ** 20;
let limit: number | undefined;

/** The heap, if it is large enough to ask. */
export function heapOf(used: number, v8: () => V8 | undefined): Room["heap"] {
  if (used < SMALL_HEAP) return undefined;
  const all = limit ??= v8()?.getHeapStatistics().heap_size_limit;
  return all === undefined ? undefined : { used, limit: Math.max(all - YOUNG, all / 4) };
}

/** The most bytes that a program of this size may have, if its group of programs is limited. */
export const limitOf = (rss: number, constrained: () => number): number =>
  rss < SMALL_PROGRAM ? Infinity : constrained() || Infinity;
