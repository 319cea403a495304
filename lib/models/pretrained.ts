/*
 * Loads a folder in Hugging Face's layout as a model and its tokenizer: the sizes are in `config.json`, the weights in
 * `model.safetensors`, the vocabulary in `tokenizer.json`, or in `vocab.json` and `merges.txt`.
 */
import { optionsOf } from "../python/arguments.ts";
import { host } from "../host/mod.ts";
import { terminalBar } from "../hub/bar.ts";
import type { DownloadListener } from "../hub/config.ts";
import { skipInit } from "../nn/init.ts";
import { loadTokenizer, textIn } from "../text/folder.ts";
import type { RegexTokenizer } from "../text/regex.ts";
import { readConfig } from "./config_json.ts";
import { GPT2 } from "./gpt2.ts";
import { GPTNeoX } from "./gpt_neox.ts";
import { loadWeights } from "./weights.ts";

/** The models that can be loaded. */
export type AnyModel = GPT2 | GPTNeoX;

/** The result of {@linkcode loadPretrained}. */
export interface Pretrained<M extends AnyModel = AnyModel> {
  /** The model, in evaluation mode: `model.train()` turns dropout on. */
  model: M;
  /** Its tokenizer: text to ids and back. */
  tokenizer: RegexTokenizer;
  /** The configuration from its `config.json`. */
  config: M["config"];
}

/** How to load a folder. */
export interface LoadPretrainedOptions<M extends AnyModel = AnyModel> {
  /** The only class to accept; by default any known one. */
  as?: new (config: never) => M;
  /**
   * "float16" rounds the weights to 16 bits. Large matrices stay so in memory, half as large; all is computed in
   * float32, so logits are those of PyTorch with `model.half().float()`. By default "float32".
   */
  dtype?: "float32" | "float16";
  /** Called with the progress; by default a bar on a terminal. */
  listener?: DownloadListener;
}

/**
 * Loads a model from a folder in Hugging Face's layout: a GPT-2 or a GPT-NeoX that transformers saved, a snapshot in
 * the Hub's cache, or a folder that {@linkcode savePretrained} or `deno task export` wrote.
 *
 * Weights in F32, F16 or BF16 are read one after another, and all are checked: none missing, none left over, and the
 * shapes that `config.json` says.
 *
 * @throws {RangeError} if the folder does not hold a complete model; it says what is wrong
 */
export function loadPretrained<M extends AnyModel = AnyModel>(
  folder: string,
  options: LoadPretrainedOptions<M> = {},
): Pretrained<M> {
  const { as, dtype = "float32", listener = terminalBar() } = readOptions(options);
  if (dtype !== "float32" && dtype !== "float16") {
    throw new RangeError(`loadPretrained: dtype is "float32" or "float16", not ${dtype}`);
  }
  const { modelType, config } = readConfig(configIn(folder), `${folder}/config.json`);
  const Class = modelType === "gpt2" ? GPT2 : GPTNeoX;
  if (as && as !== Class as unknown) {
    throw new RangeError(
      `${folder}/config.json: model_type is "${modelType}", but a ${as.name} was asked for`,
    );
  }
  const paths = weightsIn(folder);
  const tokenizer = loadTokenizer(folder);
  if (tokenizer.nVocab > config.vocabSize) {
    throw new RangeError(
      `${folder}: its vocabulary has ${tokenizer.nVocab} tokens, and config.json says vocab_size ` +
        `${config.vocabSize}; take both from one model`,
    );
  }
  const model = skipInit(() => new Class(config));
  loadWeights(model, paths, folder, { half: dtype === "float16", listener });
  return { model: model.eval() as AnyModel as M, tokenizer, config: model.config };
}

const readOptions = optionsOf<LoadPretrainedOptions<AnyModel>>(
  "loadPretrained",
  "as",
  "dtype",
  "listener",
);

/** The text of a folder's `config.json`. */
function configIn(folder: string): string {
  const text = textIn(folder, "config.json");
  if (text !== undefined) return text;
  if (host.files.info(folder)) {
    throw new RangeError(
      `${folder}: there is no config.json in it, so it is not a model's folder; give one with config.json, ` +
        `model.safetensors and a tokenizer`,
    );
  }
  const couldBeOnHub = /^[\w.-]+(\/[\w.-]+)?$/.test(folder);
  const fetching = `; for a model of the Hub, write loadPretrained(await fetchModel("${folder}"))`;
  throw new RangeError(`${folder}: there is no such folder${couldBeOnHub ? fetching : ""}`);
}

/** The files with weights: one, or else those that an index lists. */
function weightsIn(folder: string): string[] {
  const has = (name: string) => host.files.info(`${folder}/${name}`)?.isFile;
  if (has("model.safetensors")) return [`${folder}/model.safetensors`];
  const index = textIn(folder, "model.safetensors.index.json");
  if (index !== undefined) return filesOf(index, folder).map((name) => `${folder}/${name}`);
  const one = "pytorch_model.bin";
  if (has(one)) {
    throw new RangeError(
      `${folder}: its weights are in ${one}; write them as model.safetensors once: ` +
        `await saveTensors("${folder}/model.safetensors", load("${folder}/${one}"))`,
    );
  }
  throw new RangeError(
    has(`${one}.index.json`)
      ? `${folder}: its weights are in several files that Python wrote; save it as model.safetensors with ` +
        "transformers: model.save_pretrained(folder)"
      : `${folder}: there is no model.safetensors in it; download it again`,
  );
}

/** The names of the files in an index. */
function filesOf(index: string, folder: string): string[] {
  let names: unknown[] = [];
  try {
    names = Object.values(JSON.parse(index).weight_map);
  } catch {
    // said below
  }
  const found = [...new Set(names)];
  const missing = found.find((name) => !host.files.info(`${folder}/${name}`)?.isFile);
  if (found.length > 0 && missing === undefined) return found as string[];
  throw new RangeError(
    `${folder}/model.safetensors.index.json: ` +
      (missing === undefined ? "it lists no files" : `it lists ${missing}, which is not there`) +
      "; download it again",
  );
}
