/*
 * How PyTorch prints a module and names its parts.
 */

/** Sizes as a tuple: `(8,)`, `(2, 3)`. */
export const sizesText = (sizes: readonly number[]): string =>
  `(${sizes.join(", ")}${sizes.length === 1 ? "," : ""})`;

/**
 * PyTorch's spelling of a property's name: `selfAttn` is `self_attn`. A name that is not camelCase was chosen by a user
 * and stays: `W_query`, `C`, `GPTBlock`.
 */
export const snakeCase = (name: string): string =>
  /^[a-z][a-zA-Z0-9]*$/.test(name)
    ? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    : name;

/**
 * The tree of a module: its name, its options, and a text for each module in it. Lines are indented by two spaces; a
 * module without parts is one line.
 */
export function moduleTree(name: string, extra: string, below: readonly string[]): string {
  const lines = [...(extra ? extra.split("\n") : []), ...below];
  if (lines.length === 0 || (lines.length === 1 && extra)) return `${name}(${extra})`;
  return `${name}(\n  ${lines.join("\n").replaceAll("\n", "\n  ")}\n)`;
}
