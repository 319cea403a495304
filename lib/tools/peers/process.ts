/*
 * The processes that the libraries work in: how each is started, what it is asked, what it answers.
 */
import type { Answer } from "./child.ts";
import type { Work } from "./works.ts";

/** A library to compare, and the command that starts a process of it. */
export interface Contender {
  name: string;
  command: string[];
}

/** What the peers are, each at the version that was current when this was written. */
const PACKAGES = {
  "@jax-js/jax": "0.1.25",
  "@tensorflow/tfjs": "4.22.0",
  "@tensorflow/tfjs-core": "4.22.0",
  "@tensorflow/tfjs-backend-wasm": "4.22.0",
  "@tensorflow/tfjs-backend-webgpu": "4.22.0",
};
/** The versions as one reads them. */
export const versions = `jax-js ${PACKAGES["@jax-js/jax"]}, TensorFlow.js ` +
  `${PACKAGES["@tensorflow/tfjs"]}`;

const here = (file: string) => `${import.meta.dirname}/${file}`;

/** Installs the peers into a folder, where nothing of the project knows of them. */
export async function install(folder: string): Promise<void> {
  const imports = Object.fromEntries(
    Object.entries(PACKAGES).map(([name, version]) => [name, `npm:${name}@${version}`]),
  );
  const config = JSON.stringify({ nodeModulesDir: "auto", imports });
  await Deno.writeTextFile(`${folder}/deno.json`, config);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "--quiet"],
    cwd: folder,
  }).output();
  if (success) return;
  const reason = new TextDecoder().decode(stderr).trim();
  throw new Error(`installing the peers: deno install failed; is the network there?\n${reason}`);
}

/** This library, and the peers that lie in a folder. */
export function contenders(folder: string): Contender[] {
  const run = [Deno.execPath(), "run", "--quiet", "--allow-all"];
  const peer = (name: string, library: string, backend: string): Contender => ({
    name,
    command: [...run, "--config", `${folder}/deno.json`, here("child.ts"), library, backend],
  });
  return [
    { name: "this library", command: [...run, here("child.ts"), "ours", "webgpu"] },
    peer("jax-js WebGPU", "jax", "webgpu"),
    peer("jax-js wasm", "jax", "wasm"),
    peer("TensorFlow.js WebGPU", "tfjs", "webgpu"),
    peer("TensorFlow.js wasm", "tfjs", "wasm"),
  ];
}

/**
 * PyTorch, where a Python has it: on the processor, and on CUDA where there is that. TORCH_PYTHON names a Python that
 * is asked first, such as one of a newer PyTorch.
 */
export async function torchContenders(): Promise<Contender[]> {
  const named = Deno.env.get("TORCH_PYTHON");
  for (const python of [...named ? [named] : [], "/usr/bin/python3", "python3"]) {
    const code = "import torch; print(torch.cuda.is_available())";
    const probe = new Deno.Command(python, { args: ["-c", code], stderr: "null" }).output();
    const { success, stdout } = await probe.catch(() => ({
      success: false,
      stdout: new Uint8Array(),
    }));
    if (!success) continue;
    const cuda = new TextDecoder().decode(stdout).includes("True");
    const script = here("torch_works.py");
    return (cuda ? ["cpu", "cuda"] : ["cpu"]).map((device) => ({
      name: device === "cpu" ? "PyTorch" : "PyTorch CUDA",
      command: [python, script, device],
    }));
  }
  return [];
}

/** Spawns a command; what it says on standard error is for the notes. */
const spawn = ([program, ...args]: string[], stdin: "piped" | "null") =>
  new Deno.Command(program, { args, stdin, stdout: "piped", stderr: "piped" }).spawn();

/** How long a process starts, in milliseconds, to the first number that it prints. */
export async function start({ command }: Contender): Promise<{ ms: number; value: number }> {
  const begin = performance.now();
  const child = spawn([...command, "--tiny"], "null");
  const complaint = new Response(child.stderr).text();
  let text = "", ms = NaN;
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    if (!text) ms = performance.now() - begin;
    text += part;
  }
  await child.status;
  const value = text.trim() === "" ? NaN : Number(text);
  if (Number.isNaN(value)) {
    throw new Error(firstComplaint(text + await complaint) || "it printed no number");
  }
  return { ms, value };
}

/** A process must answer within this time. */
const PATIENCE_MS = 120_000;

/** A process that has been given a work. */
export class Process {
  #child: Deno.ChildProcess;
  #lines: AsyncIterator<string>;
  #writer: WritableStreamDefaultWriter<Uint8Array>;
  #complaint = "";

  constructor({ command }: Contender) {
    this.#child = spawn(command, "piped");
    this.#writer = this.#child.stdin.getWriter();
    this.#lines = linesOf(this.#child.stdout);
    this.#listen();
  }

  /** Gives it the work; what it says about itself. */
  async prepare(work: Work): Promise<string> {
    return (await this.#ask(JSON.stringify(work))).about!;
  }

  /** Has the work done once; `all`: the sampled numbers too. */
  run(what: "one" | "all"): Promise<Answer> {
    return this.#ask(what);
  }

  /** The first error that it wrote, if it wrote any. */
  get complaint(): string {
    return firstComplaint(this.#complaint);
  }

  /** Ends the process. */
  async close(): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // it has ended
    }
    await this.#writer.abort().catch(() => {});
    await this.#child.status;
  }

  async #ask(line: string): Promise<Answer> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new Error(`no answer within ${PATIENCE_MS / 1000} s`)),
      PATIENCE_MS,
    );
    try {
      await this.#writer.write(new TextEncoder().encode(`${line}\n`));
      const { value, done } = await Promise.race([this.#lines.next(), late.promise]);
      if (done) throw new Error(this.complaint || "the process ended without an answer");
      const answer = JSON.parse(value) as Answer;
      if (answer.error) throw new Error(answer.error.split("\n")[0]);
      return answer;
    } finally {
      clearTimeout(timer);
    }
  }

  async #listen(): Promise<void> {
    for await (const part of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      if (this.#complaint.length < 20_000) this.#complaint += part;
    }
  }
}

/** The line in which the trouble is named; that Mesa misses a variable is none. */
export function firstComplaint(text: string): string {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => !/XDG_/.test(line));
  const named = lines.find((line) => /exceeds|error:|Error\b|out of bounds|Aborted/.test(line));
  return (named ?? "").replace(/^(error: )?Uncaught (\(in promise\) )?/, "").slice(0, 200);
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (text + part).split("\n");
    text = lines.pop()!;
    yield* lines;
  }
}
