/*
 * Functions that are called when a module computes, and when gradients come back to it. A module with hooks gets a
 * `forward` of its own that calls them; a module without hooks is called directly.
 */
import { reshape } from "../ops/views.ts";
import { held, type HookHandle, registerHook } from "../tensor/hooks.ts";
import { Tensor } from "../tensor/tensor.ts";

/** What has a forward. */
interface Computing {
  // deno-lint-ignore no-explicit-any
  forward(...inputs: any[]): any;
}

/** Gradients of what a module took or gave; null for what has none. */
export type Gradients = readonly (Tensor | null)[];

// deno-lint-ignore no-explicit-any
type Hook = (...args: any[]) => unknown;

interface Hooks {
  before: Set<Hook>;
  after: Set<Hook>;
  back: Set<Hook>;
}

const known = new WeakMap<Computing, Hooks>();

/** Whether this module has hooks. */
export const isWatched = (module: object): boolean => known.has(module as Computing);

/** Adds a hook to a module: before it computes, after it did, or when gradients come back. */
export function addHook(module: Computing, when: keyof Hooks, hook: Hook): HookHandle {
  let hooks = known.get(module);
  if (!hooks) {
    hooks = { before: new Set(), after: new Set(), back: new Set() };
    known.set(module, hooks);
    const all = hooks;
    Object.defineProperty(module, "forward", {
      configurable: true,
      writable: true,
      value: (...inputs: unknown[]) => watched(module, all, inputs),
    });
  }
  const own = hooks;
  const handle = held(own[when], hook);
  return {
    remove() {
      handle.remove();
      if (own.before.size + own.after.size + own.back.size > 0) return;
      known.delete(module);
      Reflect.deleteProperty(module, "forward"); // its class's own is there again
    },
  };
}

function watched(module: Computing, { before, after, back }: Hooks, given: unknown[]): unknown {
  let inputs = given;
  for (const hook of [...before]) {
    const other = hook(module, inputs);
    if (other !== undefined) inputs = Array.isArray(other) ? other : [other];
  }
  const compute = (...args: unknown[]) =>
    Object.getPrototypeOf(module).forward.apply(module, args) as unknown;
  let output = back.size > 0 ? walkedBack(module, back, inputs, compute) : compute(...inputs);
  for (const hook of [...after]) output = hook(module, inputs, output) ?? output;
  return output;
}

/** The same tensor as a step of its own, so that only gradients that come through here are seen. */
const stepOf = (x: Tensor): Tensor => reshape(x, x.shape);

const wanted = (value: unknown): value is Tensor => value instanceof Tensor && value.requiresGrad;

/** Computes between two steps at which gradients are seen: one before the module, one after it. */
function walkedBack(
  module: Computing,
  hooks: Set<Hook>,
  inputs: unknown[],
  compute: (...inputs: unknown[]) => unknown,
): unknown {
  const steps = inputs.map((x) => wanted(x) ? stepOf(x) : x);
  const result = compute(...steps);
  const outputs = Array.isArray(result) ? [...result] : [result];
  const gradOutput: (Tensor | null)[] = outputs.map(() => null);
  const gradInput: (Tensor | null)[] = inputs.map(() => null);
  const places = inputs.flatMap((x, i) => wanted(x) ? [i] : []);
  let missing = places.length;
  /** Calls the hooks; what one returns takes the place of the gradients of the inputs. */
  const show = (): Gradients => {
    let now: Gradients = gradInput;
    for (const hook of [...hooks]) {
      const other = hook(module, now, gradOutput) as Gradients | Tensor | undefined;
      if (other === undefined) continue;
      if (places.length > 1) {
        throw new Error(
          "a backward hook can change the gradient of a module with one input only; this one has " +
            `${places.length}: put a hook on each with registerHook()`,
        );
      }
      now = other instanceof Tensor ? [other] : other;
    }
    return now;
  };
  for (const i of places) {
    registerHook(steps[i] as Tensor, (grad) => {
      gradInput[i] = grad;
      missing--;
      return missing === 0 ? show()[i] ?? undefined : undefined;
    });
  }
  const given = outputs.map((y, i) => {
    if (!wanted(y)) return y;
    const step = stepOf(y);
    registerHook(step, (grad) => {
      gradOutput[i] = grad;
      if (places.length === 0) show();
    });
    return step;
  });
  return Array.isArray(result) ? given : given[0];
}
