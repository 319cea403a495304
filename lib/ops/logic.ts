/*
 * Logic of tensors: whatever is not zero is true.
 */
import { a, type Given, takes, takesNames } from "../python/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, eq, mul, ne } from "./binary.ts";
import { to } from "./copy.ts";

const tensors = { input: a.tensor, other: a.tensor };

/** Where both are true. */
export const logicalAnd: (x: Tensor, ...args: Given<[other: Tensor], { other: Tensor }>) => Tensor =
  takesNames(
    "logicalAnd",
    tensors,
    (x: Tensor, y: Tensor): Tensor => ne(mul(truth(x), truth(y)), 0),
  );
/** Where either is true. */
export const logicalOr: (x: Tensor, ...args: Given<[other: Tensor], { other: Tensor }>) => Tensor =
  takesNames(
    "logicalOr",
    tensors,
    (x: Tensor, y: Tensor): Tensor => ne(add(truth(x), truth(y)), 0),
  );
/** Where just one is true. */
export const logicalXor: (x: Tensor, ...args: Given<[other: Tensor], { other: Tensor }>) => Tensor =
  takesNames(
    "logicalXor",
    tensors,
    (x: Tensor, y: Tensor): Tensor => ne(truth(x), truth(y)),
  );
/** Where it is false. */
export const logicalNot: (x: Tensor) => Tensor = takes(
  "logicalNot",
  { input: a.tensor },
  (x) => eq(truth(x), 0),
);

const truth = (x: Tensor): Tensor => to(ne(x, 0), "int64");
