/*
 * Clipping gradients, between `backward()` and a step, as `torch.nn.utils` does. Nothing is read from the GPU:
 * the norm stays there, and so does the decision whether it is too large.
 */
import type { Specialisation } from "../gpu/launch.ts";
import { cat } from "../ops/join.ts";
import { split } from "../ops/slices.ts";
import { reshape } from "../ops/views.ts";
import { copy_ } from "../ops/copy.ts";
import { empty, zeros } from "../ops/create.ts";
import { ELEMENTS_A_GROUP, foreach } from "../ops/foreach.ts";
import { clamp_ } from "../ops/inplace.ts";
import { a, type Given, parameters, takes } from "../python/arguments.ts";
import { noGrad } from "../tensor/autograd.ts";
import { Tensor } from "../tensor/tensor.ts";
import coefficientSource from "../../kernels/clip_coefficient.wgsl" with { type: "text" };
import partialsSource from "../../kernels/clip_partials.wgsl" with { type: "text" };
import scaleSource from "../../kernels/clip_scale.wgsl" with { type: "text" };
import { declared } from "../ops/declare.ts";

/** Sequences of different lengths. */
export * as rnn from "./sequences.ts";

const partialsKernel = declared("clip_partials", partialsSource, "as a tree");
const coefficientKernel = declared("clip_coefficient", coefficientSource, "as a tree");
const scaleKernel = declared("clip_scale", scaleSource);

const [term, combine, finish] = ["abs(x)", "maxNan(a, b)", "total"];

/** What functions in the two kernels of a norm return, for the norms other than the length. */
const norms: Record<number, { partials: Specialisation; coefficient: Specialisation }> = {
  1: { partials: { replace: { term } }, coefficient: { replace: { finish } } },
  2: { partials: {}, coefficient: {} },
  [Infinity]: {
    partials: { replace: { term, combine } },
    coefficient: { replace: { combine, finish } },
  },
};

/** The gradients of parameters that have one. */
function gradsOf(name: string, params: Tensor | Iterable<Tensor>): Tensor[] {
  if (params instanceof Tensor) return gradsOf(name, [params]);
  const list = typeof params?.[Symbol.iterator] === "function" ? [...params] : [undefined];
  return list.flatMap((param) => {
    if (param instanceof Tensor) return param.grad ? [param.grad] : [];
    throw new TypeError(
      `${name}(): parameters must be a Tensor or a list of Tensors; give model.parameters()`,
    );
  });
}

/** How {@linkcode clipGradNorm_} measures. */
export interface ClipOptions {
  /** 2, the length; 1, the sum of sizes; or Infinity, the largest size. */
  normType?: number;
}

const clipOptions = parameters<{ maxNorm: number } & ClipOptions>(
  "clipGradNorm_",
  { maxNorm: a.number, normType: a.number },
  { required: 1 },
);
const clipValueOptions = parameters<{ clipValue: number }>(
  "clipGradValue_",
  { clipValue: a.number },
  { required: 1 },
);

/**
 * Shrinks all gradients together where their norm, as one long vector, is larger than `maxNorm`; returns the
 * norm that they had, a tensor without dimensions.
 *
 * @example
 * ```ts
 * import { nn, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 * const w = tensor([0, 0], { dtype: "float32", requiresGrad: true });
 * w.mul(tensor([30, 40])).sum().backward();
 * const norm = nn.utils.clipGradNorm_([w], 1);
 * assertEquals(await norm.item(), 50);
 * assertEquals(await w.grad!.repr(), "tensor([0.6000, 0.8000])");
 * ```
 */
export function clipGradNorm_(
  params: Tensor | Iterable<Tensor>,
  ...args: Given<[maxNorm: number, normType?: number], { maxNorm: number } & ClipOptions>
): Tensor {
  const { maxNorm, normType = 2 } = clipOptions(args);
  const norm = norms[normType];
  if (!norm) {
    throw new RangeError(
      `clipGradNorm_: the norm of order ${normType} is not offered; normType is 1, 2 or Infinity`,
    );
  }
  const grads = gradsOf("clipGradNorm_", params);
  if (grads.length === 0) return zeros([]);
  return noGrad(() => clip(grads, maxNorm, norm));
}

function clip(grads: Tensor[], limit: number, norm: typeof norms[number]): Tensor {
  const [{ device }] = grads;
  const { launcher } = device;
  const items = grads.map((grad) => ({ tensors: { grad } }));
  const groups = grads.reduce((sum, g) => sum + Math.ceil(g.numel() / ELEMENTS_A_GROUP), 0);
  const { storage: partials } = empty([groups], { device });
  const { storage: coefficient } = empty([], { device });
  const found = empty([], { device });
  const count = foreach(partialsKernel, items, { ...norm.partials, buffers: { partials } });
  launcher.launch(
    launcher.pipeline(coefficientKernel, norm.coefficient),
    { partials, norm: found.storage, coefficient },
    { count, limit },
    1,
  );
  foreach(scaleKernel, items, { buffers: { coefficient } });
  return found;
}

/** Brings every element of every gradient into [−clipValue, clipValue]. */
export function clipGradValue_(
  params: Tensor | Iterable<Tensor>,
  ...args: Given<[clipValue: number], { clipValue: number }>
): void {
  const { clipValue } = clipValueOptions(args);
  noGrad(() => {
    for (const grad of gradsOf("clipGradValue_", params)) {
      clamp_(grad, { min: -clipValue, max: clipValue });
    }
  });
}

/** All parameters side by side, in one vector. */
export const parametersToVector: (params: Iterable<Tensor>) => Tensor = takes(
  "parametersToVector",
  { parameters: a.object },
  (params) => cat([...params].map((p) => reshape(p, [-1]))),
);

/** Writes a vector over parameters, in their order. */
export const vectorToParameters: (vector: Tensor, params: Iterable<Tensor>) => void = takes(
  "vectorToParameters",
  { vec: a.tensor, parameters: a.object },
  (vector, params) => {
    const list = [...params];
    const parts = split(vector, list.map((p) => p.numel()));
    noGrad(() => list.forEach((p, i) => copy_(p, reshape(parts[i], p.shape))));
  },
);
