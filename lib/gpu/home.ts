/*
 * Matrices whose numbers live in an image, and nowhere else: the weights of a model that is used and not trained, which
 * are read each time and hardly ever written. They take memory once, and lie there as products read them best: four
 * numbers of a row are a texel, beside it lie those of the next row, up to 64 rows, a panel; then the next four
 * numbers of these rows follow. So lanes that own neighbouring rows read neighbours, no two of them fight for a place
 * in the processor's cache, and a workgroup reads its panel from beginning to end, as the processor expects: a token
 * of GPT-2 took 1.6 times as long where all rows were one panel.
 *
 * Only kernels that are given the matrix as `Settled` read it there. For anything else the launcher brings the numbers
 * back to a buffer first, and the image is gone.
 */
import type { Gpu } from "./gpu.ts";
import { type Home, nextId, type Settled, type Storage } from "./storage.ts";
import { WIDTH } from "./wgsl.ts";

/** Bytes of a texel of four numbers, as bits: no driver may change a NaN on the way. */
export const TEXEL = 16;

/** Rows of a panel: as many as a workgroup of matmul_rows owns columns of its result. */
export const PANEL = 64;

/** Texels that are written at a time, whole rows of the image: the driver reuses the memory of one piece for the next. */
export const PIECE: number = WIDTH * 64;

/** Texels of a matrix; its last panel may not be full. */
export const texelsOf = (rows: number, columns: number): number =>
  Math.ceil(rows / PANEL) * PANEL * columns / 4;

/** Whether kernels on a device can read a matrix from its home. */
export const canSettle = ({ imaging, limits }: Gpu, rows: number, columns: number): boolean =>
  imaging !== "never" && columns % 4 === 0 && limits.maxStorageTexturesPerShaderStage >= 4 &&
  texelsOf(rows, columns) <= limits.maxTextureDimension2D * WIDTH;

/**
 * An image for the matrix that a storage holds, still empty.
 *
 * @param rows of the matrix, which lies row by row
 * @param restore writes what is at home into the storage's buffer, which is there again when it is called
 */
export function homeFor(storage: Storage, rows: number, restore: Home["restore"]): Home {
  const { device, block } = storage;
  const texels = texelsOf(rows, storage.byteLength / 4 / rows);
  const bytes = texels * TEXEL;
  const what = "storing a weight as an image";
  device.budget.take(bytes, what);
  const create = () => {
    const texture = device.gpu.createTexture({
      label: "weight",
      size: [WIDTH, Math.ceil(texels / WIDTH)],
      format: "rgba32uint",
      usage: GPUTextureUsage.STORAGE_BINDING | GPUTextureUsage.COPY_DST,
    });
    return { texture, view: texture.createView() };
  };
  const made = device.watched(what, create, () => block.broken = true);
  return { ...made, id: nextId(), bytes, rows, restore };
}

/** Gives a storage, whose numbers are lost, a home in place of its buffer. */
export function settle(storage: Storage, rows: number, restore: Home["restore"]): Settled {
  const { device, block } = storage;
  block.buffer.destroy();
  device.budget.give(block.bytes);
  const home = block.home = homeFor(storage, rows, restore);
  return { storage, home };
}

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

/** Writes texels from the one numbered `first` on, which begins a row of the image; a piece at most. */
export function writeTexels(
  { storage, home }: Settled,
  first: number,
  data: Float32Array<ArrayBuffer>,
): void {
  const { queue } = storage.device.gpu;
  const texels = data.length / 4;
  const [row, rows] = [first / WIDTH, Math.floor(texels / WIDTH)];
  const put = (row: number, from: number, size: [number, number]) =>
    queue.writeTexture(
      { texture: home.texture, origin: [0, row] },
      data.subarray(4 * from),
      { bytesPerRow: WIDTH * TEXEL },
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
  device.budget.take(block.bytes, what);
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const create = () => device.gpu.createBuffer({ label: what, size: block.bytes, usage });
  block.buffer = device.watched(what, create, () => block.broken = true);
  block.id = nextId();
  block.home = null;
  home.restore({ storage, home });
}
