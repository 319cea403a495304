/*
 * Reads the interface of a kernel out of its WGSL: which buffers it binds under which names, and how its
 * `struct Params` lies in memory. So a kernel's text is the one place where its interface stands, and a
 * launch passes buffers and numbers by the names the kernel gives them.
 *
 * It is no WGSL parser: it knows the few forms our kernels use and throws on any other.
 * Layout rules: https://www.w3.org/TR/WGSL/#alignment-and-size
 */

/** One `var<storage, …>` of a kernel, or an image that stands for one. */
export interface Binding {
  name: string;
  binding: number;
  writes: boolean;
  /** The format of the image that it is read as, if it is: see image.ts. */
  image?: "rgba32uint" | "rgba16float";
}

/** One number (or array of numbers) of a kernel's `struct Params`. */
export interface Field {
  name: string;
  type: "u32" | "i32" | "f32";
  /** Place in the struct, in four-byte words. */
  word: number;
  /** How many words it takes: 1 for a scalar, 4 for a vec4, 4·n for an array of n vec4. */
  count: number;
}

/** What a launch must know of a kernel. */
export interface Interface {
  bindings: Binding[];
  fields: Field[];
  /** Size of the struct in bytes, a multiple of 16; 0 for a kernel without parameters. */
  paramBytes: number;
}

/** A WGSL text without its comments. */
export const uncommented = (source: string): string =>
  source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*$/gm, "");

/** Invocations in a workgroup of a kernel, where `override` constants have these values. */
export function lanesOf(source: string, constants: Readonly<Record<string, number>> = {}): number {
  const text = uncommented(source);
  const [, sizes = "1"] = /@workgroup_size\(([^)]*)\)/.exec(text) ?? [];
  return sizes.split(",").map((size) => size.trim()).filter(Boolean).reduce((lanes, size) => {
    const declared = new RegExp(`(?:override|const)\\s+${size}\\b[^=;]*=\\s*(\\d+)`).exec(text);
    return lanes * (parseInt(size) || constants[size] || Number(declared?.[1] ?? 1));
  }, 1);
}

/** Reads bindings and parameters out of a kernel's source. */
export function readInterface(name: string, source: string): Interface {
  const text = uncommented(source);
  const bindings: Binding[] = [];
  const storage =
    /@group\(0\)\s*@binding\((\d+)\)\s*var<storage(?:\s*,\s*(read|read_write))?>\s*(\w+)/g;
  for (const [, binding, access, variable] of text.matchAll(storage)) {
    const writes = access === "read_write";
    bindings.push({ name: variable, binding: Number(binding), writes });
  }
  const image = /@group\(0\)\s*@binding\((\d+)\)\s*var\s+(\w+)\s*:\s*texture_storage_2d<(\w+)/g;
  for (const [, binding, variable, format] of text.matchAll(image)) {
    const name = variable.replace(/_before$/, ""); // the buffer that it is an image of
    const image = format as Binding["image"];
    bindings.push({ name, binding: Number(binding), writes: false, image });
  }
  const struct = /struct\s+Params\s*\{([^}]*)\}/.exec(text);
  if (!struct) return { bindings, fields: [], paramBytes: 0 };
  const fields: Field[] = [];
  let word = 0;
  for (const line of struct[1].split(/,\s*(?![^<]*>)/).map((s) => s.trim()).filter(Boolean)) {
    const match =
      /^(\w+)\s*:\s*(?:(u32|i32|f32)|vec4<(u32|i32|f32)>|array<vec4<(u32|i32|f32)>,\s*(\d+)>)$/
        .exec(line);
    if (!match) throw new Error(`kernel ${name}: can't lay out the parameter "${line}"`);
    const [, field, scalar, vector, array, length] = match;
    if (!scalar) word = Math.ceil(word / 4) * 4;
    const count = scalar ? 1 : vector ? 4 : 4 * Number(length);
    fields.push({ name: field, type: (scalar ?? vector ?? array) as Field["type"], word, count });
    word += count;
  }
  return { bindings, fields, paramBytes: Math.ceil(word / 4) * 16 };
}
