/*
 * Installs a Debian package, if that is allowed: as root and on CI without asking; with a sudo that needs no password,
 * after asking on a terminal; otherwise not at all.
 */
import type { System } from "./machine.ts";

/** The variable that forbids installing. */
export const SAY_NO = "LESSONS_INSTALL=no";

/** The start of an apt command that may install here, and whether to ask a person first; undefined if none may. */
async function findApt({ forbidden, succeeds, ci }: System) {
  if (forbidden || !await succeeds(["apt-get", "--version"])) return undefined;
  const settings = ["DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=120"];
  if (await succeeds(["sh", "-c", 'test "$(id -u)" = 0'])) {
    return { command: ["env", ...settings], asks: false };
  }
  if (await succeeds(["sudo", "-n", "true"])) {
    return { command: ["sudo", "-n", "env", ...settings], asks: !ci };
  }
}

/**
 * Installs a package, if that is allowed and nobody who is asked says no.
 *
 * @param name the package's name
 * @param what the package in words, its name among them
 * @param why what is missing, as the start of a sentence
 * @returns whether it worked; undefined if it was not tried
 */
export async function install(
  system: System,
  { name, what, why }: { name: string; what: string; why: string },
): Promise<boolean | undefined> {
  const apt = await findApt(system);
  if (!apt) return undefined;
  if (apt.asks) {
    const question =
      `${why}. Install ${what}, with apt-get? It is done with sudo; ${SAY_NO} says no for good.`;
    if (!await system.ask(question)) return undefined;
  } else {
    system.say(`${why}: installing ${what}, with apt-get … (${SAY_NO} says no.)`);
  }
  const { succeeds } = system;
  const installing = [...apt.command, "install", "-y", "--no-install-recommends", name];
  // Without current package lists the first try fails; updating them is what takes long.
  return await succeeds(installing) ||
    await succeeds([...apt.command, "update"], true) && await succeeds(installing, true);
}
