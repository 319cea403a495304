/*
 * A value that holds while a function runs, and while the promises it awaits are pending. Several such functions may
 * run at the same time: each sees its own value.
 */

interface Storage<T> {
  getStore(): T | undefined;
  run<R>(value: T, body: () => R): R;
}

/** What Deno and Node offer for this. It is read without an import, which a page could not resolve. */
type Runtime = {
  process?: {
    getBuiltinModule?(name: string): { AsyncLocalStorage: new <T>() => Storage<T> } | undefined;
  };
};

/** A value for the time in which a function runs. */
export interface Context<T> {
  /** The current value; undefined outside every `run`. */
  get(): T | undefined;
  /** Runs a function with this value; if it returns a promise, until the promise is settled. */
  run<R>(value: T, body: () => R): R;
}

/** A context, made with what the runtime offers, if it offers it. */
export function createContext<T>(): Context<T> {
  let own: Context<T> | undefined; // made when it is first needed: Deno takes a while to load Node's modules
  return {
    get: () => own?.get(),
    run: (value, body) => (own ??= asyncContext<T>() ?? new SharedContext<T>()).run(value, body),
  };
}

function asyncContext<T>(): Context<T> | undefined {
  const { process } = globalThis as Runtime;
  const hooks = process?.getBuiltinModule?.("node:async_hooks");
  if (!hooks) return undefined;
  const storage = new hooks.AsyncLocalStorage<T>();
  return { get: () => storage.getStore(), run: (value, body) => storage.run(value, body) };
}

/**
 * The same for a runtime that cannot tell which function awaits: the value that was set last and is still in use
 * counts for all. The functions may end in any order; when all have ended, no value is left.
 */
export class SharedContext<T> implements Context<T> {
  #open: { value: T }[] = [];

  get(): T | undefined {
    return this.#open.at(-1)?.value;
  }

  run<R>(value: T, body: () => R): R {
    const stretch = { value };
    this.#open.push(stretch);
    const close = () => void this.#open.splice(this.#open.indexOf(stretch), 1);
    let result: R;
    try {
      result = body();
    } catch (error) {
      close();
      throw error;
    }
    if (!(result instanceof Promise)) {
      close();
      return result;
    }
    return result.finally(close) as R;
  }
}
