/*
 * Looks for a Chromium to run the tests of the book in, and installs Debian's if that is allowed. Without one, these
 * tests are ignored.
 */
import { findApt, installBy, SAY_NO } from "./apt.ts";
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
  const apt = system.forbidden ? undefined : await findApt(system);
  if (!apt) return void say(advice);
  const what = `${PACKAGE} (113 MB), the browser in which the book is tested, with apt-get`;
  if (apt.asks) {
    const question =
      `There is no Chromium here. Install ${what}? It is done with sudo; ${SAY_NO} says no for good.`;
    if (!await system.ask(question)) return void say(advice);
  } else {
    say(`There is no Chromium here: installing ${what} … (${SAY_NO} says no.)`);
  }
  if (!await installBy(apt, system, PACKAGE)) {
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
