/*
 * The table of contents: every lesson in order, those that are written with their text and a way to
 * run them. To add lesson 2, import its text and call `written` in its row:
 *
 *   import text2 from "./02-embedding.ts" with { type: "text" };
 *   … written: written("./02-embedding.ts", text2, () => import("./02-embedding.ts")),
 *
 * The imports are written out one by one so that no permission is needed to read the lessons.
 */

import text1 from "./01-small-llm.ts" with { type: "text" };
import text2 from "./02-embedding.ts" with { type: "text" };
import text3 from "./03-inside.ts" with { type: "text" };
import text4 from "./04-training.ts" with { type: "text" };
import text5 from "./05-placeholders.ts" with { type: "text" };
import text6 from "./06-layer-norm.ts" with { type: "text" };
import text7 from "./07-logits.ts" with { type: "text" };
import text8 from "./08-gpt.ts" with { type: "text" };
import text9 from "./09-weights.ts" with { type: "text" };
import text10 from "./10-dataset.ts" with { type: "text" };
import text11 from "./11-tokenizer.ts" with { type: "text" };
import text12 from "./12-batches.ts" with { type: "text" };
import text13 from "./13-mlp.ts" with { type: "text" };
import text14 from "./14-transformer.ts" with { type: "text" };

/** One of the four notebooks. */
export type Notebook =
  | "000-small-llm"
  | "001-gpt-from-scratch"
  | "002-gpt2-architecture"
  | "003-llm-from-scratch";

/** A lesson that is written. */
export interface Written {
  /** Its address. */
  url: string;
  /** Its text. */
  source: string;
  /** Runs it. */
  load(): Promise<unknown>;
}

/** The part of a row that makes it a written lesson. */
export const written = (
  file: string,
  source: string,
  load: () => Promise<unknown>,
): Written => ({
  url: new URL(file, import.meta.url).href,
  source,
  load,
});

/** What a lesson may do beside reading its own text, and how its process is set. */
export interface Needs {
  /** Reads and fills the cache of the Hub, over the network. */
  hub?: boolean;
  /** Reads the file that `--data` names, or the folder that another option does. */
  data?: boolean | string;
  /** Reads GPT-2's weights, and stops where they can't be had. */
  weights?: boolean;
  /** Writes to the folder of what `--out` names; this is where it lies else. */
  out?: string;
  /** Variables that drivers and runtimes read. */
  env?: Record<string, string>;
  /** Flags of the JavaScript engine. */
  v8?: string[];
}

/** A row of the table; without `written`, the lesson is planned. */
export interface Row {
  number: number;
  notebook: Notebook;
  section: string;
  written?: Written;
  needs?: Needs;
}

/** For kernels as small as lesson 4's, waking a second thread costs llvmpipe more than it helps. */
const oneThread = { LP_NUM_THREADS: "0" };
/** A small young generation: else garbage takes some 50 MB more. */
const smallHeap = ["--max-semi-space-size=1"];

/** The table of contents. */
export const contents: Row[] = [
  {
    number: 1,
    notebook: "000-small-llm",
    section: "a whole model from prebuilt layers",
    written: written(
      "./01-small-llm.ts",
      text1,
      () => import("./01-small-llm.ts"),
    ),
  },
  {
    number: 2,
    notebook: "000-small-llm",
    section: "the embedding layer",
    written: written(
      "./02-embedding.ts",
      text2,
      () => import("./02-embedding.ts"),
    ),
  },
  {
    number: 3,
    notebook: "000-small-llm",
    section: "how those layers are made",
    written: written("./03-inside.ts", text3, () => import("./03-inside.ts")),
  },
  {
    number: 4,
    notebook: "000-small-llm",
    section: "training it, and showing that it learned",
    written: written(
      "./04-training.ts",
      text4,
      () => import("./04-training.ts"),
    ),
    needs: { env: oneThread },
  },
  {
    number: 5,
    notebook: "001-gpt-from-scratch",
    section: "a model of placeholders, its logits",
    written: written(
      "./05-placeholders.ts",
      text5,
      () => import("./05-placeholders.ts"),
    ),
  },
  {
    number: 6,
    notebook: "001-gpt-from-scratch",
    section: "layer normalization",
    written: written(
      "./06-layer-norm.ts",
      text6,
      () => import("./06-layer-norm.ts"),
    ),
  },
  {
    number: 7,
    notebook: "002-gpt2-architecture",
    section: "the placeholder GPT-2, its logits",
    written: written("./07-logits.ts", text7, () => import("./07-logits.ts")),
  },
  {
    number: 8,
    notebook: "002-gpt2-architecture",
    section: "the blocks, the model, generating",
    written: written("./08-gpt.ts", text8, () => import("./08-gpt.ts")),
  },
  {
    number: 9,
    notebook: "002-gpt2-architecture",
    section: "GPT-2's published weights",
    written: written(
      "./09-weights.ts",
      text9,
      () => import("./09-weights.ts"),
    ),
    needs: { hub: true, data: "folder", weights: true, v8: smallHeap },
  },
  {
    number: 10,
    notebook: "003-llm-from-scratch",
    section: "the dataset",
    written: written(
      "./10-dataset.ts",
      text10,
      () => import("./10-dataset.ts"),
    ),
    needs: { hub: true, data: true },
  },
  {
    number: 11,
    notebook: "003-llm-from-scratch",
    section: "the tokenizer",
    written: written(
      "./11-tokenizer.ts",
      text11,
      () => import("./11-tokenizer.ts"),
    ),
    needs: { hub: true, data: true },
  },
  {
    number: 12,
    notebook: "003-llm-from-scratch",
    section: "batches, losses, the training loop",
    written: written(
      "./12-batches.ts",
      text12,
      () => import("./12-batches.ts"),
    ),
    needs: { hub: true, data: true },
  },
  {
    number: 13,
    notebook: "003-llm-from-scratch",
    section: "the MLP language model",
    written: written("./13-mlp.ts", text13, () => import("./13-mlp.ts")),
    needs: { hub: true, data: true, out: "out/lesson-13", v8: smallHeap },
  },
  {
    number: 14,
    notebook: "003-llm-from-scratch",
    section: "from the MLP to a transformer",
    written: written(
      "./14-transformer.ts",
      text14,
      () => import("./14-transformer.ts"),
    ),
    needs: { hub: true, data: true, out: "out/lesson-14", v8: smallHeap },
  },
];
