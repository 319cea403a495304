/*
 * The operands of matrix products as kernels bind them: where they lie, whether they can be read four numbers
 * at a time, and their packed copies where they can't.
 */
import { PANEL } from "../../gpu/home.ts";
import type { Given } from "../../gpu/storage.ts";
import { allocate, type Tensor } from "../../tensor/tensor.ts";
import packSource from "../../../kernels/matmul_pack.wgsl" with { type: "text" };
import { groupsFor } from "../elementwise.ts";
import { bound } from "../limits.ts";
import { foursOf, readAtHome } from "../settle.ts";
import { FEW_USES, TILE_LANES } from "../tuning.ts";
import { declared } from "../declare.ts";

const pack = declared("matmul_pack", packSource);

/** Whether each of these places begins a vec4. */
export const quads = (...places: number[]) => places.every((place) => place % 4 === 0);

/** Whether matrices can be read, or written, four numbers of a row at a time. */
export const alongLast = ({ shape, strides, offset }: Tensor): boolean =>
  strides[2] === 1 && quads(shape[2], strides[0], strides[1], offset);

/** Whether a matrix (batch, side, k) can be read four neighbors of its side at a time. */
const alongSide = ({ strides, offset }: Tensor): boolean =>
  strides[1] === 1 && quads(strides[0], strides[2], offset);

/** How a matrix (batch, side, k) lies: whether along k, and whether it can be read there four numbers at a time. */
export function lie(x: Tensor): { alongK: boolean; inFours: boolean } {
  const alongK = alongLast(x) || (!alongSide(x) && x.strides[2] <= x.strides[1]);
  return { alongK, inFours: alongLast(x) || alongSide(x) };
}

/** An operand as matmul_tile reads it; distances in elements as it is bound. */
export interface Panels {
  buffer: Given;
  offset: number;
  batch: number;
  /** From the tiles of one workgroup to those of the next, and from one tile to the next. */
  group: number;
  tile: number;
  /** From four k to the next four. */
  step: number;
  /** From one block of four rows to the next. */
  block: number;
  /** From one of a block's four loads to the next: a row further where each is of four k, else a k. */
  next: number;
  alongK: boolean;
  /** Whether it is bound as single numbers, not as vec4. */
  singles: boolean;
  /** Gives back the memory of a packed copy. */
  done(): void;
}

/** B (batch, side, k), whose tiles of this width are a panel of a matrix at home. */
function panelsAtHome(x: Tensor, width: number): Panels {
  const { buffer, offset, batch, panel: group, row, step } = foursOf(x);
  const places = { offset, batch, group, tile: width * row, step, block: 4 * row, next: row };
  return { buffer, ...places, alongK: true, singles: false, done() {} };
}

/**
 * A matrix (batch, side, k), where it lies if it can be read there, packed if not.
 *
 * @param uses how many rows the other operand has: for a few, an unaligned side is read as it lies
 * @param lanes whether the lanes of a workgroup lie along the side: it is B
 */
export function panels(
  x: Tensor,
  width: number,
  { uses = Infinity, lanes = false } = {},
): Panels {
  if (lanes && width * TILE_LANES === PANEL && readAtHome(x)) return panelsAtHome(x, width);
  const { buffer, offset } = bound(x);
  const [batch, side, k] = x.strides;
  const lying = (unit: number) => ({
    buffer,
    offset: offset / unit,
    batch: batch / unit,
    group: TILE_LANES * width * side / unit,
    tile: width * side / unit,
    step: 4 * k / unit,
    done() {},
  });
  if (alongSide(x)) {
    return { ...lying(4), block: 1, next: k / 4, alongK: false, singles: false };
  }
  if (alongLast(x)) {
    return { ...lying(4), block: side, next: side / 4, alongK: true, singles: false };
  }
  if (side === 1 && uses <= FEW_USES) {
    return { ...lying(1), block: 4, next: k, alongK: false, singles: true };
  }
  const [copies, size, steps] = [batch === 0 ? 1 : x.shape[0], x.shape[1], x.shape[2]];
  const count = Math.ceil(size / width);
  const packed = allocate([copies, count, steps, width], "float32", x.device);
  const { launcher } = x.device;
  const blocks = Math.ceil(size / 4);
  const total = copies * blocks * Math.ceil(steps / 4);
  launcher.launch(launcher.pipeline(pack), { a: buffer, to: bound(packed).buffer }, {
    blocks,
    k: steps,
    total,
    width: width / 4,
    panels: count,
    offset,
    batch_stride: batch,
    side_stride: side,
    k_stride: k,
  }, groupsFor(total));
  return {
    buffer: bound(packed).buffer,
    offset: 0,
    batch: batch === 0 ? 0 : count * steps * width / 4,
    group: TILE_LANES * steps * width / 4,
    tile: steps * width / 4,
    step: width,
    block: 1,
    next: width / 4,
    alongK: false,
    singles: false,
    done: () => packed.storage.release("when its product was launched"),
  };
}
