/*
 * A kernel's text, rewritten so that it reads as images what it read as storage: `x[i]` becomes `fetch_x(i)`,
 * which loads the texel with these numbers. image.ts says when and why that is faster.
 */

/** Texels in a row of an image: the i-th four numbers lie in row i / 1024. */
export const WIDTH = 1024;

/** The type that a name stands for, through the text's aliases. */
function resolved(code: string, type: string): string {
  const alias = new RegExp(`^alias\\s+${type.replace(/[<>]/g, "\\$&")}\\s*=\\s*([^;]+);`, "m").exec(
    code,
  );
  return alias ? resolved(code, alias[1].trim()) : type;
}

/** The number's type in a type of one or four numbers, and how many they are; null for any other. */
function numbersIn(code: string, type: string): { word: string; count: 1 | 4 } | null {
  const found = resolved(code, type);
  const four = /^vec4<(\w+)>$/.exec(found);
  const word = resolved(code, four ? four[1] : found);
  return ["f32", "i32", "u32"].includes(word) ? { word, count: four ? 4 : 1 } : null;
}

/** How a kernel fetches the i-th element of an image. */
const fetching = (name: string, image: string, word: string, count: 1 | 4): string =>
  count === 4
    ? `fn fetch_${name}(i: u32) -> vec4<${word}> {
  return bitcast<vec4<${word}>>(textureLoad(${image}, vec2<u32>(i % ${WIDTH}u, i / ${WIDTH}u)));
}`
    : `fn fetch_${name}(i: u32) -> ${word} {
  let four = textureLoad(${image}, vec2<u32>(i / 4u % ${WIDTH}u, i / ${4 * WIDTH}u));
  return bitcast<${word}>(four[i % 4u]);
}`;

/** A text with `fetch_x(…)` for each `x[…]`, except where it is written to. */
function fetched(code: string, name: string): string {
  const begin = new RegExp(`(?<![\\w.])${name}\\[`, "g");
  let text = "";
  let at = 0;
  for (let found = begin.exec(code); found; found = begin.exec(code)) {
    let end = begin.lastIndex;
    for (let depth = 1; depth > 0; end++) {
      if (code[end] === "[") depth++;
      if (code[end] === "]") depth--;
    }
    text += code.slice(at, found.index);
    if (/^ *=[^=]/.test(code.slice(end))) {
      text += code.slice(found.index, end);
      begin.lastIndex = at = end;
      continue;
    }
    text += `fetch_${name}(${fetched(code.slice(begin.lastIndex, end - 1), name)})`;
    begin.lastIndex = at = end;
  }
  return text + code.slice(at);
}

/** Added to the binding of a buffer that a kernel also writes, for the binding of its image. */
const BEFORE = 8;

/**
 * A kernel's text that reads as images what it read as storage, up to `most` of them, in the order of the text.
 *
 * Where a kernel says `// read before it is written` of a buffer, each invocation reads only its own element of
 * it. Then an image of the earlier content is bound beside the buffer, as `x_before`.
 */
export function readingImages(code: string, most: number): string {
  const declared =
    /@binding\((\d+)\) var<storage,\s*(read|read_write)>\s*(\w+)\s*:\s*array<(.+)>;(.*)/g;
  let text = code;
  for (const [line, binding, access, name, type, comment] of code.matchAll(declared)) {
    const before = access === "read_write";
    if (before && !comment.includes("read before it is written")) continue;
    const numbers = numbersIn(code, type);
    if (!numbers || most-- <= 0) continue;
    const image = before ? `${name}_before` : name;
    const place = Number(binding) + (before ? BEFORE : 0);
    const bound = `@binding(${place}) var ${image}: texture_storage_2d<rgba32uint, read>;`;
    text = text.replace(line, before ? `${line}\n@group(0) ${bound}` : bound + comment);
    text = fetched(text, name) + `\n${fetching(name, image, numbers.word, numbers.count)}\n`;
  }
  return text;
}
