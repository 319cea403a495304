/*
 * Activations that learn a slope, or in which one half of the input is a gate for the other.
 */
import { glu, prelu } from "../ops/bends.ts";
import { full } from "../ops/create.ts";
import { a, type Given, parameters } from "../python/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { LayerOptions } from "./layers.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** How a {@linkcode PReLU} begins. */
export interface PReLUOptions extends LayerOptions {
  /** 1, or one slope for each channel. */
  numParameters?: number;
  /** The slope that each begins with; 0.25. */
  init?: number;
}

const readPrelu = parameters<PReLUOptions>("PReLU", {
  numParameters: a.whole,
  init: a.number,
  device: a.device,
});

/** x, and below 0 a learned slope times x. */
export class PReLU extends Module {
  /** (num_parameters). */
  weight: Parameter;
  /** 1, or one slope for each channel. */
  readonly numParameters: number;

  /** `(numParameters = 1, init = 0.25)`, or these by name. */
  constructor(...args: Given<[numParameters?: number, init?: number], PReLUOptions, PReLUOptions>) {
    super();
    const { numParameters = 1, init = 0.25, device } = readPrelu(args);
    this.numParameters = numParameters;
    this.weight = new Parameter(full([numParameters], init, { device }));
  }

  /** (N, C, …) → the same shape */
  forward(x: Tensor): Tensor {
    return prelu(x, this.weight);
  }

  /** `num_parameters=1` */
  override extraRepr(): string {
    return `num_parameters=${this.numParameters}`;
  }
}

const readGlu = parameters<{ dim?: number }>("GLU", { dim: a.whole });

/** The first half along `dim` (−1), times the sigmoid of the second. */
export class GLU extends Module {
  /** The dimension that is halved. */
  readonly dim: number;

  /** `(dim = -1)`, or by name. */
  constructor(...args: Given<[dim?: number], { dim?: number }>) {
    super();
    this.dim = readGlu(args).dim ?? -1;
  }

  /** (…, 2n, …) → (…, n, …) */
  forward(x: Tensor): Tensor {
    return glu(x, this.dim);
  }

  /** `dim=-1` */
  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}
