/*
 * The registry, with every op of the library in it.
 */
import "../../lib/ops/mod.ts";

export { ops } from "../../lib/tensor/op.ts";
