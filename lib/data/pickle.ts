/*
 * Reads Python's pickle without running it. A pickle is a small program that builds a value on a stack. Numbers,
 * strings, lists, tuples and dictionaries are built here. For a class or function it names, the caller is asked, who
 * knows a few and refuses all others.
 * https://docs.python.org/3/library/pickletools.html
 */

/** What a pickle may hold: dictionaries become Maps, tuples become arrays, whole numbers above 2^53 become bigints. */
export type Pickled =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Pickled[]
  | Map<Pickled, Pickled>
  | object;

/** What the caller provides. */
export interface Knowledge {
  /** Returns a class or function by name; a function gets the arguments of Python's. Throws if it is unknown. */
  global(module: string, name: string): Pickled | ((...args: Pickled[]) => Pickled);
  /** Returns an object that is stored outside the pickle, by its id. */
  persistent(id: Pickled): Pickled;
}

const MARK = Symbol("mark");

/**
 * The value of a pickle.
 *
 * @throws {TypeError} for a value it cannot hold; {RangeError} if the bytes are not a pickle, or not a complete one
 */
export function unpickle(bytes: Uint8Array, known: Knowledge): Pickled {
  return new Machine(bytes, known).run();
}

/** The stack, the memo, and the position in the bytes. */
class Machine {
  #stack: unknown[] = [];
  #memo = new Map<number, unknown>();
  #at = 0;
  readonly #view: DataView;

  constructor(readonly bytes: Uint8Array, readonly known: Knowledge) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): Pickled {
    while (this.#at < this.bytes.length) {
      const code = this.bytes[this.#at++];
      if (code === 0x2e) return this.#pop() as Pickled; // STOP
      this.#step(code);
    }
    throw new RangeError("the pickle ends in the middle");
  }

  #step(code: number): void {
    const push = (value: unknown) => void this.#stack.push(value);
    switch (code) {
      case 0x80: // PROTO
        return void this.#take(1);
      case 0x95: // FRAME
        return void this.#take(8);
      case 0x28: // MARK
        return push(MARK);
      case 0x30: // POP
        return void this.#pop();
      case 0x4e: // NONE
        return push(null);
      case 0x88: // NEWTRUE
        return push(true);
      case 0x89: // NEWFALSE
        return push(false);
      case 0x4b: // BININT1
        return push(this.bytes[this.#take(1)]);
      case 0x4d: // BININT2
        return push(this.#view.getUint16(this.#take(2), true));
      case 0x4a: // BININT
        return push(this.#view.getInt32(this.#take(4), true));
      case 0x8a: // LONG1
        return push(this.#long(this.bytes[this.#take(1)]));
      case 0x47: // BINFLOAT
        return push(this.#view.getFloat64(this.#take(8), false));
      case 0x58: // BINUNICODE
        return push(this.#text(this.#view.getUint32(this.#take(4), true)));
      case 0x8c: // SHORT_BINUNICODE
      case 0x55: // SHORT_BINSTRING
        return push(this.#text(this.bytes[this.#take(1)]));
      case 0x42: // BINBYTES
        return push(this.#slice(this.#view.getUint32(this.#take(4), true)));
      case 0x43: // SHORT_BINBYTES
        return push(this.#slice(this.bytes[this.#take(1)]));
      case 0x7d: // EMPTY_DICT
        return push(new Map());
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        return push([]);
      case 0x85: // TUPLE1, 2, 3
      case 0x86:
      case 0x87:
        return push(this.#stack.splice(this.#stack.length - (code - 0x84)));
      case 0x74: // TUPLE
        return push(this.#marked());
      case 0x61: // APPEND
        return this.#append([this.#pop()]);
      case 0x65: // APPENDS
        return this.#append(this.#marked());
      case 0x73: { // SETITEM
        const value = this.#pop();
        return this.#set([this.#pop(), value]);
      }
      case 0x75: // SETITEMS
        return this.#set(this.#marked());
      case 0x71: // BINPUT
        return void this.#memo.set(this.bytes[this.#take(1)], this.#stack.at(-1));
      case 0x72: // LONG_BINPUT
        return void this.#memo.set(
          this.#view.getUint32(this.#take(4), true),
          this.#stack.at(-1),
        );
      case 0x94: // MEMOIZE
        return void this.#memo.set(this.#memo.size, this.#stack.at(-1));
      case 0x68: // BINGET
        return push(this.#memo.get(this.bytes[this.#take(1)]));
      case 0x6a: // LONG_BINGET
        return push(this.#memo.get(this.#view.getUint32(this.#take(4), true)));
      case 0x63: { // GLOBAL
        const module = this.#line();
        return push(this.known.global(module, this.#line()));
      }
      case 0x93: { // STACK_GLOBAL
        const name = String(this.#pop());
        return push(this.known.global(String(this.#pop()), name));
      }
      case 0x51: // BINPERSID
        return push(this.known.persistent(this.#pop() as Pickled));
      case 0x52: // REDUCE
      case 0x81: { // NEWOBJ
        const args = this.#pop();
        const make = this.#pop();
        if (typeof make !== "function" || !Array.isArray(args)) {
          throw new TypeError("the pickle calls something that is not a function");
        }
        return push(make(...args));
      }
      case 0x62: // BUILD
        // What Python keeps beside a dictionary (the `_metadata` of a state dict) is not needed.
        this.#pop();
        if (this.#stack.at(-1) instanceof Map) return;
        throw new TypeError("the pickle fills in an object, and only dictionaries are known here");
      default:
        throw new RangeError(
          `the pickle has the instruction 0x${code.toString(16)} at byte ${this.#at - 1}, ` +
            "which no file of tensors needs",
        );
    }
  }

  /** Skips this many bytes; returns where they start. */
  #take(count: number): number {
    const at = this.#at;
    this.#at += count;
    if (this.#at > this.bytes.length) throw new RangeError("the pickle ends in the middle");
    return at;
  }

  #slice(length: number): Uint8Array {
    const at = this.#take(length);
    return this.bytes.subarray(at, at + length);
  }

  #text(length: number): string {
    return new TextDecoder().decode(this.#slice(length));
  }

  #line(): string {
    const end = this.bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw new RangeError("the pickle ends in the middle");
    const line = this.#text(end - this.#at);
    this.#at++;
    return line;
  }

  /** A whole number of this many bytes, lowest byte first, in two's complement. */
  #long(length: number): number | bigint {
    const value = this.#slice(length).reduceRight((sum, byte) => sum << 8n | BigInt(byte), 0n);
    const signed = BigInt.asIntN(8 * length, value);
    const small = Number(signed);
    return Number.isSafeInteger(small) ? small : signed;
  }

  #pop(): unknown {
    if (this.#stack.length === 0) throw new RangeError("the pickle takes more than it has");
    return this.#stack.pop();
  }

  /** Pops everything above the last mark, and the mark itself. */
  #marked(): unknown[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) throw new RangeError("the pickle takes more than it has");
    const above = this.#stack.splice(mark + 1);
    this.#stack.pop();
    return above;
  }

  #append(values: unknown[]): void {
    const list = this.#stack.at(-1);
    if (!Array.isArray(list)) {
      throw new TypeError("the pickle appends to something that is not a list");
    }
    for (const value of values) list.push(value);
  }

  #set(pairs: unknown[]): void {
    const map = this.#stack.at(-1);
    if (!(map instanceof Map)) {
      throw new TypeError("the pickle puts items into something that is not a dictionary");
    }
    for (let i = 0; i + 1 < pairs.length; i += 2) map.set(pairs[i], pairs[i + 1]);
  }
}
