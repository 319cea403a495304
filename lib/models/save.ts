/*
 * Saves a model and its tokenizer as a folder in Hugging Face's layout. transformers, and libraries built on it, open
 * it as usual: `AutoModelForCausalLM.from_pretrained(folder)`, `AutoTokenizer.from_pretrained(folder)`.
 */
import { saveTensors } from "../data/tensors.ts";
import { writeWhole } from "../host/whole.ts";
import { a, parameters } from "../python/arguments.ts";
import { saveTokenizer } from "../text/folder.ts";
import type { RegexTokenizer } from "../text/regex.ts";
import { configJson } from "./config_json.ts";
import { GPT2 } from "./gpt2.ts";
import { GPTNeoX } from "./gpt_neox.ts";
import type { AnyModel } from "./pretrained.ts";
import { savedState } from "./weights.ts";

/** What to save. */
export interface SavePretrained {
  /** The model: its parameters, and its sizes. */
  model: AnyModel;
  /** The tokenizer it was trained with. */
  tokenizer: RegexTokenizer;
  /** The content of `generation_config.json`: how to generate text, such as `{ do_sample: true, top_k: 5 }`. */
  generation?: Readonly<Record<string, unknown>>;
  /** The model card in Markdown, for README.md. */
  card?: string;
}

const readWhat = parameters<SavePretrained & { config?: unknown }>("savePretrained", {
  model: a.module,
  tokenizer: a.object,
  generation: a.object,
  card: a.text,
  config: a.object, // as loadPretrained returns it: the model has it too
}, { positional: 0, required: 2 });

/**
 * Saves a model and its tokenizer. The folder is made if needed, and files of the same names are replaced, each as a
 * whole. `config.json` comes last: without it, the folder does not count as a model.
 *
 * @returns the names of the files
 * @throws {RangeError} if the layout cannot hold the tokenizer, or if it has more tokens than the model
 *
 * @example
 * ```ts
 * import { getEncoding, GPT2, loadPretrained, manualSeed, savePretrained } from "#lib";
 * import { assertEquals } from "@std/assert";
 *
 * manualSeed(0);
 * const tokenizer = await getEncoding("gpt2");
 * const model = new GPT2({ vocabSize: tokenizer.nVocab, nPositions: 8, nEmbd: 4, nLayer: 1, nHead: 2 });
 * const folder = await Deno.makeTempDir();
 * await savePretrained(folder, { model, tokenizer });
 * const again = loadPretrained(folder, { as: GPT2 });
 * assertEquals(await again.model.wpe.weight.data(), await model.wpe.weight.data());
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function savePretrained(folder: string, what: SavePretrained): Promise<string[]> {
  const { model, tokenizer, generation = {}, card } = readWhat([what]);
  if (!(model instanceof GPT2 || model instanceof GPTNeoX)) {
    throw new TypeError(
      "savePretrained: the model is no GPT2 and no GPTNeoX; save another's numbers with saveTensors(path, model.stateDict())",
    );
  }
  const { vocabSize, nPositions } = model.config;
  if (tokenizer.nVocab > vocabSize) {
    throw new RangeError(
      `savePretrained: the tokenizer has ${tokenizer.nVocab} tokens and the model ${vocabSize}; ` +
        `take both from one run`,
    );
  }
  const endToken = tokenizer.specialTokens.get("<|endoftext|>") ?? null;
  const told = model instanceof GPT2
    ? configJson({ modelType: "gpt2", config: model.config }, { endToken })
    : configJson({ modelType: "gpt_neox", config: model.config }, { endToken });
  const texts: Record<string, string> = {
    "generation_config.json": json({
      bos_token_id: endToken,
      eos_token_id: endToken,
      ...generation,
    }),
    ...card === undefined ? {} : { "README.md": card },
    "config.json": json(told),
  };
  const vocabulary = await saveTokenizer(folder, tokenizer, { maxLength: nPositions });
  await saveTensors(`${folder}/model.safetensors`, savedState(model), { format: "pt" });
  for (const [name, text] of Object.entries(texts)) {
    await writeWhole(`${folder}/${name}`, [new TextEncoder().encode(text)]);
  }
  return ["model.safetensors", ...vocabulary, ...Object.keys(texts)];
}

const json = (value: unknown) => JSON.stringify(value, null, 2) + "\n";
