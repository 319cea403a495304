/*
 * `deno task export -- lesson-14 FOLDER`: writes a trained model of a lesson to a folder in Hugging Face's layout,
 * which transformers and libraries built on it can open.
 */
import {
  fetchModel,
  GPT2,
  HubError,
  loadPretrained,
  savePretrained,
  saveTensors,
  saveTokenizer,
} from "../mod.ts";
import { nearest } from "../host/spelling.ts";
import { common, type Options, readArgs, UsageError, type Values } from "../lesson/args.ts";
import { program } from "../lesson/ending.ts";
import { writeWhole } from "../host/whole.ts";
import { gpt2Card, mlpCard, transformerCard } from "./export/card.ts";
import { lesson13, lesson14 } from "./export/lessons.ts";
import { shelfOf, shelve } from "./export/shelf.ts";
import { namesIn } from "./folders.ts";

const HELP =
  `deno task export -- lesson-14 FOLDER   writes the small GPT that lesson 14 trained to FOLDER
deno task export -- lesson-13 FOLDER   the MLP of lesson 13: safetensors, its sizes, its tokenizer
deno task export -- lesson-9 FOLDER    a published GPT-2, in today's layout and in float32

  --stage gpt        which of lesson 14's models: "one block", "two blocks" and dropout are
                     GPT-2s, rotary, gpt and "gpt 10M" GPT-NeoXs
  --from PATH        where the lesson has saved, if not in out/lesson-14 or out/lesson-13;
                     for lesson 9 a folder with a GPT-2
  --model gpt2       which published GPT-2: gpt2-medium, gpt2-large, gpt2-xl, or owner/name
  --cache OWNER/NAME puts the files into the Hub's cache instead, where Python finds them by
                     that name without a network
  --overwrite        replaces the model in a folder that holds one
  --help             show this and stop

FOLDER then holds config.json, model.safetensors, tokenizer.json, generation_config.json and a
model card, README.md. Python opens it: AutoModelForCausalLM.from_pretrained(FOLDER). So does this
library: loadPretrained(FOLDER).
`;

const options = {
  help: common.help,
  adapter: common.adapter,
  stage: { value: "gpt", help: "which of lesson 14's models" },
  from: { value: "", help: "where the lesson has saved" },
  model: { value: "gpt2", help: "which published GPT-2" },
  cache: { value: "", help: "a name in the Hub's cache" },
  overwrite: { value: false, help: "replace the model in a folder that holds one" },
} satisfies Options;
type Told = Values<typeof options>;

/** The result of a writer: the files, and what to say about them. */
interface Written {
  files: string[];
  what: string;
  python: string;
}

/** The writer for the model of each lesson. */
const writers: Record<number, (folder: string, told: Told) => Promise<Written>> = {
  9: async (folder, { from, model: name }) => {
    const source = from || await fetchModel(name);
    const { model, tokenizer } = loadPretrained(source, { as: GPT2 });
    const card = gpt2Card(from ? from.replace(/\/+$/, "").split("/").at(-1)! : name);
    const files = await savePretrained(folder, { model, tokenizer, card });
    return { files, what: `${from || name}, a GPT-2`, python: opened(folder) };
  },
  13: async (folder, { from }) => {
    const saved = lesson13(checkpoint(from || "out/lesson-13.safetensors", 13));
    const { state, config, tokenizer } = saved;
    const told = { model_type: "mlp", architectures: ["MLP"], dtype: "float32", ...config };
    await Deno.mkdir(folder, { recursive: true });
    await saveTensors(`${folder}/model.safetensors`, state, { format: "pt" });
    const vocabulary = await saveTokenizer(folder, tokenizer, { maxLength: config.context_length });
    const texts = {
      "README.md": mlpCard(saved),
      "config.json": JSON.stringify(told, null, 2) + "\n",
    };
    for (const [name, text] of Object.entries(texts)) {
      await writeWhole(`${folder}/${name}`, [new TextEncoder().encode(text)]);
    }
    const python =
      "Transformers has no model of this kind, so AutoModelForCausalLM can't open it: the\n" +
      "README.md in the folder has the ten lines of PyTorch that do. AutoTokenizer opens its\n" +
      "tokenizer.";
    const files = ["model.safetensors", ...vocabulary, ...Object.keys(texts)];
    return { files, what: "lesson 13's MLP", python };
  },
  14: async (folder, { from, stage }) => {
    const path = `${from || "out/lesson-14"}/${stage.replaceAll(" ", "-")}.safetensors`;
    const saved = lesson14(checkpoint(path, 14, stage));
    const { model, tokenizer } = saved;
    const { nPositions } = model.config;
    const generation = { do_sample: true, top_k: 5, temperature: 1, max_length: nPositions };
    const card = transformerCard(saved);
    const files = await savePretrained(folder, { model, tokenizer, generation, card });
    const kind = model instanceof GPT2 ? "GPT-2" : "GPT-NeoX";
    return { files, what: `lesson 14's "${stage}", as a ${kind}`, python: opened(folder) };
  },
};

const opened = (folder: string) =>
  `In Python: AutoModelForCausalLM.from_pretrained(${JSON.stringify(folder)}), and AutoTokenizer.`;

/** The file in which a lesson has saved its run. */
function checkpoint(path: string, lesson: number, stage?: string): string {
  try {
    if (Deno.statSync(path).isFile) return path;
  } catch { /* said below */ }
  const there = stage === undefined ? [] : stagesIn(path.slice(0, path.lastIndexOf("/")));
  throw new UsageError(
    there.length > 0
      ? `--stage ${stage}: ${path} does not exist; there are ${there.join(", ")}`
      : `${path} does not exist: train the model first with deno task lesson-${lesson}, or say with ` +
        `--from where it is saved`,
  );
}

/** The models of lesson 14 in a folder, by name. */
function stagesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name)
      .filter((name) => name.endsWith(".safetensors"))
      .map((name) => name.replace(".safetensors", "")).sort();
  } catch {
    return [];
  }
}

/** The lesson and the folder from a command line, and its other arguments. */
function readWords(given: readonly string[]): { lesson: number; folder?: string; told: Told } {
  const args = given.filter((arg) => arg !== "--");
  const words: string[] = [];
  while (args.length > 0 && !args[0].startsWith("-") && words.length < 2) words.push(args.shift()!);
  const told = readArgs(args, options);
  const [named, folder] = words;
  const known = Object.keys(writers);
  if (named === undefined) {
    throw new UsageError(`export what? deno task export -- lesson-14 FOLDER; --help explains`);
  }
  const lesson = Number(named.replace(/^lesson-/, ""));
  if (!Object.hasOwn(writers, lesson)) {
    const meant = nearest(named, known.map((number) => `lesson-${number}`));
    throw new UsageError(
      `"${named}" has no model to export; lesson-9, lesson-13 and lesson-14 have` +
        (meant ? `; did you mean ${meant}?` : ""),
    );
  }
  return { lesson, folder, told };
}

/** Writes a folder as the command line says; returns the exit code. */
export async function main(
  given: readonly string[],
  say: (line: string) => void = console.log,
): Promise<number> {
  if (given.length === 0 || given.includes("--help")) return say(HELP.trimEnd()), 0;
  const { lesson, folder, told } = readWords(given);
  if ((folder === undefined) === (told.cache === "")) {
    throw new UsageError(
      `export wants a folder, or --cache owner/name: deno task export -- lesson-${lesson} FOLDER`,
    );
  }
  if (told.cache) shelfOf(told.cache); // refuses a name that is none before anything is done
  else checkReplaceable(folder!, told.overwrite);
  const target = folder ?? await Deno.makeTempDir();
  try {
    const { files, what, python } = await writers[lesson](target, told);
    if (told.cache) {
      const snapshot = await shelve(target, files, told.cache);
      say(`Wrote ${what}, to the Hub's cache: ${snapshot}`);
      say(`In Python, with HF_HUB_OFFLINE=1: from_pretrained(${JSON.stringify(told.cache)}).`);
      if (lesson === 13) say(python);
    } else {
      say(`Wrote ${what}, to ${target}: ${files.toSorted().join(", ")}`);
      say(python);
    }
    return 0;
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    say(error.message);
    return 1;
  } finally {
    if (folder === undefined) await Deno.remove(target, { recursive: true });
  }
}

/** Refuses a folder that holds a model already, and a path that is not a folder. */
function checkReplaceable(folder: string, overwrite: boolean): void {
  const holdsModel = namesIn(folder).some((name) => /^(config\.json|.*\.safetensors)$/.test(name));
  if (overwrite || !holdsModel) return;
  throw new UsageError(
    `${folder} holds a model already; give another folder, or --overwrite, which replaces it`,
  );
}

if (import.meta.main) await program(() => main(Deno.args));
