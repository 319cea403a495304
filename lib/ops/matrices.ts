/*
 * Matrices out of nothing and out of vectors, and products written by their indices.
 */
import { a, type Given, parameters, takes, takesNames } from "../python/arguments.ts";
import { called } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, eq, mul } from "./binary.ts";
import { to } from "./copy.ts";
import { full, type TensorOptions, tensorOptions, zeros } from "./create.ts";
import { arange } from "./ranges.ts";
import { indexSelect } from "./index.ts";
import { cat } from "./join.ts";
import { bmm, matmul } from "./matmul/matmul.ts";
import { movedim } from "./other_views.ts";
import { sum } from "./reduce.ts";
import { diagonal } from "./strided.ts";
import { permute, reshape, unsqueeze } from "./views.ts";
import { where } from "./where.ts";

const readEye = parameters<{ n: number; m?: number } & TensorOptions>(
  "eye",
  { n: a.whole, m: a.whole, ...tensorOptions },
  { required: 1, positional: 2 },
);

/** Ones on the diagonal of an n × m matrix, zeros elsewhere. */
export function eye(
  ...args: Given<[n: number, m?: number], { n: number; m?: number }, TensorOptions>
): Tensor {
  const { n, m = n, dtype = "float32", device, requiresGrad } = readEye(args);
  const rows = unsqueeze(arange(n, { device }), 1);
  const made = to(eq(rows, arange(m, { device })), dtype);
  return requiresGrad ? made.requiresGrad_() : made;
}

/**
 * A vector on the diagonal of a matrix, or the diagonal of a matrix; `diagonal` counts upwards from the main one.
 */
export const diag: (
  x: Tensor,
  ...args: Given<[diagonal?: number], { diagonal?: number }>
) => Tensor = takesNames(
  "diag",
  { input: a.tensor, diagonal: a.whole },
  (x: Tensor, diagonal = 0): Tensor => {
    const [down, right] = [Math.max(-diagonal, 0), Math.max(diagonal, 0)];
    const { device } = x;
    if (x.ndim === 1) {
      const size = x.shape[0] + Math.abs(diagonal);
      const [row, column] = [unsqueeze(arange(size, { device }), 1), arange(size, { device })];
      const nothing = (n: number) => zeros([n], { dtype: x.dtype, device });
      const spread = cat(
        [nothing(down), x, nothing(right)].filter((part) => part === x || part.shape[0] > 0),
      );
      const at = eq(add(row, diagonal), column);
      const none = full([], 0, { dtype: x.dtype, device });
      return called("DiagEmbedBackward0", where(at, unsqueeze(spread, 1), none));
    }
    if (x.ndim !== 2) {
      throw new RangeError(`diag(): expected a vector or a matrix, not ${x.ndim} dimensions`);
    }
    const [rows, columns] = x.shape;
    const count = Math.max(0, Math.min(rows - down, columns - right));
    const places = add(mul(arange(count, { device }), columns + 1), down * columns + right);
    return called("DiagonalBackward0_copy", indexSelect(reshape(x, [-1]), 0, places));
  },
  { required: 1 },
);

/** The sum of the diagonal of a matrix. */
export const trace: (x: Tensor) => Tensor = takes("trace", { input: a.tensor }, (x) => {
  if (x.ndim !== 2) {
    throw new RangeError(`trace: expected a matrix, but got tensor with dim ${x.ndim}`);
  }
  if (x.dtype === "bool") throw new TypeError('"trace" not implemented for bool; use long()');
  return called("TraceBackward0", sum(diag(x)));
});

function checkVectors(name: string, x: Tensor, y: Tensor): void {
  if (x.ndim === 1 && y.ndim === 1) return;
  throw new RangeError(`${name}: 1D tensors expected, but got ${x.ndim}D and ${y.ndim}D tensors`);
}

/** Every element of one vector times every one of another: (n), (m) → (n, m). */
export const outer: (x: Tensor, ...args: Given<[vec2: Tensor], { vec2: Tensor }>) => Tensor =
  takesNames(
    "outer",
    { input: a.tensor, vec2: a.tensor },
    (x: Tensor, y: Tensor): Tensor => {
      checkVectors("outer", x, y);
      return mul(unsqueeze(x, 1), y);
    },
  );

/** The sum of the products of two vectors. */
export const dot: (x: Tensor, ...args: Given<[tensor: Tensor], { tensor: Tensor }>) => Tensor =
  takesNames("dot", { input: a.tensor, tensor: a.tensor }, (x: Tensor, y: Tensor): Tensor => {
    checkVectors("dot", x, y);
    return matmul(x, y);
  });

/** One operand of an einsum, and the letters of its dimensions. */
interface Lettered {
  x: Tensor;
  letters: string;
}

/**
 * A product written by its indices: `einsum("bij,bjk->bik", x, y)` multiplies batches of matrices. Letters that
 * stand only on the left are summed over, `...` are any dimensions, and a size of 1 broadcasts. A letter twice in one
 * operand is its diagonal.
 *
 * @example
 * ```ts
 * import { einsum, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const x = tensor([[1.5, 2], [3, 4]]);
 * assertEquals(await einsum("ij->j", x).tolist(), [4.5, 6]);
 * ```
 */
export function einsum(
  equation: string,
  ...given: readonly Tensor[] | [operands: readonly Tensor[]]
): Tensor {
  const operands = given.flat() as Tensor[];
  const [left, right, more] = a.text.accepts(equation)
    ? equation.replaceAll(" ", "").split("->")
    : [];
  const texts = left?.split(",") ?? [];
  const fits = more === undefined && operands.every((x) => a.tensor.accepts(x)) &&
    texts.length === operands.length &&
    texts.every((text, i) => {
      const letters = text.replace("...", "");
      return /^[a-zA-Z]*$/.test(letters) &&
        (text === letters
          ? letters.length === operands[i].ndim
          : letters.length <= operands[i].ndim);
    });
  if (!fits) {
    throw new TypeError(
      `einsum(): "${equation}" does not fit ${operands.length} operands of ` +
        `${operands.map((x) => x?.ndim).join(", ")}` +
        ` dimensions; write einsum("ij,jk->ik", x, y), with one ` +
        `letter for each dimension`,
    );
  }
  const each = texts.map((text, i) => onDiagonals(text, operands[i], i));
  const { parts, all, dots } = spelled(each.map(({ text }) => text), each.map(({ x }) => x));
  // What stands once in the whole equation; a letter twice in one operand does not.
  const once = () => {
    const letters = texts.join("").replaceAll(".", "");
    return [...letters].filter((c) => letters.split(c).length === 2);
  };
  const result = right?.replace("...", dots) ?? dots + once().sort().join("");
  checkResult(result, all);
  // PyTorch brings all operands into this order first, which shows in how the result lies in memory.
  const order = [...new Set([...result, ...[...all].sort()])];
  const last = parts.map((part) => inOrder(part, order)).reduce((one, other, i) => {
    const needed = result + parts.slice(i + 1).map(({ letters }) => letters).join("");
    return inOrder(product(one, other, needed, order), order);
  });
  return summed(last, result).x;
}

/** An operand in which each letter stands once: of one that stands twice, the diagonal. */
function onDiagonals(text: string, x: Tensor, operand: number): { text: string; x: Tensor } {
  const [, letter] = /([a-zA-Z]).*\1/.exec(text) ?? [];
  if (!letter) return { text, x };
  const [at, to] = [text.indexOf(letter), text.lastIndexOf(letter)];
  const dots = text.indexOf("...");
  const place = (i: number) => dots >= 0 && i > dots ? x.ndim - text.length + i : i;
  const [one, other] = [place(at), place(to)];
  if (x.shape[one] !== x.shape[other]) {
    throw new RangeError(
      `einsum(): subscript ${letter} is repeated for operand ${operand} but the sizes don't match, ` +
        `${x.shape[other]} != ${x.shape[one]}`,
    );
  }
  const view = movedim(diagonal(x, 0, one, other), -1, one);
  return onDiagonals(text.slice(0, to) + text.slice(to + 1), view, operand);
}

/**
 * Letters in the place of dots: Greek ones, the same from the right on in every operand. A dimension of size 1 that
 * broadcasts loses its letter: where it is summed over, the others are summed before they are multiplied, as in PyTorch.
 */
function spelled(given: readonly string[], operands: readonly Tensor[]) {
  const wide = given.map((text, i) =>
    text.includes("...") ? operands[i].ndim - text.length + 3 : 0
  );
  const most = Math.max(...wide);
  const dots = Array.from({ length: most }, (_, i) => String.fromCodePoint(0x3b1 + i)).join("");
  const inputs = given.map((text, i) => text.replace("...", dots.slice(most - wide[i])));
  const sizes = sizesOf(inputs, operands, dots);
  const parts = inputs.map((letters, i): Lettered => {
    const { shape } = operands[i];
    const kept = [...letters].flatMap((c, d) => shape[d] === sizes.get(c) ? [d] : []);
    return {
      x: reshape(operands[i], kept.map((d) => shape[d])),
      letters: kept.map((d) => letters[d]).join(""),
    };
  });
  return { parts, all: inputs.join(""), dots };
}

/** How large each letter's dimension is, in which a size of 1 broadcasts. */
function sizesOf(inputs: readonly string[], operands: readonly Tensor[], dots: string) {
  const sizes = new Map<string, number>();
  for (const [i, letters] of inputs.entries()) {
    for (const [d, c] of [...letters].entries()) {
      const [size, seen] = [operands[i].shape[d], sizes.get(c) ?? 1];
      if (size !== 1 && seen !== 1 && size !== seen) {
        const dimension = dots.includes(c)
          ? `dimension ${dots.indexOf(c)} covered by ellipsis`
          : `subscript ${c}`;
        throw new RangeError(
          `einsum(): ${dimension} has size ${size} for operand ${i} which does not broadcast with ` +
            `previously seen size ${seen}`,
        );
      }
      if (seen === 1) sizes.set(c, size);
    }
  }
  return sizes;
}

/** Refuses letters of the result that no operand has, and one that stands there twice. */
function checkResult(result: string, all: string): void {
  for (const [i, c] of [...result].entries()) {
    const wrong = result.indexOf(c) < i
      ? "appears more than once in the output"
      : !all.includes(c)
      ? "does not appear in the equation for any input operand"
      : null;
    if (wrong) throw new RangeError(`einsum(): output subscript ${c} ${wrong}`);
  }
}

/** Sums over the letters that are not needed. */
function summed({ x, letters }: Lettered, needed: string): Lettered {
  const dims = [...letters].flatMap((c, d) => needed.includes(c) ? [] : [d]);
  if (dims.length === 0) return { x, letters };
  return { x: sum(x, dims), letters: [...letters].filter((c) => needed.includes(c)).join("") };
}

/** With dimensions that stand in this order. */
function inOrder({ x, letters }: Lettered, order: Iterable<string>): Lettered {
  const sorted = [...order].filter((c) => letters.includes(c)).join("");
  if (sorted === letters) return { x, letters };
  return { x: permute(x, [...sorted].map((c) => letters.indexOf(c))), letters: sorted };
}

/** The product of two, over the letters that are in both and not needed any more: one batch of products. */
function product(
  first: Lettered,
  second: Lettered,
  needed: string,
  order: readonly string[],
): Lettered {
  const two = [summed(first, needed + second.letters), summed(second, needed + first.letters)];
  const inBoth = order.filter((c) => two.every(({ letters }) => letters.includes(c)));
  const only = ({ letters }: Lettered) =>
    order.filter((c) => letters.includes(c) && !inBoth.includes(c));
  const over = inBoth.filter((c) => !needed.includes(c));
  const batch = inBoth.filter((c) => needed.includes(c));
  const sizeOf = (c: string) => {
    const { x, letters } = two.find(({ letters }) => letters.includes(c))!;
    return x.shape[letters.indexOf(c)];
  };
  if (over.length === 0) {
    const all = order.filter((c) => two.some(({ letters }) => letters.includes(c)));
    const [x, y] = two.map(({ x, letters }) =>
      reshape(x, all.map((c) => letters.includes(c) ? sizeOf(c) : 1))
    );
    return { x: mul(x, y), letters: all.join("") };
  }
  // The second stands on the left where all that the first has not comes before all that it alone has.
  const place = (c: string | undefined) => c === undefined ? NaN : order.indexOf(c);
  const missing = order.filter((c) => !two[0].letters.includes(c));
  const swaps = place(missing.at(-1)) < place(only(two[0])[0]);
  const [one, other] = swaps ? two.toReversed() : two;
  const [rows, columns] = [only(one), only(other)];
  const count = (letters: readonly string[]) => letters.reduce((n, c) => n * sizeOf(c), 1);
  const matrices = (of: Lettered, ...parts: string[][]) =>
    reshape(inOrder(of, parts.flat()).x, parts.map(count));
  const products = bmm(matrices(one, batch, rows, over), matrices(other, batch, over, columns));
  const letters = [...batch, ...rows, ...columns];
  return { x: reshape(products, letters.map(sizeOf)), letters: letters.join("") };
}
