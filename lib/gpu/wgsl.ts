/*
 * Rewrites a kernel's text; nothing else does. A kernel compiles as it stands. What may be rewritten for another
 * dtype, another op, a larger tile or a faster read says so in a comment, and nothing else is touched:
 *
 *   alias A = f32; // replaced by the dtype of a       another type; of a `const` another value, and of an `fn` with
 *                                                      one result another expression for it
 *   alias As = A; // replaced by fours.wgsl            the whole declaration of that name in kernels/fours.wgsl
 *   for (var i = 0u; i < ROWS; i++) { // unrolled      the loop's body once for every i
 *   // for each item:                                  what follows, up to `// end`, once for every item: item 1 has
 *                                                      `grad1` for `grad0` and `p.n[1]` for `p.n[0]`
 *   var<storage, read> x: array<A>; // or an image     an image with the same bits, and `fetch_x(i)` for `x[i]`; on a
 *                                                      buffer that is written, beside it: it holds what was there
 *   var<uniform> p: Params; // read once               `given_k` for each `p.k`, set when `main` begins
 *
 * The last two are made of the declarations in kernels/reads.wgsl. And a kernel may call functions that it does not
 * declare: those that it calls are put before its text. If they call functions of subgroups, the text enables these.
 */
import { readInterface, uncommented } from "./interface.ts";

/** A kernel: the text of its `.wgsl` file under a name. */
export interface Kernel {
  readonly name: string;
  readonly source: string;
  /** Functions that it may call without declaring them, by name. */
  readonly functions?: ReadonlyMap<string, string>;
  /** Those that take the place of some of them on a GPU. */
  readonly onGpus?: ReadonlyMap<string, string>;
  /** The declarations for reads that are marked in its text: kernels/reads.wgsl. */
  readonly reads?: string;
}

/** Where a declaration begins and ends, and what it is; throws where it does not say that it is replaced. */
function declaration({ name, source }: Kernel, declared: string) {
  const at = new RegExp(`^(alias|const|fn)\\s+${declared}\\b.*`, "m").exec(source);
  if (!at) throw new Error(`kernel ${name}: there is no declaration "${declared}" to replace`);
  if (!at[0].includes("// replaced by ")) {
    throw new Error(
      `kernel ${name}: "${declared}" is to be replaced; its line must end in "// replaced by" and by what`,
    );
  }
  return { kind: at[1], start: at.index, end: endOfDeclaration(source, at.index) };
}

/** A kernel's text in which types, values and results of functions are those given, by the declarations' names. */
export function replaced(
  { name, source }: Kernel,
  replacements: Readonly<Record<string, string>>,
): string {
  let text = source;
  for (const [declared, by] of Object.entries(replacements)) {
    const { kind, start, end } = declaration({ name, source: text }, declared);
    const made = kind === "fn"
      ? `${text.slice(start, text.indexOf("{", start))}{ return ${by}; }`
      : `${kind} ${declared} = ${by};`;
    text = text.slice(0, start) + made + text.slice(end);
  }
  return text;
}

/** An expression with other names in it: `renamed("g * y", { g: "x" })` is `x * y`. */
export const renamed = (expression: string, names: Readonly<Record<string, string>>): string =>
  expression.replace(/\b[a-z_]\w*\b/gi, (name) => names[name] ?? name);

/**
 * A kernel with the declarations of another text for those that say they are replaced by it, as by `fours.wgsl`; and
 * with that text's buffers.
 */
export function inForm(kernel: Kernel, form: Kernel): Kernel {
  const { name, source } = kernel;
  const says = new RegExp(
    `^(?:alias|const|fn) (\\w+).*// replaced by ${form.name}\\.wgsl$`,
    "gm",
  );
  let text = source;
  const names = [...source.matchAll(says)].map(([, declared]) => declared);
  if (names.length === 0) {
    throw new Error(`kernel ${name}: nothing in it is replaced by ${form.name}`);
  }
  for (const declared of names) {
    const at = new RegExp(`^(?:alias|const|fn) ${declared}\\b`, "m").exec(form.source);
    if (!at) throw new Error(`kernel ${name}: ${form.name} does not declare "${declared}"`);
    const { start, end } = declaration({ name, source: text }, declared);
    const by = form.source.slice(at.index, endOfDeclaration(form.source, at.index));
    text = text.slice(0, start) + by + text.slice(end);
  }
  const buffers = [...form.source.matchAll(/^@group.*\n/gm)].join("");
  return { ...kernel, name: `${name} ${form.name}`, source: buffers + text };
}

/** The place after a declaration: after its semicolon, or after the brace that ends the function. */
const endOfDeclaration = (text: string, start: number): number =>
  text.startsWith("fn", start)
    ? endOfBlock(text, text.indexOf("{", start))
    : text.indexOf(";", start) + 1;

/** The place after the brace, or bracket, that closes the one at `open`. */
function endOfBlock(text: string, open: number, [begin, end] = "{}"): number {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === begin) depth++;
    else if (text[i] === end && --depth === 0) return i + 1;
  }
  throw new Error(`unbalanced ${begin}${end} after "${text.slice(open, open + 40)}"`);
}

/**
 * A text in which the loops marked so are unrolled; each bound is a number, a `const` that is one, or an `override` of
 * which `constants` has the value.
 */
export function unrolled(text: string, constants: Readonly<Record<string, number>> = {}): string {
  const loop = /^ *for \(var (\w+) = 0u; \1 < (\w+); \1\+\+\) \{ \/\/ unrolled$/m.exec(text);
  if (!loop) return text;
  const [head, variable, bound] = loop;
  const rounds = constants[bound] ??
    Number.parseInt(/^\d/.test(bound) ? bound : constantIn(text, bound));
  const open = loop.index + head.indexOf("{");
  const end = endOfBlock(text, open);
  const body = text.slice(loop.index + head.length, end - 1).trimEnd();
  const blocks = Array.from(
    { length: rounds },
    (_, i) => `{${body.replace(new RegExp(`\\b${variable}\\b`, "g"), `${i}u`)}\n}`,
  );
  return unrolled(text.slice(0, loop.index) + blocks.join("\n") + text.slice(end), constants);
}

function constantIn(text: string, name: string): string {
  const found = new RegExp(`^const ${name} = (\\d+)u;`, "m").exec(text);
  if (found) return found[1];
  throw new Error(
    `a loop up to ${name} is to be unrolled, but no "const ${name} = …u;" says how often`,
  );
}

/** How far apart the bindings of two items are. */
const ITEM_BINDINGS = 16;

/**
 * A kernel for so many items: what its text has for each item is repeated once for every one of them. A parameter with
 * a number for each item is a vec4, or an array of them for more than four items.
 */
export function forItems(kernel: Kernel, items: number): Kernel {
  if (items === 1) return kernel;
  const region = /^ *\/\/ for each item:\n([\s\S]*?)^ *\/\/ end\n/gm;
  if (!region.test(kernel.source)) {
    throw new Error(`kernel ${kernel.name}: nothing in it stands "for each item:"`);
  }
  const vectors = Math.ceil(items / 4);
  const place = (i: number) => vectors === 1 ? `[${i}]` : `[${Math.floor(i / 4)}][${i % 4}]`;
  const once = (text: string, i: number) =>
    text.replace(/\b([a-z_]+)0\b/g, `$1${i}`)
      .replace(/\b(p\.\w+|fours)\[0\]/g, `$1${place(i)}`)
      .replace(/@binding\((\d+)\)/g, (_, n) => `@binding(${Number(n) + i * ITEM_BINDINGS})`);
  const numbers = [...kernel.source.matchAll(/\bp\.(\w+)\[0\]/g)].map(([, name]) => name);
  const wide = new RegExp(`^( *(?:${numbers.join("|")}): )(vec4<\\w+>),$`, "gm");
  const source = kernel.source.replace(
    region,
    (_, text: string) => Array.from({ length: items }, (_, i) => once(text, i)).join(""),
  ).replace(wide, vectors === 1 ? "$1$2," : `$1array<$2, ${vectors}>,`);
  return { ...kernel, name: `${kernel.name} ×${items}`, source };
}

/** The functions of a text, by name: each with its body, and without the comment above it. */
export const functionsOf = (source: string): Map<string, string> =>
  new Map(
    [...source.matchAll(/^fn\s+(\w+)/gm)].map((found) => [
      found[1],
      source.slice(found.index, endOfDeclaration(source, found.index)),
    ]),
  );

/** A kernel's text with those functions of `library` before it that it calls and does not declare. */
export function withFunctions(
  text: string,
  library: ReadonlyMap<string, string> = new Map(),
): string {
  const own = functionsOf(text);
  const wanted = new Set<string>();
  const parts = [text];
  for (const part of parts) {
    for (const [, name] of uncommented(part).matchAll(/\b(\w+)\s*\(/g)) {
      if (wanted.has(name) || own.has(name) || !library.has(name)) continue;
      wanted.add(name);
      parts.push(library.get(name)!);
    }
  }
  return [...parts.slice(1), text].join("\n");
}

/** Texels in a row of an image: the i-th four numbers lie in row i / 1024. */
export const WIDTH = 1024;

/** Added to the binding of a buffer that a kernel also writes, for the binding of its image. */
const BEFORE = 8;

const OR_AN_IMAGE =
  /^.*@binding\((\d+)\) var<storage, read(_write)?> (\w+): array<(.+)>;(.* or an image\b.*)$/gm;

/** What a buffer is read as: the same bits in an image, or numbers of 16 bits in an image or in a buffer. */
type ReadAs = "image" | "half_image" | "half_buffer";

/**
 * A kernel's text that reads images in place of the first `most` buffers whose lines allow it.
 *
 * @param halves those whose numbers have 16 bits
 */
export const readingImages = (kernel: Kernel, most: number, halves: readonly string[] = []) =>
  readingAs(kernel, (name, i) => halves.includes(name) ? "half_image" : i < most && "image");

/** A kernel's text that reads numbers of 16 bits in these buffers. */
export const readingHalves = (kernel: Kernel, halves: readonly string[]): string =>
  readingAs(kernel, (name) => halves.includes(name) && "half_buffer");

/** A kernel's text that reads the buffers whose lines allow it as `kindOf` says, by their names and places. */
function readingAs(
  { name, source, reads }: Kernel,
  kindOf: (buffer: string, place: number) => ReadAs | false,
): string {
  if (!reads) return source;
  const functions = functionsOf(reads);
  let text = source;
  for (const [i, found] of [...source.matchAll(OR_AN_IMAGE)].entries()) {
    const [line, binding, written, buffer, type, comment] = found;
    const kind = kindOf(buffer, i);
    if (!kind) continue;
    const { word, four } = numbersIn(source, type);
    if (!word) throw new Error(`kernel ${name}: "${buffer}" is to be an image, of ${type}`);
    const image = written ? `${buffer}_before` : buffer;
    const place = Number(binding) + (written ? BEFORE : 0);
    const names = { [kind]: image, Word: word, WIDTH: `${WIDTH}u` };
    const [declared] = new RegExp(`^@group.*\\b${kind}:.*$`, "m").exec(reads)!;
    const bound = renamed(declared, names).replace(/@binding\(0\)/, `@binding(${place})`);
    text = fetched(text.replace(line, written ? `${line}\n${bound}` : bound + comment), buffer);
    const fetch = (four ? "fetch_four" : "fetch") + (kind === "image" ? "" : `_${kind}`);
    text += `\n${renamed(functions.get(fetch)!, { ...names, [fetch]: `fetch_${buffer}` })}\n`;
  }
  return text;
}

/** The type of the numbers in a type of one or four, through the text's aliases; none for any other type. */
function numbersIn(text: string, type: string): { word?: string; four: boolean } {
  const resolved = (type: string): string => {
    const alias = new RegExp(`^alias\\s+${type}\\s*=\\s*([^;]+);`, "m").exec(text);
    return alias ? resolved(alias[1].trim()) : type;
  };
  const [, inFour] = /^vec4<(\w+)>$/.exec(resolved(type)) ?? [];
  const word = resolved(inFour ?? type);
  return { word: ["f32", "i32", "u32"].includes(word) ? word : undefined, four: !!inFour };
}

/** A text with `fetch_x(…)` for each `x[…]`, except where it is written to. */
function fetched(code: string, name: string): string {
  const begin = new RegExp(`(?<![\\w.])${name}\\[`, "g");
  let text = "";
  let at = 0;
  for (let found = begin.exec(code); found; found = begin.exec(code)) {
    const end = endOfBlock(code, begin.lastIndex - 1, "[]");
    text += code.slice(at, found.index);
    text += /^ *=[^=]/.test(code.slice(end))
      ? code.slice(found.index, end)
      : `fetch_${name}(${fetched(code.slice(begin.lastIndex, end - 1), name)})`;
    begin.lastIndex = at = end;
  }
  return text + code.slice(at);
}

/**
 * A kernel's text whose invocations read each parameter once, where the line of the parameters says so. Arrays stay
 * as they are: which of their elements is meant shows when the kernel runs.
 *
 * llvmpipe reads a uniform buffer lane by lane, some 30 instructions for a number, and again in each round of a
 * loop. A number that was read stays in a register or on the stack. But a browser takes no private variable for
 * uniform, so a kernel with a barrier can't have this.
 */
export function readingParamsOnce({ name, source, reads }: Kernel): string {
  if (!reads || !/var<uniform> p: Params; \/\/ .*\bread once\b/.test(source)) return source;
  const declared = /^var<private> given\b.*$/m.exec(reads)![0];
  const types = new Map(
    readInterface(name, source).fields.filter(({ count }) => count === 1 || count === 4)
      .map(({ name, type, count }) => [name, count === 1 ? type : `vec4<${type}>`]),
  );
  const used = new Set<string>();
  const text = source.replace(/\bp\.(\w+)\b(?! *\[)/g, (all, param) => {
    if (!types.has(param)) return all;
    used.add(param);
    return `given_${param}`;
  });
  const given = [...used].map((param) =>
    renamed(declared, { given: `given_${param}`, Word: types.get(param)! }) + "\n"
  );
  const set = [...used].map((param) => `\n  given_${param} = p.${param};`);
  return given.join("") + text.replace(/fn main\([^{]*\{/, (head) => head + set.join(""));
}

/**
 * A kernel's text that may call the functions of subgroups, where it calls any: `subgroup` is the number of the
 * invocation's own in its workgroup, and `subgroups` how many there are.
 */
export function inSubgroups(text: string): string {
  if (!/\bsubgroup[A-Z]\w*\(/.test(uncommented(text))) return text;
  const main = text.replace(
    /fn main\(([^{]*)\{/,
    (_, given) =>
      `fn main(@builtin(subgroup_id) own_subgroup: u32, @builtin(num_subgroups) all_subgroups: u32, ${given}{` +
      "\n  subgroup = own_subgroup;\n  subgroups = all_subgroups;",
  );
  return `enable subgroups;\nvar<private> subgroup: u32;\nvar<private> subgroups: u32;\n${main}`;
}

/** A kernel that computes nothing: a device that compiles it takes kernels with subgroups. */
export const SMALLEST_IN_SUBGROUPS: string = inSubgroups(`
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  _ = subgroupAdd(lane) + subgroup + subgroups;
}`);
