/*
 * The models that are measured: lesson 13's and GPT-2's, of any size, and without a lesson around them.
 */
import { arange, nn, type Tensor } from "../../mod.ts";

const { gelu, scaledDotProductAttention } = nn.functional;

/** The sizes of lesson 13's model. */
export interface MlpSize {
  vocab: number;
  context: number;
  embed: number;
  hidden: number;
}

/** Embeddings in a row, one hidden layer with tanh, a score for each token. */
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
}

/** A block as GPT-2's: norms in front, causal attention of many heads, a GELU between two layers. */
class Block extends nn.Module {
  norm1: nn.LayerNorm;
  query: nn.Linear;
  key: nn.Linear;
  value: nn.Linear;
  out: nn.Linear;
  norm2: nn.LayerNorm;
  up: nn.Linear;
  down: nn.Linear;

  constructor({ embed }: GptSize, readonly heads: number) {
    super();
    const linear = (bias: boolean) => new nn.Linear(embed, embed, { bias });
    this.norm1 = new nn.LayerNorm(embed);
    [this.query, this.key, this.value] = [linear(false), linear(false), linear(false)];
    this.out = linear(true);
    this.norm2 = new nn.LayerNorm(embed);
    this.up = new nn.Linear(embed, 4 * embed);
    this.down = new nn.Linear(4 * embed, embed);
  }

  forward(x: Tensor): Tensor { // (B, T, C)
    const [B, T, C] = x.shape;
    const y = this.norm1.forward(x);
    const [q, k, v] = [this.query, this.key, this.value].map((layer) =>
      layer.forward(y).view(B, T, this.heads, C / this.heads).transpose(1, 2) // (B, heads, T, C/heads)
    );
    const found = scaledDotProductAttention(q, k, v, { isCausal: true }).transpose(1, 2).flatten(2);
    x = x.add(this.out.forward(found));
    const wide = gelu(this.up.forward(this.norm2.forward(x)), { approximate: "tanh" });
    return x.add(this.down.forward(wide));
  }
}

/** GPT-2 with an untied head, without dropout. */
export class GPT extends nn.Module {
  tokens: nn.Embedding;
  places: nn.Embedding;
  blocks: nn.Sequential;
  norm: nn.LayerNorm;
  head: nn.Linear;

  constructor(readonly sizes: GptSize) {
    super();
    const { vocab, context, embed, heads, layers } = sizes;
    this.tokens = new nn.Embedding(vocab, embed);
    this.places = new nn.Embedding(context, embed);
    this.blocks = new nn.Sequential(
      ...Array.from({ length: layers }, () => new Block(sizes, heads)),
    );
    this.norm = new nn.LayerNorm(embed);
    this.head = new nn.Linear(embed, vocab, { bias: false });
  }

  forward(ids: Tensor): Tensor { // (B, T)
    const x = this.tokens.forward(ids).add(this.places.forward(arange(ids.shape[1])));
    return this.head.forward(this.norm.forward(this.blocks.forward(x))); // (B, T, vocab)
  }
}

/** Operations of the products in one forward pass over B texts of T tokens; a backward pass takes twice as many. */
export function forwardFlop({ vocab, embed, layers }: GptSize, B: number, T: number): number {
  const weights = layers * 12 * embed ** 2 + vocab * embed;
  const attention = layers * 2 * embed * (T + 1) / 2; // scores and sums, of a token's past only
  return 2 * B * T * (weights + attention);
}

/** Bytes of the weights that one forward pass reads: all but the rows of the tables that no token asks for. */
export const weightBytes = ({ vocab, embed, layers }: GptSize): number =>
  4 * (layers * 12 * embed ** 2 + vocab * embed);

/** GPT-2's sizes at 124 million parameters. */
export const gpt2: GptSize = { vocab: 50_257, context: 1024, embed: 768, heads: 12, layers: 12 };
