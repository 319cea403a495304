/*
 * What somebody who knows Python writes by habit, where JavaScript would give `undefined` or do nothing, without a word:
 * `x[0]`, `len(x)`, `x.masked_fill(…)`, `p.requires_grad = False`, `loss.item() + 1`. It is answered with what to write.
 *
 * A class asks here only for names that neither the object nor the class has, so that what there is costs nothing more.
 */
import { camelCase } from "./arguments.ts";

/**
 * What to write instead of a property that an object has not; undefined where that is nobody's habit.
 *
 * @param assigned what would be assigned, where something would
 */
export type Answer = (
  key: string | symbol,
  self: object,
  assigned?: { readonly value: unknown },
) => string | undefined;

/** Whether a key is a place, such as the 0 of `x[0]`. */
export const isPlace = (key: string | symbol): boolean =>
  typeof key === "string" && /^-?\d+$/.test(key);

/** PyTorch's spelling of a name that the object has. */
const respelled: Answer = (key, self) => {
  if (typeof key !== "string" || !key.includes("_")) return undefined;
  const name = camelCase(key);
  if (name === key || !(name in self)) return undefined;
  return `there is no ${key}: names are in camelCase here; write ${name}`;
};

/**
 * Lets a class say what to write, where a property is read or assigned that its objects don't have.
 *
 * @param answer what the class itself knows; PyTorch's spellings of its names are answered too
 */
export function answering(prototype: object, answer: Answer = () => undefined): void {
  const ask: Answer = (...about) => {
    const said = answer(...about) ?? respelled(...about);
    if (said !== undefined) throw new TypeError(said);
    return undefined;
  };
  const above = Object.getPrototypeOf(prototype);
  // An object between the class and what is above it: in its place, `instanceof` would not find that.
  const between = new Proxy(Object.create(above), {
    get(_, key, self) {
      if (!(key in above)) ask(key, self);
      return Reflect.get(above, key, self); // a class above may have an answer
    },
    set(_, key, value, self) {
      if (!(key in above)) ask(key, self, { value });
      return Reflect.set(above, key, value, self);
    },
  });
  Object.setPrototypeOf(prototype, between);
}

/** What stands between a promise and Promise.prototype, by the call that it came from. */
const between = new Map<string, object>();

/**
 * The same promise, which says that it is awaited where it is taken for what it will be: in `total + x.item()`, in
 * `${x.item()}`, in `x.tolist().length`.
 */
export function awaited<T>(promise: Promise<T>, call: string): Promise<T> {
  let prototype = between.get(call);
  if (!prototype) {
    const said = `it leaves the GPU later: write await ${call}`;
    prototype = Object.create(Promise.prototype, {
      [Symbol.toPrimitive]: {
        value() {
          throw new TypeError(said);
        },
      },
    }) as object;
    const quiet = ["toJSON"]; // what JavaScript itself looks for
    answering(
      prototype,
      (key) =>
        key === Symbol.iterator || (typeof key === "string" && !quiet.includes(key))
          ? said
          : undefined,
    );
    between.set(call, prototype);
  }
  return Object.setPrototypeOf(promise, prototype);
}
