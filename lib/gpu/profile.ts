/*
 * `--profile`: where the GPU's time goes. While it is on, each dispatch has a pass of its own between two
 * timestamps. So the sum is the time of the kernels without the cost of launching them, and the whole program runs
 * slower. While it is off, it costs a launch one test.
 *
 * It is no trace: it keeps three sums for every kernel.
 */
import { host } from "../host/mod.ts";
import type { Gpu } from "./gpu.ts";
import { DISPATCHES_A_SUBMIT } from "./tuning.ts";

/** What a kernel, in one specialisation, has cost so far. */
export interface Cost {
  calls: number;
  /** Time between the two timestamps, in nanoseconds. */
  nanoseconds: number;
  /** Bytes of the buffers that were bound: no less than what was read and written once. */
  bytes: number;
}

/** Two timestamps for each dispatch of a submission. */
const QUERIES = 2 * DISPATCHES_A_SUBMIT;

/** What is profiled. */
interface Profiled extends Gpu {
  readonly launcher: { profile: Profile | null; flush(): void };
}

/** The costs of one device's kernels. */
export class Profile {
  /** By the pipeline's label: the kernel's name and its constants. */
  readonly costs: Map<string, Cost> = new Map();
  /** Steps of optimizers: the table gives the costs of one. */
  steps = 0;
  /** Whether the adapter can tell the time; if not, only calls and bytes are counted. */
  readonly timed: boolean;
  #pending: Cost[] = [];
  #queries: GPUQuerySet | null = null;
  #ticks: GPUBuffer | null = null;
  #arriving = new Set<Promise<void>>();

  constructor(readonly device: Profiled) {
    this.timed = device.gpu.features.has("timestamp-query");
    if (!this.timed) return;
    const { gpu } = device;
    this.#queries = gpu.createQuerySet({ label: "profile", type: "timestamp", count: QUERIES });
    this.#ticks = gpu.createBuffer({
      label: "profile",
      size: QUERIES * 8,
      usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
    });
  }

  /** Counts a dispatch, and says where its pass is to write the time. */
  begin(label: string, bytes: number): GPUComputePassTimestampWrites | undefined {
    let cost = this.costs.get(label);
    if (!cost) this.costs.set(label, cost = { calls: 0, nanoseconds: 0, bytes: 0 });
    cost.calls++;
    cost.bytes += bytes;
    if (!this.#queries) return undefined;
    const at = 2 * this.#pending.length;
    this.#pending.push(cost);
    return {
      querySet: this.#queries,
      beginningOfPassWriteIndex: at,
      endOfPassWriteIndex: at + 1,
    };
  }

  /** Records that the times go along with this submission; what it returns is called after it. */
  collect(encoder: GPUCommandEncoder): () => void {
    const measured = this.#pending;
    if (!this.#queries || measured.length === 0) return () => {};
    this.#pending = [];
    const size = measured.length * 16;
    const staging = this.device.gpu.createBuffer({
      label: "profile",
      size,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    encoder.resolveQuerySet(this.#queries, 0, 2 * measured.length, this.#ticks!, 0);
    encoder.copyBufferToBuffer(this.#ticks!, 0, staging, 0, size);
    return () => {
      const arriving = staging.mapAsync(GPUMapMode.READ).then(() => {
        const ticks = new BigInt64Array(staging.getMappedRange());
        measured.forEach((cost, i) => cost.nanoseconds += Number(ticks[2 * i + 1] - ticks[2 * i]));
        staging.destroy();
        this.#arriving.delete(arriving);
      });
      this.#arriving.add(arriving);
    };
  }

  /** The table, most expensive kernels first, once all times have arrived. */
  async report(): Promise<string> {
    this.device.launcher.flush();
    await Promise.all(this.#arriving);
    return formatProfile(this);
  }
}

/** The costs as a table. */
export function formatProfile(
  { device, costs, steps, timed }: Pick<Profile, "device" | "costs" | "steps" | "timed">,
): string {
  const rows = [...costs].toSorted(([, a], [, b]) =>
    b.nanoseconds - a.nanoseconds || b.bytes - a.bytes
  );
  const total: Cost = { calls: 0, nanoseconds: 0, bytes: 0 };
  for (const [, { calls, nanoseconds, bytes }] of rows) {
    total.calls += calls;
    total.nanoseconds += nanoseconds;
    total.bytes += bytes;
  }
  const cells = ([label, { calls, nanoseconds, bytes }]: [string, Cost]) => [
    label,
    count(calls),
    (nanoseconds / 1e6).toFixed(1),
    `${(100 * nanoseconds / (total.nanoseconds || 1)).toFixed(1)} %`,
    (nanoseconds / calls / 1e3).toFixed(1),
    (bytes / 1e6).toFixed(1),
    nanoseconds ? (bytes / nanoseconds).toFixed(1) : "–",
  ];
  const head = ["kernel", "calls", "ms", "share", "µs a call", "MB bound", "GB/s"];
  const each = steps > 0
    ? [
      `${count(steps)} steps: ${(total.calls / steps).toFixed(1)} dispatches, ` +
      `${(total.nanoseconds / 1e6 / steps).toFixed(2)} ms and ` +
      `${(total.bytes / 1e6 / steps).toFixed(1)} MB each`,
    ]
    : [];
  const blind = timed ? [] : ["this adapter can't measure time (no timestamp-query)"];
  return [
    `Profile of ${device}`,
    ...each,
    ...blind,
    ...table([head, ...rows.map(cells), cells(["all", total])]),
  ].join("\n");
}

const count = (n: number) => n.toLocaleString("en");

/** Columns of text: the first to the left, the others to the right. */
function table(rows: readonly string[][]): string[] {
  const widths = rows[0].map((_, c) => Math.max(...rows.map((row) => row[c].length)));
  return rows.map((row) =>
    row.map((cell, c) => c === 0 ? cell.padEnd(widths[c]) : cell.padStart(widths[c])).join("  ")
  );
}

/** Measures a device from here on, and prints the table when the program ends. */
export function profile(device: Profiled): void {
  const measured = device.launcher.profile = new Profile(device);
  host.atEnd(async () => console.error(`\n${await measured.report()}`));
}
