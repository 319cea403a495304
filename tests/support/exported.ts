/*
 * Folders as `deno task export` writes them, of models that are drawn from a seed and not trained, so that no weights need
 * to be kept; and texts on which two tokenizers can be compared. As a program it writes them all, for Python to open
 * (tests/goldens/export.py):
 *
 *   deno run -A tests/support/exported.ts FOLDER
 */
import { Generator, normal, randint } from "../../lib/random/mod.ts";
import { note, RegexTokenizer, saveCheckpoint, type Tensor, tensor } from "../../lib/mod.ts";
import { main } from "../../lib/tools/export.ts";
import songs from "../../data/songs.json" with { type: "json" };
import { tinyFiles } from "./gpt2_folder.ts";

/** The sizes of small models of the kinds that lesson 14 trains. */
export const T = 32, C = 32, H = 4, LAYERS = 3, V = 512;

/** Lesson 11's tokenizer, of the same number of songs. */
export function tokenizer(): RegexTokenizer {
  const made = new RegexTokenizer();
  made.train(songs.train.slice(0, 20).join("\n"), V);
  return made;
}

type Plan = [name: string, shape: number[]][];

const linear = (name: string, inputs: number, outputs: number): Plan => [
  [`${name}.weight`, [outputs, inputs]],
  [`${name}.bias`, [outputs]],
];
const norm = (name: string): Plan => [[`${name}.weight`, [C]], [`${name}.bias`, [C]]];
const block = (name: string): Plan => [
  ...norm(`${name}.norm1`),
  ...["query", "key", "value"].flatMap((part) => linear(`${name}.attention.0.${part}`, C, C)),
  ...linear(`${name}.attention.1`, C, C),
  ...norm(`${name}.norm2`),
  ...linear(`${name}.feed_forward.0`, C, 4 * C),
  ...linear(`${name}.feed_forward.2`, 4 * C, C),
];
const layers = Array.from({ length: LAYERS }, (_, n) => n);

/** The tensors of the lessons' models, in the order in which they are drawn. */
const plans: Record<"gpt" | "dropout" | "mlp", Plan> = {
  gpt: [
    ["token_embedding.weight", [V, C]],
    ...layers.flatMap((n) => block(`blocks.${n}`)),
    ...norm("norm"),
    ["lm_head.weight", [V, C]],
  ],
  dropout: [
    ["token_embedding.weight", [V, C]],
    ["position_embedding.weight", [T, C]],
    ...layers.flatMap((n) => block(`body.${n + 1}`)),
    ...norm(`body.${LAYERS + 1}`),
    ["lm_head.weight", [V, C]],
  ],
  mlp: [
    ["token_embedding_table.weight", [V, 16]],
    ...linear("net.0", T * 16, 24),
    ...linear("net.2", 24, V),
  ],
};

/** A model's tensors, drawn wide enough that its text does not stand still. */
export function drawn(kind: keyof typeof plans, seed = 123): Map<string, Tensor> {
  const generator = new Generator().manualSeed(seed);
  return new Map(plans[kind].map(([name, shape]) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    normal(generator, data);
    const isNorm = /norm|body\.4/.test(name);
    const scale = shape.length > 1 && !/embedding/.test(name)
      ? Math.fround(1.4 / Math.sqrt(shape[1]))
      : Math.fround(name.includes("embedding") ? 0.2 : 0.1);
    const mean = isNorm && name.endsWith("weight") ? 1 : 0;
    for (let i = 0; i < data.length; i++) data[i] = Math.fround(data[i] * scale) + mean;
    return [name, tensor(data).view(...shape)];
  }));
}

/** Checkpoints of these models, as the lessons save theirs. */
export async function saveRuns(folder: string): Promise<void> {
  const origin = { data: "Dataset: nothing", tokenizer: tokenizer().toModel() };
  const run = note({ step: 0 });
  const stage = note({ train: 6.24, val: 6.25, exact: 6.26 });
  for (const [name, dropout] of [["gpt", 0.2], ["dropout", 0.2]] as const) {
    await saveCheckpoint(`${folder}/lesson-14/${name}.safetensors`, {
      model: note(drawn(name)),
      run,
      stage,
      origin: note({ ...origin, contextLength: T, nHead: H, dropout }),
    }, { seed: 123 });
  }
  const model = note(drawn("mlp"));
  await saveCheckpoint(
    `${folder}/lesson-13.safetensors`,
    { model, run, origin: note(origin) },
    { seed: 123 },
  );
  await Deno.mkdir(`${folder}/small-gpt2`, { recursive: true });
  for (const [name, content] of Object.entries(tinyFiles("published"))) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(`${folder}/small-gpt2/${name}`, bytes);
  }
}

/** The words of `deno task export` for each folder that is made of them. */
export const commands = (from: string): Record<string, string[]> => ({
  gpt: ["lesson-14", "--from", `${from}/lesson-14`],
  dropout: ["lesson-14", "--from", `${from}/lesson-14`, "--stage", "dropout"],
  mlp: ["lesson-13", "--from", `${from}/lesson-13.safetensors`],
  gpt2: ["lesson-9", "--from", `${from}/small-gpt2`],
});

/** A thousand texts: lines of songs, and letters, spaces and signs in an order that nobody would write. */
export function texts(): string[] {
  const lines = songs.train.join("\n").split("\n").filter((_, i) => i % 7 === 0).slice(0, 500);
  const signs = [..." \n\t\r'’.,;!?-0123456789aZéßñ東京русский🙂👩‍🚀\u00a0\u2028\u0085ſ"];
  const generator = new Generator().manualSeed(5);
  const pick = (n: number, count: number) => {
    const ids = new Int32Array(count);
    randint(generator, ids, 0, n);
    return [...ids];
  };
  const odd = Array.from({ length: 500 }, (_, i) => {
    const length = 1 + i % 40;
    const [which, words] = [pick(signs.length, length), pick(lines.length, length)];
    return which.map((sign, at) => words[at] % 3 === 0 ? lines[words[at]].slice(0, 9) : signs[sign])
      .join("");
  });
  return [...lines, ...odd];
}

if (import.meta.main) {
  const [folder] = Deno.args;
  await saveRuns(`${folder}/runs`);
  for (const [name, words] of Object.entries(commands(`${folder}/runs`))) {
    await main([words[0], `${folder}/${name}`, ...words.slice(1)]);
  }
  await Deno.writeTextFile(`${folder}/texts.json`, JSON.stringify(texts()));
}
