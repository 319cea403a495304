/*
 * Tokenizers: text to ids and back. In reading order, each file adding one idea:
 *
 *   bpe.ts         byte pair encoding in two loops, slow and obvious; the reference for the others
 *   bytes.ts       text and bytes, as Python turns one into the other
 *   pairs.ts       a hash table of pairs and a heap
 *   train.ts       the same merges without recounting
 *   codec.ts       encoding in n log n, decoding, and a cache for chunks
 *   file.ts        minbpe's .model and .vocab
 *   basic.ts       BasicTokenizer: train, encode, decode, save, load
 *   split.ts       where GPT-2 and GPT-4 split a text
 *   hostile.ts     what a file may ask for
 *   regex.ts       RegexTokenizer: splitting, and special tokens
 *   pretrained.ts  merges recovered from published ranks
 *   encodings.ts   GPT-2's and GPT-4's, by name
 *   letters.ts     bytes as letters, as in JSON
 *   tokenizer_json.ts  all of a tokenizer in one file, Hugging Face's
 *   folder.ts      a vocabulary as Hugging Face's folders keep it
 *   stream.ts      the text of tokens as they arrive
 *   picture.ts     the tokens of a text, to look at
 *   markup.ts      text in HTML and SVG
 *
 * The algorithm, the names and the file format are minbpe's; the speed is ours. It is for learning only: no training on
 * streams, no WordPiece, no SentencePiece.
 */

export { countPairs, mergePair, type Pair } from "./bpe.ts";
export { type Codec } from "./codec.ts";
export { type Model } from "./file.ts";
export { BasicTokenizer, type TrainOptions } from "./basic.ts";
export { type ModelLimits } from "./hostile.ts";
export { GPT2_SPLIT_PATTERN, GPT4_SPLIT_PATTERN } from "./split.ts";
export { type EncodeOptions, RegexTokenizer } from "./regex.ts";
export { type Merges, PretrainedTokenizer, type Ranks, type Template } from "./pretrained.ts";
export { type EncodingName, getEncoding, GPT4Tokenizer } from "./encodings.ts";
export { loadTokenizer, readTokenizer, saveTokenizer } from "./folder.ts";
export { tokenizerJson } from "./tokenizer_json.ts";
export { type Decoder, decodeStream } from "./stream.ts";
export { type Encoder, showTokens, TokenPicture } from "./picture.ts";
