/*
 * The process in which a library works. `child.ts LIBRARY BACKEND [FOLDER]` reads a work as a line of JSON, then does it
 * once for each further line, and answers each with a line. With `--tiny` it computes a small sum, prints it, and ends.
 */
import type { Library, Run } from "./library.ts";
import type { Work } from "./works.ts";

/** What a process answers: to a work its name, to a run the time it took, and the numbers that were asked for. */
export interface Answer {
  about?: string;
  ms?: number;
  values?: number[];
  error?: string;
}

const libraries: Record<string, (backend: string, folder: string) => Promise<Library>> = {
  ours: async () => (await import("./ours.ts")).ours(),
  jax: async (backend) => await (await import("./jax.ts")).jax(backend),
  tfjs: async (backend) => await (await import("./tfjs.ts")).tfjs(backend),
  onnx: async (...given) => await (await import("./onnx.ts")).onnx(...given),
  transformers: async (...given) => await (await import("./onnx.ts")).transformers(...given),
};

const print = (line: string) => {
  const bytes = new TextEncoder().encode(`${line}\n`);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
};

/** Numbers in a form for JSON, which has no NaN and no infinity. */
const finite = (value: number) => Number.isFinite(value) ? value : null as unknown as number;

async function answer(run: Run, samples: readonly number[] | null): Promise<Answer> {
  const start = performance.now();
  const result = await run(samples !== null);
  const ms = performance.now() - start;
  return samples ? { ms, values: samples.map((place) => finite(result[place])) } : { ms };
}

/** Serves the lines of standard input. */
async function serve(library: Library): Promise<void> {
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
  let text = "", work: Work | undefined, run: Run | undefined;
  for await (const part of lines) {
    text += part;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      if (!run) {
        work = JSON.parse(line) as Work;
        if (work.kind === "start") throw new Error("a start is no work for a process that runs");
        if (!library[work.kind]) throw new Error("not written in this library: it keeps no keys");
        run = await library[work.kind]!(work);
        print(JSON.stringify({ about: library.about } satisfies Answer));
      } else print(JSON.stringify(await answer(run, line === "all" ? work!.samples : null)));
    }
  }
}

if (import.meta.main) {
  // Libraries print to standard output, which is for answers.
  console.log = console.info = console.debug = console.error;
  const [name, backend, folder] = Deno.args;
  try {
    const library = await libraries[name](backend, folder);
    if (Deno.args.includes("--tiny")) print(String(await library.tiny!()));
    else await serve(library);
  } catch (error) {
    print(JSON.stringify({ error: error instanceof Error ? error.message : String(error) }));
    Deno.exit(1);
  }
  Deno.exit(0); // some have workers that would go on running
}
