/*
 * From a kernel's name, its buffers and its numbers to a dispatch.
 *
 * Pipelines and bind groups are made once, and many dispatches share one encoder and one pass. It is submitted
 * when a number is read, when the ring of parameters is full, or after a while, so that the GPU works while
 * TypeScript goes on recording: soon after a read, since the GPU has nothing to do then. Limits are checked here
 * (the size of a binding, the number of workgroups), before the driver could answer with wrong numbers.
 */
import { passDoubts } from "./doubts.ts";
import { type Gpu, OUT_OF_MEMORY } from "./gpu.ts";
import { bufferOf, memoryOf, restore } from "./home.ts";
import { Images } from "./image.ts";
import { type Params, Ring } from "./ring.ts";
import {
  type Block,
  type Given,
  isSettled,
  type Storage,
  storageOf,
  type Window,
} from "./storage.ts";
import type { Profile } from "./profile.ts";
import { compile, type Form, type Kernel, type Pipeline, type Specialisation } from "./pipeline.ts";
import * as tuned from "./tuning.ts";

export type { Kernel, Pipeline, Specialisation };

const MAX_CACHED_GROUPS = 4096;

/** Records and submits the work of one device. */
export class Launcher {
  #pipelines = new Map<string, Pipeline>();
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  #encoding = 1;
  #recorded = 0;
  #reads = 0;
  /** Dispatches after which the next submission ends. */
  #most = tuned.FIRST_DISPATCHES;
  /** What is destroyed once the recorded work, which still uses it, has been submitted. */
  #doomed: { destroy(): void }[] = [];
  #ring: Ring;
  /** Encodings that the GPU refused: their results were never computed. */
  #refused = new Set<number>();
  #groupCount = 0;
  #flushed = () => this.flush();
  readonly images: Images;
  /** Dispatches since the program began. */
  dispatches = 0;
  /** Where the times of dispatches are noted, if they are. */
  profile: Profile | null = null;

  constructor(readonly device: Gpu) {
    this.images = new Images(device, () => this.flush());
    this.#ring = new Ring(device);
  }

  /** The compiled form of a kernel; compiled once for each specialisation. */
  pipeline(kernel: Kernel, { constants = {}, replace = {} }: Specialisation = {}): Pipeline {
    let key = kernel.name; // not JSON: writing it out would cost as much as the launch
    for (const name in constants) key += ` ${name}=${constants[name]}`;
    for (const name in replace) key += `\n${name}: ${replace[name]}`;
    const found = this.#pipelines.get(key);
    if (found) return found;
    const made = compile(this.device, kernel, { constants, replace }, {
      before: () => this.flush(), // what was recorded must not fail with a kernel that does not compile
      refused: () => this.#pipelines.delete(key),
    });
    this.#pipelines.set(key, made);
    return made;
  }

  /**
   * Records one dispatch.
   *
   * @param buffers what the kernel binds, by the names in its text
   * @param params the fields of its `struct Params`, by name
   * @param groups workgroups; a single number above the limit of a dimension is laid out in two, and the
   * kernel finds its place as `group.x + group.y * groups.x`
   * @param reads how many elements of an operand an invocation reads, about: many make it worth a copy, see image.ts
   */
  launch(
    pipeline: Pipeline,
    buffers: Record<string, Given>,
    params: Params,
    groups: number | readonly [number, number, number],
    reads = 1,
  ): void {
    this.device.check();
    const [x, y, z] = typeof groups === "number" ? this.#grid(groups) : groups;
    if (x * y * z === 0) return;
    const most = this.device.limits.maxComputeWorkgroupsPerDimension;
    if (Math.max(x, y, z) > most) {
      throw new Error(
        `kernel ${pipeline.label}: a grid of ${x}×${y}×${z}; the adapter allows ${most}`,
      );
    }
    let settled = false;
    for (const name in buffers) {
      if (isSettled(buffers[name])) settled = true;
      else if (buffers[name]) this.#unsettle(storageOf(buffers[name]));
    }
    const lanes = x * y * z * pipeline.lanes;
    const total = lanes * reads;
    const form = settled || this.images.pay(total)
      ? this.images.formOf(pipeline, buffers, total, this.betweenPasses)
      : pipeline.buffers;
    const place = this.#ring.write(pipeline, params, this.#flushed);
    const group = this.#group(form, pipeline.groups, buffers);
    const pass = this.profile ? this.#openTimedPass(this.profile, form, buffers) : this.#openPass();
    pass.setPipeline(form.pipeline);
    pass.setBindGroup(0, group, pipeline.paramBytes ? [place] : []);
    pass.dispatchWorkgroups(x, y, z);
    if (this.profile) this.#closePass();
    this.dispatches++;
    this.#reads += Math.max(lanes, tuned.FEWEST_LANES) * reads;
    if (++this.#recorded >= this.#most || this.#reads >= tuned.READS_A_SUBMIT) this.flush();
  }

  #grid(groups: number): [number, number, number] {
    const y = Math.ceil(groups / this.device.limits.maxComputeWorkgroupsPerDimension);
    return y <= 1 ? [groups, 1, 1] : [Math.ceil(groups / y), y, 1];
  }

  #group(
    pipeline: Form,
    groups: Map<string, GPUBindGroup>,
    buffers: Record<string, Given>,
  ): GPUBindGroup {
    let key = "";
    for (const { name, writes, image } of pipeline.bindings) {
      const given = buffers[name];
      if (!given) throw new Error(`kernel ${pipeline.label}: its buffer "${name}" was not given`);
      const storage = storageOf(given);
      if (storage.device !== this.device) {
        throw new Error(
          `Expected all tensors to be on the same device, but found at least two devices, ` +
            `${this.device.name} and ${storage.device.name}! Make them with the same { device }.`,
        );
      }
      this.#checkComputed(storage);
      const { block } = storage;
      if (writes) {
        storage.written = this.#encoding;
        this.images.wrote(block, given);
      }
      block.lastUse = this.#encoding;
      const place = "offset" in given ? `+${given.offset}+${given.size}` : "";
      const id = isSettled(given) ? given.home.id : block.id;
      key += image ? `i${this.images.of(given).id} ` : `${id}${place} `;
    }
    passDoubts(pipeline.bindings, buffers);
    let group = groups.get(key);
    if (!group) groups.set(key, group = this.#createGroup(pipeline, buffers));
    return group;
  }

  #checkComputed({ written }: Storage): void {
    if (this.#refused.size === 0 || !this.#refused.has(written)) return;
    throw new Error(
      "this tensor was never computed: the GPU refused the work that it was part of, with the error " +
        "that was thrown before; compute it again",
    );
  }

  #createGroup(
    pipeline: Form,
    buffers: Record<string, Given>,
  ): GPUBindGroup {
    const most = this.device.limits.maxStorageBufferBindingSize;
    const entries: GPUBindGroupEntry[] = pipeline.bindings.map(({ name, binding, image }) => {
      const given = buffers[name];
      if (image) return { binding, resource: this.images.of(given).view };
      const { buffer, offset = 0, size } = bufferOf(given);
      if (size > most) {
        throw new Error(
          `kernel ${pipeline.label}: binding ${size} bytes as "${name}", but this adapter binds at ` +
            `most ${most}; split the tensor along its first dimension`,
        );
      }
      return { binding, resource: { buffer, offset, size } };
    });
    if (pipeline.paramBytes) {
      entries.push({
        binding: 0,
        resource: { buffer: this.#ring.buffer, size: pipeline.paramBytes },
      });
    }
    if (++this.#groupCount > MAX_CACHED_GROUPS) {
      for (const { groups } of this.#pipelines.values()) groups.clear();
      this.#groupCount = 0;
    }
    const { label, layout } = pipeline;
    return this.device.gpu.createBindGroup({ label, layout, entries });
  }

  /** The encoder, with no pass open, to record copies. */
  betweenPasses = (): GPUCommandEncoder => {
    this.#closePass();
    return this.#encode();
  };

  #encode(): GPUCommandEncoder {
    const label = `encoding ${this.#encoding}`;
    return this.#encoder ??= this.device.gpu.createCommandEncoder({ label });
  }

  #openPass(): GPUComputePassEncoder {
    return this.#pass ??= this.#encode().beginComputePass({ label: `encoding ${this.#encoding}` });
  }

  /** A pass of one dispatch, whose beginning and end are timed. */
  #openTimedPass(
    profile: Profile,
    { label, bindings }: Form,
    buffers: Record<string, Given>,
  ): GPUComputePassEncoder {
    const encoder = this.betweenPasses();
    const bytes = bindings.reduce((sum, { name }) => {
      const given = buffers[name];
      return sum + ("offset" in given ? given.size : storageOf(given).byteLength);
    }, 0);
    const timestampWrites = profile.begin(label, bytes);
    return this.#pass = encoder.beginComputePass({ label, timestampWrites });
  }

  #closePass(): void {
    this.#pass?.end();
    this.#pass = null;
  }

  /** Submits what was recorded. */
  flush(): void {
    if (!this.#encoder) return;
    const { gpu } = this.device;
    this.#closePass();
    const collected = this.profile?.collect(this.#encoder);
    gpu.pushErrorScope("validation");
    gpu.pushErrorScope("out-of-memory");
    this.#ring.upload();
    gpu.queue.submit([this.#encoder.finish()]);
    const encoding = this.#encoding;
    const refused = () => this.#refused.add(encoding);
    this.device.endScope(OUT_OF_MEMORY, refused);
    this.device.endScope("submitting work", refused);
    collected?.();
    this.#encoder = null;
    this.#recorded = this.#reads = 0;
    this.#most = Math.min(2 * this.#most, tuned.DISPATCHES_A_SUBMIT);
    this.#encoding++;
    for (const one of this.#doomed.splice(0)) one.destroy();
  }

  /** Encodings that were submitted; `lastUse` of a block counts them too. */
  get submissions(): number {
    return this.#encoding;
  }

  /** Whether work that was recorded with a buffer has yet to be submitted. */
  awaits(block: Block): boolean {
    return this.#encoder !== null && block.lastUse === this.#encoding;
  }

  /** Destroys a buffer, once the work that was recorded with it has been submitted. */
  destroy(block: Block): void {
    const destroy = () => this.#destroyNow(block);
    if (this.awaits(block)) this.#doomed.push({ destroy });
    else destroy();
  }

  #destroyNow(block: Block): void {
    this.images.forget(block);
    const { home } = block;
    (home ? memoryOf(home) : block.buffer).destroy();
    this.device.budget.give(home ? home.bytes : block.bytes);
  }

  /** Brings the numbers of a matrix back from its home to a buffer, for what can't read them there. */
  #unsettle(storage: Storage): void {
    const { block } = storage;
    const { home } = block;
    if (!home) return;
    restore({ storage, home });
    this.#doomed.push(memoryOf(home));
    this.device.budget.give(home.bytes);
  }

  /** Copies bytes from TypeScript into a storage. */
  upload(storage: Storage, data: ArrayBufferView<ArrayBuffer>, byteOffset = 0): void {
    this.device.check();
    this.#unsettle(storage);
    const { block } = storage;
    if (this.awaits(block)) this.flush();
    block.writes++;
    const { queue } = this.device.gpu;
    const { buffer, byteOffset: from, byteLength } = data;
    for (let at = 0; at < byteLength; at += tuned.UPLOAD_BYTES) {
      const size = Math.min(tuned.UPLOAD_BYTES, byteLength - at);
      queue.writeBuffer(block.buffer, byteOffset + at, buffer, from + at, size);
      if (size === tuned.UPLOAD_BYTES) queue.submit([]);
    }
  }

  /**
   * Records copies of ranges into a buffer, one after the other, and `last` after them; then `emptied` is filled
   * with zeros. Submits everything.
   */
  copyOut(
    ranges: readonly Window[],
    into: GPUBuffer,
    last?: GPUBuffer,
    emptied?: Storage,
  ): void {
    for (const { storage } of ranges) this.#unsettle(storage);
    const encoder = this.betweenPasses();
    let at = 0;
    for (const { storage, offset, size } of ranges) {
      this.#checkComputed(storage);
      encoder.copyBufferToBuffer(storage.block.buffer, offset, into, at, size);
      at += size;
    }
    if (last) encoder.copyBufferToBuffer(last, 0, into, at, last.size);
    if (emptied) encoder.clearBuffer(emptied.block.buffer);
    this.flush();
    this.#most = tuned.FIRST_DISPATCHES; // once it has been read, the GPU has nothing to do
  }
}
