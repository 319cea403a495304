/*
 * GPT-2 folders compared with Hugging Face's transformers: the same weights, made here from the same seed, give the
 * same logits, texts and perplexity, in both layouts; and an incomplete folder is refused.
 */
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  decodeSafetensors,
  defaultDevice,
  encodeSafetensors,
  generate,
  type GenerateOptions,
  GPT2,
  KeyValueCache,
  loadPretrained,
  loadTensors,
  manualSeed,
  nn,
  noGrad,
  type Pretrained as AnyPretrained,
  type SafeTensor,
  savePretrained,
  saveTensors,
  Tensor,
  tensor,
  toFloat32,
} from "#lib";
import { isTransposed } from "../lib/models/weights.ts";
import { type Files, sha256, testWith, withFiles } from "./fake_hub.ts";
import golden from "./goldens/gpt2.json" with { type: "json" };
import { type Layout, tinyFiles } from "./support/gpt2_folder.ts";

const PROMPT = "Every effort moves you";
const layouts: Layout[] = ["today", "published"];

type Pretrained = AnyPretrained<GPT2>;

/** Loads the files of a folder, and hands the model on. */
function withModel(
  sentence: string,
  files: Files,
  body: (pretrained: Pretrained, folder: string) => Promise<void>,
) {
  withFiles(
    sentence,
    files,
    async (folder) => await body(loadPretrained(folder, { as: GPT2 }), folder),
  );
}

/** Asks a text of a model. */
const written = async ({ model, tokenizer }: Pretrained, options: GenerateOptions) => {
  const ids = tokenizer.encode(PROMPT);
  return [...ids, ...await Array.fromAsync(generate(model, ids, { maxNewTokens: 40, ...options }))];
};

const largest = (numbers: Iterable<number>) => Math.max(...numbers);
async function distance(a: Tensor, b: ArrayLike<number> | Tensor): Promise<number> {
  const [x, y] = [await a.data(), b instanceof Tensor ? await b.data() : b];
  assertEquals(x.length, y.length);
  return largest(Array.from(x, (value, i) => Math.abs(value - y[i])));
}

for (const layout of layouts) {
  const files = tinyFiles(layout);
  Deno.test(`${layout}: the file is the one that transformers writes, byte for byte`, () => {
    assertEquals(
      sha256(files["model.safetensors"] as Uint8Array<ArrayBuffer>),
      golden[layout].sha256,
    );
  });

  withModel(`${layout}: tokens and logits are those of transformers`, files, async (loaded) => {
    for (const [text, ids] of Object.entries(golden.ids)) {
      assertEquals(loaded.tokenizer.encode(text), ids);
      assertEquals(loaded.tokenizer.decode(ids), text);
    }
    const ids = tensor([loaded.tokenizer.encode(PROMPT)]);
    const far = await distance(noGrad(() => loaded.model.forward(ids)), golden.logits);
    assert(far < 2e-5, `${far}`);
  });

  withModel(`${layout}: 40 tokens are those of transformers' generate`, files, async (loaded) => {
    assertEquals(await written(loaded, { temperature: 0 }), golden.greedy);
    const ways = { topK: { temperature: 1.5, topK: 50 }, topP: { topP: 0.9 }, plain: {} };
    for (const [name, options] of Object.entries(ways)) {
      manualSeed(123);
      assertEquals(await written(loaded, options), golden.sampled[name as keyof typeof ways], name);
    }
  });

  withModel(`${layout}: perplexity and attention weights agree`, files, async (loaded) => {
    const { model, tokenizer, config } = loaded;
    const text = tensor([tokenizer.encode(golden.text).slice(0, config.nPositions)]);
    const logits = noGrad(() => model.forward(text));
    const loss = nn.functional.crossEntropy(logits.index(0, ":-1"), text.index(0, "1:"));
    assertAlmostEquals(Math.exp(await loss.item()), golden.perplexity, golden.perplexity * 1e-6);
    const weights = noGrad(() => {
      let x = model.embed(tensor([tokenizer.encode(PROMPT)]));
      const blocks = [...model.h];
      for (const block of blocks.slice(0, -1)) x = block.forward(x);
      const { ln_1, attn } = blocks.at(-1)!;
      return attn.weights(ln_1.forward(x));
    });
    assert(await distance(weights, golden.attentions[0]) < 1e-5);
  });
}

/** The bytes that a model's parameters take, at home or in buffers. */
const bytesOf = (model: GPT2) =>
  model.parameters().reduce((sum, { storage: { block } }) => sum + (block.home ?? block).bytes, 0);

withModel(
  "weights loaded as float16 give the logits that transformers gives with them",
  tinyFiles(),
  async ({ tokenizer }, folder) => {
    const { model } = loadPretrained(folder, { as: GPT2, dtype: "float16" });
    const logits = noGrad(() => model.forward(tensor([tokenizer.encode(PROMPT)])));
    assert(await distance(logits, golden.half) < 2e-5);
    assert(await distance(logits, golden.logits) > 1e-4, "those of float32 are others");
    assertThrows(
      () => loadPretrained(folder, { dtype: "bfloat16" as "float16" }),
      RangeError,
      'dtype is "float32" or "float16", not bfloat16',
    );
  },
);

withModel(
  "large matrices loaded as float16 take half the memory, and the same numbers give the same bits",
  tinyFiles(),
  async ({ tokenizer }, folder) => {
    const config = { vocabSize: 600, nPositions: 64, nEmbd: 512, nLayer: 1, nHead: 8 };
    manualSeed(5);
    const drawn = new GPT2(config);
    for (const x of drawn.parameters()) {
      const rounded = Float32Array.from(new Float16Array(await x.data()));
      noGrad(() => x.copy_(tensor(rounded).view(...x.shape)));
    }
    await savePretrained(folder, { model: drawn, tokenizer });
    const [whole, half] = await Promise.all((["float32", "float16"] as const).map(async (dtype) => {
      const loaded = loadPretrained(folder, { as: GPT2, dtype });
      const bytes = bytesOf(loaded.model);
      const logits = await noGrad(() => loaded.model.forward(tensor([[3, 1, 4, 1, 5]]))).data();
      const ids = await written(loaded, { temperature: 0, maxNewTokens: 9 });
      assertEquals(bytesOf(loaded.model), bytes, "they stay where they are");
      return { ids, logits, bytes };
    }));
    assertEquals([half.ids, half.logits], [whole.ids, whole.logits]);
    assert(half.bytes < 0.55 * whole.bytes, `${half.bytes} to ${whole.bytes} bytes`);
  },
);

withModel(
  "a text read in pieces through the cache has the same logits",
  tinyFiles(),
  async ({ model }) => {
    const text = Array.from({ length: 60 }, (_, i) => (7 * i * i + 3 * i) % 299);
    const two = tensor([text, text.toReversed()]); // a batch of two
    using cache = new KeyValueCache(model.config, { batch: 2, capacity: 60 });
    const whole = noGrad(() => model.forward(two)); // (2, 60, 300)
    let at = 0;
    for (const size of [7, 1, 1, 13, 1, 37]) {
      const part = noGrad(() => model.forward(two.index(":", `${at}:${at + size}`), { cache }));
      const far = await distance(part, whole.index(":", `${at}:${at + size}`));
      assert(far < 1e-5, `${size} tokens at ${at}: ${far}`);
      at += size;
    }
    assertEquals(cache.length, 60);
  },
);

/** Counts what is asked of the driver while a text is written, token by token. */
async function counted({ model }: Pretrained, tokens: number) {
  const { gpu, launcher } = defaultDevice;
  const counts: { dispatches: number; pipelines: number; buffers: number }[] = [];
  const now = { dispatches: 0, pipelines: 0, buffers: 0 };
  const { createBuffer, createComputePipeline } = GPUDevice.prototype;
  gpu.createBuffer = (...given) => (now.buffers++, createBuffer.apply(gpu, given));
  gpu.createComputePipeline = (...given) => {
    now.pipelines++;
    return createComputePipeline.apply(gpu, given);
  };
  try {
    let before = launcher.dispatches;
    for await (const _ of generate(model, [1, 2, 3, 4], { maxNewTokens: tokens })) {
      counts.push({ ...now, dispatches: launcher.dispatches - before });
      Object.assign(now, { pipelines: 0, buffers: 0 });
      before = launcher.dispatches;
    }
  } finally {
    Reflect.deleteProperty(gpu, "createBuffer");
    Reflect.deleteProperty(gpu, "createComputePipeline");
  }
  return counts;
}

withModel(
  "a written token takes 8 dispatches a block and 4 at most, no new kernel, no new memory",
  tinyFiles(),
  async (loaded) => {
    const counts = await counted(loaded, 50);
    const later = counts.slice(1);
    const { nLayer } = loaded.config;
    assert(
      largest(later.map(({ dispatches }) => dispatches)) <= 8 * nLayer + 4,
      `${later[0].dispatches}`,
    );
    assertEquals(largest(later.map(({ pipelines }) => pipelines)), 0);
    assertEquals(largest(later.map(({ buffers }) => buffers)), 0);
    assertEquals(
      new Set(later.map(({ dispatches }) => dispatches)).size,
      1,
      "the same at each place",
    );
  },
);

withModel("a text goes on behind the end of the context", tinyFiles(), async ({ model }) => {
  const ids = await Array.fromAsync(
    generate(model, [5, 6, 7], { maxNewTokens: 150, temperature: 0 }),
  );
  assertEquals(ids.length, 150);
  // Of the 64 positions 61 are written; then the last 32 tokens are read anew.
  const text = [5, 6, 7, ...ids];
  const logits = noGrad(() => model.forward(tensor([text.slice(64 - 31, 65)])));
  assertEquals(await logits.index(0, -1).argmax({ dim: -1 }).item(), text[65]);
});

withModel("a text ends at the token that ends texts", tinyFiles(), async (loaded) => {
  const ids = await written(loaded, { temperature: 0 });
  const end = ids[30];
  const short = await written(loaded, { temperature: 0, endToken: end });
  assertEquals(short, ids.slice(0, ids.indexOf(end, 17)));
});

withModel(
  "penalties, several ends and a least length are those of transformers' generate",
  tinyFiles(),
  async (loaded) => {
    const ends = [250, 285];
    const ways: Record<keyof typeof golden.ways, GenerateOptions> = {
      penalty: { temperature: 0, repetitionPenalty: 1.3 },
      ends: { temperature: 0, endToken: ends },
      least: { temperature: 0, endToken: ends, minNewTokens: 12 },
      all: { topK: 40, topP: 0.8, temperature: 0.9, repetitionPenalty: 0.9, endToken: 28 },
    };
    for (const [name, options] of Object.entries(ways)) {
      manualSeed(123);
      const wanted = golden.ways[name as keyof typeof ways];
      const ended = [options.endToken ?? []].flat().includes(wanted.at(-1)!);
      assertEquals(await written(loaded, options), wanted.slice(0, ended ? -1 : undefined), name);
    }
  },
);

withModel("a loaded model learns", tinyFiles(), async ({ model }) => {
  manualSeed(1);
  model.train();
  const text = tensor([Array.from({ length: 20 }, (_, i) => i)]);
  const loss = () =>
    nn.functional.crossEntropy(model.forward(text).index(0, ":-1"), text.index(0, "1:"));
  const { optim } = await import("#lib");
  const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-2 });
  const first = await loss().item();
  for (let step = 0; step < 20; step++) {
    optimizer.zeroGrad();
    loss().backward();
    optimizer.step();
  }
  const last = await loss().item();
  assert(last < first / 2, `${first} → ${last}`);
});

/** The small folder with its tensors changed. */
function changed(
  change: (tensors: Record<string, SafeTensor>) => void,
  layout: Layout = "today",
): Files {
  const files = tinyFiles(layout);
  const { tensors } = decodeSafetensors(files["model.safetensors"] as Uint8Array);
  change(tensors);
  return { ...files, "model.safetensors": encodeSafetensors(tensors) };
}

/** An array in a narrower dtype; bfloat16 cuts, which is one way to round. */
const narrow = {
  F16: ({ shape, data }: SafeTensor): SafeTensor => ({
    dtype: "F16",
    shape,
    data: Float16Array.from(data as Float32Array),
  }),
  BF16: ({ shape, data }: SafeTensor): SafeTensor => ({
    dtype: "BF16",
    shape,
    data: Uint16Array.from(new Uint32Array((data as Float32Array).buffer), (bits) => bits >>> 16),
  }),
  F64: ({ shape, data }: SafeTensor): SafeTensor => ({
    dtype: "F64",
    shape,
    data: Float64Array.from(data as Float32Array),
  }),
};

for (const [dtype, to] of Object.entries(narrow)) {
  const files = changed((tensors) => {
    for (const name in tensors) tensors[name] = to(tensors[name]);
  });
  withModel(
    `weights in ${dtype} are loaded as the numbers that they are`,
    files,
    async ({ model }) => {
      const { tensors } = decodeSafetensors(files["model.safetensors"] as Uint8Array);
      for (const [name, parameter] of model.namedParameters()) {
        const stored = toFloat32(tensors[`transformer.${name}`]);
        const x = tensor(stored).view(...tensors[`transformer.${name}`].shape);
        assertEquals(
          await (isTransposed(name) ? parameter.t() : parameter).eq(x).all().item(),
          1,
          name,
        );
      }
    },
  );
}

withFiles("weights may lie in several files, with an index", {}, async (folder) => {
  const { "model.safetensors": weights, ...rest } = tinyFiles("today");
  const { tensors } = decodeSafetensors(weights as Uint8Array);
  const names = Object.keys(tensors), half = names.length >> 1;
  const parts = [names.slice(0, half), names.slice(half)].map((part, i) => ({
    name: `model-0000${i + 1}-of-00002.safetensors`,
    tensors: Object.fromEntries(part.map((name) => [name, tensors[name]])),
  }));
  const weight_map = Object.fromEntries(
    parts.flatMap(({ name, tensors }) => Object.keys(tensors).map((one) => [one, name])),
  );
  for (const { name, tensors } of parts) {
    await Deno.writeFile(`${folder}/${name}`, encodeSafetensors(tensors));
  }
  for (const [name, text] of Object.entries(rest)) {
    await Deno.writeTextFile(`${folder}/${name}`, text as string);
  }
  const index = JSON.stringify({ metadata: {}, weight_map });
  await Deno.writeTextFile(`${folder}/model.safetensors.index.json`, index);
  assertEquals(
    await written(loadPretrained(folder, { as: GPT2 }), { temperature: 0 }),
    golden.greedy,
  );
});

/** The small folder with a head beside the token embedding, made of it. */
const withHead = (head: (table: SafeTensor) => SafeTensor, ...without: string[]) =>
  changed((tensors) => {
    tensors["lm_head.weight"] = head(tensors["transformer.wte.weight"]);
    for (const name of without) delete tensors[name];
  });
const upsideDown = (x: SafeTensor): SafeTensor => {
  const [rows, width] = x.shape, numbers = toFloat32(x);
  const from = (row: number) => numbers.subarray(row * width, (row + 1) * width);
  const data = new Float32Array(numbers.length);
  for (let row = 0; row < rows; row++) data.set(from(rows - 1 - row), row * width);
  return { dtype: "F32", shape: x.shape, data };
};
const heads: [what: string, Files, logits: number[]][] = [
  ["that is the embedding again", withHead((table) => table), golden.logits],
  ["in place of the embedding", withHead((x) => x, "transformer.wte.weight"), golden.logits],
  ["that is another", withHead(upsideDown), golden.another_head],
];
for (const [what, files, logits] of heads) {
  withModel(`a tied head ${what} counts as in transformers`, files, async (loaded, folder) => {
    const { model, tokenizer, config } = loaded;
    const ids = tensor([tokenizer.encode(PROMPT)]);
    assert(await distance(noGrad(() => model.forward(ids)), logits) < 2e-5);
    assertEquals(config.tieWordEmbeddings, logits === golden.logits);
    await savePretrained(folder, { model, tokenizer });
    const again = loadPretrained(folder, { as: GPT2 }).model;
    assert(await distance(noGrad(() => again.forward(ids)), logits) < 2e-5);
  });
}

withModel(
  "one file with weights counts, and not an older index beside it",
  {
    ...tinyFiles(),
    "old.safetensors": encodeSafetensors({
      x: { dtype: "F32", shape: [], data: new Float32Array(1) },
    }),
    "model.safetensors.index.json": JSON.stringify({ weight_map: { x: "old.safetensors" } }),
  },
  async ({ model, tokenizer }) => {
    const logits = noGrad(() => model.forward(tensor([tokenizer.encode(PROMPT)])));
    assert(await distance(logits, golden.logits) < 2e-5);
  },
);

const float = (shape: number[]): SafeTensor => ({
  dtype: "F32",
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
});
const config = (change: Record<string, unknown>): Files => {
  const files = tinyFiles();
  const json = { ...JSON.parse(files["config.json"] as string), ...change };
  return { ...files, "config.json": JSON.stringify(json) };
};

for (const [name, logits] of Object.entries(golden.activations)) {
  const files = config({ activation_function: name });
  withModel(`the activation ${name} counts as in transformers`, files, async (loaded, folder) => {
    const { model, tokenizer } = loaded;
    const ids = tensor([tokenizer.encode(PROMPT)]);
    assert(await distance(model.forward(ids), logits) < 2e-5);
    await savePretrained(folder, { model, tokenizer });
    const again = loadPretrained(folder, { as: GPT2 }).model;
    assert(await distance(noGrad(() => again.forward(ids)), logits) < 2e-5);
  });
}

const without = (...names: string[]): Files =>
  Object.fromEntries(Object.entries(tinyFiles()).filter(([name]) => !names.includes(name)));
const cut = (files: Files): Files => ({
  ...files,
  "model.safetensors": (files["model.safetensors"] as Uint8Array<ArrayBuffer>).slice(0, -1000),
});

/** Folders that are not whole, and a part of the sentence that each gets. */
const broken: [what: string, Files, says: string][] = [
  [
    "a missing tensor",
    changed((t) => delete t["transformer.h.1.ln_2.bias"]),
    "its weights lack h.1.ln_2.bias",
  ],
  [
    "a doubled one",
    changed((t) => void (t["wte.weight"] = float([300, 32]))),
    "wte.weight appears twice",
  ],
  [
    "a misshaped one",
    changed((t) => void (t["transformer.h.0.attn.c_attn.weight"] = float([96, 32]))),
    "transformer.h.0.attn.c_attn.weight is [96, 32], and by config.json it is [32, 96]",
  ],
  [
    "a foreign one",
    changed((t) => void (t["h.2.ln_1.bias"] = float([32]))),
    "its weights hold h.2.ln_1.bias",
  ],
  [
    "whole numbers for weights",
    changed((t) =>
      void (t["transformer.ln_f.bias"] = { dtype: "I32", shape: [32], data: new Int32Array(32) })
    ),
    "transformer.ln_f.bias is of dtype I32; weights are floats",
  ],
  ["a truncated file", cut(tinyFiles()), "download it again"],
  [
    "another architecture",
    config({ model_type: "llama" }),
    'model_type is "llama", but only "gpt2" and "gpt_neox" can be loaded',
  ],
  [
    "sizes that are none",
    config({ n_layer: 0 }),
    "n_layer is 0, expected a whole number, 1 or more",
  ],
  [
    "a number that is none",
    config({ layer_norm_epsilon: "small" }),
    'layer_norm_epsilon is "small", expected a number above 0',
  ],
  ["a share above all", config({ attn_pdrop: 1.5 }), "attn_pdrop is 1.5, expected a number from 0"],
  ["heads that do not share", config({ n_head: 5 }), "n_embd 32 is not a multiple of n_head 5"],
  [
    "an unknown activation",
    config({ activation_function: "quick_gelu" }),
    'activation_function is "quick_gelu"',
  ],
  [
    "scores scaled by layer",
    config({ scale_attn_by_inverse_layer_idx: true }),
    "this library's GPT-2 does not have that",
  ],
  ["a vocabulary too large", config({ vocab_size: 299 }), "its vocabulary has 300 tokens"],
  ["no configuration", without("config.json"), "there is no config.json in it"],
  [
    "no weights",
    without("model.safetensors"),
    "there is no model.safetensors in it; download it again",
  ],
  [
    "weights for Python alone",
    { ...without("model.safetensors"), "pytorch_model.bin": "x" },
    "its weights are in pytorch_model.bin; write them as model.safetensors once: await saveTensors(",
  ],
  [
    "weights for Python alone, in several files",
    { ...without("model.safetensors"), "pytorch_model.bin.index.json": "{}" },
    "its weights are in several files that Python wrote",
  ],
  ...Object.entries({
    "{": "it lists no files",
    "{}": "it lists no files",
    '{"weight_map": {"x": "model-00001-of-00002.safetensors"}}':
      "it lists model-00001-of-00002.safetensors, which is not there",
  }).map(([index, says]): [string, Files, string] => [
    `an index of weights that is ${index}`,
    { ...without("model.safetensors"), "model.safetensors.index.json": index },
    `/model.safetensors.index.json: ${says}; download it again`,
  ]),
  ["no vocabulary", without("vocab.json"), "there is no vocab.json in it"],
  [
    "merges of another vocabulary",
    { ...tinyFiles(), "merges.txt": "#version: 0.2\nt h\n" },
    'its merges make "th" of "t" and "h"',
  ],
];
for (const [what, files, says] of broken) {
  withFiles(`a folder with ${what} is refused in a sentence`, files, (folder) => {
    assertThrows(() => loadPretrained(folder), RangeError, says);
    return Promise.resolve();
  });
}

withModel(
  "what no text can be written with is refused in a sentence",
  tinyFiles(),
  async ({ model }) => {
    const refuses = (ids: number[], options: GenerateOptions, says: string) =>
      assertRejects(() => generate(model, ids, options).next(), RangeError, says);
    await refuses([], {}, "the prompt holds no token; give some text");
    await refuses(
      Array(65).fill(1),
      {},
      "the prompt has 65 tokens, and this model reads 64 at once",
    );
    const last = await Array.fromAsync(generate(model, Array(64).fill(1), { maxNewTokens: 1 }));
    assertEquals(last.length, 1, "64 are read");
    await refuses([1], { maxNewTokens: 0 }, "0 new tokens; give a whole number from 1");
    await refuses([1], { topK: 301 }, "top-k 301: give a whole number from 1 to 300");
    await refuses([1], { topP: 0 }, "top-p 0: give a probability");
    await refuses([1], { temperature: -1 }, "temperature -1: give a number of 0");
    const forward = (ids: Tensor, cache?: KeyValueCache) => () =>
      noGrad(() => model.forward(ids, { cache }));
    assertThrows(forward(tensor([1, 2])), RangeError, "ids are a tensor (B, T), not [2]");
    const { config } = model, one = tensor([[1, 2]]);
    using cache = new KeyValueCache(config);
    assertThrows(forward(tensor([[1], [2]]), cache), RangeError, "make it with { batch: 2 }");
    using other = new KeyValueCache({ ...config, nLayer: 1 });
    assertThrows(forward(one, other), RangeError, "it was made for a model of other sizes");
    const gone = new KeyValueCache(config);
    gone[Symbol.dispose]();
    assertThrows(forward(one, gone), RangeError, "or was disposed of");
    assertThrows(
      () => new KeyValueCache(model as unknown as typeof config),
      TypeError,
      "new KeyValueCache(model.config)",
    );
    await refuses([1], { repetitionPenalty: 0 }, "repetition penalty 0; give a number above 0");
    await refuses([1], { endToken: [1, 300] }, "no text ends at token 300");
    await refuses([1, 300], {}, "the prompt holds 300, and tokens are whole numbers below 300");
    await refuses([1.5], {}, "the prompt holds 1.5");
    await refuses([-1], {}, "the prompt holds -1");
    // deno-lint-ignore no-explicit-any -- what JavaScript lets through
    const given = (ids: any, options: any = {}) => generate(model, ids, options).next();
    await assertRejects(() => given([[1, 2]]), RangeError, "the prompt holds a list");
    for (const ids of ["a text", tensor([1]), undefined]) {
      await assertRejects(() => given(ids), TypeError, "the prompt is a list of ids");
    }
    await assertRejects(() => given([1], { endToken: "2" }), TypeError, "endToken must be a whole");
    await assertRejects(() => given([1], { temperature: "1" }), TypeError, "must be a number");
  },
);

testWith(["read", "write"], "tensors are saved as Python saves them, and read back", async () => {
  const path = `${await Deno.makeTempDir()}/deep/model.safetensors`;
  const { tensors } = decodeSafetensors(tinyFiles("today")["model.safetensors"] as Uint8Array);
  const state = Object.entries(tensors).map(([name, { shape, data }]) =>
    [name, tensor(data as Float32Array).view(...shape)] as const
  );
  await saveTensors(path, new Map(state), { format: "pt" });
  assertEquals(sha256(await Deno.readFile(path)), golden.today.sha256);
  const again = loadTensors(path);
  assertEquals([...again.keys()].toSorted(), state.map(([name]) => name).toSorted());
  for (const [name, x] of state) assertEquals(await again.get(name)!.eq(x).all().item(), 1, name);
  const mixed = { a: tensor([1, -2]), b: tensor([true, false]), c: tensor(0.5) };
  await saveTensors(path, mixed);
  for (const [name, x] of loadTensors(path)) {
    assertEquals([x.dtype, await x.tolist()], [
      mixed[name as "a"].dtype,
      await mixed[name as "a"].tolist(),
    ]);
  }
});

Deno.test("a name of the Hub given as a folder is answered with what fetches it", () => {
  const name = "owner/no-such-model";
  const call = `await fetchModel("${name}")`;
  assertThrows(() => loadPretrained(name), RangeError, call);
});
