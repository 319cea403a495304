/*
 * GPT-2's shape at 124 million parameters: building it, reading with it, writing with it. And how long it takes
 * from a command line to the first number of a lesson.
 */
import { cat, manualSeed, noGrad, randint, type Tensor } from "../../mod.ts";
import { firstOf, release, runOnce } from "./limits.ts";
import type { Work } from "./measure.ts";
import { forwardFlop, GPT, gpt2, type GptSize, weightBytes } from "./models.ts";

/** The model, built when it is first asked for: several works take turns with it. */
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

/** One pass over B texts of T tokens, with a score for every token of the vocabulary at each place. */
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

/** The best next token, again and again, each read before the next is asked for, as somebody who watches needs it. */
function generation(size: GptSize, model: Shared, count: number, runs: number): Work {
  const lengths = Array.from({ length: count }, (_, i) => i + 4);
  return {
    name: `${nameOf(size)} generation of ${count} tokens`,
    flop: lengths.reduce((sum, T) => sum + forwardFlop(size, 1, T), 0),
    bytes: count * weightBytes(size),
    tokens: count,
    runs,
    prepare() {
      const gpt = model.get();
      const start = randint(size.vocab, [1, lengths[0]]);
      const next = (ids: Tensor) =>
        noGrad(() => {
          const best = gpt.forward(ids).index(":", -1).argmax({ dim: -1, keepdim: true });
          return [cat([ids, best], 1), best];
        });
      return {
        async run() {
          let ids = start, token = NaN;
          for (let i = 0; i < count; i++) {
            const [longer, best] = next(ids);
            token = await firstOf(best);
            if (ids !== start) release(ids);
            release(best);
            ids = longer;
          }
          release(ids);
          return token;
        },
        free: () => release(start),
      };
    },
  };
}

/** Every number drawn, and on the GPU. */
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

/** A process of its own, to the first number that it prints. */
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

/** The works, or as small as can be; `free` gives back the model that they share. */
export function gpt2Works(tiny = false): Work[] {
  const size = tiny ? { vocab: 11, context: 8, embed: 8, heads: 2, layers: 2 } : gpt2;
  const model = shared(size);
  const [short, long, count] = tiny ? [2, 5, 2] : [4, 128, 8];
  const last = generation(size, model, count, 3);
  return [
    construction(size, 3),
    forward(size, model, 2, short, 7),
    forward(size, model, 1, long, 5),
    {
      ...last,
      async prepare() {
        const { run, free } = await last.prepare();
        return { run, free: () => [free!(), model.free()] };
      },
    },
    start(7),
  ];
}
