/*
 * The parameters of launches: the numbers of many launches lie one after the other in one buffer, which is written
 * once, when they are submitted.
 */
import type { Gpu } from "./gpu.ts";
import type { Interface } from "./interface.ts";

const BYTES = 64 * 1024;

/** The numbers that kernels are given, by the names in their text. */
export type Params = Record<string, number | readonly number[]>;

/** The parameters of the launches that wait to be submitted. */
export class Ring {
  readonly buffer: GPUBuffer;
  #words = new Uint32Array(BYTES / 4);
  #views = {
    u32: this.#words,
    i32: new Int32Array(this.#words.buffer),
    f32: new Float32Array(this.#words.buffer),
  };
  #used = 0;
  #align: number;

  constructor(readonly device: Gpu) {
    this.#align = device.limits.minUniformBufferOffsetAlignment;
    this.buffer = device.gpu.createBuffer({
      label: "parameters of launches",
      size: BYTES,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
  }

  /** Writes what a kernel is given; `flush` submits what waits, where there is no room. Returns where it begins. */
  write(
    { label, fields, paramBytes }: Interface & { label: string },
    params: Params,
    flush: () => void,
  ): number {
    if (paramBytes === 0) return 0;
    const bytes = Math.ceil(paramBytes / this.#align) * this.#align;
    if (this.#used + bytes > BYTES) flush();
    const place = this.#used;
    this.#used += bytes;
    for (const { name, type, word, count } of fields) {
      const value = params[name];
      if (value === undefined) {
        throw new Error(`kernel ${label}: its parameter "${name}" was not given`);
      }
      const words = this.#views[type];
      const start = place / 4 + word;
      if (typeof value === "number") words[start] = value;
      else for (let i = 0; i < count; i++) words[start + i] = value[i] ?? 0;
    }
    return place;
  }

  /** Writes all of it to the buffer, and begins from the start. */
  upload(): void {
    this.device.gpu.queue.writeBuffer(this.buffer, 0, this.#words, 0, this.#used / 4);
    this.#used = 0;
  }
}
