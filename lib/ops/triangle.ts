/*
 * The triangles of matrices: what lies on one side of a diagonal, zeros on the other.
 */
import { a, takes } from "../python/arguments.ts";
import { at, build } from "../tensor/ndarray.ts";
import { defineOp, type Op } from "../tensor/op.ts";
import { floats } from "../tensor/sample.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { gt, lt } from "./binary.ts";
import { arange } from "./create.ts";
import { viewOf } from "./layout.ts";
import { maskedFill } from "./where.ts";

type Triangle = { diagonal: number };

/** The function that leaves a triangle: zeros stand where a column lies beyond the row's end. */
function triangle(
  name: "tril" | "triu",
  beyond: (column: Tensor, row: Tensor) => Tensor,
  beyondReference: (column: number, row: number) => boolean,
): (x: Tensor, diagonal?: number) => Tensor {
  const op: Op<Triangle> = defineOp<Triangle>({
    name,
    torch: `torch.${name}(i[0], a['diagonal'])`,
    forward([x], { diagonal }) {
      const { device, shape } = x;
      if (x.ndim < 2) throw new RangeError(`${name}: input tensor must have at least 2 dimensions`);
      const [rows, columns] = shape.slice(-2);
      const row = arange(diagonal, rows + diagonal, { device });
      const column = arange(0, columns, { device });
      return maskedFill(x, beyond(column, viewOf(row, [rows, 1])), 0);
    },
    gradient: (grad, { args }) => [op([grad], args)],
    reference: ([x], { diagonal }) =>
      build(x.shape, (index) => {
        const [row, column] = index.slice(-2);
        return beyondReference(column, row + diagonal) ? 0 : at(x, index);
      }),
    samples: [-2, 0, 1].flatMap((diagonal) =>
      [[4, 3], [2, 3, 5], [1, 1], [0, 2]].map((shape) => ({
        inputs: [floats(shape)],
        args: { diagonal },
      }))
    ),
    rejects: [{ inputs: [floats([3])], args: { diagonal: 0 }, error: "at least 2 dimensions" }],
  });
  return takes(
    name,
    { input: a.tensor, diagonal: a.whole },
    (x: Tensor, diagonal = 0) => op([x], { diagonal }),
    { required: 1 },
  );
}

/** The lower triangle of matrices, up to a diagonal; zeros above. */
export const tril: (x: Tensor, diagonal?: number) => Tensor = triangle(
  "tril",
  gt,
  (column, row) => column > row,
);
/** The upper triangle of matrices, from a diagonal on; zeros below. */
export const triu: (x: Tensor, diagonal?: number) => Tensor = triangle(
  "triu",
  lt,
  (column, row) => column < row,
);
