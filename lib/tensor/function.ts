/*
 * Functions whose gradient a program writes itself, as `torch.autograd.Function`: an op of its own, made when it is
 * called, that no registry knows.
 */
import { currentScope } from "../gpu/scope.ts";
import { quietly, unchanged } from "./autograd.ts";
import { callOp } from "./op.ts";
import { shapeText } from "./shape.ts";
import { Tensor } from "./tensor.ts";

/** What `forward` keeps for `backward`: tensors by `saveForBackward`, anything else as a property. */
export class FunctionContext {
  // deno-lint-ignore no-explicit-any
  [note: string]: any;
  #saved: readonly { x: Tensor | null; version: number }[] = [];

  /** @param needsInputGrad of each argument of `apply`, whether its gradient is wanted */
  constructor(readonly needsInputGrad: readonly boolean[]) {}

  /** Keeps tensors: writing over one before `backward` is an error, as in PyTorch. */
  saveForBackward(...tensors: readonly (Tensor | null)[]): void {
    this.#saved = tensors.map((x) => ({ x, version: x?.storage.version ?? 0 }));
  }

  /** The tensors that were kept, in their order. */
  // deno-lint-ignore no-explicit-any
  get savedTensors(): any[] {
    return this.#saved.map(({ x, version }, i) => x && unchanged(x, version, `saved tensor ${i}`));
  }

  /** All tensors in it. */
  static held(context: FunctionContext): Tensor[] {
    return [...context.#saved.map(({ x }) => x), ...Object.values(context)]
      .filter((x) => x instanceof Tensor);
  }
}

/** What `backward` returns: the gradient of each argument of `apply`, null for what has none. */
export type Returned = Tensor | null | readonly (Tensor | null)[];

/** The two halves of a function, as a class has them. */
interface Halves<A extends unknown[]> {
  readonly name: string;
  forward(context: FunctionContext, ...args: A): Tensor;
  backward(context: FunctionContext, gradOutput: Tensor): Returned;
}

/**
 * A function with a gradient of its own. A class extends it with a static `forward` and `backward`, and is called by
 * `apply`. Both halves compute at once, without `await`; `forward` returns one tensor.
 *
 * @example
 * ```ts
 * import { autograd, type Tensor, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * // Rounds, and passes the gradient straight through.
 * class Round extends autograd.Function {
 *   static override forward(_context: autograd.FunctionContext, x: Tensor) {
 *     return x.round();
 *   }
 *   static override backward(_context: autograd.FunctionContext, gradOutput: Tensor) {
 *     return gradOutput;
 *   }
 * }
 * const x = tensor([0.4, 1.6], { requiresGrad: true });
 * Round.apply(x).mul(3).sum().backward();
 * assertEquals(await x.grad!.tolist(), [3, 3]);
 * ```
 */
export class Function {
  /** Computes the result of the arguments of `apply`. */
  // deno-lint-ignore no-explicit-any
  static forward(_context: FunctionContext, ..._args: any[]): Tensor {
    throw new TypeError(`${this.name}: write its static forward(context, …)`);
  }

  /** The gradients of the arguments, given that of the result. */
  static backward(_context: FunctionContext, _gradOutput: Tensor): Returned {
    throw new TypeError(`${this.name}: write its static backward(context, gradOutput)`);
  }

  /** Calls the function. */
  static apply<A extends unknown[]>(this: Halves<A>, ...args: A): Tensor {
    const places = args.flatMap((x, i) => x instanceof Tensor ? [i] : []);
    const inputs = places.map((i) => args[i] as Tensor);
    const context = new FunctionContext(args.map((x) => x instanceof Tensor && x.requiresGrad));
    const compute = () => {
      const result = this.forward(context, ...args);
      if (!(result instanceof Tensor)) {
        throw new TypeError(`${this.name}: forward returns one Tensor, at once`);
      }
      return result;
    };
    // A function of no tensor has nothing to differentiate.
    if (inputs.length === 0) return quietly(compute);
    return callOp(
      {
        name: this.name,
        gradFn: `${this.name}Backward`,
        torch: null,
        forward: () => {
          const result = compute();
          const made = currentScope();
          // What was made here is kept with the graph; what is older belongs to others.
          const kept = FunctionContext.held(context).filter(({ storage }) => made?.has(storage));
          return [inputs.includes(result) ? result.detach() : result, ...kept];
        },
        gradient: (grad) => gradients(this, this.backward(context, grad), args),
        reference: () => {
          throw new TypeError(`${this.name} has no reference`);
        },
        samples: [],
      },
      inputs,
      {},
    );
  }
}

/** What `backward` returned, for the arguments that are tensors; refused where it does not fit. */
function gradients(
  { name }: { name: string },
  returned: Returned,
  args: readonly unknown[],
): (Tensor | null)[] {
  const list: readonly (Tensor | null)[] = Array.isArray(returned) ? returned : [returned];
  if (list.length < args.length || list.slice(args.length).some((more) => more !== null)) {
    throw new TypeError(
      `function ${name}Backward returned an incorrect number of gradients ` +
        `(expected ${args.length}, got ${list.length})`,
    );
  }
  return args.flatMap((x, i) => {
    if (!(x instanceof Tensor)) return [];
    const grad = list[i];
    if (grad && x.requiresGrad && shapeText(grad.shape) !== shapeText(x.shape)) {
      throw new RangeError(
        `Function ${name}Backward returned an invalid gradient at index ${i} - ` +
          `got ${shapeText(grad.shape)} but expected shape compatible with ${shapeText(x.shape)}`,
      );
    }
    return [grad];
  });
}
