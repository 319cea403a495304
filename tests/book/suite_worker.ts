/*
 * Runs one file of the library's own tests in a worker of a browser. The file's tests see a small `Deno`, which collects
 * them and grants nothing; the library itself sees none, as in any page.
 */
import { runsIn } from "../../lib/host/mod.ts";

type Step = { step: (name: string, work: () => unknown) => Promise<boolean> };
interface Test {
  name: string;
  ignore?: boolean;
  fn: (context: Step) => unknown;
}

/** What the page is told about each test. */
export interface Outcome {
  name: string;
  ignored?: true;
  /** What went wrong. */
  error?: string;
  ms: number;
}

const tests: Test[] = [];
const collect = (
  first: string | Test | Test["fn"],
  second?: Partial<Test> | Test["fn"],
  third?: Test["fn"],
) => {
  const named = typeof first === "string"
    ? { name: first }
    : typeof first === "function"
    ? { name: first.name }
    : first;
  const fn = [third, second, first].find((one) => typeof one === "function");
  const options = typeof second === "object" ? second : {};
  tests.push({ ...(fn && { fn }), ...options, ...named } as Test);
};

const scope = self as unknown as {
  Deno?: unknown;
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: MessageEvent<string>) => void): void;
};
scope.Deno = {
  test: Object.assign(collect, {
    ignore: (name: string) => collect({ name, ignore: true, fn() {} }),
  }),
  permissions: {
    query: () => Promise.resolve({ state: "denied" }),
    querySync: () => ({ state: "denied" }),
  },
};
runsIn({});

const words = (error: unknown) =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

/** Runs a test; its steps count as part of it. */
async function outcome({ name, ignore, fn }: Test): Promise<Outcome> {
  if (ignore) return { name, ignored: true, ms: 0 };
  const began = performance.now();
  const wrong: string[] = [];
  const step: Step["step"] = async (step, work) => {
    try {
      await work();
      return true;
    } catch (error) {
      wrong.push(`${step}: ${words(error)}`);
      return false;
    }
  };
  try {
    await fn({ step });
  } catch (error) {
    wrong.push(words(error));
  }
  const ms = Math.round(performance.now() - began);
  return wrong.length ? { name, error: wrong.join("\n"), ms } : { name, ms };
}

scope.addEventListener("message", async ({ data: url }) => {
  try {
    await import(url);
    for (const test of tests) scope.postMessage(await outcome(test));
  } catch (error) {
    scope.postMessage({ name: "the file itself", error: words(error), ms: 0 } satisfies Outcome);
  }
  scope.postMessage("ended");
});
