/*
 * The door for a kernel of your own: WGSL text in, tensor out. The lessons run their small kernels through it, and
 * so can a reader.
 */
import { optionsOf } from "../python/arguments.ts";
import { lanesOf, readInterface } from "../gpu/interface.ts";
import type { DType } from "../tensor/dtype.ts";
import { numelOf, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { fromStart } from "./copy.ts";
import { zeros } from "./create.ts";
import { declared } from "./declare.ts";

/** How {@linkcode kernel} starts a kernel. */
export interface KernelOptions {
  /** The dtype of the result: float32 is `array<f32>` in WGSL, int64 `array<i32>`, bool `array<u32>`. */
  dtype?: DType;
  /** Workgroups; without it, as many as give every element of the result an invocation. */
  groups?: number;
}

const readKernel = optionsOf<KernelOptions>("kernel", "dtype", "groups");

/** A text's name, by which the pipeline compiled for it is found again. */
const names = new Map<string, string>();

const nameOf = (source: string): string => {
  const name = names.get(source) ?? `of your own ${names.size + 1}`;
  names.set(source, name);
  return name;
};

/**
 * Runs a kernel, and returns what it wrote.
 *
 * The text binds each input as `var<storage, read>` under its name in `inputs`, and one `var<storage, read_write>`
 * for the result. An input's elements lie row by row, whatever view it is. What the kernel does not write is 0. No
 * gradient flows through it.
 *
 * @param source the WGSL text, with an entry point `main`
 * @param inputs tensors, by the names in the text
 * @param shape the shape of the result
 * @throws {TypeError} where the text binds what is not given, or something is given that it does not bind; where it
 * does not compile, the next read throws the compiler's words
 *
 * @example
 * ```ts
 * import { kernel, tensor } from "#lib";
 * import { assertEquals } from "@std/assert";
 *
 * const double = `
 *   @group(0) @binding(0) var<storage, read> x: array<f32>;
 *   @group(0) @binding(1) var<storage, read_write> out: array<f32>;
 *
 *   @compute @workgroup_size(64)
 *   fn main(@builtin(global_invocation_id) id: vec3<u32>) {
 *     if (id.x < arrayLength(&out)) { out[id.x] = 2.0 * x[id.x]; }
 *   }`;
 * const y = kernel(double, { x: tensor([1.5, 2, 3]) }, [3]);
 * assertEquals(await y.tolist(), [3, 4, 6]);
 * ```
 */
export function kernel(
  source: string,
  inputs: Readonly<Record<string, Tensor>>,
  shape: Shape,
  options: KernelOptions = {},
): Tensor {
  const { dtype = "float32", groups } = readKernel(options);
  const { bindings } = readInterface("of your own", source);
  const read = bindings.filter(({ writes }) => !writes).map(({ name }) => name);
  const [result, ...more] = bindings.filter(({ writes }) => writes);
  const given = Object.keys(inputs);
  const missing = read.filter((name) => !given.includes(name));
  const foreign = given.filter((name) => !read.includes(name));
  if (missing.length > 0 || foreign.length > 0) {
    throw new TypeError(
      `kernel: the text reads ${listed(read)}, and ${listed(given)} ` +
        `${given.length === 1 ? "was" : "were"} given; give each under its name in the text`,
    );
  }
  if (!result || more.length > 0) {
    throw new TypeError(
      `kernel: the text must write one buffer, bound as var<storage, read_write>; it binds ` +
        `${more.length + (result ? 1 : 0)}`,
    );
  }
  const tensors = Object.entries(inputs);
  const device = tensors[0]?.[1].device;
  const out = zeros(shape, { dtype, device });
  if (out.numel() === 0) return out;
  const windows = [...tensors, [result.name, out] as const].map(([name, x]) => {
    const { storage } = fromStart(x);
    return [name, { storage, offset: 0, size: x.numel() * 4 }] as const;
  });
  const { launcher } = out.device;
  launcher.launch(
    launcher.pipeline(declared(nameOf(source), source)),
    Object.fromEntries(windows),
    {},
    groups ?? Math.ceil(numelOf(shape) / lanesOf(source)),
  );
  return out;
}

const listed = (names: readonly string[]) =>
  names.map((name) => `"${name}"`).join(", ") || "nothing";
