/*
 * Looks for a Chromium to run the tests of the book in, and installs Debian's if that is allowed. Without one, these
 * tests are ignored.
 */
import { install } from "./apt.ts";
import type { System } from "./machine.ts";

const PACKAGE = "chromium";
/** Where Chromium and similar browsers are installed. */
export const places: readonly string[] = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** The browser on this machine: the one that `CHROMIUM` names, or the first that is found. */
export const findChromium = (
  exists: (path: string) => boolean = isThere,
  named: string | undefined = Deno.env.get("CHROMIUM"),
): string | undefined => named || places.find(exists);

/**
 * Looks for a browser, as `ready` looks for an adapter.
 *
 * @returns its path; undefined if there is none, after printing what to do
 */
export async function chromium(
  system: System,
  find: () => string | undefined = findChromium,
): Promise<string | undefined> {
  const there = find();
  if (there || system.os !== "linux") return there;
  const { say } = system;
  const advice = "Without Chromium the tests that need a browser are ignored; " +
    "`sudo apt-get install -y chromium` brings it, and CHROMIUM names one that is elsewhere.";
  const installed = await install(system, {
    name: PACKAGE,
    what: `${PACKAGE} (113 MB), the browser in which the book is tested`,
    why: "There is no Chromium here",
  });
  if (installed === undefined) return void say(advice);
  if (!installed) {
    say(`Installing ${PACKAGE} failed, for the reason that apt gives above. ${advice}`);
  }
  return find();
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
