/*
 * `deno task ready`: makes sure that there is a WebGPU adapter before a lesson or the tests need one.
 *
 * It tries the backends of the system, each in a separate process, Vulkan before OpenGL. If Vulkan opens none, and the
 * system has apt and the right to use it, it says so and installs Mesa's Vulkan driver. If that is not possible, OpenGL
 * will do: all numbers are the same on it.
 */
import { backendName } from "../gpu/adapter.ts";
import { common, readArgs } from "../lesson/args.ts";
import { program } from "../lesson/ending.ts";
import { install, SAY_NO } from "./apt.ts";
import { type Found, machine, type System } from "./machine.ts";
import { checkDeno } from "./version.ts";

const PACKAGE = "mesa-vulkan-drivers";

/** The backends of each system, the best first. */
const backendsOf: Record<string, string[]> = {
  darwin: ["metal"],
  windows: ["dx12", "vulkan"],
  linux: ["vulkan", "opengl"],
};

/** The adapters that the system's backends open, or only that of the wanted backend, the best first. */
async function adapters(system: System): Promise<Found[]> {
  const backends = system.wanted ? [system.wanted] : backendsOf[system.os] ?? backendsOf.linux;
  const found = await Promise.all(backends.map((backend) => system.probe(backend)));
  // A graphics card with any backend is better than the processor with the best backend.
  return found.filter((one) => one !== undefined)
    .sort((a, b) => Number(a.software) - Number(b.software));
}

/**
 * Makes sure of an adapter.
 *
 * @returns the one to compute on; undefined if there is none, after printing what to do
 */
export async function ready(
  system: System,
  { anew = false } = {},
): Promise<Found | undefined> {
  const known = anew ? undefined : system.remembered();
  if (known) return known;
  const found = await adapters(system);
  let best: Found | undefined = found[0];
  if (system.wanted) {
    if (!best) system.say(notHere(system.wanted));
  } else if (system.os !== "linux") {
    if (!best) system.say(advice(system));
  } else if (!hasVulkan(found)) {
    best = await installVulkan(system, best) ?? best;
  }
  if (best) system.remember(best);
  return best;
}

const notHere = (backend: string) =>
  `DENO_WEBGPU_BACKEND asks for ${backend}, but that opens no adapter here; ` +
  "unset it, and the best one there is will be taken.";

const hasVulkan = (found: readonly Found[]) => found.some(({ backend }) => backend === "vulkan");

/** Installs a Vulkan driver if that is allowed; `best` is the best adapter without it. */
async function installVulkan(system: System, best: Found | undefined): Promise<Found | undefined> {
  const { say } = system;
  const have = best ? `the only WebGPU adapter is ${inWords(best)}` : "there is no WebGPU adapter";
  const installed = await install(system, {
    name: PACKAGE,
    what: `${PACKAGE}, Mesa's Vulkan driver`,
    why: `On this machine ${have}`,
  });
  if (installed === undefined) {
    return void say(
      best
        ? `Computing on ${inWords(best)}: there is no Vulkan driver. That is all right; ` +
          `${commandFor(system)} brings one.`
        : advice(system),
    );
  }
  const now = await adapters(system);
  if (hasVulkan(now)) {
    say(`Installed: computing on ${inWords(now[0])}.`);
    return now[0];
  }
  const why = installed
    ? `${PACKAGE} is installed, and yet no Vulkan adapter is found; \`vulkaninfo --summary\` ` +
      "(package vulkan-tools) shows what the Vulkan loader sees on this machine."
    : `Installing ${PACKAGE} failed, for the reason that apt gives above.`;
  say(best ? `${why} Computing on ${inWords(best)}, which is all right.` : why);
  if (!best && !installed) say(advice(system));
}

/** An adapter in words: `llvmpipe (LLVM 15.0.6, 256 bits), by Vulkan`. */
export const inWords = ({ adapter, backend }: Found): string =>
  `${adapter}, by ${backendName(backend)}`;

const COMMANDS: [distribution: RegExp, command: string][] = [
  [/debian|ubuntu/, `sudo apt-get update && sudo apt-get install -y ${PACKAGE}`],
  [/fedora|rhel|centos/, `sudo dnf install -y ${PACKAGE} vulkan-loader`],
  [/arch/, "sudo pacman -S --needed vulkan-swrast vulkan-icd-loader"],
  [/suse/, "sudo zypper install libvulkan_lvp libvulkan1"],
  [/alpine/, "sudo apk add mesa-vulkan-swrast vulkan-loader"],
  [/nixos/, "nix-shell -p mesa vulkan-loader"],
];

type Place = Pick<System, "os" | "distribution">;

/** How to install a Vulkan driver on this Linux. */
function commandFor({ distribution }: Place): string {
  const command = COMMANDS.find(([name]) => name.test(distribution))?.[1];
  return command ? `\`${command}\`` : `Mesa's "lavapipe" with a Vulkan loader`;
}

/** What is missing and the command for this system, in one paragraph. */
export function advice(place: Place): string {
  const missing = "No WebGPU adapter was found, and the lessons compute on one.";
  if (place.os === "darwin") {
    return `${missing} Every Mac that runs macOS 10.14 or later has one (Metal); in a virtual machine ` +
      "or a container there is none, so start this in a terminal of the Mac itself.";
  }
  if (place.os === "windows") {
    return `${missing} Windows 10 and later bring one (Direct3D 12); install the graphics card's driver ` +
      "with Windows Update (`start ms-settings:windowsupdate`), or in WSL " +
      `\`sudo apt-get install -y ${PACKAGE}\`.`;
  }
  return `${missing} Mesa's software Vulkan driver is enough, no graphics card is needed: ` +
    `${commandFor(place)} brings it. Then start this again.`;
}

const HELP = `deno task ready               makes sure of a WebGPU adapter, and names it
deno task ready -- --list     names every backend that opens one, and installs nothing

It may install ${PACKAGE}: as root and on CI without asking; on a terminal after
asking, if sudo needs no password; otherwise not. ${SAY_NO} says no;
DENO_WEBGPU_BACKEND=vulkan or =opengl takes that backend and no other.`;

/** The command `deno task ready …`; returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  checkDeno();
  const { list, help } = readArgs(args, {
    list: { value: false, help: "name every backend that opens an adapter, and install nothing" },
    help: common.help,
  });
  if (help) {
    console.log(HELP);
  } else if (list) {
    for (const one of await adapters(machine())) console.log(`${one.backend} ${one.adapter}`);
  } else {
    const found = await ready(machine(), { anew: true });
    if (!found) return 1;
    console.log(`Ready: ${inWords(found)}.`);
  }
  return 0;
}

if (import.meta.main) await program(() => main(Deno.args));
