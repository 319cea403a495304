/*
 * One step of each recurrent network: from what the input of a position gives and the state before it to the state
 * after it. All gates of a step come out of one product, side by side.
 */
import { add, mul, sub } from "../ops/binary.ts";
import { linear } from "../ops/matmul/linear.ts";
import { chunk } from "../ops/slices.ts";
import { relu, sigmoid, tanh } from "../ops/unary.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What a network carries from position to position: h, and an LSTM's c; each (N, hidden_size). */
export type State = readonly Tensor[];

/** weight (gates · hidden_size, hidden_size) and bias (gates · hidden_size) of what comes from the state. */
export interface FromState {
  /** (gates · hidden_size, hidden_size). */
  weight: Tensor;
  /** (gates · hidden_size), or null. */
  bias: Tensor | null;
}

/** A kind of network. */
export interface RecurrentKind {
  /** How many vectors of hidden_size one product gives. */
  readonly gates: number;
  /** How many tensors the state has. */
  readonly states: 1 | 2;
  /** The next state; `x` (N, gates · hidden_size) is what the input gives. */
  step(x: Tensor, state: State, from: FromState): State;
}

/** h' = f(W_ih x + b_ih + W_hh h + b_hh) (Elman, 1990). */
const elman = (f: (x: Tensor) => Tensor): RecurrentKind => ({
  gates: 1,
  states: 1,
  step: (x, [h], { weight, bias }) => [f(add(x, linear(h, weight, bias)))],
});

/** What a network of one gate may apply. */
export type Nonlinearity = "tanh" | "relu";

/** The networks of one gate. */
export const elmans: Readonly<Record<Nonlinearity, RecurrentKind>> = {
  tanh: elman(tanh),
  relu: elman(relu),
};

/**
 * i, f, g, o = σ, σ, tanh, σ of W_ih x + b_ih + W_hh h + b_hh; c' = f · c + i · g; h' = o · tanh(c')
 * (Hochreiter & Schmidhuber, 1997; Gers et al., 2000).
 */
export const lstm: RecurrentKind = {
  gates: 4,
  states: 2,
  step(x, [h, c], { weight, bias }) {
    const [i, f, g, o] = chunk(add(x, linear(h, weight, bias)), 4, -1);
    const cell = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
    return [mul(sigmoid(o), tanh(cell)), cell];
  },
};

/**
 * r, z = σ of W_ih x + b_ih + W_hh h + b_hh; n = tanh(W_in x + b_in + r · (W_hn h + b_hn));
 * h' = (1 − z) · n + z · h (Cho et al., 2014).
 */
export const gru: RecurrentKind = {
  gates: 3,
  states: 1,
  step(x, [h], { weight, bias }) {
    const [xr, xz, xn] = chunk(x, 3, -1);
    const [hr, hz, hn] = chunk(linear(h, weight, bias), 3, -1);
    const reset = sigmoid(add(xr, hr));
    const update = sigmoid(add(xz, hz));
    const fresh = tanh(add(xn, mul(reset, hn)));
    return [add(mul(sub(h, fresh), update), fresh)];
  },
};
