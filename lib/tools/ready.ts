/*
 * `deno task ready`: makes sure that there is a WebGPU adapter, before a lesson or the tests need one.
 *
 * Where there is one, it asks for it and is done. Where there is none, on a system with apt and the
 * right to use it, it installs Mesa's software Vulkan driver; anywhere else it says what is missing,
 * and the command for that system. It installs nothing in any other way.
 */

const PACKAGE = "mesa-vulkan-drivers";

/** What this program asks of the system it runs on; a test puts its own in the place. */
export interface System {
  /** `linux`, `darwin`, `windows`, … */
  os: string;
  /** The names in `ID` and `ID_LIKE` of /etc/os-release, such as `ubuntu debian`. */
  distribution: string;
  hasAdapter(): Promise<boolean>;
  /** Whether the command ends with 0; `show` lets its errors be seen. */
  succeeds(command: string[], show?: boolean): Promise<boolean>;
  say(text: string): void;
}

/**
 * Makes sure of an adapter.
 *
 * @returns the exit code: 0 where there is one now, 1 where there is none
 */
export async function ready(system: System): Promise<number> {
  if (await system.hasAdapter()) return 0;
  const apt = system.os === "linux" ? await findApt(system) : undefined;
  if (!apt) {
    system.say(advice(system));
    return 1;
  }
  system.say(`There is no WebGPU adapter: installing ${PACKAGE}, Mesa's software Vulkan driver …`);
  const install = [...apt, "install", "-y", "--no-install-recommends", PACKAGE];
  // Without package lists, or with old ones, the first try fails; it is the update that takes long.
  const installed = await system.succeeds(install) ||
    await system.succeeds([...apt, "update"], true) && await system.succeeds(install, true);
  if (installed && await system.hasAdapter()) {
    system.say("Installed: there is a WebGPU adapter now.");
    return 0;
  }
  system.say(
    installed
      ? `${PACKAGE} is installed, and yet no WebGPU adapter is found. \`vulkaninfo --summary\` ` +
        `(package vulkan-tools) shows what the Vulkan loader sees on this machine.`
      : `Installing ${PACKAGE} failed, for the reason that apt gives above. ${advice(system)}`,
  );
  return 1;
}

/** The start of an apt command that may install here: as root, or with a sudo that asks nothing. */
async function findApt({ succeeds }: System): Promise<string[] | undefined> {
  if (!await succeeds(["apt-get", "--version"])) return undefined;
  const settings = ["DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=120"];
  if (await succeeds(["sh", "-c", 'test "$(id -u)" = 0'])) return ["env", ...settings];
  if (await succeeds(["sudo", "-n", "true"])) return ["sudo", "-n", "env", ...settings];
  return undefined;
}

const COMMANDS: [distribution: RegExp, command: string][] = [
  [/debian|ubuntu/, `sudo apt-get update && sudo apt-get install -y ${PACKAGE}`],
  [/fedora|rhel|centos/, `sudo dnf install -y ${PACKAGE} vulkan-loader`],
  [/arch/, "sudo pacman -S --needed vulkan-swrast vulkan-icd-loader"],
  [/suse/, "sudo zypper install libvulkan_lvp libvulkan1"],
  [/alpine/, "sudo apk add mesa-vulkan-swrast vulkan-loader"],
  [/nixos/, "nix-shell -p mesa vulkan-loader"],
];

/** What is missing and the command for this system, in one paragraph. */
export function advice({ os, distribution }: Pick<System, "os" | "distribution">): string {
  const missing = "No WebGPU adapter was found, and the lessons compute on one.";
  if (os === "darwin") {
    return `${missing} Every Mac that runs macOS 10.14 or later has one (Metal); in a virtual machine ` +
      "or a container there is none, so start this in a terminal of the Mac itself.";
  }
  if (os === "windows") {
    return `${missing} Windows 10 and later bring one (Direct3D 12); install the graphics card's driver ` +
      "with Windows Update (`start ms-settings:windowsupdate`), or in WSL " +
      `\`sudo apt-get install -y ${PACKAGE}\`.`;
  }
  const command = COMMANDS.find(([name]) => name.test(distribution))?.[1];
  return `${missing} Mesa's software Vulkan driver is enough, no graphics card is needed: ` +
    (command ? `run \`${command}\`` : `install Mesa's "lavapipe" and a Vulkan loader`) +
    ", then start this again.";
}

/** Asks in a process of its own: a driver that has just come is seen only by a new one. */
async function askAnew(): Promise<boolean> {
  const code = "Deno.exit(await navigator.gpu?.requestAdapter() ? 0 : 1)";
  return await run([Deno.execPath(), "eval", code]);
}

async function run([command, ...args]: string[], show = false): Promise<boolean> {
  const stderr = show ? "inherit" : "null";
  try {
    const child = new Deno.Command(command, { args, stdin: "null", stdout: "null", stderr });
    return (await child.output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function distribution(): Promise<string> {
  const release = await Deno.readTextFile("/etc/os-release").catch(() => "");
  return release.match(/^ID(_LIKE)?=.*$/gm)?.join(" ") ?? "";
}

if (import.meta.main) {
  let asked = false;
  const hasAdapter = async () => {
    if (asked) return await askAnew();
    asked = true;
    return Boolean(await navigator.gpu?.requestAdapter());
  };
  Deno.exit(
    await ready({
      os: Deno.build.os,
      distribution: await distribution(),
      hasAdapter,
      succeeds: run,
      say: (text) => console.error(text),
    }),
  );
}
