/*
 * How something is measured: what is compared, in turns, and medians are taken over the turns.
 *
 * Machines drift by twice within an hour and are shared. So the adapter's limits are measured within the same
 * turn as the work that is held against them, and a share is the median of the turns' shares, not the share of
 * two medians.
 */

/** A work to measure. */
export interface Work {
  name: string;
  /** Operations that it can't do without; a multiply-add is two. */
  flop?: number;
  /** Bytes that it can't help but move. */
  bytes?: number;
  /** Tokens that a run handles, for a rate. */
  tokens?: number;
  /** Turns, where few must do because one takes long. */
  runs?: number;
  /** Makes what a run needs. */
  prepare(): Prepared | Promise<Prepared>;
}

/** A work that can be run. */
export interface Prepared {
  /** Does the work once, to the moment when a number of its result can be read, and returns it. */
  run(): Promise<number>;
  /** Gives back the memory. */
  free?(): void;
  /** How many sums the limit is measured with: rows and columns of a tile. */
  tile?: readonly [rows: number, columns: number];
  /** What stands behind the line, such as the kernel that was chosen. */
  note?: string;
}

/** How fast the adapter can at all: to ask takes some milliseconds. */
export interface Limits {
  /** Operations a second with so many sums. */
  multiplyAdds(tile: readonly [rows: number, columns: number]): Promise<number>;
  /** Bytes a second. */
  bandwidth(): Promise<number>;
}

/** What was measured, in one turn or as the median of several. */
export interface Measure {
  ms: number;
  /** How much of its time the work would need at the adapter's limit, 0 to 1 and a little more. */
  share?: number;
  /** The limit that is nearer, in operations or bytes a second. */
  limit?: number;
  of?: "multiply-adds" | "bandwidth";
}

/** A work's line. */
export interface Result extends Measure {
  name: string;
  low: number;
  high: number;
  runs: number;
  /** Operations, bytes or tokens a second. */
  rate?: number;
  unit?: "flop" | "bytes" | "tokens";
  note?: string;
}

/** The middle one; of an even number the mean of the two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Milliseconds since a moment. */
const since = (start: number) => performance.now() - start;

/** One turn: the work, and beside it the limits that it is held against. */
export async function turn(
  { flop, bytes }: Pick<Work, "flop" | "bytes">,
  { run, tile = [8, 16] }: Prepared,
  limits: Limits,
): Promise<Measure> {
  const rate = flop ? await limits.multiplyAdds(tile) : Infinity;
  const bandwidth = bytes ? await limits.bandwidth() : Infinity;
  const start = performance.now();
  await run();
  const ms = since(start);
  if (!flop && !bytes) return { ms };
  const [adding, moving] = [(flop ?? 0) / rate * 1000, (bytes ?? 0) / bandwidth * 1000];
  return adding >= moving
    ? { ms, share: adding / ms, limit: rate, of: "multiply-adds" }
    : { ms, share: moving / ms, limit: bandwidth, of: "bandwidth" };
}

/** The turns as one line. */
export function summary(
  { name, flop, bytes, tokens }: Omit<Work, "prepare">,
  turns: readonly Measure[],
): Result {
  const times = turns.map(({ ms }) => ms);
  const ms = median(times);
  const result: Result = {
    name,
    ms,
    low: Math.min(...times),
    high: Math.max(...times),
    runs: turns.length,
  };
  if (turns[0].share !== undefined) {
    result.share = median(turns.map(({ share }) => share!));
    // Where two limits are alike, the turns may disagree which is the nearer: most of them say.
    const groups = Object.values(Object.groupBy(turns, ({ of }) => of!));
    const most = groups.toSorted((a, b) => b.length - a.length)[0];
    result.of = most[0].of;
    result.limit = median(most.map(({ limit }) => limit!));
  }
  const [amount, unit] = tokens
    ? [tokens, "tokens" as const]
    : result.of === "bandwidth"
    ? [bytes!, "bytes" as const]
    : [flop, "flop" as const];
  return amount === undefined ? result : { ...result, rate: amount / ms * 1000, unit };
}

/** Prepares a work, runs it once to compile it, then in turns beside the limits. */
export async function measure(
  work: Work,
  limits: Limits,
  { runs = work.runs ?? 7, say = () => {} }: { runs?: number; say?: (text: string) => void } = {},
): Promise<Result> {
  say(`${work.name}: to begin with`);
  const prepared = await work.prepare();
  try {
    await prepared.run();
    const turns: Measure[] = [];
    for (let i = 0; i < runs; i++) {
      say(`${work.name}: turn ${i + 1} of ${runs}`);
      turns.push(await turn(work, prepared, limits));
    }
    return { ...summary(work, turns), note: prepared.note };
  } finally {
    prepared.free?.();
  }
}

/** Three digits: 0.0123, 1.23, 12.3, 123, 1,234. */
export function digits(value: number): string {
  if (value >= 999.5) return Math.round(value).toLocaleString("en");
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.max(value, 1e-3))));
  const text = value.toFixed(decimals);
  // 9.999 has become 10.00, with a digit too many
  return Number(text) >= 10 ** (3 - decimals) ? value.toFixed(decimals - 1) : text;
}

/** A rate in words: `43.1 GFLOP/s`, `9.87 GB/s`, `12.0 tokens/s`. */
export const rateText = (rate: number, unit: NonNullable<Result["unit"]>) =>
  unit === "tokens"
    ? `${digits(rate)} tokens/s`
    : `${digits(rate / 1e9)} ${unit === "flop" ? "GFLOP/s" : "GB/s"}`;
