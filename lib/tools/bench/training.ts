/*
 * Complete training steps: lesson 13's, lesson 14's, and those of a GPT with ten million parameters.
 */
import { manualSeed, nn, optim, randint, type Tensor } from "../../mod.ts";
import { firstOf, release } from "./limits.ts";
import type { Prepared, Work } from "./measure.ts";
import { forwardFlop, GPT, type GptSize, lesson14, MLP, type MlpSize } from "./models.ts";

const { crossEntropy } = nn.functional;

/** A step as in the loop of lesson 12; the loss is the last number to be known. */
function steps(model: nn.Module, lossOf: () => Tensor): Prepared {
  const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-3 });
  return {
    async run() {
      const loss = lossOf();
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      // A number of a parameter is known only after the step; that of the loss was known before.
      const [value] = await Promise.all([firstOf(loss), firstOf([...model.parameters()].at(-1)!)]);
      release(loss);
      return value;
    },
    free() {
      optimizer.zeroGrad();
      for (const { expAvg, expAvgSq } of optimizer.state.values()) {
        [expAvg, expAvgSq].forEach(release);
      }
      [...model.parameters()].forEach(release);
    },
  };
}

/** Lesson 13's step, with gradients down to the embeddings. */
function mlpStep(size: MlpSize, batch: number): Work {
  const { vocab, context, embed, hidden } = size;
  return {
    name: `lesson 13's step, batch ${batch}`,
    flop: 3 * 2 * batch * (context * embed * hidden + hidden * vocab),
    tokens: batch * context,
    prepare() {
      manualSeed(1);
      const model = new MLP(size);
      const [ids, targets] = [randint(vocab, [batch, context]), randint(vocab, [batch])];
      return steps(model, () => crossEntropy(model.forward(ids), targets));
    },
  };
}

/** A step of a GPT, with a loss at every position. */
function gptStep(size: GptSize, batch: number, runs: number): Work {
  const { vocab, context, embed, layers, rotary } = size;
  const what = rotary ? "lesson 14's step" : `GPT step ${layers}×${embed}`;
  return {
    name: `${what}, batch ${batch}×${context}`,
    flop: 3 * forwardFlop(size, batch, context),
    tokens: batch * context,
    runs,
    prepare() {
      manualSeed(1);
      const model = new GPT(size);
      const [ids, targets] = [randint(vocab, [batch, context]), randint(vocab, [batch * context])];
      return steps(model, () => crossEntropy(model.forward(ids).view(-1, vocab), targets));
    },
  };
}

/** Lesson 13's own step, with any batch size. */
export const lessonStep = (batch: number): Work =>
  mlpStep({ vocab: 512, context: 32, embed: 64, hidden: 512 }, batch);

/** The steps, or as small as possible. */
export const trainingWorks = (tiny = false): Work[] =>
  tiny
    ? [
      mlpStep({ vocab: 7, context: 3, embed: 4, hidden: 5 }, 2),
      gptStep({ ...lesson14, vocab: 7, context: 3, embed: 8, heads: 2, layers: 1 }, 2, 1),
      gptStep({ vocab: 7, context: 3, embed: 8, heads: 2, layers: 1 }, 2, 1),
    ]
    : [
      lessonStep(64),
      gptStep(lesson14, 64, 5),
      gptStep({ vocab: 512, context: 128, embed: 384, heads: 6, layers: 6 }, 16, 3),
    ];
