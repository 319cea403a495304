/*
 * Logic of tensors: whatever is not zero is true.
 */
import { a, takes } from "../python/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, eq, mul, ne } from "./binary.ts";
import { to } from "./copy.ts";

const tensors = { input: a.tensor, other: a.tensor };

/** Where both are true. */
export const logicalAnd: (x: Tensor, y: Tensor) => Tensor = takes(
  "logicalAnd",
  tensors,
  (x, y) => ne(mul(truth(x), truth(y)), 0),
);
/** Where either is true. */
export const logicalOr: (x: Tensor, y: Tensor) => Tensor = takes(
  "logicalOr",
  tensors,
  (x, y) => ne(add(truth(x), truth(y)), 0),
);
/** Where just one is true. */
export const logicalXor: (x: Tensor, y: Tensor) => Tensor = takes(
  "logicalXor",
  tensors,
  (x, y) => ne(truth(x), truth(y)),
);
/** Where it is false. */
export const logicalNot: (x: Tensor) => Tensor = takes(
  "logicalNot",
  { input: a.tensor },
  (x) => eq(truth(x), 0),
);

const truth = (x: Tensor): Tensor => to(ne(x, 0), "int64");
