/*
 * One step of a recurrent network as a layer, for loops of your own.
 */
import type { Device } from "../gpu/device.ts";
import { empty, zeros } from "../ops/create.ts";
import { linear } from "../ops/matmul/linear.ts";
import { squeeze, unsqueeze } from "../ops/views.ts";
import { a, type Given, parameters } from "../python/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import * as init from "./init.ts";
import type { LayerOptions } from "./layers.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { checkState, type RecurrentSizes } from "./recurrent_base.ts";
import {
  elmans,
  gru,
  lstm,
  type Nonlinearity,
  type RecurrentKind,
  type State,
} from "./recurrent_steps.ts";

/** How a cell is made. */
export interface CellOptions extends LayerOptions {
  /** Whether biases are added; true. */
  bias?: boolean;
}

/** How an {@linkcode RNNCell} is made. */
export interface RNNCellOptions extends CellOptions {
  /** What is applied to the sum; "tanh". */
  nonlinearity?: Nonlinearity;
}

const common = { inputSize: a.whole, hiddenSize: a.whole, bias: a.flag };
const readRnn = parameters<RecurrentSizes & RNNCellOptions>("RNNCell", {
  ...common,
  nonlinearity: a.oneOf("tanh", "relu"),
  device: a.device,
}, { required: 2 });
const [readLstm, readGru] = ["LSTMCell", "GRUCell"].map((name) =>
  parameters<RecurrentSizes & CellOptions>(name, { ...common, device: a.device }, { required: 2 })
);

type Celled = Given<
  [inputSize: number, hiddenSize: number, bias?: boolean, device?: Device],
  RecurrentSizes & CellOptions
>;

/** The base of all three. */
export abstract class Cell extends Module {
  /** (gates · hidden_size, input_size). */
  weightIh: Parameter;
  /** (gates · hidden_size, hidden_size). */
  weightHh: Parameter;
  /** (gates · hidden_size), or null. */
  biasIh: Parameter | null;
  /** (gates · hidden_size), or null. */
  biasHh: Parameter | null;
  /** Features of the input. */
  readonly inputSize: number;
  /** Features of the state. */
  readonly hiddenSize: number;
  private readonly kind: RecurrentKind;

  /** The kind of step, and its sizes. */
  constructor(
    kind: RecurrentKind,
    { inputSize, hiddenSize, bias = true, device }: RecurrentSizes & CellOptions,
  ) {
    super();
    this.kind = kind;
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    const rows = kind.gates * hiddenSize;
    const made = (shape: number[]) => new Parameter(empty(shape, { device }));
    this.weightIh = made([rows, inputSize]);
    this.weightHh = made([rows, hiddenSize]);
    this.biasIh = bias ? made([rows]) : null;
    this.biasHh = bias ? made([rows]) : null;
    const bound = hiddenSize > 0 ? 1 / Math.sqrt(hiddenSize) : 0;
    for (const parameter of this.parameters()) init.uniform_(parameter, -bound, bound);
  }

  /** The state after x (N, input_size), or after x (input_size). */
  protected next(x: Tensor, before: State | undefined): State {
    const name = this.constructor.name;
    checkState(name, this.kind, before);
    for (const [i, { ndim }] of before?.entries() ?? []) {
      if (ndim === 1 || ndim === 2) continue;
      const which = this.kind.states === 1 ? "hidden" : `hx[${i}]`;
      throw new RangeError(`${name}: Expected ${which} to be 1D or 2D, got ${ndim}D instead`);
    }
    if (x.ndim !== 1 && x.ndim !== 2) {
      throw new RangeError(`${name}: Expected input to be 1D or 2D, got ${x.ndim}D instead`);
    }
    if (x.ndim === 2) return this.ofBatch(x, before);
    return this.ofBatch(unsqueeze(x, 0), before?.map((s) => unsqueeze(s, 0)))
      .map((s) => squeeze(s, 0));
  }

  /** The states after a batch. */
  private ofBatch(x: Tensor, before: State | undefined): State {
    const state = before ?? Array.from(
      { length: this.kind.states },
      () => zeros([x.shape[0], this.hiddenSize], { device: x.device }),
    );
    this.checkSizes(x, state);
    const from = { weight: this.weightHh, bias: this.biasHh };
    return this.kind.step(linear(x, this.weightIh, this.biasIh), state, from);
  }

  /** Refuses states that would be spread over a batch, or are not as wide as the cell. */
  private checkSizes({ shape: [batch, features] }: Tensor, state: State): void {
    if (features !== this.inputSize) {
      throw new RangeError(
        `input has inconsistent input_size: got ${features} expected ${this.inputSize}`,
      );
    }
    for (const [i, { shape: [rows, width] }] of state.entries()) {
      if (rows !== batch) {
        throw new RangeError(
          `Input batch size ${batch} doesn't match hidden${i} batch size ${rows}`,
        );
      }
      if (width === this.hiddenSize) continue;
      throw new RangeError(
        `hidden${i} has inconsistent hidden_size: got ${width}, expected ${this.hiddenSize}`,
      );
    }
  }

  /** `10, 20`, and `bias=False` where there is none. */
  override extraRepr(): string {
    return `${this.inputSize}, ${this.hiddenSize}${this.biasIh ? "" : ", bias=False"}`;
  }
}

/** h' = tanh(W_ih x + b_ih + W_hh h + b_hh). */
export class RNNCell extends Cell {
  /** What is applied to the sum. */
  readonly nonlinearity: Nonlinearity;

  /** `(inputSize, hiddenSize, bias = true, nonlinearity = "tanh")`, or these by name. */
  constructor(
    ...args: Given<
      [
        inputSize: number,
        hiddenSize: number,
        bias?: boolean,
        nonlinearity?: Nonlinearity,
        device?: Device,
      ],
      RNNCellOptions
    >
  ) {
    const { nonlinearity = "tanh", ...options } = readRnn(args);
    super(elmans[nonlinearity], options);
    this.nonlinearity = nonlinearity;
  }

  /** x (N, input_size), h (N, hidden_size) or zeros → the next h */
  forward(x: Tensor, hx?: Tensor | null): Tensor {
    return this.next(x, hx ? [hx] : undefined)[0];
  }

  /** `10, 20`, and the nonlinearity where it is no tanh. */
  override extraRepr(): string {
    const { nonlinearity } = this;
    return super.extraRepr() + (nonlinearity === "tanh" ? "" : `, nonlinearity=${nonlinearity}`);
  }
}

/** One step of a {@linkcode GRU}. */
export class GRUCell extends Cell {
  /** `(inputSize, hiddenSize, bias = true)`, or these by name. */
  constructor(...args: Celled) {
    super(gru, readGru(args));
  }

  /** x (N, input_size), h (N, hidden_size) or zeros → the next h */
  forward(x: Tensor, hx?: Tensor | null): Tensor {
    return this.next(x, hx ? [hx] : undefined)[0];
  }
}

/** One step of an {@linkcode LSTM}. */
export class LSTMCell extends Cell {
  /** `(inputSize, hiddenSize, bias = true)`, or these by name. */
  constructor(...args: Celled) {
    super(lstm, readLstm(args));
  }

  /** x (N, input_size), [h, c] (N, hidden_size) or zeros → the next [h, c] */
  forward(
    x: Tensor,
    hx?: readonly [hidden: Tensor, cell: Tensor] | null,
  ): [hidden: Tensor, cell: Tensor] {
    const [hidden, cell] = this.next(x, hx ?? undefined);
    return [hidden, cell];
  }
}
