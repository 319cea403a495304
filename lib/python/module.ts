/*
 * How PyTorch prints a module and names its parts.
 */

/**
 * PyTorch's form of a property's name: `selfAttn` is `self_attn`. A name that is written otherwise than in
 * camelCase is somebody's own and stays: `W_query`, `C`, `GPTBlock`.
 */
export const snakeCase = (name: string): string =>
  /^[a-z][a-zA-Z0-9]*$/.test(name)
    ? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    : name;

/**
 * A module tree: its name, what it says of itself, and a text for each module below. Lines are set in by two, and a
 * module with nothing below stands on one line.
 */
export function moduleTree(name: string, extra: string, below: readonly string[]): string {
  const lines = [...(extra ? extra.split("\n") : []), ...below];
  if (lines.length === 0 || (lines.length === 1 && extra)) return `${name}(${extra})`;
  return `${name}(\n  ${lines.join("\n").replaceAll("\n", "\n  ")}\n)`;
}
