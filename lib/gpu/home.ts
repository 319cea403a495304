/*
 * Matrices whose numbers live in an image, or in a smaller buffer, and nowhere else: the weights of a model that is used
 * and not trained, which are read each time and hardly ever written. They take memory once.
 *
 * In an image they lie as products read them best. Four numbers of a row are a texel; beside it lie those of the next row,
 * up to 64 rows, which are a panel; then the next four numbers of these rows follow. So lanes that own neighboring rows
 * read neighbors, no two of them fight for a place in the processor's cache, and a workgroup reads its panel from
 * beginning to end, as the processor expects: a token of GPT-2 took 1.6 times as long where all rows were one panel.
 *
 * Those numbers may have 16 bits each, half the memory: in an image where images are read faster, and elsewhere, on a
 * GPU, in a buffer, row by row. On llvmpipe a token of GPT-2 takes as long with them (4.0 s for 64 tokens, and 3.9), since
 * reading a texel costs it as much; on a GPU the memory's speed is the limit.
 *
 * Only kernels that are given the matrix as `Settled` read it there. For anything else the launcher brings the numbers
 * back to a buffer first, and its home is gone.
 */
import type { Gpu } from "./gpu.ts";
import { type Given, type Home, isSettled, nextId, type Settled, type Storage } from "./storage.ts";
import { WIDTH } from "./wgsl.ts";

/** Bytes of a texel of four numbers, as bits: no driver may change a NaN on the way. */
export const TEXEL = 16;

/** Rows of a panel: as many as a workgroup of matmul_rows owns columns of its result. */
export const PANEL = 64;

/** Texels that are written at a time, whole rows of the image: the driver reuses the memory of one piece for the next. */
export const PIECE: number = WIDTH * 64;

/** Fours of a matrix in panels, texels of an image; the last panel may not be full. */
export const texelsOf = (rows: number, columns: number, panel = PANEL): number =>
  Math.ceil(rows / panel) * panel * columns / 4;

/**
 * Rows of an image of so many texels: one more where that would be a power of two. llvmpipe compiles a kernel for each
 * combination of its images whose height is one and whose height is not.
 */
export function rowsFor(texels: number): number {
  const rows = Math.max(2, Math.ceil(texels / WIDTH));
  return rows & (rows - 1) ? rows : rows + 1;
}

/** Whether kernels on a device can read a matrix from its home, of 32 bits a number, or of 16 where it is `half`. */
export function canSettle(
  { imaging, limits }: Gpu,
  [rows, columns]: readonly number[],
  half: boolean,
): boolean {
  if (columns % 4 !== 0) return false;
  if (imaging === "never") {
    return half && rows * columns * 2 <= limits.maxStorageBufferBindingSize;
  }
  return limits.maxStorageTexturesPerShaderStage >= 4 &&
    texelsOf(rows, columns) <= (limits.maxTextureDimension2D - 1) * WIDTH;
}

/** How a home is made. */
export interface HomeOptions {
  /** How many rows the matrix has, which lies row by row. */
  rows: number;
  /** Whether its numbers are to have 16 bits each. */
  half?: boolean;
  /** Writes what is at home into the storage's buffer, which is there again when it is called. */
  restore: Home["restore"];
}

/** A home for the matrix that a storage holds, still empty. */
export function homeFor(storage: Storage, { rows, half = false, restore }: HomeOptions): Home {
  const { device, block } = storage;
  const columns = storage.byteLength / 4 / rows;
  const packed = device.imaging === "never";
  const texels = texelsOf(rows, columns, packed ? 1 : PANEL);
  const bytes = texels * (half ? TEXEL / 2 : TEXEL);
  const what = `storing a weight ${packed ? "in 16 bits" : "as an image"}`;
  device.budget.take(bytes, what);
  const create = (): Home["memory"] => {
    if (packed) {
      const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
      return { packed: device.gpu.createBuffer({ label: "weight", size: bytes, usage }) };
    }
    const texture = device.gpu.createTexture({
      label: "weight",
      size: [WIDTH, rowsFor(texels)],
      format: half ? "rgba16float" : "rgba32uint",
      usage: GPUTextureUsage.STORAGE_BINDING | GPUTextureUsage.COPY_DST,
    });
    return { texture, view: texture.createView() };
  };
  const memory = device.watched(what, create, () => block.broken = true);
  return { memory, id: nextId(), half, bytes, rows, restore };
}

/** Gives a storage, whose numbers are lost, a home in place of its buffer. */
export function settle(storage: Storage, options: HomeOptions): Settled {
  const { device, block } = storage;
  block.buffer.destroy();
  device.budget.give(block.bytes);
  const home = block.home = homeFor(storage, options);
  return { storage, home };
}

/** Whether its numbers lie in a buffer, row by row. */
export const isPacked = ({ memory }: Home): boolean => "packed" in memory;

/** Rows that lie side by side, four numbers of each at a time. */
export const panelOf = (home: Home): number => isPacked(home) ? 1 : PANEL;

/** The buffer that is bound for what a kernel is given, and which part of it. */
export function bufferOf(given: Given): { buffer: GPUBuffer; offset?: number; size: number } {
  if (isSettled(given)) {
    const { memory, bytes } = given.home;
    if ("packed" in memory) return { buffer: memory.packed, size: bytes };
    throw new Error("a kernel is given a weight that lives in an image, and reads no images");
  }
  if ("storage" in given) return { ...given, buffer: given.storage.block.buffer };
  return { buffer: given.block.buffer, size: given.block.bytes };
}

/** What is to be destroyed with a home. */
export const memoryOf = ({ memory }: Home): { destroy(): void } =>
  "packed" in memory ? memory.packed : memory.texture;

/** Records a copy of texels into an image, from its texel `first` on, which begins a row; the last row may not be full. */
export function copyTexels(
  encoder: GPUCommandEncoder,
  { buffer, offset }: { buffer: GPUBuffer; offset: number },
  { texture }: { texture: GPUTexture },
  first: number,
  texels: number,
): void {
  const [row, rows] = [first / WIDTH, Math.floor(texels / WIDTH)];
  const copy = (at: number, size: [number, number]) =>
    encoder.copyBufferToTexture(
      { buffer, offset: offset + at * TEXEL, bytesPerRow: WIDTH * TEXEL },
      { texture, origin: [0, row + at / WIDTH] },
      size,
    );
  if (rows > 0) copy(0, [WIDTH, rows]);
  if (texels % WIDTH > 0) copy(rows * WIDTH, [texels % WIDTH, 1]);
}

/**
 * Writes texels from the one numbered `first` on, which begins a row of the image; a piece at most. In a buffer they are
 * fours, one after the other.
 */
export function writeTexels(
  { storage, home: { memory } }: Settled,
  first: number,
  data: Float32Array<ArrayBuffer> | Float16Array<ArrayBuffer>,
): void {
  const { queue } = storage.device.gpu;
  const texels = data.length / 4;
  const bytes = 4 * data.BYTES_PER_ELEMENT;
  if ("packed" in memory) {
    queue.writeBuffer(memory.packed, first * bytes, data);
    return queue.submit([]);
  }
  const { texture } = memory;
  const [row, rows] = [first / WIDTH, Math.floor(texels / WIDTH)];
  const put = (row: number, from: number, size: [number, number]) =>
    queue.writeTexture(
      { texture, origin: [0, row] },
      data.subarray(4 * from),
      { bytesPerRow: WIDTH * bytes },
      size,
    );
  if (rows > 0) put(row, 0, [WIDTH, rows]);
  if (texels % WIDTH > 0) put(row + rows, rows * WIDTH, [texels % WIDTH, 1]);
  queue.submit([]);
}

/** Gives a storage a buffer again, with its numbers; the home is still to be destroyed, after what was recorded. */
export function restore({ storage, home }: Settled): void {
  const { block, device } = storage;
  const what = "copying a weight back to a buffer";
  block.buffer = device.createStorage(what, block.bytes, () => block.broken = true);
  block.id = nextId();
  block.home = null;
  home.restore({ storage, home });
}
