/*
 * The machine on which `ready` runs: its backends, its commands, the person at its terminal, and the file in the user's
 * cache folder that remembers which adapter was found.
 */
/** An adapter that opens. */
export interface Found {
  /** The name in `DENO_WEBGPU_BACKEND`: `vulkan`, `opengl`, `metal`, `dx12`. */
  backend: string;
  /** The name that the driver gives the adapter. */
  adapter: string;
  /** Whether it computes on the processor. */
  software: boolean;
}

/** What this program asks of the system; tests replace it. */
export interface System {
  /** `linux`, `darwin`, `windows`, … */
  os: string;
  /** The names in `ID` and `ID_LIKE` of /etc/os-release, such as `ubuntu debian`. */
  distribution: string;
  /** The backend that `DENO_WEBGPU_BACKEND` names. */
  wanted?: string;
  /** Whether `LESSONS_INSTALL=no` forbids installing anything. */
  forbidden: boolean;
  /** Whether this is a CI machine, on which no person can answer. */
  ci: boolean;
  /**
   * The adapter that a backend opens, asked in a new process, since only that sees a driver that was just installed.
   */
  probe(backend: string): Promise<Found | undefined>;
  /** Whether the command exits with 0; `show` makes its errors visible. */
  succeeds(command: string[], show?: boolean): Promise<boolean>;
  /** The answer of the person at the terminal; undefined if there is no terminal. */
  ask(question: string): Promise<boolean | undefined>;
  say(text: string): void;
  /** What was found last time, if nothing has changed since then that could change it. */
  remembered(): Found | undefined;
  remember(found: Found): void;
}

/** What can change which adapter is found: whether one may be installed, variables that drivers and loaders read … */
const VARIABLES = [
  "LESSONS_INSTALL",
  "DENO_WEBGPU_BACKEND",
  "VK_DRIVER_FILES",
  "VK_ADD_DRIVER_FILES",
  "VK_ICD_FILENAMES",
  "VK_LOADER_DRIVERS_DISABLE",
  "LIBGL_ALWAYS_SOFTWARE",
  "MESA_LOADER_DRIVER_OVERRIDE",
  "__EGL_VENDOR_LIBRARY_FILENAMES",
];
/** … and folders: drivers, cards, and a file that tells apart two machines with the same home folder. */
const FOLDERS = [
  "/usr/share/vulkan/icd.d",
  "/usr/local/share/vulkan/icd.d",
  "/etc/vulkan/icd.d",
  "/usr/share/glvnd/egl_vendor.d",
  "/dev/dri",
  "/etc/machine-id",
];

/** The system that this process runs on. */
export function machine(): System {
  const { os } = Deno.build;
  const env = (name: string) => Deno.env.get(name) || undefined;
  const file = memory(os, env);
  const key = signature(env);
  return {
    os,
    distribution: distribution(),
    wanted: env("DENO_WEBGPU_BACKEND"),
    forbidden: /^(no|never|0|false)$/i.test(env("LESSONS_INSTALL") ?? ""),
    ci: !/^(|0|false)$/i.test(env("CI") ?? ""),
    probe,
    succeeds: run,
    // deno-lint-ignore require-await
    ask: async (question) => Deno.stdin.isTerminal() ? confirm(question) : undefined,
    say: (text) => console.error(text),
    remembered: () => file ? recall(file, key) : undefined,
    remember: (found) => void (file && note(file, { key, found })),
  };
}

/** Asks a backend for an adapter, in a separate process. */
async function probe(backend: string): Promise<Found | undefined> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--no-lock", import.meta.resolve("./probe.ts")],
    env: {
      DENO_WEBGPU_BACKEND: backend,
      XDG_RUNTIME_DIR: Deno.env.get("XDG_RUNTIME_DIR") || "/tmp",
    },
    stdin: "null",
    stderr: "null",
  }).output();
  return success ? { backend, ...JSON.parse(new TextDecoder().decode(stdout)) } : undefined;
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

const attempt = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch {
    return undefined; // a file that cannot be read counts as missing
  }
};

function distribution(): string {
  const release = attempt(() => Deno.readTextFileSync("/etc/os-release")) ?? "";
  return release.match(/^ID(_LIKE)?=.*$/gm)?.join(" ") ?? "";
}

/** A file of ours in the user's cache folder; undefined for a user without a home folder. */
function memory(
  os: string,
  env: (name: string) => string | undefined,
  name = "adapter.json",
): string | undefined {
  const home = env("HOME");
  const folder = os === "windows"
    ? env("LOCALAPPDATA")
    : env("XDG_CACHE_HOME") ?? (home && `${home}/${os === "darwin" ? "Library/Caches" : ".cache"}`);
  return folder && `${folder}/language-models-from-scratch/${name}`;
}

/** Everything that could change which adapter is found, as one text. */
function signature(env: (name: string) => string | undefined): string {
  const folders = FOLDERS.map((path) => {
    const changed = attempt(() => Deno.statSync(path).mtime?.getTime());
    return `${path}@${changed ?? "none"}`;
  });
  const id = attempt(() => Deno.readTextFileSync("/etc/machine-id").trim());
  const variables = VARIABLES.map((name) => `${name}=${env(name) ?? ""}`);
  return [Deno.version.deno, Deno.execPath(), id, ...folders, ...variables].join("\n");
}

/** The file with what `deno task bench -- --tune` measured, by adapter. */
export const formsFile = (): string | undefined =>
  memory(Deno.build.os, (name) => Deno.env.get(name) || undefined, "forms.json");

/** What is in that file, as JSON; undefined where nothing was measured. */
export function measuredForms(): string | undefined {
  const file = formsFile();
  return file && attempt(() => JSON.stringify(JSON.parse(Deno.readTextFileSync(file))));
}

function recall(file: string, key: string): Found | undefined {
  const saved = attempt(() => JSON.parse(Deno.readTextFileSync(file)));
  return saved?.key === key ? saved.found : undefined;
}

/** Remembering only saves time, so it does not matter if the folder cannot be written. */
function note(file: string, saved: { key: string; found: Found }): void {
  attempt(() => {
    Deno.mkdirSync(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    const draft = `${file}.${Deno.pid}`;
    Deno.writeTextFileSync(draft, JSON.stringify(saved));
    Deno.renameSync(draft, file);
  });
}
