/*
 * The parts of a model that have their own fused kernels: attention, layer norm, cross-entropy, AdamW.
 */
import { nn, noGrad, optim, type Tensor, tensor } from "../../mod.ts";
import { firstOf, release, runOnce } from "./limits.ts";
import { noise } from "./matmul.ts";
import { digits, type Work } from "./measure.ts";

const { crossEntropy, layerNorm, scaledDotProductAttention } = nn.functional;

/** Two works, one forward, one forward and backward, with the same inputs. */
function bothWays(
  name: string,
  needs: { forward: Partial<Work>; both: Partial<Work> },
  inputs: () => Tensor[],
  compute: (inputs: Tensor[]) => Tensor,
): Work[] {
  return [
    {
      name,
      ...needs.forward,
      prepare() {
        const given = inputs();
        return {
          run: () => runOnce(() => noGrad(() => compute(given))),
          free: () => given.forEach(release),
        };
      },
    },
    {
      name: `${name} + backward`,
      ...needs.both,
      prepare() {
        const given = inputs();
        const learned = given.filter(({ dtype }) => dtype === "float32");
        learned.forEach((input) => input.requiresGrad_());
        let gradient: Tensor | undefined;
        return {
          async run() {
            const result = compute(given);
            if (result.numel() > 1) gradient ??= noise(...result.shape);
            result.backward({ gradient });
            const first = await firstOf(learned[0].grad!);
            for (const input of learned) {
              release(input.grad!);
              input.grad = null;
            }
            release(result);
            return first;
          },
          free: () => [...given, ...gradient ? [gradient] : []].forEach(release),
        };
      },
    },
  ];
}

/** Causal attention; only the scores and sums of a token's past count. */
function attention(heads: number, T: number, width: number): Work[] {
  const flop = 4 * heads * width * T * (T + 1) / 2;
  return bothWays(
    `attention ${heads}×${T}×${width}`,
    // Backward computes the scores once more and has four products: 2.5 times as much in all.
    { forward: { flop }, both: { flop: 3.5 * flop } },
    () => Array.from({ length: 3 }, () => noise(1, heads, T, width)),
    ([q, k, v]) => scaledDotProductAttention(q, k, v, { isCausal: true }),
  );
}

/** The norm of rows. Backward reads the input and the output's gradient, and writes one gradient. */
function norm(rows: number, width: number): Work[] {
  const bytes = 4 * rows * width;
  return bothWays(
    `layer norm ${rows}×${width}`,
    { forward: { bytes: 2 * bytes }, both: { bytes: 5 * bytes } },
    () => [noise(rows, width), noise(width), noise(width)],
    ([x, weight, bias]) => layerNorm(x, [width], weight, bias),
  );
}

/** The cross-entropy of rows of logits. It reads them; backward reads them again and writes as many numbers. */
function loss(rows: number, vocab: number): Work[] {
  const bytes = 4 * rows * vocab;
  const right = () => tensor(Array.from({ length: rows }, (_, i) => i * 7919 % vocab));
  return bothWays(
    `cross-entropy ${rows}×${vocab}`,
    { forward: { bytes }, both: { bytes: 3 * bytes } },
    () => [noise(rows, vocab), right()],
    ([scores, targets]) => crossEntropy(scores, targets),
  );
}

/** A step over all parameters: four arrays are read, three of them are written. */
function adamw(shapes: number[][]): Work {
  const count = shapes.reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);
  return {
    name: `AdamW, ${digits(count / 1e6)} M in ${shapes.length} tensors`,
    bytes: 7 * 4 * count,
    prepare() {
      const params = shapes.map((shape) => noise(...shape).requiresGrad_());
      for (const param of params) param.grad = noise(...param.shape);
      const optimizer = new optim.AdamW(params, { lr: 1e-3 });
      return {
        run() {
          optimizer.step();
          return firstOf(params.at(-1)!);
        },
        free() {
          for (const { expAvg, expAvgSq } of optimizer.state.values()) {
            [expAvg, expAvgSq].forEach(release);
          }
          params.flatMap((param) => [param, param.grad!]).forEach(release);
        },
      };
    },
  };
}

/** The weights and biases of some GPT blocks. */
const blockShapes = (layers: number, width: number) =>
  Array.from({ length: layers }, () => [
    ...[1, 2, 3, 4].map(() => [width, width]),
    [4 * width, width],
    [width, 4 * width],
    ...[1, 2, 3, 4, 5, 6].map(() => [width]),
    [4 * width],
  ]).flat();

/** The layers at the sizes of GPT-2, or as small as possible. */
export const layerWorks = (tiny = false): Work[] =>
  tiny ? [...attention(2, 5, 8), ...norm(3, 8), ...loss(3, 11), adamw(blockShapes(1, 4))] : [
    ...attention(12, 1024, 64),
    ...norm(8192, 768),
    ...loss(512, 50_257),
    adamw(blockShapes(6, 384)),
  ];
