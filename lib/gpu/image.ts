/*
 * Kernels that read their inputs as images. On llvmpipe an access to a storage buffer goes through its lanes one
 * by one, with a bounds check for each, and on a processor without AVX-512 every lane's number goes through the
 * stack: 80 cycles a lane for one number or for four. A read of a storage texture is a few vector instructions for
 * all lanes, 4 cycles a lane. A copy of a whole buffer into a texture costs 10 cycles for four numbers, so it pays
 * as soon as each number is read once.
 *
 * Nothing else changes: a kernel's text is rewritten (wgsl.ts) so that `x[i]` is fetched from a texture that
 * holds the same bits, and the kernel computes the same numbers from them. The copies belong to the buffers, and
 * are made again after a kernel has written to a buffer; of a kernel that was given a window to write to, only that
 * window. Kernels still write to buffers.
 *
 * Measured on one core of an AMD EPYC (Zen 3, AVX2), Mesa 22.3, x (768) · w (768×3072), milliseconds of the
 * processor: w from a storage buffer 21 to 24, by textureLoad of a sampled texture 4 to 5 (a call for each, with
 * mip levels lane by lane), from a storage texture 2 to 2.5. Uniform buffers don't help: 64 KiB at most, and a
 * scalar load for each lane and number. Workgroup memory has the loop over lanes too. Workgroups of 4 lanes are
 * half as fast.
 */
import type { Gpu } from "./gpu.ts";
import { copyTexels, rowsFor, TEXEL } from "./home.ts";
import {
  type Block,
  type Given,
  halvesIn,
  type Image,
  isSettled,
  nextId,
  type Storage,
  storageOf,
  type Stretch,
  type Window,
} from "./storage.ts";
import type { Form, Pipeline } from "./pipeline.ts";
import { BYTES_A_READ, FEWEST_READS, IMAGE_BYTES, UNUSED_TEXELS } from "./tuning.ts";
import { WIDTH } from "./wgsl.ts";

/** Bytes of a row of an image. */
const ROW = WIDTH * TEXEL;

/** The images of one device's buffers. */
export class Images {
  /** All of them, those read longest ago first. */
  #all = new Set<Image>();
  #bytes = 0;

  /**
   * @param flush submits what was recorded, before a texture that it reads is destroyed
   * @param most bytes that images may take together
   */
  constructor(
    readonly device: Gpu,
    readonly flush: () => void,
    readonly most: number = IMAGE_BYTES,
  ) {}

  /** Whether so many reads could pay for a copy. */
  pay(reads: number): boolean {
    const { imaging } = this.device;
    return imaging === "where it pays" ? reads > FEWEST_READS : imaging === "always";
  }

  /**
   * The form of a kernel that is faster for a launch; what it reads as images is copied.
   *
   * @param reads how many elements all its invocations read of an operand, about
   * @param encode gives the encoder for copies, if there are any
   */
  formOf(
    pipeline: Pipeline,
    buffers: Record<string, Given>,
    reads: number,
    encode: () => GPUCommandEncoder,
  ): Form {
    const halves = halvesIn(buffers);
    if (halves.length > 0 && this.device.imaging === "never") {
      return pipeline.halves(halves, "buffers");
    }
    const stale = this.#staleOf(pipeline, buffers, reads);
    if (!stale) return pipeline.buffers;
    const form = halves.length > 0 ? pipeline.halves(halves, "images") : pipeline.images;
    if (stale.size > 0) this.#copy(encode(), stale);
    return form;
  }

  /** The images that a launch would have to copy; null where buffers are read faster. */
  #staleOf(
    { shown }: Pipeline,
    buffers: Record<string, Given>,
    reads: number,
  ): Map<Image, Storage | Window> | null {
    if (shown.length === 0) return null;
    const settled = shown.some(({ name }) => isSettled(buffers[name]));
    const most = (this.device.limits.maxTextureDimension2D - 1) * WIDTH * TEXEL;
    const stale = new Map<Image, Storage | Window>();
    let bytes = 0;
    for (const { name } of shown) {
      const given = buffers[name];
      if (!given || storageOf(given).device !== this.device) return null; // the launch says what is wrong
      if (isSettled(given)) continue;
      if (bytesBound(given) > most) return null;
      const image = this.#find(given) ??
        (settled ? this.#createFor(given) : this.#createIfItFits(given));
      if (!image) return null;
      const lacks = missing(image, given);
      if (!lacks || stale.has(image)) continue;
      stale.set(image, given);
      bytes += lacks[1] - lacks[0];
    }
    const pays = settled || stale.size === 0 || reads > FEWEST_READS + bytes / BYTES_A_READ;
    return pays || this.device.imaging === "always" ? stale : null;
  }

  /** The image of a buffer or a window, whatever it holds; or the home of its numbers. */
  of(given: Given): Pick<Image, "id" | "view"> {
    if (!isSettled(given)) return this.#find(given) ?? this.#createFor(given);
    const { id, memory } = given.home;
    if ("packed" in memory) throw new Error("a matrix that lies in a buffer is no image");
    return { id, view: memory.view };
  }

  #find(given: Storage | Window): Image | undefined {
    const image = storageOf(given).block.images.get(keyOf(given));
    if (!image) return undefined;
    this.#all.delete(image);
    this.#all.add(image);
    return image;
  }

  /** Kernels can do without an image, where there is no memory for one. */
  #createIfItFits(given: Storage | Window): Image | undefined {
    return this.device.budget.fits(bytesBound(given)) ? this.#createFor(given) : undefined;
  }

  #createFor(given: Storage | Window): Image {
    const { images } = storageOf(given).block;
    const key = keyOf(given);
    const image = this.#create(bytesBound(given), () => images.delete(key));
    images.set(key, image);
    this.#all.add(image);
    return image;
  }

  #create(bytes: number, leave: () => void): Image {
    for (const oldest of this.#all) {
      if (this.#bytes + bytes <= this.most) break;
      this.flush();
      this.#destroy(oldest);
    }
    this.device.budget.add(bytes);
    const create = () => {
      const texture = this.device.gpu.createTexture({
        label: "read as an image",
        size: [WIDTH + UNUSED_TEXELS, rowsFor(bytes / TEXEL)],
        format: "rgba32uint",
        usage: GPUTextureUsage.STORAGE_BINDING | GPUTextureUsage.COPY_DST,
      });
      return { texture, view: texture.createView() };
    };
    const failed = () => {
      if (this.#all.has(image)) this.#destroy(image); // so that it is tried again
    };
    const made = this.device.watched("copying a tensor into an image", create, failed);
    const image = { ...made, id: nextId(), bytes, leave, writes: -1, copied: 0, changed: null };
    this.#bytes += bytes;
    return image;
  }

  #destroy(image: Image): void {
    this.#all.delete(image);
    this.#bytes -= image.bytes;
    this.device.budget.give(image.bytes);
    image.leave();
    image.texture.destroy();
  }

  /** Gives all images back to the driver; what still reads them must have been submitted. */
  empty(): void {
    for (const image of this.#all) this.#destroy(image);
  }

  /** Gives back the images of a buffer that is destroyed. */
  forget({ images }: Block): void {
    for (const image of images.values()) this.#destroy(image);
  }

  /** Notes that a kernel writes to a block, or to a window of it: its images have to follow. */
  wrote(block: Block, given: Given): void {
    block.writes++;
    for (const image of block.images.values()) {
      if (image.writes !== block.writes - 1) continue; // it follows from the beginning
      const [from, to] = image.changed ?? [Infinity, 0];
      const [first, last] = "offset" in given
        ? [given.offset, given.offset + given.size]
        : [0, block.bytes];
      image.writes = block.writes;
      image.changed = [Math.min(from, first), Math.max(to, last)];
    }
  }

  /** Records the copies of what images do not hold yet: whole rows of them, and the row that is not. */
  #copy(encoder: GPUCommandEncoder, stale: Map<Image, Storage | Window>): void {
    for (const [image, given] of stale) {
      const { block } = storageOf(given);
      const offset = "storage" in given ? given.offset : 0;
      const [from, to] = missing(image, given)!;
      const first = Math.floor(from / ROW) * ROW; // the beginning of a row
      const source = { buffer: block.buffer, offset: offset + first };
      copyTexels(encoder, source, image, first / TEXEL, (to - first) / TEXEL);
      image.copied = bytesHeld(given);
      image.writes = block.writes;
      image.changed = null;
    }
  }
}

/** Which part of its buffer an image shows. */
const keyOf = (given: Storage | Window): string =>
  "storage" in given ? `${given.offset}+${given.size}` : "";

/** The bytes that a kernel sees of a buffer, or of a window. */
const bytesBound = (given: Storage | Window): number =>
  "storage" in given ? given.size : given.block.bytes;

/** The bytes that may have been written, in whole texels. */
function bytesHeld(given: Storage | Window): number {
  const { block, byteLength } = storageOf(given);
  const [offset, size] = "storage" in given ? [given.offset, given.size] : [0, byteLength];
  return Math.min(block.bytes - offset, Math.ceil(size / TEXEL) * TEXEL);
}

/** The bytes that an image lacks, counted from where it begins, in whole rows if others follow; null if it lacks none. */
function missing({ writes, copied, changed }: Image, given: Storage | Window): Stretch | null {
  const [start, held] = ["storage" in given ? given.offset : 0, bytesHeld(given)];
  if (writes !== storageOf(given).block.writes || copied < held) return [0, held];
  if (!changed) return null;
  const first = Math.max(0, Math.floor((changed[0] - start) / ROW) * ROW);
  const last = Math.min(held, Math.ceil((changed[1] - start) / ROW) * ROW);
  return first < last ? [first, last] : null;
}
