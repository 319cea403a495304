/*
 * Rewrites a kernel's text. A kernel compiles as it stands. What may be rewritten for another dtype, another op or a
 * larger tile says so in a comment, and nothing else is touched:
 *
 *   alias A = f32; // replaced by the dtype of a       another type; of a `const` another value, and of an `fn` with
 *                                                      one result another expression for it
 *   alias As = A; // replaced by fours.wgsl            the whole declaration of that name in kernels/fours.wgsl
 *   for (var i = 0u; i < ROWS; i++) { // unrolled      the loop's body once for every i
 *   // for each item:                                  what follows, up to `// end`, once for every item: item 1 has
 *                                                      `grad1` for `grad0` and `p.n[1]` for `p.n[0]`
 *
 * And a kernel may call functions that it does not declare: those that it calls are put before its text.
 */

/** A kernel: the text of its `.wgsl` file under a name. */
export interface Kernel {
  readonly name: string;
  readonly source: string;
  /** Functions that it may call without declaring them, by name. */
  readonly functions?: ReadonlyMap<string, string>;
  /** Whether it is compiled as it stands, being a reader's own. */
  readonly asIs?: boolean;
}

/** A WGSL text without its comments. */
export const uncommented = (source: string): string =>
  source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*$/gm, "");

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

/** A kernel with the declarations of another text for those that say they are replaced by it, as by `fours.wgsl`. */
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
  return { ...kernel, name: `${name} ${form.name}`, source: text };
}

/** The place after a declaration: after its semicolon, or after the brace that ends the function. */
const endOfDeclaration = (text: string, start: number): number =>
  text.startsWith("fn", start)
    ? endOfBlock(text, text.indexOf("{", start))
    : text.indexOf(";", start) + 1;

/** The place after the brace that closes the one at `open`. */
function endOfBlock(text: string, open: number): number {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === "{") depth++;
    else if (text[i] === "}" && --depth === 0) return i + 1;
  }
  throw new Error(`unbalanced braces after "${text.slice(open, open + 40)}"`);
}

/** A text in which the loops marked so are unrolled; each bound is a number or a `const` that is one. */
export function unrolled(text: string): string {
  const loop = /^ *for \(var (\w+) = 0u; \1 < (\w+); \1\+\+\) \{ \/\/ unrolled$/m.exec(text);
  if (!loop) return text;
  const [head, variable, bound] = loop;
  const rounds = Number.parseInt(/^\d/.test(bound) ? bound : constantIn(text, bound));
  const open = loop.index + head.indexOf("{");
  const end = endOfBlock(text, open);
  const body = text.slice(loop.index + head.length, end - 1).trimEnd();
  const blocks = Array.from(
    { length: rounds },
    (_, i) => `{${body.replace(new RegExp(`\\b${variable}\\b`, "g"), `${i}u`)}\n}`,
  );
  return unrolled(text.slice(0, loop.index) + blocks.join("\n") + text.slice(end));
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

/** A kernel for so many items: what its text has for each item is repeated once for every one of them. */
export function forItems(kernel: Kernel, items: number): Kernel {
  if (items === 1) return kernel;
  const region = /^ *\/\/ for each item:\n([\s\S]*?)^ *\/\/ end\n/gm;
  if (!region.test(kernel.source)) {
    throw new Error(`kernel ${kernel.name}: nothing in it stands "for each item:"`);
  }
  const once = (text: string, i: number) =>
    text.replace(/\b([a-z_]+)0\b/g, `$1${i}`)
      .replace(/\b(p\.\w+|fours)\[0\]/g, `$1[${i}]`)
      .replace(/@binding\((\d+)\)/g, (_, n) => `@binding(${Number(n) + i * ITEM_BINDINGS})`);
  const source = kernel.source.replace(
    region,
    (_, text: string) => Array.from({ length: items }, (_, i) => once(text, i)).join(""),
  );
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
