/*
 * Memory as its owner sees it: a `Storage` holds a buffer by a lease, from allocation until the pool hands the
 * buffer to another. What is released before can still be read, and taken back.
 */
import type { Gpu } from "./gpu.ts";
import type { Doubts } from "./doubts.ts";
import { currentScope, type Held, type Scope } from "./scope.ts";

/** A copy of a buffer, or of a window of it, as a texture. */
export interface Image {
  readonly id: number;
  readonly texture: GPUTexture;
  readonly view: GPUTextureView;
  readonly bytes: number;
  /** Takes it out of its block's images. */
  leave(): void;
  /** The count of the block's writes that it knows of, and how many bytes it holds. */
  writes: number;
  copied: number;
  /** The bytes of the block that those writes have changed since they were copied, where that is known. */
  changed: Stretch | null;
}

/** Bytes of a block, from one place up to another. */
export type Stretch = readonly [from: number, to: number];

/** What holds a matrix in place of its buffer, an image or a smaller buffer: see home.ts. */
export interface Home {
  readonly id: number;
  readonly memory: { readonly texture: GPUTexture; readonly view: GPUTextureView } | {
    readonly packed: GPUBuffer;
  };
  /** Whether its numbers take 16 bits each. */
  readonly half: boolean;
  readonly bytes: number;
  /** How many rows the matrix has. */
  readonly rows: number;
  /** Writes its numbers into the buffer that the storage has again. */
  readonly restore: (from: Settled) => void;
}

/** A matrix as it lies in its home, for a kernel that reads it there. */
export interface Settled {
  readonly storage: Storage;
  readonly home: Home;
}

let ids = 1;
/** A number that no buffer and no image had before; bind groups are found by it. */
export const nextId = (): number => ids++;

/** A GPU buffer and what the pool and the launcher note about it. */
export interface Block {
  /** That of its buffer: another one, when numbers have come back from their home. */
  id: number;
  /** Destroyed while its numbers have a home. */
  buffer: GPUBuffer;
  /** Where its numbers are, if not in the buffer. */
  home: Home | null;
  readonly bytes: number;
  /** Whose content it holds; null where no storage can have it any more. */
  lease: Lease | null;
  /** The last encoding in which a kernel used it; an upload must not overtake one not yet submitted. */
  lastUse: number;
  /** Set where the driver had no memory for it; such a block is not used again. */
  broken: boolean;
  /** Makes JavaScript's collector aware of the buffer's size: see memory.ts. */
  readonly ballast: ArrayBuffer | null;
  /** How often it was written to; an image of it holds the numbers of one of these times. */
  writes: number;
  /** Its copies that kernels read as images. */
  readonly images: Map<string, Image>;
}

/**
 * Why something rests: a step on the way to something else, or a result, of a no-grad region; or because the pass
 * that made it was walked back.
 */
export type Rest = "step" | "result" | "passed";

/** One storage's hold on a block, from allocation until the block is handed to another. */
export interface Lease {
  readonly block: Block;
  state: "used" | Rest | "free";
}

/** Where blocks come from, and go back to. */
export interface Lender {
  /** Takes back a block that was released on purpose. */
  giveBack(lease: Lease): void;
  /** Takes back a block that a reader may still hold. */
  rest(lease: Lease, why: Rest): void;
  /** What was released is used again; returns whether backward() had released it in this pass. */
  takeBack(storage: Storage, lease: Lease): boolean;
}

/** One GPU buffer while it has an owner, on a device `D`. */
export class Storage<D extends Gpu = Gpu> implements Held {
  /** Counts in-place writes, so that backward can tell that a saved tensor was overwritten. */
  version = 0;
  /** Held for good, as by a parameter, a buffer or a detached tensor: no release point may free it. */
  kept = false;
  /** Whether an op made another tensor from it: then it is released as a step, not as a result. */
  fed = false;
  /** The last encoding in which a kernel wrote to it; 0 before. */
  written = 0;
  /** The checks of indices that its numbers depend on. */
  doubts: Doubts | null = null;
  /** When and why the memory was released, or null before. It can be read until another storage gets it. */
  released: string | null = null;
  #lease: Lease;
  #lender: Lender;
  #scope: Scope | null = null;

  constructor(readonly device: D, readonly byteLength: number, lease: Lease, lender: Lender) {
    this.#lease = lease;
    this.#lender = lender;
  }

  /** The buffer; throws once another storage has it. */
  get block(): Block {
    const { block } = this.#lease;
    if (block.lease === this.#lease) return block;
    throw new Error(
      `this tensor's memory was freed ${this.released}; to keep it, call detach() on it before, ` +
        `return it from the no-grad region, or use backward({ retainGraph: true })`,
    );
  }

  /** Moves from the scope that would free it to another, or to none. */
  moveTo(scope: Scope | null): void {
    this.#scope?.delete(this);
    this.#scope = scope;
    scope?.add(this);
  }

  /** Leaves the scope that would free it. */
  escape(): void {
    this.moveTo(null);
  }

  /** Belongs only to its owner from now on, released or not; throws where another storage has the memory. */
  keep(): void {
    this.regain();
    this.escape();
    this.kept = true;
  }

  /** Gives the buffer back to the pool. `when` completes the sentence "this tensor's memory was freed …". */
  release(when: string): void {
    if (this.released !== null || this.kept) return;
    this.escape();
    this.released = when;
    this.#lender.giveBack(this.#lease);
  }

  /** Releases memory that may still be read: it is reused late. */
  rest(when: string, why: Rest = this.fed ? "step" : "result"): void {
    if (this.released !== null || this.kept) return;
    this.escape();
    this.released = when;
    this.#lender.rest(this.#lease, why);
  }

  /**
   * Takes back what was released, for as long as the current scope lasts; throws where another storage has the
   * memory. Where it would have rested until the next pass, returns a function that releases it again.
   */
  regain(): (() => void) | undefined {
    const when = this.released;
    this.block; // throws where it went
    if (when === null) return;
    const passed = this.#lender.takeBack(this, this.#lease);
    this.released = null;
    if (passed) return () => this.rest(when, "passed");
    this.moveTo(currentScope());
  }
}

/** Part of a storage, in bytes; the offset must be a multiple of 256. */
export interface Window {
  storage: Storage;
  offset: number;
  size: number;
}

/** What a kernel is given under a name. */
export type Given = Storage | Window | Settled;

/** The storage that it is, or is a part of. */
export const storageOf = (given: Given): Storage => "storage" in given ? given.storage : given;

/** Whether it is to be read at home. */
export const isSettled = (given: Given | undefined): given is Settled =>
  given !== undefined && "home" in given;

/** The names of those that are read at a home where numbers have 16 bits. */
export const halvesIn = (given: Readonly<Record<string, Given>>): string[] =>
  Object.keys(given).filter((name) => {
    const one = given[name];
    return isSettled(one) && one.home.half;
  });
