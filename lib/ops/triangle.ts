/*
 * The triangles of matrices: what lies on one side of a diagonal, zeros on the other.
 */
import { a, type Given, takesNames } from "../python/arguments.ts";
import { at, build } from "../tensor/ndarray.ts";
import { defineOp, type Op } from "../tensor/op.ts";
import { floats } from "../tensor/sample.ts";
import { fromValues, type Tensor } from "../tensor/tensor.ts";
import { gt, lt } from "./binary.ts";
import { arange } from "./ranges.ts";
import { viewOf } from "./layout.ts";
import { maskedFill } from "./where.ts";

type Triangle = { diagonal: number };

/** A function of matrices and of a diagonal, which may be given by name. */
export type Triangular = (
  x: Tensor,
  ...args: Given<[diagonal?: number], { diagonal?: number }>
) => Tensor;

/** Whether a column lies beyond the end of its row, of the lower and of the upper triangle. */
const beyond = {
  tril: (column: number, row: number) => column > row,
  triu: (column: number, row: number) => column < row,
};

/** The function that leaves a triangle, and zeros beyond it. */
function triangle(name: "tril" | "triu"): Triangular {
  const isBeyond = { tril: gt, triu: lt }[name];
  const op: Op<Triangle> = defineOp<Triangle>({
    name,
    torch: `torch.${name}(i[0], a['diagonal'])`,
    forward([x], { diagonal }) {
      const { device, shape } = x;
      if (x.ndim < 2) throw new RangeError(`${name}: input tensor must have at least 2 dimensions`);
      const [rows, columns] = shape.slice(-2);
      const row = arange(diagonal, rows + diagonal, { device });
      const column = arange(0, columns, { device });
      return maskedFill(x, isBeyond(column, viewOf(row, [rows, 1])), 0);
    },
    gradient: (grad, { args }) => [op([grad], args)],
    reference: ([x], { diagonal }) =>
      build(x.shape, (index) => {
        const [row, column] = index.slice(-2);
        return beyond[name](column, row + diagonal) ? 0 : at(x, index);
      }),
    samples: [-2, 0, 1].flatMap((diagonal) =>
      [[4, 3], [2, 3, 5], [1, 1], [0, 2]].map((shape) => ({
        inputs: [floats(shape)],
        args: { diagonal },
      }))
    ),
    rejects: [{ inputs: [floats([3])], args: { diagonal: 0 }, error: "at least 2 dimensions" }],
  });
  return takesNames(
    name,
    { input: a.tensor, diagonal: a.whole },
    (x: Tensor, diagonal = 0) => op([x], { diagonal }),
    { required: 1 },
  );
}

/**
 * The lower triangle of matrices, up to a diagonal; zeros above.
 *
 * @example
 * ```ts
 * import { ones, tril } from "#lib";
 * import { assertEquals } from "@std/assert";
 * assertEquals(await tril(ones(3, 3)).tolist(), [[1, 0, 0], [1, 1, 0], [1, 1, 1]]);
 * ```
 */
export const tril: Triangular = triangle("tril");

/** The upper triangle of matrices, from a diagonal on; zeros below. */
export const triu: Triangular = triangle("triu");

/** How large a matrix is, and from where on its triangle reaches. */
export interface TriangleOptions {
  /** The number of rows. */
  row: number;
  /** The number of columns. */
  col: number;
  /** The diagonal; 0, the main one. */
  offset?: number;
}
type Places = (
  ...args: Given<[row: number, col: number, offset?: number], TriangleOptions>
) => Tensor;

const indices = (triangle: "tril" | "triu"): Places =>
  takesNames<Places>(
    `${triangle}Indices`,
    { row: a.whole, col: a.whole, offset: a.whole },
    (row: number, col: number, offset = 0) => {
      const places: [number[], number[]] = [[], []];
      for (let i = 0; i < row; i++) {
        for (let j = 0; j < col; j++) {
          if (beyond[triangle](j, i + offset)) continue;
          places[0].push(i);
          places[1].push(j);
        }
      }
      return fromValues(Int32Array.from(places.flat()), [2, places[0].length], "int64");
    },
    { required: 2 },
  );

/** Rows and columns of the places of a lower triangle, (2, n). */
export const trilIndices: (
  ...args: Given<[row: number, col: number, offset?: number], TriangleOptions>
) => Tensor = indices("tril");

/** Rows and columns of the places of an upper triangle, (2, n). */
export const triuIndices: (
  ...args: Given<[row: number, col: number, offset?: number], TriangleOptions>
) => Tensor = indices("triu");
