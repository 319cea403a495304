/*
 * Weights that live in images (lib/gpu/home.ts): how they get there, and where products and look-ups find them.
 */
import type { Device } from "../gpu/device.ts";
import { canSettle, PANEL, PIECE, settle, texelsOf, writeTexels } from "../gpu/home.ts";
import type { Given, Settled } from "../gpu/storage.ts";
import type { Tensor } from "../tensor/tensor.ts";
import copySource from "../../kernels/copy.wgsl" with { type: "text" };
import { declared } from "./declare.ts";
import { groupsFor } from "./elementwise.ts";
import { bound } from "./limits.ts";

const copyKernel = declared("copy", copySource);

/** Whether a dense matrix can live in an image on its device. */
export const settles = ({ device, storage, shape, offset }: Tensor): boolean =>
  shape.length === 2 && offset === 0 && storage.byteLength === shape[0] * shape[1] * 4 &&
  canSettle(device, shape[0], shape[1]);

/**
 * Moves a matrix, whose numbers are lost, into an image, and fills it.
 *
 * @param numbers all of them, row by row; or column by column, where `transposed`
 */
export function fillSettled(x: Tensor, numbers: Float32Array, transposed: boolean): void {
  const [rows, columns] = x.shape;
  const settled = settle(x.storage, rows, restore(x.device, columns));
  const texels = texelsOf(rows, columns);
  const piece = new Float32Array(4 * Math.min(PIECE, texels));
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
      if (++row < PANEL) continue;
      row = 0;
      if ((column += 4) < columns) continue;
      column = 0;
      panel += PANEL;
    }
    writeTexels(settled, first, piece.subarray(0, 4 * count));
  }
  piece.buffer.transfer(0); // free now, and not when the collector comes: a model has many matrices
}

/** Copies a matrix from its home to its buffer, as many panels at a time as a binding holds. */
const restore = ({ limits, launcher }: Device, columns: number) => ({ storage, home }: Settled) => {
  const ofPanel = PANEL * columns;
  const most = Math.floor((limits.maxStorageBufferBindingSize - 512) / 4 / ofPanel) * PANEL;
  for (let first = 0; first < home.rows; first += most) {
    const rows = Math.min(most, home.rows - first);
    const begin = Math.floor(first * columns / 64) * 64;
    const end = Math.min(storage.block.bytes / 4, Math.ceil((first + rows) * columns / 64) * 64);
    const out = { storage, offset: begin * 4, size: (end - begin) * 4 };
    const n = rows * columns;
    launcher.launch(launcher.pipeline(copyKernel), { a: { storage, home }, out }, {
      n,
      rank: 4,
      a_offset: first * columns,
      out_offset: first * columns - begin,
      shape: [Math.ceil(rows / PANEL), PANEL, columns / 4, 4],
      a_strides: [ofPanel, 4, 4 * PANEL, 1],
      out_strides: [ofPanel, columns, 4, 1],
    }, groupsFor(n));
  }
};

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
    row === storage.byteLength / 4 / home.rows && Math.floor(offset / row) % PANEL === 0 &&
    offset % 4 === 0;
}

/** Where the fours of (batch, rows, columns) lie, if its rows are dense and their length and places are fours. */
export function foursOf(x: Tensor): Fours {
  const { storage, offset, strides: [batch, row] } = x;
  const { home } = storage.block;
  if (home && readAtHome(x)) {
    const first = Math.floor(offset / row) * row;
    return {
      buffer: { storage, home },
      offset: first / 4 + (offset - first) / 4 * PANEL,
      ...{ batch: 0, panel: PANEL * row / 4, row: 1, step: PANEL },
    };
  }
  const lying = bound(x);
  return {
    buffer: lying.buffer,
    offset: lying.offset / 4,
    batch: batch / 4,
    panel: PANEL * row / 4,
    row: row / 4,
    step: 1,
  };
}
