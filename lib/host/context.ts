/*
 * A value that holds for a stretch of the program: while a body runs, and while what it awaits is awaited,
 * however many such bodies overlap.
 */

interface Storage<T> {
  getStore(): T | undefined;
  run<R>(value: T, body: () => R): R;
}

/** What Deno and Node have for this, reached without an import, which a page could not resolve. */
type Runtime = {
  process?: {
    getBuiltinModule?(name: string): { AsyncLocalStorage: new <T>() => Storage<T> } | undefined;
  };
};

/** A value by stretch of the program. */
export interface Context<T> {
  /** The value that holds here; undefined outside every stretch. */
  get(): T | undefined;
  /** Runs a body for which the value holds; where it returns a promise, until that is settled. */
  run<R>(value: T, body: () => R): R;
}

/** A context of the runtime's own kind where it has one. */
export function createContext<T>(): Context<T> {
  const { process } = globalThis as Runtime;
  const hooks = process?.getBuiltinModule?.("node:async_hooks");
  if (!hooks) return new SharedContext<T>();
  const storage = new hooks.AsyncLocalStorage<T>();
  return { get: () => storage.getStore(), run: (value, body) => storage.run(value, body) };
}

/**
 * The same where a runtime does not tell who awaits: the stretch that was opened last and still lasts holds for
 * everybody. Each ends by itself, in whatever order, and when all have ended nothing is left of them.
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
