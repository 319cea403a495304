/*
 * The list of all ops. It stands below both the ops and autograd: the one fills it, the other sums gradients
 * with it, and tests walk it.
 */
import type { Op } from "./op.ts";
import type { Tensor } from "./tensor.ts";

// deno-lint-ignore no-explicit-any
type AnyOp = Op<any>;
const registry = new Map<string, AnyOp>();

/** Every op that has been declared, by name. */
export const ops: ReadonlyMap<string, AnyOp> = registry;

/** Adds an op; a name is taken once. */
export function register(op: AnyOp): void {
  if (registry.has(op.name)) throw new Error(`the op "${op.name}" is declared twice`);
  registry.set(op.name, op);
}

/** Calls an op by its name, for the layers below the ops. */
export function run(name: string, inputs: readonly Tensor[], args: unknown = {}): Tensor {
  const op = registry.get(name);
  if (!op) throw new Error(`there is no op "${name}"; is lib/ops loaded?`);
  return op(inputs, args);
}
