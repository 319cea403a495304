/*
 * The models that are measured, of any size and without a lesson: lesson 13's and GPT-2's.
 */
import { arange, cat, nn, type Tensor, tensor } from "../../mod.ts";
import { anglesOf } from "../peers/library.ts";

const { gelu, relu, scaledDotProductAttention } = nn.functional;

/** The sizes of lesson 13's model. */
export interface MlpSize {
  vocab: number;
  context: number;
  embed: number;
  hidden: number;
}

/** A concatenation of embeddings, one hidden layer with tanh, logits for all tokens. */
export class MLP extends nn.Module {
  table: nn.Embedding;
  net: nn.Sequential;

  constructor({ vocab, context, embed, hidden }: MlpSize) {
    super();
    this.table = new nn.Embedding(vocab, embed);
    this.net = new nn.Sequential(
      new nn.Linear(context * embed, hidden),
      new nn.Tanh(),
      new nn.Linear(hidden, vocab),
    );
  }

  forward(ids: Tensor): Tensor { // (B, T)
    return this.net.forward(this.table.forward(ids).view(ids.shape[0], -1)); // (B, vocab)
  }
}

/** The sizes of a GPT. */
export interface GptSize {
  vocab: number;
  context: number;
  embed: number;
  heads: number;
  layers: number;
  /** Built as in lesson 14: rotary positions, ReLU, biases for queries, keys and values. */
  rotary?: boolean;
  dropout?: number;
}

/** A block as in GPT-2 or lesson 14: norms first, causal multi-head attention, two linear layers. */
class Block extends nn.Module {
  norm1: nn.LayerNorm;
  query: nn.Linear;
  key: nn.Linear;
  value: nn.Linear;
  out: nn.Linear;
  norm2: nn.LayerNorm;
  up: nn.Linear;
  down: nn.Linear;
  drop: nn.Dropout;
  #angles?: [cos: Tensor, sin: Tensor];

  constructor(readonly sizes: GptSize) {
    super();
    const { context, embed, heads, rotary = false, dropout = 0 } = sizes;
    const linear = (bias: boolean) => new nn.Linear(embed, embed, { bias });
    this.norm1 = new nn.LayerNorm(embed);
    [this.query, this.key, this.value] = [linear(rotary), linear(rotary), linear(rotary)];
    this.out = linear(true);
    this.norm2 = new nn.LayerNorm(embed);
    this.up = new nn.Linear(embed, 4 * embed);
    this.down = new nn.Linear(4 * embed, embed);
    this.drop = new nn.Dropout(dropout);
    if (!rotary) return;
    const { cos, sin } = anglesOf(context, embed / heads);
    this.#angles = [tensor(cos), tensor(sin)];
  }

  #turned(x: Tensor): Tensor { // (B, heads, T, C/heads)
    if (!this.#angles) return x;
    const [cos, sin] = this.#angles.map((table) => table.index(`:${x.shape[2]}`));
    const [a, b] = x.chunk(2, -1);
    return x.mul(cos).add(cat([b, a], -1).mul(sin));
  }

  forward(x: Tensor): Tensor { // (B, T, C)
    const [B, T, C] = x.shape;
    const { heads, rotary } = this.sizes;
    const y = this.norm1.forward(x);
    const [q, k, v] = [this.query, this.key, this.value].map((layer) =>
      layer.forward(y).view(B, T, heads, C / heads).transpose(1, 2) // (B, heads, T, C/heads)
    );
    const [turnedQ, turnedK] = [q, k].map((x) => this.#turned(x));
    const found = scaledDotProductAttention(turnedQ, turnedK, v, { isCausal: true });
    x = x.add(this.drop.forward(this.out.forward(found.transpose(1, 2).flatten(2))));
    const up = this.up.forward(this.norm2.forward(x));
    const wide = rotary ? relu(up) : gelu(up, { approximate: "tanh" });
    return x.add(this.drop.forward(this.down.forward(wide)));
  }
}

/** GPT-2 with an untied head, or lesson 14's model. */
export class GPT extends nn.Module {
  tokens: nn.Embedding;
  places?: nn.Embedding;
  drop: nn.Dropout;
  blocks: nn.Sequential;
  norm: nn.LayerNorm;
  head: nn.Linear;

  constructor(readonly sizes: GptSize) {
    super();
    const { vocab, context, embed, layers, rotary, dropout = 0 } = sizes;
    this.tokens = new nn.Embedding(vocab, embed);
    if (!rotary) this.places = new nn.Embedding(context, embed);
    this.drop = new nn.Dropout(dropout);
    this.blocks = new nn.Sequential(...Array.from({ length: layers }, () => new Block(sizes)));
    this.norm = new nn.LayerNorm(embed);
    this.head = new nn.Linear(embed, vocab, { bias: false });
  }

  forward(ids: Tensor): Tensor { // (B, T)
    let x = this.tokens.forward(ids);
    if (this.places) x = x.add(this.places.forward(arange(ids.shape[1])));
    x = this.drop.forward(x);
    return this.head.forward(this.norm.forward(this.blocks.forward(x))); // (B, T, vocab)
  }
}

/** The operations of the products in one forward pass over B texts of T tokens; a backward pass takes twice as many. */
export function forwardFlop({ vocab, embed, layers }: GptSize, B: number, T: number): number {
  const weights = layers * 12 * embed ** 2 + vocab * embed;
  const attention = layers * 2 * embed * (T + 1) / 2; // scores and sums, of a token's past only
  return 2 * B * T * (weights + attention);
}

/** The bytes of the weights that one forward pass reads: all except unused rows of the embeddings. */
export const weightBytes = ({ vocab, embed, layers }: GptSize): number =>
  4 * (layers * 12 * embed ** 2 + vocab * embed);

/** The sizes of GPT-2 with 124 million parameters. */
export const gpt2: GptSize = { vocab: 50_257, context: 1024, embed: 768, heads: 12, layers: 12 };

/** The sizes of lesson 14's last model. */
export const lesson14: GptSize = {
  vocab: 512,
  context: 32,
  embed: 96,
  heads: 4,
  layers: 2,
  rotary: true,
  dropout: 0.15,
};
