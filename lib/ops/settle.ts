/*
 * Weights that have a home in place of their buffer (lib/gpu/home.ts): how they get there, and where products and
 * look-ups find them.
 */
import type { Device } from "../gpu/device.ts";
import {
  canSettle,
  copyTexels,
  homeFor,
  isPacked,
  PANEL,
  panelOf,
  PIECE,
  settle,
  texelsOf,
  writeTexels,
} from "../gpu/home.ts";
import type { Given, Settled, Storage } from "../gpu/storage.ts";
import { allocate, Tensor } from "../tensor/tensor.ts";
import { launchCopy } from "./copy_launch.ts";
import { bound, mostBound } from "./limits.ts";
import { LARGE_MATRIX, USES_TO_MOVE } from "./tuning.ts";

/** Whether a dense matrix can get a home on its device, of 16 bits a number where it is `half`. */
export const settles = ({ device, storage, shape, offset }: Tensor, half = false): boolean =>
  shape.length === 2 && offset === 0 && storage.byteLength === shape[0] * shape[1] * 4 &&
  canSettle(device, shape, half);

/** How numbers are brought home. */
export interface Filling {
  /** Whether they come column by column. */
  transposed?: boolean;
  /** Whether they have 16 bits each there. */
  half?: boolean;
}

/**
 * Gives a matrix, whose numbers are lost, a home, and fills it.
 *
 * @param numbers all of them, row by row, if not `transposed`
 */
export function fillSettled(
  x: Tensor,
  numbers: Float32Array,
  { transposed = false, half = false }: Filling = {},
): void {
  const [rows, columns] = x.shape;
  const settled = settle(x.storage, { rows, half, restore: restore(x.device, columns) });
  const height = panelOf(settled.home);
  const texels = texelsOf(rows, columns, height);
  const piece = new (half ? Float16Array : Float32Array)(4 * Math.min(PIECE, texels));
  const [ofRow, ofColumn] = transposed ? [1, rows] : [columns, 1];
  let [panel, column, row] = [0, 0, 0]; // of the next texel; a row is counted from its panel's first
  for (let first = 0; first < texels; first += PIECE) {
    const count = Math.min(PIECE, texels - first);
    for (let i = 0; i < 4 * count; i += 4) {
      if (panel + row < rows) { // else no row is there
        const from = (panel + row) * ofRow + column * ofColumn;
        piece[i] = numbers[from];
        piece[i + 1] = numbers[from + ofColumn];
        piece[i + 2] = numbers[from + 2 * ofColumn];
        piece[i + 3] = numbers[from + 3 * ofColumn];
      }
      if (++row < height) continue;
      row = 0;
      if ((column += 4) < columns) continue;
      column = 0;
      panel += height;
    }
    writeTexels(settled, first, piece.subarray(0, 4 * count));
  }
  piece.buffer.transfer(0); // free now, and not when the collector comes: a model has many matrices
}

/** Copies a matrix from its home to its buffer, as many panels at a time as a binding holds. */
const restore = (device: Device, columns: number) => (settled: Settled) => {
  const { home } = settled;
  const height = panelOf(home);
  const storage = settled.storage as Tensor["storage"]; // it is on this device
  const most = Math.floor(mostBound(device) / PANEL / columns) * PANEL;
  for (let first = 0; first < home.rows; first += most) {
    const rows = Math.min(most, home.rows - first);
    const out = bound(
      new Tensor(storage, "float32", [rows, columns], [columns, 1], first * columns),
    );
    launchCopy(device, { a: { storage, home }, out: out.buffer }, {
      n: rows * columns / 4,
      unit: 4,
      offsets: [first * columns / 4, out.offset / 4],
      rank: 3,
      shape: [Math.ceil(rows / height), height, columns / 4],
      strides: [[height * columns / 4, 1, height], [height * columns / 4, columns / 4, 1]],
    });
  }
};

/** How often products have read a matrix since it was written last. */
interface Reads {
  writes: number;
  uses: number;
  /** After so many uses the matrix moves: four times as many after each move, for then something has brought it back. */
  needed: number;
}
const reads = new WeakMap<Storage, Reads>();

/**
 * Notes that a product reads a matrix. One that is read often and not written, as the weights of a model that is not
 * trained, moves home once that pays. No digit depends on it.
 */
export function readByProduct(x: Tensor): void {
  const { storage, device } = x;
  const { block, byteLength } = storage;
  if (device.imaging !== "where it pays" || byteLength < LARGE_MATRIX || block.home) return;
  const { writes } = block;
  let known = reads.get(storage);
  if (!known) reads.set(storage, known = { writes, uses: 0, needed: USES_TO_MOVE });
  if (known.writes !== writes) Object.assign(known, { writes, uses: 0 });
  if (++known.uses < known.needed || !settles(x)) return;
  known.uses = 0;
  known.needed *= 4;
  moveHome(x);
}

/** Rows of panels that are copied at a time: whole rows of the image, whatever the width of the matrix. */
const MOVED_ROWS = 16 * PANEL;

/** Moves a matrix from its buffer into an image, if there is room for both. */
function moveHome({ storage, device, shape: [rows, columns] }: Tensor): void {
  const { launcher, budget } = device;
  const texels = texelsOf(rows, columns);
  const most = texelsOf(Math.min(rows, MOVED_ROWS), columns);
  if (!budget.fits(16 * (texels + most))) return;
  const home = homeFor(storage, { rows, restore: restore(device, columns) });
  const { memory } = home;
  if ("packed" in memory) return;
  const room = allocate([4 * most], "float32", device);
  for (let first = 0; first < rows; first += MOVED_ROWS) {
    const some = Math.min(MOVED_ROWS, rows - first);
    const from = bound(
      new Tensor(storage, "float32", [some, columns], [columns, 1], first * columns),
    );
    const n = texelsOf(some, columns);
    launchCopy(device, { a: from.buffer, out: room.storage }, {
      n,
      unit: 4,
      offsets: [from.offset / 4, 0],
      rank: 3,
      shape: [Math.ceil(some / PANEL), columns / 4, PANEL],
      strides: [[PANEL * columns / 4, 1, columns / 4], [PANEL * columns / 4, PANEL, 1]],
    });
    const copied = { buffer: room.storage.block.buffer, offset: 0 };
    copyTexels(launcher.betweenPasses(), copied, memory, texelsOf(first, columns), n);
  }
  room.storage.release("after a weight was moved");
  launcher.flush(); // then nothing reads the buffer any more
  launcher.destroy(storage.block);
  storage.block.home = home;
}

/** What to bind for a tensor whose elements a kernel finds by their places, at home too where they lie row by row. */
export function boundAtHome(x: Tensor): { buffer: Given; offset: number } {
  const { storage, offset } = x;
  const { home } = storage.block;
  return home && isPacked(home) ? { buffer: { storage, home }, offset } : bound(x);
}

/** A matrix, or several, as kernels read it four numbers of a row at a time; all counted in fours. */
export interface Fours {
  buffer: Given;
  offset: number;
  /**
   * From one matrix to the next, from one panel of 64 rows to the next, from one row of a panel to the next, and from
   * four numbers of a row to the next four.
   */
  batch: number;
  panel: number;
  row: number;
  step: number;
}

/**
 * Whether (batch, rows, columns) can be read at home: each batch is the same matrix, or a part of it that begins at
 * one of its panels, and at a four.
 */
export function readAtHome({ storage, offset, shape, strides: [batch, row, column] }: Tensor) {
  const { home } = storage.block;
  return home !== null && (shape[0] === 1 || batch === 0) && column === 1 && shape[2] % 4 === 0 &&
    row === storage.byteLength / 4 / home.rows &&
    Math.floor(offset / row) % panelOf(home) === 0 && offset % 4 === 0;
}

/** Where the fours of (batch, rows, columns) lie, if its rows are dense and their length and places are fours. */
export function foursOf(x: Tensor): Fours {
  const { storage, offset, strides: [batch, row] } = x;
  const { home } = storage.block;
  if (home && readAtHome(x) && !isPacked(home)) {
    const first = Math.floor(offset / row) * row;
    return {
      buffer: { storage, home },
      offset: first / 4 + (offset - first) / 4 * PANEL,
      ...{ batch: 0, panel: PANEL * row / 4, row: 1, step: PANEL },
    };
  }
  const lying = boundAtHome(x);
  return {
    buffer: lying.buffer,
    offset: lying.offset / 4,
    batch: batch / 4,
    panel: PANEL * row / 4,
    row: row / 4,
    step: 1,
  };
}
