/*
 * Folders of GPT-2's form, with weights drawn from a seed, as tests/goldens/gpt2.py makes them with transformers, byte for
 * byte. Run as a program it writes one, of GPT-2's full size and in the layout of 2019 unless told otherwise:
 *
 *   deno run -A tests/support/gpt2_folder.ts FOLDER [tiny|full] [published|today|none]
 */
import { getEncoding } from "#lib";
import { gpt2Weights, type Layout } from "../../lib/book/client/drawn_gpt2.ts";
import { spelled } from "../../lib/text/letters.ts";
import tinyConfig from "../fixtures/gpt2/config.json" with { type: "json" };
import tinyMerges from "../fixtures/gpt2/merges.txt" with { type: "text" };
import tinyVocab from "../fixtures/gpt2/vocab.json" with { type: "json" };
import type { Files } from "../fake_hub.ts";

export { gpt2Weights, type Layout };

/** The configuration of the small folder, of 36,480 parameters. */
export const tiny = tinyConfig;
/** That of GPT-2, 124M parameters. */
export const full = {
  ...tinyConfig,
  ...{ vocab_size: 50257, n_positions: 1024, n_embd: 768, n_layer: 12, n_head: 12 },
  ...{ bos_token_id: 50256, eos_token_id: 50256 },
};

/** The small folder, file by file. */
export const tinyFiles = (layout: Layout = "published"): Files => ({
  "config.json": JSON.stringify(tinyConfig, null, 2),
  "vocab.json": JSON.stringify(tinyVocab),
  "merges.txt": tinyMerges,
  "model.safetensors": gpt2Weights(tiny, layout),
});

/** The first ids of GPT-2's vocabulary and the special token behind them, as its two files. */
async function gpt2Vocabulary(size: number): Promise<Files> {
  const { vocab, merges } = await getEncoding("gpt2");
  const spell = (id: number) => spelled(vocab[id]);
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
