/*
 * What recurrent networks share: a state moves along a sequence, from position to position, through stacked
 * layers, in one direction or both. One step of each kind is in recurrent_steps.ts.
 */
import { empty, zeros } from "../ops/create.ts";
import { cat, stack } from "../ops/join.ts";
import { linear } from "../ops/matmul/linear.ts";
import { dropout } from "../ops/random.ts";
import { select } from "../ops/slices.ts";
import { squeeze, transpose, unsqueeze } from "../ops/views.ts";
import { shortest } from "../python/decimal.ts";
import { shapeText } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import * as init from "./init.ts";
import type { LayerOptions } from "./layers.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import type { RecurrentKind, State } from "./recurrent_steps.ts";

/** How a recurrent network is made. */
export interface RecurrentOptions extends LayerOptions {
  /** The number of stacked layers; 1. */
  numLayers?: number;
  /** Whether biases are added; true. */
  bias?: boolean;
  /** Whether batches are (N, L, …) rather than (L, N, …). */
  batchFirst?: boolean;
  /** The probability of dropout between the layers while training; 0. */
  dropout?: number;
  /** Whether a second network goes from the end to the beginning. */
  bidirectional?: boolean;
}

/** How wide a recurrent network is. */
export interface RecurrentSizes {
  /** Features of each position. */
  inputSize: number;
  /** Features of the state. */
  hiddenSize: number;
}

/** Refuses a first state that is not what the network returns. */
export function checkState(name: string, { states }: RecurrentKind, first: unknown): void {
  if (first === undefined || first === null) return;
  const fits = Array.isArray(first) && first.length === states &&
    first.every((state) => state instanceof Tensor);
  if (fits) return;
  const wanted = states === 1 ? "a Tensor" : "a list of two Tensors, [h, c]";
  throw new TypeError(`${name}: the state is ${wanted}, as forward() returns it`);
}

/** The base of all three. */
export abstract class Recurrent extends Module {
  /** The learned tensors of layer k, backwards with `Reverse`: PyTorch's `weight_ih_l0`, … */
  [weights: `weightIhL${number}` | `weightHhL${number}`]: Parameter;
  /** Its biases. */
  [biases: `biasIhL${number}` | `biasHhL${number}`]: Parameter;
  /** The same backwards. */
  [reversed: `weightIhL${number}Reverse` | `weightHhL${number}Reverse`]: Parameter;
  /** The same backwards. */
  [reversedBiases: `biasIhL${number}Reverse` | `biasHhL${number}Reverse`]: Parameter;
  /** Features of each position. */
  readonly inputSize: number;
  /** Features of the state. */
  readonly hiddenSize: number;
  /** The number of stacked layers. */
  readonly numLayers: number;
  /** Whether batches are (N, L, …). */
  readonly batchFirst: boolean;
  /** The probability of dropout between the layers. */
  readonly dropout: number;
  /** Whether a second network goes backwards. */
  readonly bidirectional: boolean;
  /** Whether biases are added. */
  readonly bias: boolean;
  private readonly kind: RecurrentKind;

  /** The kind of step, and how many of them. */
  constructor(kind: RecurrentKind, options: RecurrentSizes & RecurrentOptions) {
    super();
    const { inputSize, hiddenSize, numLayers = 1, bias = true, device } = options;
    this.kind = kind;
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.numLayers = numLayers;
    this.bias = bias;
    this.batchFirst = options.batchFirst ?? false;
    this.dropout = options.dropout ?? 0;
    this.bidirectional = options.bidirectional ?? false;
    if (!(inputSize > 0)) {
      throw new RangeError(`input_size must be greater than zero, and is ${inputSize}`);
    }
    if (!(hiddenSize > 0)) {
      throw new RangeError(`hidden_size must be greater than zero, and is ${hiddenSize}`);
    }
    if (!(numLayers > 0)) {
      throw new RangeError(`num_layers must be greater than zero, and is ${numLayers}`);
    }
    if (!(this.dropout >= 0 && this.dropout <= 1)) {
      throw new RangeError(
        "dropout should be a number in range [0, 1] representing the probability of an element being " +
          `zeroed, and is ${this.dropout}`,
      );
    }
    const bound = 1 / Math.sqrt(hiddenSize);
    const rows = kind.gates * hiddenSize;
    const directions = this.directions();
    for (let layer = 0; layer < numLayers; layer++) {
      const width = layer === 0 ? inputSize : hiddenSize * directions.length;
      for (const direction of directions) {
        const shapes = {
          weightIhL: [rows, width],
          weightHhL: [rows, hiddenSize],
          ...(bias ? { biasIhL: [rows], biasHhL: [rows] } : {}),
        };
        for (const [name, shape] of Object.entries(shapes)) {
          const made = new Parameter(empty(shape, { device }));
          Object.assign(this, { [`${name}${layer}${direction}`]: made });
          init.uniform_(made, -bound, bound);
        }
      }
    }
  }

  /** What the names of weights end in, one for each direction. */
  private directions(): ("" | "Reverse")[] {
    return this.bidirectional ? ["", "Reverse"] : [""];
  }

  /**
   * x (L, N, input_size) and first states (layers · directions, N, hidden_size) → the last layer's h, all states.
   */
  protected run(x: Tensor, first: State | undefined): [output: Tensor, last: Tensor[]] {
    const name = this.constructor.name;
    checkState(name, this.kind, first);
    if (x.ndim !== 2 && x.ndim !== 3) {
      throw new RangeError(`${name}: Expected input to be 2D or 3D, got ${x.ndim}D instead`);
    }
    if (x.shape.at(-1) !== this.inputSize) {
      throw new RangeError(
        `input.size(-1) must be equal to input_size. Expected ${this.inputSize}, got ` +
          `${x.shape.at(-1)}`,
      );
    }
    if (x.ndim === 2) {
      const [output, last] = this.along(unsqueeze(x, 1), first?.map((s) => unsqueeze(s, 1)));
      return [squeeze(output, 1), last.map((s) => squeeze(s, 1))];
    }
    if (!this.batchFirst) return this.along(x, first);
    const [output, last] = this.along(transpose(x, 0, 1), first);
    return [transpose(output, 0, 1), last];
  }

  /** All layers, along x (L, N, input_size). */
  private along(x: Tensor, first: State | undefined): [Tensor, Tensor[]] {
    const directions = this.directions();
    const shape = [this.numLayers * directions.length, x.shape[1], this.hiddenSize];
    const begin = first ?? Array.from(
      { length: this.kind.states },
      () => zeros(shape, { device: x.device }),
    );
    for (const [i, state] of begin.entries()) {
      if (shapeText(state.shape) === shapeText(shape)) continue;
      throw new RangeError(
        `Expected hidden${begin.length > 1 ? `[${i}]` : ""} size (${shape.join(", ")}), ` +
          `got ${shapeText(state.shape)}`,
      );
    }
    let below = x;
    const last: State[] = [];
    for (let layer = 0; layer < this.numLayers; layer++) {
      const outputs = directions.map((direction, d) => {
        const place = layer * directions.length + d;
        const [output, state] = this.once(
          below,
          begin.map((each) => select(each, 0, place)),
          `${layer}${direction}`,
        );
        last.push(state);
        return output;
      });
      below = outputs.length > 1 ? cat(outputs, -1) : outputs[0];
      if (this.dropout > 0 && layer < this.numLayers - 1) {
        below = dropout(below, this.dropout, { training: this.training });
      }
    }
    return [below, begin.map((_, i) => stack(last.map((state) => state[i]), 0))];
  }

  /** One layer in one direction: (L, N, features) → (L, N, hidden_size), and its last state. */
  private once(x: Tensor, begin: State, place: string): [Tensor, State] {
    const named = this as unknown as Record<string, Parameter | undefined>;
    const from = { weight: named[`weightHhL${place}`]!, bias: named[`biasHhL${place}`] ?? null };
    const inputs = linear(x, named[`weightIhL${place}`]!, named[`biasIhL${place}`] ?? null);
    const length = x.shape[0];
    const outputs = new Array<Tensor>(length);
    let state = begin;
    for (let step = 0; step < length; step++) {
      const at = place.endsWith("Reverse") ? length - 1 - step : step;
      state = this.kind.step(select(inputs, 0, at), state, from);
      outputs[at] = state[0];
    }
    return [stack(outputs, 0), state];
  }

  /** `10, 20, num_layers=2`, and options that are not the default. */
  override extraRepr(): string {
    return [
      `${this.inputSize}, ${this.hiddenSize}`,
      ...(this.numLayers !== 1 ? [`num_layers=${this.numLayers}`] : []),
      ...(this.bias ? [] : ["bias=False"]),
      ...(this.batchFirst ? ["batch_first=True"] : []),
      ...(this.dropout !== 0 ? [`dropout=${shortest(this.dropout)}`] : []),
      ...(this.bidirectional ? ["bidirectional=True"] : []),
    ].join(", ");
  }
}
