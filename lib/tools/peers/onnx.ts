/*
 * GPT-2 on ONNX Runtime, by itself and under transformers.js, from the folder that onnx_model.py wrote: with a cache, one
 * token at a time. Both are for models that are there already, so they have no other work to do here.
 */
import { type Foreign, type Library, load, type Run } from "./library.ts";
import type { Work } from "./works.ts";

/** What one pass gives: the logits of its positions, one after the other, and the cache for the next. */
interface Pass {
  logits: Float32Array;
  past: Foreign;
}

/** Reads some tokens that follow `from` others, whose keys and values are in `past`. */
type Step = (ids: readonly number[], from: number, past?: Foreign) => Promise<Pass>;

/** The writing of works.ts, by steps. */
async function byStep({ ids: [[ids]] }: Work, step: Step): Promise<Run> {
  const half = ids.length / 2;
  const { past: first } = await step(ids.slice(0, half), 0);
  return async () => {
    let past = first, scores = new Float32Array();
    for (let at = half; at < ids.length; at++) {
      const { logits, past: next } = await step([ids[at]], at, past);
      past = next;
      scores = logits as Float32Array<ArrayBuffer>;
      largest(scores);
    }
    return scores;
  };
}

function largest(scores: Float32Array): number {
  let at = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i] > scores[at]) at = i;
  return at;
}

const int64 = (numbers: readonly number[]) => BigInt64Array.from(numbers, BigInt);
const upTo = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** ONNX Runtime: `node`, its own code for the processor, or `wasm` or `webgpu`, its build for browsers. */
export async function onnx(backend: string, folder: string): Promise<Library> {
  const builds: Record<string, string> = {
    node: "onnxruntime-node",
    webgpu: "onnxruntime-web/webgpu",
  };
  const ort = await load(builds[backend] ?? "onnxruntime-web");
  const threads = navigator.hardwareConcurrency;
  if (backend === "wasm") ort.env.wasm.numThreads = threads;
  const options = {
    executionProviders: [backend === "node" ? "cpu" : backend],
    ...(backend === "node" ? { intraOpNumThreads: threads } : {}),
  };
  return {
    about: `onnxruntime-${backend === "node" ? "node" : `web, ${backend}`}`,
    async writing(work) {
      const bytes = await Deno.readFile(`${folder}/onnx/model.onnx`);
      const session = await ort.InferenceSession.create(bytes, options);
      const [vocab, embed] = work.tensors[0].shape;
      const whole = (values: BigInt64Array) => new ort.Tensor("int64", values, [1, values.length]);
      const none = new ort.Tensor("float32", new Float32Array(), [
        1,
        work.heads,
        0,
        embed / work.heads,
      ]);
      const cached = session.inputNames.filter((name: string) => name.startsWith("past_"));
      return byStep(work, async (ids, from, past) => {
        const to = from + ids.length;
        const found = await session.run({
          input_ids: whole(int64(ids)),
          attention_mask: whole(int64(upTo(0, to).fill(1))),
          position_ids: whole(int64(upTo(from, to))),
          ...Object.fromEntries(cached.map((name: string) => [
            name,
            past?.[name.replace("past_key_values", "present")] ?? none,
          ])),
        });
        return { logits: (await found.logits.getData()).subarray(-vocab), past: found };
      });
    },
  };
}

/** transformers.js, on ONNX Runtime for Node (`cpu`). */
export async function transformers(device: string, folder: string): Promise<Library> {
  const { AutoModelForCausalLM, Tensor, env } = await load("@huggingface/transformers");
  Object.assign(env, { allowRemoteModels: false, localModelPath: `${folder}/..` });
  return {
    about: `transformers.js ${env.version}, ${device}`,
    async writing(work) {
      const name = folder.slice(folder.lastIndexOf("/") + 1);
      const model = await AutoModelForCausalLM.from_pretrained(name, { device, dtype: "fp32" });
      const [vocab] = work.tensors[0].shape;
      const whole = (values: BigInt64Array) => new Tensor("int64", values, [1, values.length]);
      return byStep(work, async (ids, from, past) => {
        const to = from + ids.length;
        const found = await model.forward({
          input_ids: whole(int64(ids)),
          attention_mask: whole(int64(upTo(0, to).fill(1))),
          position_ids: whole(int64(upTo(from, to))),
          past_key_values: past ?? null,
        });
        const next = Object.entries(found).filter(([name]) => name.startsWith("present"))
          .map(([name, x]) => [name.replace("present", "past_key_values"), x]);
        return { logits: found.logits.data.subarray(-vocab), past: Object.fromEntries(next) };
      });
    },
  };
}
