/*
 * State dicts: Maps of tensors by name, of which `state["weight"]` would be undefined, and is answered.
 */
import { copy_ } from "../ops/copy.ts";
import { described } from "../python/arguments.ts";
import { answering } from "../python/habits.ts";
import { noGrad } from "../tensor/autograd.ts";
import { shapeText } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

const ofStates = Object.create(Map.prototype);
answering(ofStates, (key, self, assigned) => {
  if (typeof key !== "string" || !(self instanceof Map)) return undefined;
  if (assigned) return `a state dict is a Map: write state.set("${key}", tensor)`;
  if (key === "items") return "a state dict is a Map: write for (const [name, tensor] of state)";
  return self.has(key) ? `a state dict is a Map: write state.get("${key}")` : undefined;
});

/** A state dict in which nothing is yet. */
export const newState = (): Map<string, Tensor> => Object.setPrototypeOf(new Map(), ofStates);

/** What did not fit when a state dict was loaded. */
export interface Incompatible {
  /** Names that the module has and the state dict does not. */
  missingKeys: string[];
  /** Names that the state dict has and the module does not. */
  unexpectedKeys: string[];
}

/** Copies a state dict into that of a module; what does not fit is refused, names too where it is `strict`. */
export function restore(
  name: string,
  own: ReadonlyMap<string, Tensor>,
  state: ReadonlyMap<string, Tensor>,
  strict: boolean,
): Incompatible {
  const missingKeys = [...own.keys()].filter((key) => !state.has(key));
  const unexpectedKeys = [...state.keys()].filter((key) => !own.has(key));
  const wrong = [...own].flatMap(([key, tensor]) => {
    const given = state.get(key);
    if (given && !(given instanceof Tensor)) {
      return `While copying the parameter named "${key}", expected a Tensor from checkpoint but received ` +
        `${described(given)}; write tensor(…).`;
    }
    if (!given || shapeText(given.shape) === shapeText(tensor.shape)) return [];
    return `size mismatch for ${key}: copying a param with shape torch.Size(` +
      `${shapeText(given.shape)}` +
      `) from checkpoint, the shape in current model is torch.Size(${shapeText(tensor.shape)}).`;
  });
  const list = (what: string, keys: string[]) =>
    keys.length > 0 && strict
      ? [`${what} key(s) in state_dict: ${keys.map((k) => `"${k}"`).join(", ")}.`]
      : [];
  const problems = [
    ...list("Missing", missingKeys),
    ...list("Unexpected", unexpectedKeys),
    ...wrong,
  ];
  if (problems.length > 0) {
    throw new Error(
      `Error(s) in loading state_dict for ${name}:\n\t${problems.join("\n\t")}`,
    );
  }
  noGrad(() => {
    for (const [key, tensor] of own) {
      const given = state.get(key);
      if (given) copy_(tensor, given);
    }
  });
  return { missingKeys, unexpectedKeys };
}
