/*
 * Where tensors' bytes live. A `Storage` is one GPU buffer with an owner; a `Pool` keeps buffers that have
 * no owner, by size class, so that a training loop allocates nothing after its first step.
 *
 * Nobody counts references. A storage goes back to the pool at PyTorch's own release points (the end of
 * `backward()`, the end of a no-grad region), or when JavaScript's collector finds its owner gone. The
 * collector can't see GPU memory, so each buffer carries an untouched ArrayBuffer of its size: virtual
 * memory only, but it makes the collector run when GPU memory grows.
 */
import type { Device } from "./device.ts";

/** A storage may be as large as the adapter allows; classes are a quarter of a power of two apart. */
export function sizeClass(bytes: number): number {
  // A loss is freed by nobody. Scalars have a class of their own, so that the order in which the others come
  // back, and with it the bind groups that are kept, stays the same from step to step.
  if (bytes <= 16) return 16;
  if (bytes <= 256) return 256;
  const step = 2 ** (Math.floor(Math.log2(bytes)) - 2);
  return Math.ceil(bytes / step) * step;
}

/** One GPU buffer while it has an owner. */
export class Storage {
  /** Counts in-place writes, so that backward can tell that a saved tensor was overwritten. */
  version = 0;
  /** Held by something that no release point may take: a parameter, a buffer, a detached tensor. */
  kept = false;
  /** The last encoding in which a kernel wrote to it; 0 before. */
  written = 0;
  /** When and why the memory went, or null while it is there. */
  released: string | null = null;
  #block: Block;

  constructor(readonly device: Device, readonly byteLength: number, block: Block) {
    this.#block = block;
  }

  /** The buffer; throws once the memory has gone. */
  get block(): Block {
    if (this.released !== null) {
      throw new Error(
        `this tensor's memory went ${this.released}; to keep it, call detach() on it before, ` +
          `return it from the no-grad region, or use backward({ retainGraph: true })`,
      );
    }
    return this.#block;
  }

  /** Leaves every open scope: none of them will free it. */
  escape(): void {
    for (const scope of scopes) scope.delete(this);
  }

  /** Gives the buffer back to the pool. `when` completes the sentence "this tensor's memory went …". */
  release(when: string): void {
    if (this.released !== null || this.kept) return;
    this.released = when;
    this.device.pool.giveBack(this.#block, this);
  }
}

/** Part of a storage, in bytes; the offset must be a multiple of 256. */
export interface Window {
  storage: Storage;
  offset: number;
  size: number;
}

/** A GPU buffer and what the pool and the launcher note about it. */
export interface Block {
  readonly id: number;
  readonly buffer: GPUBuffer;
  readonly bytes: number;
  /** The last encoding in which a kernel used it; an upload must not overtake one not yet submitted. */
  lastUse: number;
  /** Set where the driver had no memory for it; such a block is not used again. */
  broken: boolean;
  readonly ballast: ArrayBuffer | null;
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

/** From here on a buffer's creation is watched. A smaller one that fails is heard of at the next launch. */
const LARGE = 2 ** 16;

/** Memory for larger uploads would add up; they submit what was recorded. */
const LARGEST_IDLE = 2 ** 20;

/** The free buffers of one device, and the count of those in use. */
export class Pool {
  #free = new Map<number, Block[]>();
  #use: MemoryUse = { inUse: 0, peak: 0, pooled: 0, buffers: 0 };
  #nextId = 1;
  #net = new FinalizationRegistry<Block>((block) => this.#take(block));

  constructor(readonly device: Device, readonly budget = 2 ** 30) {}

  /**
   * A storage of at least `bytes` bytes, with undefined content; `what` says for what, should it fail. An `idle` one
   * is used by no work that waits to be submitted, which an upload would have to submit first.
   */
  allocate(bytes: number, what: () => string, idle = false): Storage {
    const max = this.device.limits.maxBufferSize;
    if (bytes > max) {
      throw new Error(
        `allocating ${what()}: it needs ${bytes} bytes and this adapter's buffers hold at most ${max}; ` +
          `use a smaller batch or split the tensor`,
      );
    }
    const size = Math.min(sizeClass(bytes), Math.floor(max / 4) * 4);
    const block = this.#reuse(size, idle && size <= LARGEST_IDLE) ?? this.#create(size, what());
    const storage = new Storage(this.device, bytes, block);
    this.#use.inUse += size;
    this.#use.buffers++;
    this.#use.peak = Math.max(this.#use.peak, this.#use.inUse);
    this.#net.register(storage, block, storage);
    scopes.at(-1)?.add(storage);
    return storage;
  }

  #reuse(size: number, idle: boolean): Block | undefined {
    const free = this.#free.get(size);
    const next = () => {
      if (!idle) return free?.pop();
      const at = free?.findLastIndex((block) => !this.device.launcher.awaits(block)) ?? -1;
      return at < 0 ? undefined : free!.splice(at, 1)[0];
    };
    for (let block = next(); block; block = next()) {
      this.#use.pooled -= size;
      if (!block.broken) return block;
    }
  }

  #create(size: number, what: string): Block {
    const { gpu } = this.device;
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const watched = size >= LARGE;
    if (watched) {
      gpu.pushErrorScope("out-of-memory");
      gpu.pushErrorScope("validation");
    }
    const buffer = gpu.createBuffer({ label: what, size, usage });
    const id = this.#nextId++;
    const block: Block = {
      id,
      buffer,
      bytes: size,
      lastUse: 0,
      broken: false,
      ballast: ballast(size),
    };
    if (!watched) return block;
    const failed = () => block.broken = true;
    this.device.endScope(`allocating ${what}`, failed);
    this.device.endScope(
      `allocating ${what}: the GPU's memory ran out; use a smaller model or batch`,
      failed,
    );
    return block;
  }

  /** Takes back the block of a storage that was released on purpose. */
  giveBack(block: Block, storage: Storage): void {
    this.#net.unregister(storage);
    storage.escape();
    this.#take(block);
  }

  #take(block: Block): void {
    this.#use.inUse -= block.bytes;
    this.#use.buffers--;
    if (this.#use.pooled + block.bytes > this.budget) return this.device.launcher.destroy(block);
    this.#use.pooled += block.bytes;
    const free = this.#free.get(block.bytes);
    if (free) free.push(block);
    else this.#free.set(block.bytes, [block]);
  }

  /** Gives the free buffers back to the driver. */
  empty(): void {
    for (const blocks of this.#free.values()) {
      for (const block of blocks) this.device.launcher.destroy(block);
    }
    this.#free.clear();
    this.#use.pooled = 0;
  }

  /** Forgets the peak: the next is that of what comes now. */
  resetPeak(): void {
    this.#use.peak = this.#use.inUse;
  }

  /** A copy of the counters. */
  use(): MemoryUse {
    return { ...this.#use };
  }
}

const scopes: Set<Storage>[] = [];

/** Starts noting what is allocated; `closeScope` releases all of it but what is kept. */
export function openScope(): Set<Storage> {
  const scope = new Set<Storage>();
  scopes.push(scope);
  return scope;
}

/** Ends a scope: releases what it made, except the storages in `keep`, which pass to the scope around it. */
export function closeScope(
  scope: Set<Storage>,
  keep: ReadonlySet<Storage>,
  when: string,
): void {
  const at = scopes.indexOf(scope);
  scopes.splice(at, 1);
  for (const storage of scope) {
    if (!keep.has(storage)) storage.release(when);
    else if (at > 0) scopes[at - 1].add(storage);
  }
}

function ballast(bytes: number): ArrayBuffer | null {
  try {
    return new ArrayBuffer(bytes);
  } catch {
    return null; // only the collector's hint is lost
  }
}
