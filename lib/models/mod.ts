/*
 * Models whose weights others have published. In reading order:
 *
 *   config.ts      the sizes of a GPT-2, and config.json
 *   gpt2.ts        GPT-2: attention, network, block, model
 *   cache.ts       the keys and values of what was read
 *   weights.ts     the names in a file of weights, and what is checked
 *   pretrained.ts  a folder as model and tokenizer
 *   generate.ts    writing, token by token
 */
export { type GPT2Config, gpt2Sizes } from "./config.ts";
export { GPT2, GPT2Attention, GPT2Block, GPT2MLP } from "./gpt2.ts";
export { KeyValueCache, type LayerCache } from "./cache.ts";
export { publishedState } from "./weights.ts";
export { loadPretrained, type Pretrained } from "./pretrained.ts";
export { generate, type GenerateOptions, sample, type Sampling } from "./generate.ts";
