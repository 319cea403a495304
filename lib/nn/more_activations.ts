/*
 * Activations as layers, besides those of activation.ts; what they compute is in lib/ops/bends.ts and elu.ts.
 */
import * as bends from "../ops/bends.ts";
import { celu, elu, selu } from "../ops/elu.ts";
import { a, type Given, parameters, type Reader } from "../python/arguments.ts";
import { shortest } from "../python/decimal.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type InPlace, inplace, takesInPlace, takesNothing } from "./activation.ts";
import { Module } from "./module.ts";

/** A layer whose function takes no numbers. */
export abstract class Plain extends Module {
  private readonly f: (x: Tensor) => Tensor;

  /** The function, and what reads the arguments of the layer. */
  constructor(f: (x: Tensor) => Tensor, read: Reader<unknown>, args: readonly unknown[]) {
    super();
    read(args);
    this.f = f;
  }

  /** any shape → the same shape */
  forward(x: Tensor): Tensor {
    return this.f(x);
  }
}

const plain = {
  relu6: takesInPlace("ReLU6"),
  selu: takesInPlace("SELU"),
  mish: takesInPlace("Mish"),
  hardsigmoid: takesInPlace("Hardsigmoid"),
  hardswish: takesInPlace("Hardswish"),
  logsigmoid: takesNothing("LogSigmoid"),
  softsign: takesNothing("Softsign"),
  tanhshrink: takesNothing("Tanhshrink"),
};

/** min(max(x, 0), 6). */
export class ReLU6 extends Plain {
  /** It has no options; `inplace` may only be false. */
  constructor(...args: Given<[inplace?: false], InPlace>) {
    super(bends.relu6, plain.relu6, args);
  }
}

/** An elu so scaled that variances stay (Klambauer et al., 2017). */
export class SELU extends Plain {
  /** It has no options; `inplace` may only be false. */
  constructor(...args: Given<[inplace?: false], InPlace>) {
    super(selu, plain.selu, args);
  }
}

/** x · tanh(softplus(x)). */
export class Mish extends Plain {
  /** It has no options; `inplace` may only be false. */
  constructor(...args: Given<[inplace?: false], InPlace>) {
    super(bends.mish, plain.mish, args);
  }
}

/** (x + 3) / 6 between 0 and 1. */
export class Hardsigmoid extends Plain {
  /** It has no options; `inplace` may only be false. */
  constructor(...args: Given<[inplace?: false], InPlace>) {
    super(bends.hardsigmoid, plain.hardsigmoid, args);
  }
}

/** x times its hardsigmoid. */
export class Hardswish extends Plain {
  /** It has no options; `inplace` may only be false. */
  constructor(...args: Given<[inplace?: false], InPlace>) {
    super(bends.hardswish, plain.hardswish, args);
  }
}

/** The logarithm of the sigmoid. */
export class LogSigmoid extends Plain {
  /** It has no options. */
  constructor(...none: []) {
    super(bends.logsigmoid, plain.logsigmoid, none);
  }
}

/** x / (1 + |x|). */
export class Softsign extends Plain {
  /** It has no options. */
  constructor(...none: []) {
    super(bends.softsign, plain.softsign, none);
  }
}

/** x − tanh(x). */
export class Tanhshrink extends Plain {
  /** It has no options. */
  constructor(...none: []) {
    super(bends.tanhshrink, plain.tanhshrink, none);
  }
}

/** The options of a {@linkcode LeakyReLU}. */
export interface LeakyReLUOptions extends InPlace {
  /** The slope below 0; 0.01. */
  negativeSlope?: number;
}

const leaky = parameters<LeakyReLUOptions>("LeakyReLU", { negativeSlope: a.number, inplace });

/**
 * x, and `negativeSlope` · x below 0.
 *
 * @example
 * ```ts
 * import { nn, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const layer = new nn.LeakyReLU(0.5);
 * assertEquals(await layer.forward(tensor([-3.0, 2.5])).tolist(), [-1.5, 2.5]);
 * ```
 */
export class LeakyReLU extends Module {
  /** The slope below 0. */
  readonly negativeSlope: number;

  /** `(negativeSlope = 0.01)`, or by name. */
  constructor(...args: Given<[negativeSlope?: number, inplace?: false], LeakyReLUOptions>) {
    super();
    this.negativeSlope = leaky(args).negativeSlope ?? 0.01;
  }

  /** any shape → the same shape */
  forward(x: Tensor): Tensor {
    return bends.leakyRelu(x, this.negativeSlope);
  }

  /** `negative_slope=0.01` */
  override extraRepr(): string {
    return `negative_slope=${shortest(this.negativeSlope)}`;
  }
}

/** The options of an {@linkcode ELU} or a {@linkcode CELU}. */
export interface ELUOptions extends InPlace {
  /** It approaches −alpha on the left; 1. */
  alpha?: number;
}

const [readElu, readCelu] = ["ELU", "CELU"].map((name) =>
  parameters<ELUOptions>(name, { alpha: a.number, inplace })
);

/** x, and alpha · (e^x − 1) below 0. */
export class ELU extends Module {
  /** It approaches −alpha on the left. */
  readonly alpha: number;

  /** `(alpha = 1)`, or by name. */
  constructor(...args: Given<[alpha?: number, inplace?: false], ELUOptions>) {
    super();
    this.alpha = readElu(args).alpha ?? 1;
  }

  /** any shape → the same shape */
  forward(x: Tensor): Tensor {
    return elu(x, this.alpha);
  }

  /** `alpha=1.0` */
  override extraRepr(): string {
    return `alpha=${shortest(this.alpha)}`;
  }
}

/** x, and alpha · (e^(x / alpha) − 1) below 0. */
export class CELU extends Module {
  /** It approaches −alpha on the left. */
  readonly alpha: number;

  /** `(alpha = 1)`, or by name. */
  constructor(...args: Given<[alpha?: number, inplace?: false], ELUOptions>) {
    super();
    this.alpha = readCelu(args).alpha ?? 1;
  }

  /** any shape → the same shape */
  forward(x: Tensor): Tensor {
    return celu(x, this.alpha);
  }

  /** `alpha=1.0` */
  override extraRepr(): string {
    return `alpha=${shortest(this.alpha)}`;
  }
}

/** The options of a {@linkcode Softplus}. */
export interface SoftplusOptions {
  /** How sharply it bends; 1. */
  beta?: number;
  /** Where beta · x is above it, the result is x; 20. */
  threshold?: number;
}

const readSoftplus = parameters<SoftplusOptions>("Softplus", {
  beta: a.number,
  threshold: a.number,
});

/** log(1 + e^(beta · x)) / beta. */
export class Softplus extends Module {
  /** How sharply it bends. */
  readonly beta: number;
  /** Where beta · x is above it, the result is x. */
  readonly threshold: number;

  /** `(beta = 1, threshold = 20)`, or these by name. */
  constructor(...args: Given<[beta?: number, threshold?: number], SoftplusOptions>) {
    super();
    const { beta = 1, threshold = 20 } = readSoftplus(args);
    this.beta = beta;
    this.threshold = threshold;
  }

  /** any shape → the same shape */
  forward(x: Tensor): Tensor {
    return bends.softplus(x, this.beta, this.threshold);
  }

  /** `beta=1.0, threshold=20.0` */
  override extraRepr(): string {
    return `beta=${shortest(this.beta)}, threshold=${shortest(this.threshold)}`;
  }
}

/** The range of a {@linkcode Hardtanh}. */
export interface HardtanhOptions extends InPlace {
  /** The least; −1. */
  minVal?: number;
  /** The most; 1. */
  maxVal?: number;
}

const readHardtanh = parameters<HardtanhOptions>("Hardtanh", {
  minVal: a.number,
  maxVal: a.number,
  inplace,
});

/** x between `minVal` (−1) and `maxVal` (1). */
export class Hardtanh extends Module {
  /** The least. */
  readonly minVal: number;
  /** The most. */
  readonly maxVal: number;

  /** `(minVal = -1, maxVal = 1)`, or these by name. */
  constructor(
    ...args: Given<[minVal?: number, maxVal?: number, inplace?: false], HardtanhOptions>
  ) {
    super();
    const { minVal = -1, maxVal = 1 } = readHardtanh(args);
    this.minVal = minVal;
    this.maxVal = maxVal;
  }

  /** any shape → the same shape */
  forward(x: Tensor): Tensor {
    return bends.hardtanh(x, this.minVal, this.maxVal);
  }

  /** `min_val=-1.0, max_val=1.0` */
  override extraRepr(): string {
    return `min_val=${shortest(this.minVal)}, max_val=${shortest(this.maxVal)}`;
  }
}
