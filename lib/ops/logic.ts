/*
 * Logic of tensors: whatever is not zero is true.
 */
import { a, takes } from "../python/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, eq, mul, ne } from "./binary.ts";
import { to } from "./copy.ts";

const tensors = { input: a.tensor, other: a.tensor };

/** Where both are true. */
export const logicalAnd = takes(
  "logicalAnd",
  tensors,
  (x: Tensor, y: Tensor): Tensor => ne(mul(truth(x), truth(y)), 0),
);
/** Where either is true. */
export const logicalOr = takes(
  "logicalOr",
  tensors,
  (x: Tensor, y: Tensor): Tensor => ne(add(truth(x), truth(y)), 0),
);
/** Where just one is true. */
export const logicalXor = takes(
  "logicalXor",
  tensors,
  (x: Tensor, y: Tensor): Tensor => ne(truth(x), truth(y)),
);
/** Where it is false. */
export const logicalNot = takes(
  "logicalNot",
  { input: a.tensor },
  (x: Tensor): Tensor => eq(truth(x), 0),
);

const truth = (x: Tensor): Tensor => to(ne(x, 0), "int64");
