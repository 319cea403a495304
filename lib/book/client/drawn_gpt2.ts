/*
 * A GPT-2 with random weights from a seed: byte for byte what tests/goldens/gpt2.py makes with transformers, so no
 * weights need to be stored. A page can run lesson 9 with a small one if 548 MB are too much.
 */
import { encodeSafetensors, type SafeTensor } from "../../data/safetensors.ts";
import { Generator, normal } from "../../random/mod.ts";

/** The fields of a configuration that decide the shapes. */
export interface Sizes {
  vocab_size: number;
  n_positions: number;
  n_embd: number;
  n_layer: number;
}

/** The layout: as transformers saves it today, or as OpenAI's weights were published. */
export type Layout = "today" | "published";

/** The tensors of a model in the order in which they are drawn: name → shape, standard deviation, mean. */
function* plan({ vocab_size: V, n_positions: P, n_embd: C, n_layer }: Sizes) {
  const norm = (name: string) =>
    [
      [`${name}.weight`, [C], 0.1, 1],
      [`${name}.bias`, [C], 0.1, 0],
    ] as const;
  const matrix = (name: string, rows: number, columns: number) =>
    [
      [`${name}.weight`, [rows, columns], 1.4 / Math.sqrt(rows), 0],
      [`${name}.bias`, [columns], 0.1, 0],
    ] as const;
  yield ["wte.weight", [V, C], 1.2 / Math.sqrt(C), 0] as const;
  yield ["wpe.weight", [P, C], 1.2 / Math.sqrt(C), 0] as const;
  for (let n = 0; n < n_layer; n++) {
    yield* norm(`h.${n}.ln_1`);
    yield* matrix(`h.${n}.attn.c_attn`, C, 3 * C);
    yield* matrix(`h.${n}.attn.c_proj`, C, C);
    yield* norm(`h.${n}.ln_2`);
    yield* matrix(`h.${n}.mlp.c_fc`, C, 4 * C);
    yield* matrix(`h.${n}.mlp.c_proj`, 4 * C, C);
  }
  yield* norm("ln_f");
}

/** The file of a model whose weights are drawn, the same each time. */
export function gpt2Weights(sizes: Sizes, layout: Layout): Uint8Array<ArrayBuffer> {
  const generator = new Generator().manualSeed(123);
  const tensors: Record<string, SafeTensor> = {};
  for (const [name, shape, spread, mean] of plan(sizes)) {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    normal(generator, data);
    const scale = Math.fround(spread);
    for (let i = 0; i < data.length; i++) data[i] = Math.fround(data[i] * scale) + mean;
    tensors[layout === "today" ? `transformer.${name}` : name] = { dtype: "F32", shape, data };
  }
  if (layout === "published") {
    const P = sizes.n_positions;
    const mask = Float32Array.from({ length: P * P }, (_, i) => Number(i % P <= i / P));
    for (let n = 0; n < sizes.n_layer; n++) {
      tensors[`h.${n}.attn.bias`] = { dtype: "F32", shape: [1, 1, P, P], data: mask };
    }
  }
  return encodeSafetensors(tensors, { format: "pt" });
}
