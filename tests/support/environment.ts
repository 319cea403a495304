/*
 * Variables of the environment for what a test runs here. Those of the process belong to all files that are tested at
 * the same time, so no test may change them.
 */
import { host, runsIn } from "../../lib/host/mod.ts";

let set: Readonly<Record<string, string | undefined>> = {};

/** Runs `body` with these variables; one that is undefined is not set. */
export async function withEnvironment<T>(
  variables: Readonly<Record<string, string | undefined>>,
  body: () => T | Promise<T>,
): Promise<T> {
  const { env } = host;
  const before = set;
  set = { ...set, ...variables };
  runsIn({ env: (name) => Object.hasOwn(variables, name) ? variables[name] : env(name) });
  try {
    return await body();
  } finally {
    set = before;
    runsIn({ env });
  }
}

/** Those of them that are set, for a program that the test starts. */
export const environment = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(set).filter((one): one is [string, string] => one[1] !== undefined),
  );
