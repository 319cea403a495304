/*
 * Folders of GPT-2's form, with weights drawn from a seed: what tests/goldens/gpt2.py makes with transformers, byte
 * for byte, so that no weights need to be kept. Run as a program it writes one of GPT-2's full size:
 *
 *   deno run -A tests/support/gpt2_folder.ts FOLDER [today]
 */
import { getEncoding } from "#lib";
import type { SafeTensor } from "../../lib/data/safetensors.ts";
import { encodeSafetensors } from "../../lib/data/safetensors.ts";
import { Generator, normal } from "../../lib/random/mod.ts";
import tinyConfig from "../fixtures/gpt2/config.json" with { type: "json" };
import tinyMerges from "../fixtures/gpt2/merges.txt" with { type: "text" };
import tinyVocab from "../fixtures/gpt2/vocab.json" with { type: "json" };
import type { Files } from "../fake_hub.ts";

/** What of a configuration decides about shapes. */
export interface Sizes {
  vocab_size: number;
  n_positions: number;
  n_embd: number;
  n_layer: number;
}

/** The configuration of the small folder, of 36,480 parameters. */
export const tiny = tinyConfig;
/** That of GPT-2, 124M parameters. */
export const full = {
  ...tinyConfig,
  ...{ vocab_size: 50257, n_positions: 1024, n_embd: 768, n_layer: 12, n_head: 12 },
  ...{ bos_token_id: 50256, eos_token_id: 50256 },
};

/** As transformers saves it today, or as OpenAI's weights were published. */
export type Layout = "today" | "published";

/** A model's tensors, by name, in the order in which they are drawn: name → shape, spread, mean. */
function* plan({ vocab_size: V, n_positions: P, n_embd: C, n_layer }: Sizes) {
  const norm = (name: string) =>
    [
      [`${name}.weight`, [C], 0.1, 1],
      [`${name}.bias`, [C], 0.1, 0],
    ] as const;
  const matrix = (name: string, rows: number, columns: number) =>
    [
      [`${name}.weight`, [rows, columns], 1.4 / Math.sqrt(rows), 0],
      [`${name}.bias`, [columns], 0.1, 0],
    ] as const;
  yield ["wte.weight", [V, C], 1.2 / Math.sqrt(C), 0] as const;
  yield ["wpe.weight", [P, C], 1.2 / Math.sqrt(C), 0] as const;
  for (let n = 0; n < n_layer; n++) {
    yield* norm(`h.${n}.ln_1`);
    yield* matrix(`h.${n}.attn.c_attn`, C, 3 * C);
    yield* matrix(`h.${n}.attn.c_proj`, C, C);
    yield* norm(`h.${n}.ln_2`);
    yield* matrix(`h.${n}.mlp.c_fc`, C, 4 * C);
    yield* matrix(`h.${n}.mlp.c_proj`, 4 * C, C);
  }
  yield* norm("ln_f");
}

/** The file of a model, drawn from a seed. */
export function gpt2Weights(sizes: Sizes, layout: Layout, seed = 123): Uint8Array<ArrayBuffer> {
  const generator = new Generator().manualSeed(seed);
  const tensors: Record<string, SafeTensor> = {};
  for (const [name, shape, spread, mean] of plan(sizes)) {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    normal(generator, data);
    const scale = Math.fround(spread);
    for (let i = 0; i < data.length; i++) data[i] = Math.fround(data[i] * scale) + mean;
    tensors[layout === "today" ? `transformer.${name}` : name] = { dtype: "F32", shape, data };
  }
  if (layout === "published") {
    const P = sizes.n_positions;
    const mask = Float32Array.from({ length: P * P }, (_, i) => Number(i % P <= i / P));
    for (let n = 0; n < sizes.n_layer; n++) {
      tensors[`h.${n}.attn.bias`] = { dtype: "F32", shape: [1, 1, P, P], data: mask };
    }
  }
  return encodeSafetensors(tensors, { format: "pt" });
}

/** The small folder, file by file. */
export const tinyFiles = (layout: Layout = "published"): Files => ({
  "config.json": JSON.stringify(tinyConfig, null, 2),
  "vocab.json": JSON.stringify(tinyVocab),
  "merges.txt": tinyMerges,
  "model.safetensors": gpt2Weights(tiny, layout),
});

/** GPT-2's own letters for bytes: those that print are themselves, the rest follow from U+0100 on. */
function letters(): string[] {
  const prints = (byte: number) => /[!-~¡-¬®-ÿ]/.test(String.fromCharCode(byte));
  let more = 256;
  return Array.from(
    { length: 256 },
    (_, byte) => String.fromCharCode(prints(byte) ? byte : more++),
  );
}

/** The first ids of GPT-2's vocabulary and the special token behind them, as its two files. */
export async function gpt2Vocabulary(size: number): Promise<Files> {
  const { vocab, merges } = await getEncoding("gpt2");
  const letter = letters();
  const spell = (id: number) => Array.from(vocab[id], (byte) => letter[byte]).join("");
  const words = Array.from({ length: size - 1 }, (_, id) => [spell(id), id]);
  const lines = merges.slice(0, size - 257).map((pair) => pair.map(spell).join(" "));
  return {
    "vocab.json": JSON.stringify(Object.fromEntries([...words, ["<|endoftext|>", size - 1]])),
    "merges.txt": ["#version: 0.2", ...lines, ""].join("\n"),
  };
}

if (import.meta.main) {
  const [folder, size = "full", layout = "published"] = Deno.args;
  const config = size === "tiny" ? tiny : full;
  const files = {
    "config.json": JSON.stringify(config, null, 2),
    ...await gpt2Vocabulary(config.vocab_size),
    ...(layout === "none" ? {} : { "model.safetensors": gpt2Weights(config, layout as Layout) }),
  };
  await Deno.mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(`${folder}/${name}`, bytes);
  }
}
