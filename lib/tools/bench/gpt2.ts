/*
 * GPT-2's shape with 124 million parameters: making it, a forward pass, generating text. And how long it takes from the
 * command line to the first number of a lesson.
 */
import {
  GPT2,
  KeyValueCache,
  manualSeed,
  nn,
  noGrad,
  randint,
  sample,
  type Tensor,
  tensor,
} from "../../mod.ts";
import { defaultDevice } from "../../gpu/default.ts";
import { passing } from "../../models/generate.ts";
import { fillWeight } from "../../models/weights.ts";
import { numbers } from "../peers/works.ts";
import { firstOf, release, runOnce } from "./limits.ts";
import type { Work } from "./measure.ts";
import { forwardFlop, GPT, gpt2, type GptSize, weightBytes } from "./models.ts";

/** The model, made when it is first needed: several works share it. */
function shared(size: GptSize) {
  let model: GPT | undefined;
  return {
    get: () => {
      if (model) return model;
      manualSeed(1);
      return model = new GPT(size).eval();
    },
    free: () => {
      if (model) [...model.parameters()].forEach(release);
      model = undefined;
    },
  };
}
type Shared = ReturnType<typeof shared>;

const nameOf = ({ embed }: GptSize) => embed === gpt2.embed ? "124M" : `${embed} wide`;

/** A forward pass over B texts of T tokens, with logits at every position. */
function forward(size: GptSize, model: Shared, B: number, T: number, runs: number): Work {
  return {
    name: `${nameOf(size)} forward ${B}×${T}`,
    flop: forwardFlop(size, B, T),
    bytes: weightBytes(size),
    tokens: B * T,
    runs,
    prepare() {
      const gpt = model.get();
      const ids = randint(size.vocab, [B, T]);
      return { run: () => runOnce(() => noGrad(() => gpt.forward(ids))), free: () => release(ids) };
    },
  };
}

/**
 * Greedy generation, with each token read before the next is computed, as a person who watches needs it: `count` tokens
 * after `before`, whose keys and values are in the cache already; with weights of 16 bits if they are to be `half`.
 */
function writing(
  size: GptSize,
  { count, before, runs, half = false }: {
    count: number;
    before: number;
    runs: number;
    half?: boolean;
  },
): Work {
  const { vocab: vocabSize, context: nPositions, embed: nEmbd, heads: nHead, layers: nLayer } =
    size;
  const config = { vocabSize, nPositions, nEmbd, nHead, nLayer };
  return {
    name: `${nameOf(size)} writing, ${count} after ${before}${half ? ", of 16 bits" : ""}`,
    bytes: count * weightBytes(size) / (half ? 2 : 1),
    tokens: count,
    runs,
    prepare() {
      const model = nn.init.skipInit(() => new GPT2(config)).eval();
      for (const [name, x] of model.stateDict()) {
        const spec = { name, shape: [...x.shape], start: 0, scale: 0.1, shift: 0 };
        fillWeight(name, x, numbers(spec), half); // where loadPretrained puts it
      }
      const cache = new KeyValueCache(config, { capacity: before + count });
      const logits = (ids: Tensor) =>
        passing(() => model.logits(model.hidden(ids, { cache }).narrow(1, ids.shape[1] - 1, 1)));
      release(logits(randint(vocabSize, [1, before])));
      const { launcher } = defaultDevice;
      const launched = launcher.dispatches;
      cache.length = before;
      release(logits(tensor([[1]])));
      return {
        note: `${launcher.dispatches - launched} dispatches a token`,
        async run() {
          cache.length = before;
          let token = 1;
          for (let i = 0; i < count; i++) {
            const scores = logits(tensor([[token]]));
            token = sample(await scores.data() as Float32Array, { temperature: 0 });
            release(scores);
          }
          return token;
        },
        free: () => {
          [...model.parameters()].forEach(release);
          cache[Symbol.dispose]();
        },
      };
    },
  };
}

/** Draws every number, and copies it to the GPU. */
function construction(size: GptSize, runs: number): Work {
  return {
    name: `${nameOf(size)} construction`,
    runs,
    prepare: () => ({
      async run() {
        manualSeed(1);
        const parameters = [...new GPT(size).parameters()];
        const first = await firstOf(parameters.at(-1)!);
        parameters.forEach(release);
        return first;
      },
    }),
  };
}

/** Starts a process, and waits for the first number that it prints. */
function start(runs: number): Work {
  const lesson = `${import.meta.dirname}/../../../lessons/02-embedding.ts`;
  return {
    name: "start to lesson 2's first number",
    runs,
    prepare: () => ({
      async run() {
        const args = ["run", "--allow-env", "--allow-read", lesson, "--quiet"];
        const child = new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "null" })
          .spawn();
        let text = "";
        const stream = child.stdout.pipeThrough(new TextDecoderStream());
        for await (const part of stream) {
          if (/-?\d+\.\d/.test(text += part)) break; // leaving the loop closes the stream
        }
        try {
          child.kill();
        } catch {
          // it has ended
        }
        await child.status;
        return Number(text.match(/-?\d+\.\d+/)?.[0] ?? NaN);
      },
    }),
  };
}

/** The works, or tiny versions of them; `free` frees the memory of the model that they share. */
export function gpt2Works(tiny = false): Work[] {
  const size = tiny ? { vocab: 11, context: 8, embed: 8, heads: 2, layers: 2 } : gpt2;
  const model = shared(size);
  const [short, long, count, far] = tiny ? [2, 5, 2, 5] : [4, 128, 64, 1024 - 64];
  const last = forward(size, model, 1, long, 5);
  return [
    construction(size, 3),
    forward(size, model, 2, short, 7),
    {
      ...last,
      async prepare() {
        const { run, free } = await last.prepare();
        return { run, free: () => [free!(), model.free()] };
      },
    },
    writing(size, { count, before: count, runs: 3 }),
    writing(size, { count, before: count, runs: 3, half: true }),
    writing(size, { count, before: far, runs: 3 }),
    start(7),
  ];
}
