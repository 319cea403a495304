/*
 * Weights that live in images (lib/gpu/home.ts): how they get there, and where products and look-ups find them.
 */
import type { Device } from "../gpu/device.ts";
import { canSettle, PIECE, settle, writeTexels } from "../gpu/home.ts";
import type { Given, Settled } from "../gpu/storage.ts";
import type { Tensor } from "../tensor/tensor.ts";
import copySource from "../../kernels/copy.wgsl" with { type: "text" };
import { declared } from "./declare.ts";
import { groupsFor } from "./elementwise.ts";
import { bound } from "./limits.ts";

const copyKernel = declared("copy", copySource);

/** Whether a dense matrix can live in an image on its device. */
export const settles = ({ device, storage, shape, offset }: Tensor): boolean =>
  shape.length === 2 && shape[1] % 4 === 0 && offset === 0 &&
  storage.byteLength === shape[0] * shape[1] * 4 && canSettle(device, storage.byteLength);

/**
 * Moves a matrix, whose numbers are lost, into an image, and fills it.
 *
 * @param numbers all of them, row by row; or column by column, where `transposed`
 */
export function fillSettled(x: Tensor, numbers: Float32Array, transposed: boolean): void {
  const [rows, columns] = x.shape;
  const settled = settle(x.storage, rows, restore(x.device, columns));
  const texels = rows * columns / 4;
  const piece = new Float32Array(4 * Math.min(PIECE, texels));
  const [ofRow, ofColumn] = transposed ? [1, rows] : [columns, 1];
  for (let first = 0; first < texels; first += PIECE) {
    const count = Math.min(PIECE, texels - first);
    let row = first % rows;
    let from = row * ofRow + Math.floor(first / rows) * 4 * ofColumn;
    for (let i = 0; i < 4 * count; i += 4) {
      piece[i] = numbers[from];
      piece[i + 1] = numbers[from + ofColumn];
      piece[i + 2] = numbers[from + 2 * ofColumn];
      piece[i + 3] = numbers[from + 3 * ofColumn];
      from += ofRow;
      if (++row < rows) continue;
      row = 0;
      from += 4 * ofColumn - rows * ofRow;
    }
    writeTexels(settled, first, piece.subarray(0, 4 * count));
  }
  piece.buffer.transfer(0); // free now, and not when the collector comes: a model has many matrices
}

/** Copies a matrix from its home to its buffer, as many rows at a time as a binding holds. */
const restore = ({ limits, launcher }: Device, columns: number) => ({ storage, home }: Settled) => {
  const most = Math.floor((limits.maxStorageBufferBindingSize - 512) / 4 / columns);
  for (let first = 0; first < home.rows; first += most) {
    const rows = Math.min(most, home.rows - first);
    const begin = Math.floor(first * columns / 64) * 64;
    const end = Math.min(storage.block.bytes / 4, Math.ceil((first + rows) * columns / 64) * 64);
    const out = { storage, offset: begin * 4, size: (end - begin) * 4 };
    const n = rows * columns;
    launcher.launch(launcher.pipeline(copyKernel), { a: { storage, home }, out }, {
      n,
      rank: 3,
      a_offset: 4 * first,
      out_offset: first * columns - begin,
      shape: [rows, columns / 4, 4],
      a_strides: [4, 4 * home.rows, 1],
      out_strides: [columns, 4, 1],
    }, groupsFor(n));
  }
};

/** A matrix, or several, as kernels read it four numbers of a row at a time; all counted in fours. */
export interface Fours {
  buffer: Given;
  offset: number;
  /** From one matrix to the next, from one row to the next, and from four numbers of a row to the next four. */
  batch: number;
  row: number;
  step: number;
}

/** Where the fours of (batch, rows, columns) lie, if its rows are dense and their length and places are fours. */
export function foursOf(x: Tensor): Fours {
  const { storage, offset, strides: [batch, row] } = x;
  const { home } = storage.block;
  if (home && (x.shape[0] === 1 || batch === 0) && row === storage.byteLength / 4 / home.rows) {
    const first = Math.floor(offset / row);
    const at = first + offset % row / 4 * home.rows;
    return { buffer: { storage, home }, offset: at, batch: 0, row: 1, step: home.rows };
  }
  const lying = bound(x);
  return {
    buffer: lying.buffer,
    offset: lying.offset / 4,
    batch: batch / 4,
    row: row / 4,
    step: 1,
  };
}
