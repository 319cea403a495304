/*
 * Exporting models to folders in Hugging Face's layout. transformers has opened the same folders (goldens/export.py).
 * Here the files must be the same byte for byte, and this library must read them back to the same logits, texts and
 * tokens.
 */
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  type CausalLM,
  decodeSafetensors,
  encodeSafetensors,
  fetchModel,
  generate,
  Generator,
  GPT2,
  GPTNeoX,
  KeyValueCache,
  loadPretrained,
  loadTensors,
  nn,
  noGrad,
  RegexTokenizer,
  type SafeTensor,
  savePretrained,
  tensor,
} from "#lib";
import { configJson, readConfig } from "../lib/models/config_json.ts";
import { normal } from "../lib/random/mod.ts";
import { readTokenizerJson, tokenizerJson } from "../lib/text/tokenizer_json.ts";
import { main } from "../lib/tools/export.ts";
import { FakeHub, type Files, sha256, testWith } from "./fake_hub.ts";
import golden from "./goldens/export.json" with { type: "json" };
import gpt2 from "./goldens/gpt2.json" with { type: "json" };
import torchrun from "./goldens/torchrun.json" with { type: "json" };
import { withEnvironment } from "./support/environment.ts";
import { tinyFiles } from "./support/gpt2_folder.ts";
import { commands, saveRuns, T, texts, tokenizer } from "./support/exported.ts";
import { losses } from "./support/went_on.ts";

const PROMPT = [10, 77, 425, 109, 97];
const needs: Deno.PermissionName[] = ["read", "write", "env"];

/** The runs of the lessons, saved once for all tests. */
let runs: string | undefined;
async function savedRuns(): Promise<string> {
  if (runs === undefined) await saveRuns(runs = await Deno.makeTempDir());
  return runs;
}

/** Runs the task; returns what it says. */
async function exported(...words: string[]): Promise<string> {
  const said: string[] = [];
  assertEquals(await main(words, (line) => said.push(line)), 0);
  return said.join("\n");
}

/** Makes one of the folders, by its name in the golden. */
async function folderOf(name: string): Promise<string> {
  const folder = `${await Deno.makeTempDir()}/made/${name}`;
  const [lesson, ...rest] = commands(await savedRuns())[name];
  await exported(lesson, folder, ...rest);
  return folder;
}

const fileHash = async (path: string) => sha256(await Deno.readFile(path));
const hashOf = (value: unknown) => sha256(new TextEncoder().encode(JSON.stringify(value)));

async function holdsLogits(model: CausalLM, wanted: { logits: number[]; greedy: number[] }) {
  const { nPositions, vocabSize } = model.config;
  const ids = Array.from({ length: nPositions }, (_, i) => (7 * i * i + 3 * i) % vocabSize);
  const logits = await noGrad(() => model.forward(tensor([ids]))).data();
  const far = wanted.logits.map((logit, i) => Math.abs(logits[7 * i] - logit));
  assert(Math.max(...far) < 1e-5, `logits are ${Math.max(...far)} apart`);
  const prompt = PROMPT.map((id) => id % vocabSize);
  const options = { temperature: 0, maxNewTokens: nPositions - prompt.length };
  const written = await Array.fromAsync(generate(model, prompt, options));
  assertEquals([...prompt, ...written], wanted.greedy);
}

for (const name of ["gpt", "dropout", "gpt2"] as const) {
  testWith(
    needs,
    `${name}: the folder is the one that transformers opened, and opens here`,
    async () => {
      const folder = await folderOf(name);
      const wanted = golden[name];
      assertEquals(await fileHash(`${folder}/model.safetensors`), wanted.sha256);
      const loaded = loadPretrained(folder);
      assertEquals(
        loaded.model.constructor.name,
        wanted.class.replace(/LMHeadModel|ForCausalLM/, ""),
      );
      await holdsLogits(loaded.model, wanted);
      const ids = texts().map((text) => loaded.tokenizer.encode(text, { allowedSpecial: "all" }));
      assertEquals(ids.filter((_, i) => i % 100 === 0), wanted.some);
      assertEquals([ids.length, hashOf(ids)], [golden.texts, wanted.ids]);
      // and the way back
      const again = await Deno.makeTempDir();
      await savePretrained(again, loaded);
      for (const file of ["model.safetensors", "config.json", "tokenizer.json"]) {
        assertEquals(await fileHash(`${again}/${file}`), await fileHash(`${folder}/${file}`), file);
      }
    },
  );
}

testWith(
  needs,
  "lesson 13's MLP is written with its config, and a card with code that PyTorch ran",
  async () => {
    const folder = await folderOf("mlp");
    assertEquals(await fileHash(`${folder}/model.safetensors`), golden.mlp.sha256);
    const config = JSON.parse(await Deno.readTextFile(`${folder}/config.json`));
    assertEquals([config.context_length, config.n_embed, config.n_hidden], [T, 16, 24]);
    const state = loadTensors(`${folder}/model.safetensors`);
    const at = (name: string) => state.get(name)!;
    const ids = tensor(Array.from({ length: 2 * T }, (_, i) => i * 7 % 512)).view(2, T);
    const x = at("token_embedding_table.weight").index(ids).flatten(1);
    const hidden = x.matmul(at("net.0.weight").t()).add(at("net.0.bias")).tanh();
    const logits = await hidden.matmul(at("net.2.weight").t()).add(at("net.2.bias")).data();
    golden.mlp.logits.forEach((logit, i) => assert(Math.abs(logits[i] - logit) < 1e-5, `${i}`));
    assertThrows(() => loadPretrained(folder), RangeError, 'model_type is "mlp", but only');
  },
);

testWith(needs, "a model card says what the model is, and which data made it", async () => {
  const card = await Deno.readTextFile(`${await folderOf("gpt")}/README.md`);
  for (
    const part of [
      "library_name: transformers",
      "3 blocks, 32\ndimensions, 4 heads, rotary positions. In Hugging Face's words it is a GPT-NeoX.",
      "learned for 0 steps from: nothing. Seed 123.",
      "6.24 on texts it learned from, 6.25 on others, and 6.26",
      "It reads 32 tokens at once",
    ]
  ) assertStringIncludes(card, part);
});

/** The GPT-NeoX that transformers made: half of a block beside the other, a quarter of a head turned. */
function pythia(config = golden.pythia.config): Record<string, string | Uint8Array<ArrayBuffer>> {
  const [C, I, V] = [config.hidden_size, config.intermediate_size, config.vocab_size];
  const layer = (n: number): [string, number[]][] =>
    [
      ["attention.dense.bias", [C]],
      ["attention.dense.weight", [C, C]],
      ["attention.query_key_value.bias", [3 * C]],
      ["attention.query_key_value.weight", [3 * C, C]],
      ["input_layernorm.bias", [C]],
      ["input_layernorm.weight", [C]],
      ["mlp.dense_4h_to_h.bias", [C]],
      ["mlp.dense_4h_to_h.weight", [C, I]],
      ["mlp.dense_h_to_4h.bias", [I]],
      ["mlp.dense_h_to_4h.weight", [I, C]],
      ["post_attention_layernorm.bias", [C]],
      ["post_attention_layernorm.weight", [C]],
    ].map(([name, shape]) => [`gpt_neox.layers.${n}.${name}`, shape as number[]]);
  const plan: [string, number[]][] = [
    ["gpt_neox.embed_in.weight", [V, C]],
    ["gpt_neox.final_layer_norm.bias", [C]],
    ["gpt_neox.final_layer_norm.weight", [C]],
    ...layer(0),
    ...layer(1),
    ["embed_out.weight", [V, C]], // in transformers it is called lm_head, and drawn last
  ];
  const generator = new Generator().manualSeed(123);
  const tensors: Record<string, SafeTensor> = {};
  for (const [name, shape] of plan) {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    normal(generator, data);
    const scale = Math.fround(shape.length === 1 ? 0.1 : 1.4 / Math.sqrt(shape[1]));
    const mean = shape.length === 1 && /norm.*weight/.test(name) ? 1 : 0;
    for (let i = 0; i < data.length; i++) data[i] = Math.fround(data[i] * scale) + mean;
    tensors[name] = { dtype: "F32", shape, data };
  }
  const { "vocab.json": vocab, "merges.txt": merges } = tinyFiles();
  return {
    "config.json": JSON.stringify(config),
    "model.safetensors": encodeSafetensors(tensors, { format: "pt" }),
    ...{ "vocab.json": vocab, "merges.txt": merges },
  };
}

async function written(files: Record<string, string | Uint8Array<ArrayBuffer>>): Promise<string> {
  const folder = await Deno.makeTempDir();
  for (const [name, content] of Object.entries(files)) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(`${folder}/${name}`, bytes);
  }
  return folder;
}

testWith(
  needs,
  "a GPT-NeoX as Pythia's, with parallel halves and a quarter of a head turned",
  async () => {
    const files = pythia();
    assertEquals(
      sha256(files["model.safetensors"] as Uint8Array<ArrayBuffer>),
      golden.pythia.sha256,
    );
    const { model } = loadPretrained(await written(files), { as: GPTNeoX });
    await holdsLogits(model, golden.pythia);
    // A text that is read in pieces through the cache has the same logits.
    const text = tensor([Array.from({ length: 24 }, (_, i) => (5 * i * i + i) % 300)]);
    using cache = new KeyValueCache(model.config, { capacity: 24 });
    const whole = noGrad(() => model.forward(text));
    let at = 0;
    for (const size of [7, 1, 1, 15]) {
      const part = noGrad(() => model.forward(text.index(":", `${at}:${at + size}`), { cache }));
      const far = part.sub(whole.index(":", `${at}:${at + size}`)).abs().max();
      assert(await far.item() < 1e-5, `${size} tokens at ${at}`);
      at += size;
    }
  },
);

testWith(needs, "a head turns dimensions in pairs: of an odd share one more", async () => {
  const ids = Array.from({ length: 64 }, (_, i) => (7 * i * i + 3 * i) % 300);
  for (const { config, logits } of golden.rotated) {
    const { model } = loadPretrained(await written(pythia(config)), { as: GPTNeoX });
    const ours = await noGrad(() => model.forward(tensor([ids]))).data();
    const far = Math.max(...logits.map((v, i) => Math.abs(v - Number(ours[7 * 20 * i]))));
    assert(
      far < 2e-5,
      `${config.hidden_size}, ${config.rope_parameters.partial_rotary_factor}: ${far}`,
    );
  }
});

testWith(needs, "a folder of another class than the one that is asked for is refused", async () => {
  const folder = await folderOf("gpt");
  assertThrows(
    () => loadPretrained(folder, { as: GPT2 }),
    RangeError,
    'model_type is "gpt_neox", but a GPT2 was asked for',
  );
});

/** tokenizer.json with one thing changed, and what is said of it. */
const strange: [what: string, change: (json: Record<string, unknown>) => void, says: string][] = [
  ["another kind", (json) => json.model = { type: "Unigram" }, "its model is Unigram"],
  [
    "a normalizer",
    (json) =>
      json.normalizer = { type: "Sequence", normalizers: [{ type: "NFC" }, { type: "Lowercase" }] },
    "it changes a text before it is cut (Lowercase)",
  ],
  [
    "no bytes",
    (json) => json.pre_tokenizer = { type: "Whitespace" },
    "it does not cut texts into bytes",
  ],
  [
    "a space in front of each chunk",
    (json) =>
      json.pre_tokenizer = {
        type: "Sequence",
        pretokenizers: [
          { type: "Split", pattern: { Regex: "[\\s\\S]" }, behavior: "Isolated" },
          { type: "ByteLevel", add_prefix_space: true, use_regex: false },
        ],
      },
    "it puts a space in front of each chunk of a text",
  ],
  [
    "half of RoBERTa's tokens around a text",
    (json) => json.post_processor = { type: "RobertaProcessing", sep: ["</s>", 2] },
    "its template of tokens around a text is damaged or unknown",
  ],
  [
    "a template with a token without an id",
    (json) =>
      json.post_processor = {
        type: "Sequence",
        processors: [{ type: "ByteLevel" }, {
          type: "TemplateProcessing",
          single: [{ SpecialToken: { id: "<s>" } }, { Sequence: { id: "A" } }],
        }],
      },
    "its template of tokens around a text is damaged or unknown",
  ],
  [
    "words in its pattern",
    (json) =>
      json.pre_tokenizer = {
        type: "Sequence",
        pretokenizers: [
          { type: "Split", pattern: { Regex: "\\\\|[^\\W]+|." }, behavior: "Isolated" },
          { type: "ByteLevel", use_regex: false },
        ],
      },
    "its split pattern has \\W, which means something else here",
  ],
  [
    "a token that takes spaces",
    (json) => json.added_tokens = [{ id: 300, content: "<mask>", lstrip: true }],
    "its token <mask> takes the spaces before it (lstrip)",
  ],
];
for (const [what, change, says] of strange) {
  testWith(needs, `a tokenizer.json with ${what} is refused in a sentence`, async () => {
    const json = tokenizerJson(tokenizer());
    change(json);
    const { "config.json": config, "model.safetensors": weights } = tinyFiles();
    const folder = await written({
      ...{ "config.json": config, "model.safetensors": weights },
      "tokenizer.json": JSON.stringify(json),
    });
    assertThrows(() => loadPretrained(folder), RangeError, says);
  });
}

Deno.test("a template that is the text alone adds no tokens, and its tokenizer.json is read", () => {
  const single = [{ Sequence: { id: "A", type_id: 0 } }];
  const json = {
    ...tokenizerJson(tokenizer()),
    post_processor: { type: "TemplateProcessing", single },
  };
  assertEquals(
    readTokenizerJson(JSON.stringify(json), "tokenizer.json").pattern,
    tokenizer().pattern,
  );
});

Deno.test("a tokenizer whose pattern has words, which others read otherwise, has no tokenizer.json", () => {
  const words = new RegexTokenizer("\\w+|[^]");
  assertThrows(
    () => tokenizerJson(words),
    RangeError,
    "the split pattern has \\w, which others read otherwise",
  );
});

Deno.test("a tokenizer with two tokens of the same bytes has no tokenizer.json", () => {
  const merges = [[97, 98], [98, 99], [256, 99], [97, 257]]; // ab, bc, ab c, a bc
  const model = ["minbpe v1", "[\\s\\S]+", "0", ...merges.map((pair) => pair.join(" ")), ""].join(
    "\n",
  );
  const double = new RegexTokenizer().fromModel(model);
  assertThrows(
    () => tokenizerJson(double),
    RangeError,
    "the tokens 258 and 259 are the same bytes",
  );
});

testWith(needs, "the Hub's cache gets a snapshot, and refs/main that leads to it", async () => {
  const home = await Deno.makeTempDir();
  await withEnvironment({ HF_HOME: home }, async () => {
    const words = ["lesson-14", "--from", `${await savedRuns()}/lesson-14`];
    const said = await exported(...words, "--cache", "lessons/songs");
    const shelf = `${home}/hub/models--lessons--songs`;
    const snapshot = `${shelf}/snapshots/${await Deno.readTextFile(`${shelf}/refs/main`)}`;
    assertStringIncludes(said, snapshot);
    assertEquals(await fileHash(`${snapshot}/model.safetensors`), golden.gpt.sha256);
    assert(await Deno.lstat(`${snapshot}/config.json`).then(({ isSymlink }) => isSymlink));
    await exported(...words, "--cache", "lessons/songs"); // the same again
    assertEquals([...Deno.readDirSync(`${shelf}/snapshots`)].length, 1);
  });
});

testWith(needs, "deno task export says what it wants", async () => {
  const runs = await savedRuns();
  const folder = await Deno.makeTempDir();
  const from = ["--from", `${runs}/lesson-14`];
  const refuses = (words: string[], says: string) => assertRejects(() => main(words), Error, says);
  await refuses(
    ["lesson-4", folder],
    '"lesson-4" has no model to export; lesson-9, lesson-13 and lesson-14 have',
  );
  await refuses(["lesson-14"], "export wants a folder, or --cache owner/name");
  await refuses(
    ["lesson-14", folder, ...from, "--stage", "bigram"],
    "does not exist; there are dropout, gpt",
  );
  await refuses(
    ["lesson-14", folder, "--from", "nowhere"],
    "train the model first with deno task lesson-14",
  );
  await refuses(["lesson-14", folder, "--frm", "x"], "did you mean --from?");
  await refuses(["lesson-14", "--cache", "songs"], "give a name as the Hub has them, owner/name");
  await refuses(["lesson-9", folder, "--from", folder], "there is no config.json in it");
  await exported("lesson-14", folder, ...from);
  await refuses(
    ["lesson-14", folder, ...from],
    "holds a model already; give another folder, or --overwrite",
  );
  await exported("lesson-14", folder, ...from, "--overwrite");
  assertStringIncludes(await exported("--help"), "deno task export -- lesson-14 FOLDER");
});

for (const name of ["gpt", "dropout"] as const) {
  testWith(
    needs,
    `${name}: two processes of PyTorch with half a batch each lose what the whole batch loses here`,
    async () => {
      const { two } = torchrun[name];
      const ours = await losses(loadPretrained(await folderOf(name)), { steps: two.length });
      two.forEach((loss, step) => assertAlmostEquals(ours[step], loss, 1e-4, `step ${step}`));
    },
  );
}

testWith(
  ["net", "read", "write", "env"],
  "fetchModel takes a folder in whichever form a repository has it, and at the revision that is asked for",
  async () => {
    const saved = await Deno.makeTempDir(), cacheDir = await Deno.makeTempDir();
    const whole = tinyFiles("today");
    for (const [name, content] of Object.entries(whole)) {
      if (typeof content === "string") await Deno.writeTextFile(`${saved}/${name}`, content);
      else await Deno.writeFile(`${saved}/${name}`, content);
    }
    await savePretrained(saved, loadPretrained(saved)); // tokenizer.json, as transformers 5 saves
    const { "model.safetensors": weights, "config.json": told } = whole;
    const { tensors } = decodeSafetensors(weights as Uint8Array);
    const [first, second] = [
      "model-00001-of-00002.safetensors",
      "model-00002-of-00002.safetensors",
    ];
    const part = ([name]: [string, SafeTensor]) => name < "transformer.h.1" ? first : second;
    const parts = Map.groupBy(Object.entries(tensors), part);
    const inParts: Files = {
      "config.json": told,
      "tokenizer.json": await Deno.readTextFile(`${saved}/tokenizer.json`),
      "model.safetensors.index.json": JSON.stringify({
        weight_map: Object.fromEntries(Object.entries(tensors).map((one) => [one[0], part(one)])),
      }),
    };
    for (const [name, some] of parts) inParts[name] = encodeSafetensors(Object.fromEntries(some));
    const [main, v2] = ["1".repeat(40), "2".repeat(40)];
    await using hub = new FakeHub({
      "someone/tiny": { refs: { main, v2 }, commits: { [main]: whole, [v2]: inParts } },
    });
    const options = { endpoint: hub.endpoint, cacheDir, token: false as const, offline: false };
    const ids = tensor([gpt2.ids["Every effort moves you"]]);
    const wanted = tensor(gpt2.logits).view(1, -1, 300);
    for (const [revision, commit] of [[undefined, main], ["v2", v2]]) {
      const folder = await fetchModel("someone/tiny", { ...options, revision });
      assertEquals(folder, `${cacheDir}/models--someone--tiny/snapshots/${commit}`);
      const { model } = loadPretrained(folder);
      assert(await noGrad(() => model.forward(ids).sub(wanted)).abs().max().item() < 2e-5);
    }
    await Deno.remove(cacheDir, { recursive: true });
    await Deno.remove(saved, { recursive: true });
  },
);

testWith(["read", "write"], "what is no model, and no folder, is said in a sentence", async () => {
  assertThrows(
    () => loadPretrained("someone/tiny"),
    RangeError,
    'for a model of the Hub, write loadPretrained(await fetchModel("someone/tiny"))',
  );
  // deno-lint-ignore no-explicit-any -- what JavaScript lets through
  const save = (what: any) => savePretrained("/nowhere", what);
  const other = { model: new nn.Linear(1, 1), tokenizer: {} };
  await assertRejects(() => save(other), TypeError, "saveTensors(path, model.stateDict())");
  await assertRejects(() => save({ model: other.model }), TypeError, "tokenizer is missing");
  await assertRejects(() => save({ ...other, maxShardSize: 1 }), TypeError, 'no "maxShardSize"');
});

/** What transformers 5.18 has in GPT2Config() and GPTNeoXConfig(). */
const BEGUN: Record<string, Record<string, unknown>> = {
  gpt2: {
    ...{
      vocab_size: 50257,
      n_positions: 1024,
      n_embd: 768,
      n_layer: 12,
      n_head: 12,
      n_inner: null,
    },
    ...{ activation_function: "gelu_new", layer_norm_epsilon: 1e-5, tie_word_embeddings: true },
    ...{ embd_pdrop: 0.1, attn_pdrop: 0.1, resid_pdrop: 0.1 },
  },
  gpt_neox: {
    ...{ vocab_size: 50432, max_position_embeddings: 2048, hidden_size: 6144 },
    ...{ num_hidden_layers: 44, num_attention_heads: 64, intermediate_size: 24576 },
    ...{ hidden_act: "gelu", layer_norm_eps: 1e-5, attention_dropout: 0, hidden_dropout: 0 },
    ...{ use_parallel_residual: true, tie_word_embeddings: false },
    rope_parameters: { rope_type: "default", rope_theta: 1e4, partial_rotary_factor: 0.25 },
  },
};

Deno.test("a config.json that says no more than its type has what transformers gives it", () => {
  for (const [model_type, begun] of Object.entries(BEGUN)) {
    const json = configJson(readConfig(JSON.stringify({ model_type }), "config.json"));
    for (const [name, value] of Object.entries(begun)) assertEquals(json[name], value, name);
  }
});

Deno.test("a model made of its sizes alone is written with what transformers begins with", () => {
  const config = { vocabSize: 300, nPositions: 64, nEmbd: 32, nLayer: 2, nHead: 4 };
  const sized = new Set(
    ("vocab_size n_positions n_embd n_layer n_head max_position_embeddings hidden_size " +
      "num_hidden_layers num_attention_heads intermediate_size").split(" "),
  );
  for (const modelType of ["gpt2", "gpt_neox"] as const) {
    const json = configJson({ modelType, config });
    for (const [name, value] of Object.entries(BEGUN[modelType])) {
      if (!sized.has(name)) assertEquals(json[name], value, name);
    }
  }
  assertEquals(configJson({ modelType: "gpt_neox", config }).intermediate_size, 128);
  assertThrows(() => new GPTNeoX({ ...config, nHead: 5 }), RangeError, "GPTNeoX: nEmbd 32 is not");
  assertThrows(() => new GPT2({ ...config, nHead: 5 }), RangeError, "GPT2: nEmbd 32 is not");
});
