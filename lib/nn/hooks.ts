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
  /** The forward that was assigned to this module alone, in place of its class's. */
  forward?: Hook;
}

const known = new WeakMap<Computing, Hooks>();
/** How many modules have hooks. */
let watching = 0;

/** Whether any module of this program has hooks: then what modules take and give must not be overwritten. */
export const isWatching = (): boolean => watching > 0;

/** Whether a module is of this very class and computes as it does: no hook, no `forward` assigned to it alone. */
export const isPlain = <M extends Computing>(
  module: Computing | undefined,
  of: { prototype: M },
): module is M => module?.constructor === of && !Object.hasOwn(module, "forward");

/** Adds a hook to a module: before it computes, after it did, or when gradients come back. */
export function addHook(
  module: Computing,
  when: "before" | "after" | "back",
  hook: Hook,
): HookHandle {
  const hooks = known.get(module) ?? watch(module);
  const handle = held(hooks[when], hook);
  return {
    remove() {
      handle.remove();
      const { before, after, back, forward } = hooks;
      if (before.size + after.size + back.size > 0 || known.get(module) !== hooks) return;
      known.delete(module);
      watching--;
      Reflect.deleteProperty(module, "forward"); // its class's is there again
      if (forward) module.forward = forward;
    },
  };
}

/** Puts a call of all hooks in the place of a module's `forward`, also of one that it is given later. */
function watch(module: Computing): Hooks {
  const hooks: Hooks = { before: new Set(), after: new Set(), back: new Set() };
  if (Object.hasOwn(module, "forward")) hooks.forward = module.forward;
  known.set(module, hooks);
  watching++;
  const call = (...inputs: unknown[]) => watched(module, hooks, inputs);
  Object.defineProperty(module, "forward", {
    configurable: true,
    get: () => call,
    set: (forward: Hook) => hooks.forward = forward,
  });
  return hooks;
}

function watched(module: Computing, hooks: Hooks, given: unknown[]): unknown {
  const { before, after, back } = hooks;
  let inputs = given;
  for (const hook of [...before]) {
    const other = hook(module, inputs);
    if (other !== undefined) inputs = Array.isArray(other) ? other : [other];
  }
  const forward: Hook = hooks.forward ?? Object.getPrototypeOf(module).forward;
  const compute = (...args: unknown[]) => forward.apply(module, args);
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
