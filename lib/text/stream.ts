/*
 * Text as it comes: the pieces that tokens spell, one token after the other. A letter may lie across two tokens;
 * it is given out with the second.
 */
import { toBytes } from "./bytes.ts";

/** What is asked of a tokenizer. */
export interface Decoder {
  /** The bytes of each id. */
  readonly vocab: readonly Uint8Array[];
  /** The text of ids; bytes that are no text are shown as �. */
  decode(ids: readonly number[]): string;
}

/**
 * The text of tokens, piece by piece, as soon as each can be read.
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
