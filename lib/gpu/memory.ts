/*
 * Where tensors' bytes live. A `Pool` keeps the buffers that have no owner, by size class, so that a training
 * loop allocates nothing after its first step.
 *
 * There is no reference counting. A storage is released at points that every program passes (the end of
 * `backward()`, the end of a no-grad region), or when JavaScript's collector finds its owner gone. The collector
 * can't see GPU memory, so each buffer carries an untouched ArrayBuffer of its size, or a share in one: virtual
 * memory only, but it makes the collector run when GPU memory grows.
 *
 * Released memory may still be read, so it rests for a while: it can be read, and taken back, until the pool hands
 * the buffer to another storage. What backward() released rests until the next graph is begun; what a no-grad
 * region released rests until there are many younger buffers of its size.
 */
import type { Gpu } from "./gpu.ts";
import { currentScope } from "./scope.ts";
import { type Block, type Lease, type Lender, nextId, type Rest, Storage } from "./storage.ts";
import { IDLE_SUBMISSIONS, LARGEST_IDLE } from "./tuning.ts";

/** Bytes of the smallest class but that of scalars. */
const SMALL = 256;

/** A storage may be as large as the adapter allows; classes are a quarter of a power of two apart. */
export function sizeClass(bytes: number): number {
  // No release point frees a loss. Scalars have a class of their own, so that the other buffers that are free are the
  // same ones at every step, and the bind groups that are kept fit again.
  if (bytes <= 16) return 16;
  if (bytes <= SMALL) return SMALL;
  const step = 2 ** (Math.floor(Math.log2(bytes)) - 2);
  return Math.ceil(bytes / step) * step;
}

/** Bytes of one size class that may rest; beyond that, the oldest is reused rather than new memory asked for. */
const RESTING: Record<Rest, number> = { step: 2 ** 21, result: 2 ** 26, passed: 2 ** 26 };
const rests = Object.keys(RESTING) as Rest[];

/** The blocks of one size that are not in use. */
interface Shelf {
  /**
   * To be handed out next, the oldest last, which comes first: in whatever order they were given back, a step that
   * repeats gets the same buffers again, and so the bind groups that are kept.
   */
  free: Block[];
  /** To be handed out when there are many, the oldest first. */
  resting: Record<Rest, Set<Lease>>;
}

/** Where a block belongs among free ones, the youngest of which are the first. */
function placeOf({ id }: Block, free: readonly Block[]): number {
  let [from, to] = [0, free.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (free[middle].id > id) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** What `memory()` answers, in bytes and counts. */
export interface MemoryUse {
  /** Bytes of tensors that are alive. */
  inUse: number;
  /** The most that were alive at one time. */
  peak: number;
  /** Bytes kept for reuse. */
  pooled: number;
  /** Tensors' buffers that are alive. */
  buffers: number;
}

/** What a pool needs of its device, which knows what blocks the recorded work will still use. */
interface Owner extends Gpu {
  readonly launcher: {
    readonly submissions: number;
    awaits(block: Block): boolean;
    destroy(block: Block): void;
  };
}

/** The blocks of one device that are not in use, and the count of those in use. */
export class Pool<D extends Owner = Owner> implements Lender {
  #shelves = new Map<number, Shelf>();
  /** What the last backward() released, until the next graph is begun. */
  #passed: Lease[] = [];
  /** The submissions there had been when idle blocks were last given back. */
  #lastDrop = 0;
  #use: MemoryUse = { inUse: 0, peak: 0, pooled: 0, buffers: 0 };
  #net = new FinalizationRegistry<Lease>((lease) => this.#collected(lease));

  constructor(readonly device: D, readonly budget: number = 2 ** 30) {}

  /**
   * A storage of at least `bytes` bytes, with undefined content; `what` names it if that fails. An `idle` one is
   * not used by any work that waits to be submitted, so an upload into it need not submit anything first.
   */
  allocate(bytes: number, what: () => string, idle = false): Storage<D> {
    const max = this.device.limits.maxBufferSize;
    if (bytes > max) {
      throw new Error(
        `allocating ${what()}: it needs ${bytes} bytes and this adapter's buffers hold at most ${max}; ` +
          `use a smaller batch or split the tensor`,
      );
    }
    const size = Math.min(sizeClass(bytes), Math.floor(max / 4) * 4);
    const block = this.#reuse(size, idle && size <= LARGEST_IDLE) ?? this.#create(size, what());
    const lease: Lease = { block, state: "used" };
    block.lease = lease;
    const storage = new Storage(this.device, bytes, lease, this);
    this.#count(size, 1);
    this.#net.register(storage, lease, lease);
    storage.moveTo(currentScope());
    return storage;
  }

  #count(bytes: number, change: 1 | -1): void {
    const use = this.#use;
    use.inUse += change * bytes;
    use.buffers += change;
    if (use.inUse > use.peak) use.peak = use.inUse;
  }

  #shelf(size: number): Shelf {
    let shelf = this.#shelves.get(size);
    if (!shelf) {
      shelf = { free: [], resting: { step: new Set(), result: new Set(), passed: new Set() } };
      this.#shelves.set(size, shelf);
    }
    return shelf;
  }

  #reuse(size: number, idle: boolean): Block | undefined {
    const shelf = this.#shelf(size);
    const next = () => this.#nextFree(shelf, idle) ?? this.#oldestAtRest(shelf, size, idle);
    for (let block = next(); block; block = next()) {
      this.#use.pooled -= size;
      if (block.home) this.#destroy(block);
      else if (!block.broken) return block;
    }
  }

  #nextFree({ free }: Shelf, idle: boolean): Block | undefined {
    if (!idle) return free.pop();
    const at = free.findLastIndex((block) => !this.device.launcher.awaits(block));
    return at < 0 ? undefined : free.splice(at, 1)[0];
  }

  #oldestAtRest({ resting }: Shelf, size: number, idle: boolean): Block | undefined {
    for (const why of rests) {
      if (resting[why].size * size <= RESTING[why]) continue;
      for (const lease of resting[why]) {
        if (idle && this.device.launcher.awaits(lease.block)) continue;
        resting[why].delete(lease);
        this.#net.unregister(lease);
        return lease.block;
      }
    }
  }

  #create(size: number, what: string): Block {
    if (size > SMALL) this.#dropIdle(); // a loop that keeps its losses makes scalars at every step
    const broken = () => block.broken = true;
    const block: Block = {
      id: nextId(),
      buffer: this.device.createStorage(`allocating ${what}`, size, broken),
      home: null,
      bytes: size,
      lease: null,
      lastUse: 0,
      broken: false,
      ballast: ballast(size),
      writes: 0,
      images: new Map(),
    };
    return block;
  }

  /** Takes back a block that was released on purpose; it is the next to be handed out. */
  giveBack(lease: Lease): void {
    this.#count(lease.block.bytes, -1);
    this.#free(lease);
  }

  /** Takes back a block that a reader may still hold; it is handed out late, or once the next pass begins. */
  rest(lease: Lease, why: Rest): void {
    const { bytes } = lease.block;
    const resting = this.#shelf(bytes).resting[why];
    this.#count(bytes, -1);
    this.#use.pooled += bytes;
    lease.state = why;
    resting.add(lease);
    if (why === "passed") return void this.#passed.push(lease);
    for (const oldest of resting) {
      if (this.#use.pooled <= this.budget) break;
      this.#rise(oldest);
      this.#free(oldest);
    }
  }

  /** A graph is begun: what the graph before it made is not expected to be read any more. */
  beginPass(): void {
    for (const lease of this.#passed) {
      if (lease.state !== "passed" || lease.block.lease !== lease) continue;
      this.#rise(lease);
      this.#free(lease);
    }
    if (this.#passed.length > 0) this.#passed = [];
  }

  /** Released memory is in use again; returns whether backward() had released it in this pass. */
  takeBack(storage: Storage, lease: Lease): boolean {
    const { block, state } = lease;
    if (state !== "free") this.#rise(lease);
    else {
      const { free } = this.#shelf(block.bytes);
      free.splice(free.indexOf(block), 1);
      this.#use.pooled -= block.bytes;
      this.#net.register(storage, lease, lease);
    }
    lease.state = "used";
    this.#count(block.bytes, 1);
    return state === "passed";
  }

  /** The storage has no owner any more. */
  #collected(lease: Lease): void {
    if (lease.block.lease !== lease || lease.state === "free") return;
    if (lease.state === "used") this.#count(lease.block.bytes, -1);
    else this.#rise(lease);
    this.#free(lease);
  }

  /** Takes a block from those that rest. */
  #rise(lease: Lease): void {
    const { bytes } = lease.block;
    this.#shelf(bytes).resting[lease.state as Rest].delete(lease);
    this.#use.pooled -= bytes;
  }

  #free(lease: Lease): void {
    const { block } = lease;
    this.#net.unregister(lease);
    const full = this.#use.pooled + block.bytes > this.budget;
    if (full || block.home) return this.#destroy(block);
    this.#use.pooled += block.bytes;
    lease.state = "free";
    const { free } = this.#shelf(block.bytes);
    free.splice(placeOf(block, free), 0, block);
  }

  #destroy(block: Block): void {
    block.lease = null;
    this.device.launcher.destroy(block);
  }

  /** Gives the free buffers back to the driver. */
  empty(): void {
    this.#drop(() => true);
  }

  /**
   * Before more memory is asked for, gives back what nothing used for a while: the sizes of the model before this one.
   * A loop that repeats asks for none, so it loses none, however seldom it needs some of it.
   */
  #dropIdle(): void {
    if (this.#use.pooled === 0) return;
    const { submissions } = this.device.launcher;
    if (submissions - this.#lastDrop < IDLE_SUBMISSIONS) return;
    this.#lastDrop = submissions;
    this.#drop(({ lastUse }) => submissions - lastUse > IDLE_SUBMISSIONS);
  }

  #drop(which: (block: Block) => boolean): void {
    for (const shelf of this.#shelves.values()) {
      const { free } = shelf;
      shelf.free = free.filter((block) => !which(block));
      for (const block of free.filter(which)) {
        this.#use.pooled -= block.bytes;
        this.#destroy(block);
      }
    }
  }

  /** Forgets the peak, and measures it from here on. */
  resetPeak(): void {
    this.#use.peak = this.#use.inUse;
  }

  /** A copy of the counters. */
  use(): MemoryUse {
    return { ...this.#use };
  }
}

/** The system gives fresh memory from this size on, which takes no room until it is touched; less it may fill with zeros. */
const FRESH = 2 ** 25 + 2 ** 16;
let shared: ArrayBuffer | null = null;
let unshared = 0;

/** What the collector takes for a buffer's memory: an ArrayBuffer of its own, or one that small buffers share. */
function ballast(bytes: number): ArrayBuffer | null {
  try {
    if (bytes >= FRESH) return new ArrayBuffer(bytes);
    if (unshared < bytes) [shared, unshared] = [new ArrayBuffer(FRESH), FRESH];
    unshared -= bytes;
    return shared;
  } catch {
    return null; // only the collector's hint is lost
  }
}
