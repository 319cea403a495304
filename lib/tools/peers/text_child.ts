/*
 * The process in which this library's tokenizer, or js-tiktoken, is measured: `text_child.ts ours FILE` prints how many
 * seconds each work took, as JSON.
 */
import { gpt2Ranks } from "../../host/packages.ts";
import { getEncoding, GPT2_SPLIT_PATTERN, RegexTokenizer } from "../../text/mod.ts";
import { load } from "./library.ts";
import type { TextTime, textWorks } from "./text.ts";

const times: TextTime[] = [];
function time<T>(work: typeof textWorks[number], body: () => T): T {
  const start = performance.now();
  const result = body();
  times.push({ work, seconds: (performance.now() - start) / 1000 });
  return result;
}

const RUN = "a".repeat(1_000_000);

async function measureOurs(text: string): Promise<void> {
  const tokenizer = new RegexTokenizer(GPT2_SPLIT_PATTERN);
  time("train 512 ids", () => tokenizer.train(text, 512));
  time("train 50,000 ids", () => tokenizer.train(text, 50_000));
  time("encode with the 50,000", () => tokenizer.encodeOrdinary(text));
  const gpt2 = await getEncoding("gpt2");
  time("encode with GPT-2's", () => gpt2.encode(text));
  time("encode again with GPT-2's", () => gpt2.encode(text));
  time("a run of 1 MB of one letter", () => gpt2.encode(RUN));
}

/** Its cost for a long word is quadratic: a run of 1 MB would take hours, so a hundredth of it is measured. */
async function measureTiktoken(text: string): Promise<void> {
  const { Tiktoken } = await load("npm:js-tiktoken@1.0.21/lite");
  const gpt2 = new Tiktoken((await gpt2Ranks()).default);
  time("encode with GPT-2's", () => gpt2.encode(text, [], []));
  time("encode again with GPT-2's", () => gpt2.encode(text, [], []));
  time("a run of 1 MB of one letter", () => gpt2.encode(RUN.slice(0, 10_000)));
  times.at(-1)!.seconds *= 100 ** 2;
}

const [which, file] = Deno.args;
const text = await Deno.readTextFile(file);
await (which === "ours" ? measureOurs(text) : measureTiktoken(text));
console.log(JSON.stringify(times));
