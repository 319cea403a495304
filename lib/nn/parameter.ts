/*
 * Tensors that belong to a module: those that it learns, and those that it keeps.
 */
import { a, described, type Given, parameters } from "../python/arguments.ts";
import { Tensor } from "../tensor/tensor.ts";

const parameterOptions = parameters<{ requiresGrad?: boolean }>("Parameter", {
  requiresGrad: a.flag,
});

/** A tensor that a module learns. */
export class Parameter extends Tensor {
  /** A parameter over the memory of `data`, which is kept. */
  constructor(
    data: Tensor,
    ...args: Given<[requiresGrad?: boolean], { requiresGrad?: boolean }>
  ) {
    const { requiresGrad = true } = parameterOptions(args);
    if (!(data instanceof Tensor)) {
      const given = described(data);
      throw new TypeError(
        `a Parameter is made of a Tensor, not of ${given}: write tensor(…) first`,
      );
    }
    super(data.storage, data.dtype, data.shape, data.strides, data.offset);
    data.storage.keep();
    this.requiresGrad = requiresGrad;
  }

  /** As PyTorch prints it. */
  override async repr(): Promise<string> {
    return `Parameter containing:\n${await super.repr()}`;
  }
}

/**
 * A tensor that a module keeps but does not learn: assigning it is what `registerBuffer` does.
 *
 * @example
 * ```ts
 * import { nn, ones, type Tensor, tril } from "#lib";
 * import { assertEquals } from "@std/assert";
 * class Causal extends nn.Module {
 *   mask = new nn.Buffer(tril(ones(3, 3)));
 *   forward(scores: Tensor): Tensor {
 *     return scores.maskedFill(this.mask.eq(0), -Infinity).softmax(-1);
 *   }
 * }
 * assertEquals([...new Causal().stateDict().keys()], ["mask"]);
 * ```
 */
export class Buffer extends Tensor {
  /** Whether it is saved with the module. */
  readonly persistent: boolean;

  /** A buffer over the memory of `data`, which is kept. */
  constructor(data: Tensor, ...args: Given<[], { persistent?: boolean }>) {
    const { persistent = true } = bufferOptions(args);
    if (!(data instanceof Tensor)) {
      const given = described(data);
      throw new TypeError(`a Buffer is made of a Tensor, not of ${given}: write tensor(…) first`);
    }
    super(data.storage, data.dtype, data.shape, data.strides, data.offset);
    data.storage.keep();
    this.persistent = persistent;
  }
}

const bufferOptions = parameters<{ persistent?: boolean }>("Buffer", { persistent: a.flag }, {
  positional: 0,
});
