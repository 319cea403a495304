/*
 * How things are measured: what is compared runs in turns, and the median of the turns is taken.
 *
 * The speed of a machine can change by a factor of two within an hour, and it is shared. So the adapter's limits are
 * measured in the same turn as the work that is compared with them, and a share is the median of the shares of all
 * turns, not the ratio of two medians.
 */

/** A work to measure. */
export interface Work {
  name: string;
  /** The operations that it needs at least; a multiply-add counts as two. */
  flop?: number;
  /** The bytes that it must move at least. */
  bytes?: number;
  /** The tokens in one run, for a rate. */
  tokens?: number;
  /** The number of turns, if it must be small because each takes long. */
  runs?: number;
  /** Prepares a run. */
  prepare(): Prepared | Promise<Prepared>;
}

/** A work that is ready to run. */
export interface Prepared {
  /** Does the work once, until a number of its result can be read, and returns it. */
  run(): Promise<number>;
  /** Frees the memory. */
  free?(): void;
  /** The number of sums for the measured limit: rows and columns of a tile. */
  tile?: readonly [rows: number, columns: number];
  /** A remark at the end of the line, such as the kernel that was chosen. */
  note?: string;
}

/** The limits of the adapter; measuring them takes some milliseconds. */
export interface Limits {
  /** Operations per second with this many sums. */
  multiplyAdds(tile: readonly [rows: number, columns: number]): Promise<number>;
  /** Bytes per second. */
  bandwidth(): Promise<number>;
  /** Launches per second, of a kernel that does next to nothing. */
  launching(): Promise<number>;
  /** Dispatches so far. */
  dispatches(): number;
}

/** The result of one turn, or the median of several. */
export interface Measure {
  ms: number;
  /** The share of its time that the work would need at the adapter's limit: from 0 to about 1. */
  share?: number;
  /** The limit that applies, in operations, bytes or launches per second. */
  limit?: number;
  of?: "multiply-adds" | "bandwidth" | "launches";
}

/** A work's line. */
export interface Result extends Measure {
  name: string;
  low: number;
  high: number;
  runs: number;
  /** Operations, bytes or tokens per second. */
  rate?: number;
  unit?: "flop" | "bytes" | "tokens";
  note?: string;
}

/** The median; of an even number of values, the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Milliseconds since a time. */
const since = (start: number) => performance.now() - start;

/** One turn: the work, and the limits that it is compared with. */
export async function turn(
  { flop, bytes }: Pick<Work, "flop" | "bytes">,
  { run, tile = [8, 16] }: Prepared,
  limits: Limits,
): Promise<Measure> {
  const rates = {
    "multiply-adds": flop ? await limits.multiplyAdds(tile) : Infinity,
    bandwidth: bytes ? await limits.bandwidth() : Infinity,
    launches: await limits.launching(),
  };
  const before = limits.dispatches();
  const start = performance.now();
  await run();
  const ms = since(start);
  const amounts = {
    "multiply-adds": flop ?? 0,
    bandwidth: bytes ?? 0,
    launches: limits.dispatches() - before,
  };
  const least = (of: keyof typeof rates) => amounts[of] / rates[of] * 1000;
  const of = (["multiply-adds", "bandwidth", "launches"] as const)
    .reduce((a, b) => least(b) > least(a) ? b : a);
  return least(of) > 0 ? { ms, share: least(of) / ms, limit: rates[of], of } : { ms };
}

/** All turns as one line of the table. */
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
    // If two limits are close, the turns may disagree on which one applies: the majority decides.
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

/** How long a work is warmed up: a GPU clocks up, and V8 compiles what is called often. */
const AWAKE_MS = 300;

/** Prepares a work, warms it up, then runs it in turns with the limits. */
export async function measure(
  work: Work,
  limits: Limits,
  { runs = work.runs ?? 7, say = () => {}, awake = AWAKE_MS }: {
    runs?: number;
    say?: (text: string) => void;
    awake?: number;
  } = {},
): Promise<Result> {
  say(`${work.name}: to begin with`);
  const prepared = await work.prepare();
  try {
    const start = performance.now();
    do await prepared.run(); while (since(start) < awake);
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

/** A number with three digits: 0.0123, 1.23, 12.3, 123, 1,234. */
export function digits(value: number): string {
  if (value >= 999.5) return Math.round(value).toLocaleString("en");
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.max(value, 1e-3))));
  const text = value.toFixed(decimals);
  // 9.999 has become 10.00, which has a digit too many
  return Number(text) >= 10 ** (3 - decimals) ? value.toFixed(decimals - 1) : text;
}

/** The limit in words: `118 GFLOP/s`, `9.87 GB/s moved`, `31.0 µs a launch`. */
export const limitText = (limit: number, of: NonNullable<Measure["of"]>): string =>
  of === "launches"
    ? `${digits(1e6 / limit)} µs a launch`
    : of === "bandwidth"
    ? `${rateText(limit, "bytes")} moved`
    : rateText(limit, "flop");

/** A rate in words: `43.1 GFLOP/s`, `9.87 GB/s`, `12.0 tokens/s`. */
export const rateText = (rate: number, unit: NonNullable<Result["unit"]>) =>
  unit === "tokens"
    ? `${digits(rate)} tokens/s`
    : `${digits(rate / 1e9)} ${unit === "flop" ? "GFLOP/s" : "GB/s"}`;
