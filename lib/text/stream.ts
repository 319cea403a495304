/*
 * Text as it arrives: the text of tokens, piece by piece. A character may be split between two tokens; it is returned
 * with the second.
 */
import { toBytes } from "./bytes.ts";

/** What a tokenizer must have. */
export interface Decoder {
  /** The bytes of each id. */
  readonly vocab: readonly Uint8Array[];
  /** The text of ids; bytes that are not text are shown as �. */
  decode(ids: readonly number[]): string;
}

/**
 * The text of tokens, piece by piece, as soon as each piece is complete.
 *
 * @example
 * ```ts
 * import { decodeStream, getEncoding } from "#lib";
 * import { assertEquals } from "@std/assert";
 *
 * const tokenizer = await getEncoding("gpt2");
 * const pieces = await Array.fromAsync(decodeStream(tokenizer, tokenizer.encode("Every effort 🦕")));
 * assertEquals(pieces, ["Every", " effort", " ", "🦕"]);
 * ```
 */
export async function* decodeStream(
  tokenizer: Decoder,
  ids: AsyncIterable<number> | Iterable<number>,
): AsyncGenerator<string, void, void> {
  const reader = new TextDecoder("utf-8", { ignoreBOM: true });
  for await (const id of ids) {
    const bytes = tokenizer.vocab[id] ?? toBytes(tokenizer.decode([id]));
    const piece = reader.decode(bytes as Uint8Array<ArrayBuffer>, { stream: true });
    if (piece) yield piece;
  }
  const rest = reader.decode();
  if (rest) yield rest;
}
