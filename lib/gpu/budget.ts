/*
 * How much memory a program may still take for tensors. On a software adapter tensors are in the machine's own memory, and
 * everywhere each one costs a few kilobytes of it besides its numbers. When that memory is out, the system or V8 ends the
 * program, and nothing can be caught. So everything that makes buffers asks here first, and a program that would be ended
 * gets an error in time, while enough is left to read numbers and to go on.
 *
 * Looking costs a fraction of a millisecond. It is done when new buffers have taken a part of what was there at the last
 * look, so a loop that reuses its buffers never pays for it.
 */
import { host } from "../host/mod.ts";
import { bytes as inWords } from "../host/progress.ts";

/** What a buffer costs besides its numbers: 1.8 kB of V8's heap, 3 kB of the driver's. Measured on Vulkan and OpenGL. */
const EACH = 5000;
/** Bytes that buffers leave alone: for reads, for compiling kernels; and those that reads leave alone. */
const RESERVE = 2 ** 27, LAST = 2 ** 25;
/** The part of V8's heap that may be used; near its end V8 does little but collect garbage, and then gives up. */
const HEAP_SHARE = 0.85;
/** New bytes between two looks: at most, and at least. */
const SELDOM = 2 ** 26, OFTEN = 2 ** 18;
/** From this size on, a read looks for the room it needs. */
const LARGE = 2 ** 20;

/** What is short, and how many bytes of it may still be taken; negative if too many are taken already. */
interface Room {
  readonly left: number;
  readonly of: string;
}

/** The memory that the buffers of one device take. */
export class Budget {
  #held = 0;
  #buffers = 0;
  /** What the program took before there were any buffers. */
  readonly #before = host.usage();
  #next: number;

  /**
   * @param inHost whether buffers are in the machine's own memory
   * @param relieve gives back what is kept for reuse, before memory is said to be out
   * @param most bytes that buffers may take; `LESSONS_MAX_MEMORY`
   */
  constructor(
    readonly inHost: boolean,
    readonly relieve: () => void,
    readonly most: number = declared(),
  ) {
    this.#next = Math.min(SELDOM, most) / 4;
  }

  /**
   * Counts a buffer that is about to be made.
   *
   * @throws {RangeError} if there is no memory for it
   */
  take(bytes: number, what: string): void {
    this.add(bytes);
    if (this.#held <= this.#next) return;
    try {
      const { left } = this.#roomFor(0, RESERVE, what);
      this.#next = this.#held + Math.min(SELDOM, Math.max(OFTEN, left / 4));
    } catch (error) {
      this.give(bytes);
      throw error;
    }
  }

  /** Whether there is room for a buffer that the program can do without. */
  fits(bytes: number): boolean {
    return this.#held + bytes + EACH <= this.#next || this.#room(RESERVE + bytes).left >= 0;
  }

  /** Counts a buffer, whether there is room for it or not. */
  add(bytes: number): void {
    this.#held += bytes + EACH;
    this.#buffers++;
  }

  /** Counts a buffer that is gone. */
  give(bytes: number): void {
    this.#held -= bytes + EACH;
    this.#buffers--;
  }

  /**
   * Makes sure that there is room for bytes that are needed for a moment.
   *
   * @throws {RangeError} if there is none
   */
  ask(bytes: number, what: string): void {
    if (bytes >= LARGE) this.#roomFor(bytes, LAST, what);
  }

  #roomFor(bytes: number, reserve: number, what: string): Room {
    let room = this.#room(bytes + reserve);
    if (room.left >= 0) return room;
    this.relieve();
    collect();
    room = this.#room(bytes + reserve);
    if (room.left >= 0) return room;
    const held = `${this.#buffers.toLocaleString("en")} buffers hold ${inWords(this.#held)}`;
    throw new RangeError(
      `${what}: memory is running out: ${held}, and ${room.of}; use a smaller model or batch, ` +
        "or keep fewer tensors (one that is no longer used is freed after the next await)",
    );
  }

  /** What there is least of, when so many bytes are left alone. */
  #room(reserve: number): Room {
    const { available, heap } = host.room();
    const declared = `LESSONS_MAX_MEMORY allows ${inWords(this.most)}`;
    const rooms: Room[] = [{ left: this.most - this.#held, of: declared }];
    if (heap) {
      const left = HEAP_SHARE * heap.limit - heap.used;
      const [used, most] = [heap.used, heap.limit].map((one) => inWords(one));
      rooms.push({ left, of: `JavaScript's heap has ${used} of at most ${most}` });
    }
    if (available !== undefined) {
      const left = available - this.#owed() - reserve;
      rooms.push({ left, of: `this machine has ${inWords(available)} left` });
    }
    if (!canHave(reserve)) {
      rooms.push({ left: -1, of: "the system gives this program no more" });
    }
    return rooms.reduce((least, room) => room.left < least.left ? room : least);
  }

  /**
   * Bytes of the system's memory that buffers will take, though they have not yet: a driver takes them when a kernel
   * writes there. Less than nothing if some are gone and the driver has kept their memory, to use it again.
   */
  #owed(): number {
    const now = host.usage();
    if (!now || !this.#before) return 0;
    const held = this.inHost ? this.#held : EACH * this.#buffers;
    // The pool's ballast counts as JavaScript's, and takes nothing.
    const js = Math.max(0, now.js - this.#before.js - this.#held);
    return this.#before.rss + js + held - now.rss;
  }
}

/** Whether so many bytes can be had now; they are given back at once, untouched. */
function canHave(bytes: number): boolean {
  try {
    new ArrayBuffer(bytes).transfer(0);
    return true;
  } catch {
    return false;
  }
}

/** Collects garbage: V8 does before it says that there is no memory for something, and this nobody has. */
const collect = () => void canHave(2 ** 50);

function declared(): number {
  const text = host.env("LESSONS_MAX_MEMORY")?.trim();
  if (!text) return Infinity;
  const most = Number(text);
  if (most > 0) return most;
  throw new RangeError(
    `LESSONS_MAX_MEMORY: "${text}" is no number of bytes above 0; give one, such as 4e9`,
  );
}
