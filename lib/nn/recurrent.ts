/*
 * Recurrent networks as layers; recurrent_base.ts moves them along a sequence, recurrent_steps.ts has one step.
 */
import type { Device } from "../gpu/device.ts";
import { a, type Given, parameters } from "../python/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Recurrent, type RecurrentOptions, type RecurrentSizes } from "./recurrent_base.ts";
import { elmans, gru, lstm, type Nonlinearity } from "./recurrent_steps.ts";

/** How an {@linkcode RNN} is made. */
export interface RNNOptions extends RecurrentOptions {
  /** What is applied to the sum; "tanh". */
  nonlinearity?: Nonlinearity;
}

const sizes = { inputSize: a.whole, hiddenSize: a.whole, numLayers: a.whole };
const others = {
  bias: a.flag,
  batchFirst: a.flag,
  dropout: a.number,
  bidirectional: a.flag,
  device: a.device,
};
const readRnn = parameters<RecurrentSizes & RNNOptions>("RNN", {
  ...sizes,
  nonlinearity: a.oneOf("tanh", "relu"),
  ...others,
}, { required: 2 });
const [readLstm, readGru] = ["LSTM", "GRU"].map((name) =>
  parameters<RecurrentSizes & RecurrentOptions>(name, { ...sizes, ...others }, { required: 2 })
);

type Rest = [
  bias?: boolean,
  batchFirst?: boolean,
  dropout?: number,
  bidirectional?: boolean,
  device?: Device,
];
type Layered = Given<
  [inputSize: number, hiddenSize: number, numLayers?: number, ...rest: Rest],
  RecurrentSizes & RecurrentOptions,
  RecurrentOptions
>;

/**
 * h_t = tanh(W_ih x_t + b_ih + W_hh h_(t−1) + b_hh), in stacked layers.
 *
 * @example
 * ```ts
 * import { manualSeed, nn, randn } from "#lib";
 * import { assertEquals } from "@std/assert";
 * manualSeed(0);
 * const network = new nn.RNN(10, 20, 2);
 * const [output, hidden] = network.forward(randn(5, 3, 10)); // (L, N, input_size)
 * assertEquals([output.shape, hidden.shape], [[5, 3, 20], [2, 3, 20]]);
 * ```
 */
export class RNN extends Recurrent {
  /** What is applied to the sum. */
  readonly nonlinearity: Nonlinearity;

  /** `(inputSize, hiddenSize, numLayers = 1, nonlinearity = "tanh", bias = true, batchFirst = false, …)`. */
  constructor(
    ...args: Given<
      [
        inputSize: number,
        hiddenSize: number,
        numLayers?: number,
        nonlinearity?: Nonlinearity,
        ...rest: Rest,
      ],
      RecurrentSizes & RNNOptions,
      RNNOptions
    >
  ) {
    const { nonlinearity = "tanh", ...options } = readRnn(args);
    super(elmans[nonlinearity], options);
    this.nonlinearity = nonlinearity;
  }

  /** x (L, N, input_size), h_0 (layers, N, hidden_size) or zeros → every h (L, N, hidden_size), the last ones */
  forward(x: Tensor, hx?: Tensor | null): [output: Tensor, hidden: Tensor] {
    const [output, [hidden]] = this.run(x, hx ? [hx] : undefined);
    return [output, hidden];
  }
}

/** A network with gates, which forgets on purpose (Cho et al., 2014); used as {@linkcode RNN}. */
export class GRU extends Recurrent {
  /**
   * `(inputSize, hiddenSize, numLayers = 1, bias = true, batchFirst = false, dropout = 0, …)`, or these by name.
   */
  constructor(...args: Layered) {
    super(gru, readGru(args));
  }

  /** x (L, N, input_size), h_0 (layers, N, hidden_size) or zeros → every h (L, N, hidden_size), the last ones */
  forward(x: Tensor, hx?: Tensor | null): [output: Tensor, hidden: Tensor] {
    const [output, [hidden]] = this.run(x, hx ? [hx] : undefined);
    return [output, hidden];
  }
}

/**
 * A network whose cell keeps what its gates let in (Hochreiter & Schmidhuber, 1997).
 *
 * @example
 * ```ts
 * import { manualSeed, nn, ones } from "#lib";
 * import { assertEquals } from "@std/assert";
 * manualSeed(0);
 * const [output, [h, c]] = new nn.LSTM(3, 2).forward(ones(4, 1, 3)); // (T, N, features)
 * assertEquals([output.shape, h.shape, c.shape], [[4, 1, 2], [1, 1, 2], [1, 1, 2]]);
 * assertEquals(await h.detach().repr(), "tensor([[[-0.5034,  0.1454]]])");
 * ```
 */
export class LSTM extends Recurrent {
  /**
   * `(inputSize, hiddenSize, numLayers = 1, bias = true, batchFirst = false, dropout = 0, …)`, or these by name.
   */
  constructor(...args: Layered) {
    super(lstm, readLstm(args));
  }

  /** x (L, N, input_size), [h_0, c_0] or zeros → every h (L, N, hidden_size), the last [h, c] */
  forward(
    x: Tensor,
    hx?: readonly [hidden: Tensor, cell: Tensor] | null,
  ): [output: Tensor, state: [hidden: Tensor, cell: Tensor]] {
    const [output, [hidden, cell]] = this.run(x, hx ?? undefined);
    return [output, [hidden, cell]];
  }
}
