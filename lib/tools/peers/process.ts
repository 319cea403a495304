/*
 * The processes in which the libraries work: how to start one, what it is asked, what it answers.
 */
import type { Answer } from "./child.ts";
import type { Kind, Work } from "./works.ts";

/** A library to compare, and the command that starts its process. */
export interface Contender {
  name: string;
  command: string[];
  /** The only kind of work that it is for. */
  only?: Kind;
}

/** The other libraries, each at the version that was current when this was written. */
export const libraries: Record<string, string> = {
  "@jax-js/jax": "0.1.25",
  "@tensorflow/tfjs": "4.22.0",
  "@tensorflow/tfjs-core": "4.22.0",
  "@tensorflow/tfjs-backend-wasm": "4.22.0",
  "@tensorflow/tfjs-backend-webgpu": "4.22.0",
};
/** The versions, for a reader. */
export const versions = `jax-js ${libraries["@jax-js/jax"]}, TensorFlow.js ` +
  `${libraries["@tensorflow/tfjs"]}`;

/** Those that only run models which others have trained, for the work of writing. */
export const modelRunners: Record<string, string> = {
  "@huggingface/transformers": "4.3.1",
  "onnxruntime-node": "1.30.0",
  "onnxruntime-web": "1.30.0",
};

const here = (file: string) => `${import.meta.dirname}/${file}`;

/** Installs packages in a folder outside the project. */
export async function install(folder: string, packages: Record<string, string>): Promise<void> {
  const imports = Object.fromEntries(
    Object.entries(packages).map(([name, version]) => [name, `npm:${name}@${version}`]),
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

/** Where a folder has the model for those that only run models. */
const modelIn = (folder: string) => `${folder}/gpt2`;

/** Exports the model of a work for ONNX Runtime, by a Python with PyTorch and onnx. */
export async function exportOnnx(python: string, work: Work, folder: string): Promise<void> {
  const args = [here("onnx_model.py"), "cpu", modelIn(folder)];
  const child = new Deno.Command(python, { args, stdin: "piped", stdout: "null", stderr: "piped" })
    .spawn();
  const complaint = new Response(child.stderr).text();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(`${JSON.stringify(work)}\n`));
  await writer.close();
  if ((await child.status).success) return;
  const reason = (await complaint).trim().split("\n").at(-1);
  throw new Error(`exporting the model for ONNX Runtime: ${python} said: ${reason}`);
}

const run = [Deno.execPath(), "run", "--quiet", "--allow-all"];
const childIn = (folder: string, ...args: string[]): string[] => [
  ...[...run, "--config", `${folder}/deno.json`, here("child.ts")],
  ...args,
];

/** Those that only run models, which {@linkcode exportOnnx} wrote. */
export function runtimes(folder: string): Contender[] {
  const runtime = (name: string, ...args: string[]): Contender => ({
    name,
    command: childIn(folder, ...args, modelIn(folder)),
    only: "writing",
  });
  return [
    runtime("transformers.js", "transformers", "cpu"),
    runtime("onnxruntime-node", "onnx", "node"),
    runtime("onnxruntime-web wasm", "onnx", "wasm"),
    runtime("onnxruntime-web WebGPU", "onnx", "webgpu"),
  ];
}

/** This library, and those installed in a folder. */
export function contenders(folder: string): Contender[] {
  const peer = (name: string, library: string, backend: string): Contender => ({
    name,
    command: childIn(folder, library, backend),
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
 * PyTorch, if a Python has it: on the processor, and on CUDA if available. TORCH_PYTHON names a Python to try first,
 * such as one with a newer PyTorch; then come the one on the path, and the system's.
 */
export async function torchContenders(): Promise<Contender[]> {
  const named = Deno.env.get("TORCH_PYTHON");
  for (const python of [...named ? [named] : [], "python3", "/usr/bin/python3"]) {
    const code = "import torch; print(torch.__version__, torch.cuda.is_available())";
    const probe = new Deno.Command(python, { args: ["-c", code], stderr: "null" }).output();
    const { success, stdout } = await probe.catch(() => ({
      success: false,
      stdout: new Uint8Array(),
    }));
    if (!success) continue;
    const [version, cuda] = new TextDecoder().decode(stdout).trim().split(" ");
    const name = `PyTorch ${version.split(".").slice(0, 2).join(".")}`;
    const script = here("torch_works.py");
    return (cuda === "True" ? ["cpu", "cuda"] : ["cpu"]).map((device) => ({
      name: device === "cpu" ? name : `${name} CUDA`,
      command: [python, script, device],
    }));
  }
  return [];
}

/** Spawns a command; its standard error is kept for the notes. */
const spawn = ([program, ...args]: string[], stdin: "piped" | "null") =>
  new Deno.Command(program, { args, stdin, stdout: "piped", stderr: "piped" }).spawn();

/** Milliseconds from the start of a process to the first number that it prints. */
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

/** The time in which a process must answer. */
const PATIENCE_MS = 120_000;

/** A process that has been given a work. */
export class Process {
  /** Those that have not been closed. */
  static readonly #open = new Set<Process>();
  #child: Deno.ChildProcess;
  #lines: AsyncIterator<string>;
  #writer: WritableStreamDefaultWriter<Uint8Array>;
  #complaint = "";

  constructor({ command }: Contender) {
    this.#child = spawn(command, "piped");
    Process.#open.add(this);
    this.#writer = this.#child.stdin.getWriter();
    this.#lines = linesOf(this.#child.stdout);
    this.#listen();
  }

  /** Sends it the work; returns what it says about itself. */
  async prepare(work: Work): Promise<string> {
    return (await this.#ask(JSON.stringify(work))).about!;
  }

  /** Runs the work once; with `all`, returns the sampled numbers too. */
  run(what: "one" | "all"): Promise<Answer> {
    return this.#ask(what);
  }

  /** The first error that it printed, if any. */
  get complaint(): string {
    return firstComplaint(this.#complaint);
  }

  /** Ends all processes, without waiting for them. */
  static killAll(): void {
    for (const one of Process.#open) one.#kill();
  }

  #kill(): void {
    Process.#open.delete(this);
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // it has ended
    }
  }

  /** Ends the process. */
  async close(): Promise<void> {
    this.#kill();
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

/** The line that names the problem; Mesa's complaint about a missing variable does not count. */
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
