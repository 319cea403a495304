/*
 * Installs a Debian package, if that is allowed: as root and on CI without asking; with a sudo that needs no password,
 * after asking on a terminal; otherwise not at all.
 */
import type { System } from "./machine.ts";

/** The variable that forbids installing. */
export const SAY_NO = "LESSONS_INSTALL=no";

/** The start of an apt command that may install here, and whether to ask a person first. */
export interface Apt {
  command: string[];
  asks: boolean;
}

/** How packages can be installed here; undefined if they cannot. */
export async function findApt({ succeeds, ci }: System): Promise<Apt | undefined> {
  if (!await succeeds(["apt-get", "--version"])) return undefined;
  const settings = ["DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=120"];
  if (await succeeds(["sh", "-c", 'test "$(id -u)" = 0'])) {
    return { command: ["env", ...settings], asks: false };
  }
  if (await succeeds(["sudo", "-n", "true"])) {
    return { command: ["sudo", "-n", "env", ...settings], asks: !ci };
  }
  return undefined;
}

/** Installs a package; returns whether that worked. */
export async function installBy(
  { command }: Apt,
  { succeeds }: System,
  name: string,
): Promise<boolean> {
  const install = [...command, "install", "-y", "--no-install-recommends", name];
  // Without current package lists the first try fails; updating them is what takes long.
  return await succeeds(install) ||
    await succeeds([...command, "update"], true) && await succeeds(install, true);
}
