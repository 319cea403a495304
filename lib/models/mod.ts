/*
 * Models with published weights, and how to load and save them in Hugging Face's layout. In reading order:
 *
 *   config.ts      the sizes of a model
 *   config_json.ts how config.json spells them
 *   causal_lm.ts   what the models have in common
 *   fused.ts       linear layers in one kernel with what follows them
 *   gpt2.ts        GPT-2: attention, network, block, model
 *   gpt_neox.ts    GPT-NeoX, the same with rotary positions
 *   cache.ts       the keys and values of the positions that were read
 *   weights.ts     the names in a file of weights, and the checks
 *   pretrained.ts  a folder as model and tokenizer
 *   save.ts        model and tokenizer as a folder
 *   generate.ts    text generation, token by token
 */
export { type GPT2Config, gpt2Sizes, type GPTNeoXConfig, type ModelSizes } from "./config.ts";
export { type CausalBlock, CausalLM } from "./causal_lm.ts";
export { GPT2, GPT2Attention, GPT2Block, GPT2MLP } from "./gpt2.ts";
export { GPTNeoX, GPTNeoXAttention, GPTNeoXBlock, GPTNeoXMLP } from "./gpt_neox.ts";
export { KeyValueCache, type KeyValueCacheOptions, type LayerCache } from "./cache.ts";
export { publishedState } from "./weights.ts";
export {
  type AnyModel,
  loadPretrained,
  type LoadPretrainedOptions,
  type Pretrained,
} from "./pretrained.ts";
export { type SavePretrained, savePretrained } from "./save.ts";
export { generate, type GenerateOptions, sample, type Sampling } from "./generate.ts";
