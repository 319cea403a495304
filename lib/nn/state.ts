/*
 * State dicts: Maps of tensors by name, of which `state["weight"]` would be undefined, and is answered.
 */
import { answering } from "../python/habits.ts";
import type { Tensor } from "../tensor/tensor.ts";

const ofStates = Object.create(Map.prototype);
answering(ofStates, (key, self, assigned) => {
  if (typeof key !== "string" || !(self instanceof Map)) return undefined;
  if (assigned) return `a state dict is a Map: write state.set("${key}", tensor)`;
  if (key === "items") return "a state dict is a Map: write for (const [name, tensor] of state)";
  return self.has(key) ? `a state dict is a Map: write state.get("${key}")` : undefined;
});

/** A state dict in which nothing is yet. */
export const newState = (): Map<string, Tensor> => Object.setPrototypeOf(new Map(), ofStates);
