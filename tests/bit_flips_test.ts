/*
 * Files with a flipped bit, and model files made to do harm. Whatever is flipped, a file is read (if only a letter
 * became another) or refused in one sentence; nothing hangs, and no error is JavaScript's own.
 */
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { gzipSync } from "node:zlib";
import { BasicTokenizer, loadTensors, loadTokenizer, RegexTokenizer } from "#lib";
import { GPT2_SPLIT_PATTERN, GPT4_SPLIT_PATTERN } from "../lib/text/split.ts";
import { checkPattern } from "../lib/text/hostile.ts";
import { readTree } from "../lib/hub/cache.ts";
import { cardConfigs } from "../lib/hub/card.ts";
import { readConfig } from "../lib/models/config_json.ts";
import { loadDataset } from "../lib/data/load.ts";
import { checkPages, type Chunk, rangeOf, type ReadHeader } from "../lib/data/parquet_pages.ts";
import { parquetPackage, parquetPages } from "../lib/host/packages.ts";
import { encodeSafetensors } from "../lib/data/safetensors.ts";
import { readArgs } from "../lib/lesson/args.ts";
import { UsageError } from "../lib/host/mistake.ts";
import { testWith } from "./fake_hub.ts";
import golden from "./goldens/data.json" with { type: "json" };

const bytesOf = (text: string) => new TextEncoder().encode(text);
const file = (name: string) =>
  Uint8Array.fromBase64(golden.files.find((one) => one.name === name)!.data);
const dataset = (path: string) =>
  loadDataset(path, { split: "train", maxRow: 2 ** 24, maxUnpacked: 2 ** 24 });
const tokenizer = new RegexTokenizer();
tokenizer.train("the cat, the hat; the mat!", 262);

/** A whole file of each format, and who reads it. */
const formats: Record<string, [Uint8Array<ArrayBuffer>, (path: string) => unknown]> = {
  "csv": [file("comma.csv"), dataset],
  "tsv": [file("tabs.tsv"), dataset],
  "jsonl": [file("lines.jsonl"), dataset],
  "json": [file("objects.json"), dataset],
  "txt": [file("plain.txt"), dataset],
  "csv.gz": [file("packed.csv.gz"), dataset],
  "txt.gz": [new Uint8Array(gzipSync("one\n".repeat(200))), dataset],
  "parquet": [file("snappy.parquet"), dataset],
  "groups.parquet": [file("groups.parquet"), dataset],
  "zstd.parquet": [file("zstd.parquet"), dataset],
  "gzip.parquet": [file("gzip.parquet"), dataset],
  "brotli.parquet": [file("brotli.parquet"), dataset],
  "safetensors": [
    encodeSafetensors({ a: { dtype: "F32", shape: [2, 3], data: new Float32Array(6) } }, {
      x: "y",
    }),
    (path) => loadTensors(path),
  ],
  "model": [bytesOf(tokenizer.toModel()), (path) => new RegexTokenizer().load(path)],
  "config.json": [
    bytesOf(
      '{"model_type": "gpt2", "vocab_size": 50257, "n_positions": 1024, "n_embd": 768, "n_layer": 12, "n_head": 12}',
    ),
    (path) => readConfig(Deno.readTextFileSync(path), path),
  ],
  "tree.json": [
    bytesOf(`{"format_version": 1, "files": {"a": {"size": 4, "blob_id": "${"1".repeat(40)}"}}}`),
    (path) => readTree(path),
  ],
  "card.md": [
    bytesOf("---\nconfigs:\n- config_name: a\n  data_files:\n  - split: train\n    path: x\n---\n"),
    (path) => cardConfigs(Deno.readTextFileSync(path)),
  ],
};

/** Flips that are tried of each format, spread over its bits. */
const flipsOf = (name: string) => name.endsWith("parquet") ? 60 : 150;

for (const [name, [whole, read]] of Object.entries(formats)) {
  testWith(["read", "write"], `flipped bits of ${name}: read or refused`, async () => {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/x.${name}`;
    const failed: string[] = [];
    let tried = 0, same = 0, refused = 0;
    const bits = 8 * whole.length, step = Math.max(1, Math.floor(bits / flipsOf(name)) | 1);
    for (let bit = 0; bit < bits; bit += step, tried++) {
      const flipped = whole.slice();
      flipped[bit >> 3] ^= 1 << (bit & 7);
      Deno.writeFileSync(path, flipped);
      const began = performance.now();
      try {
        await read(path);
        same++;
      } catch (error) {
        const { message } = error as Error;
        const own =
          /is not a function|undefined \(reading|Cannot (read|convert|mix)|not iterable|Maximum call|Invalid (typed )?array length|outside the bounds|out of bounds|\[object/;
        if (!(error instanceof Error) || own.test(message) || message.includes("\n")) {
          failed.push(`bit ${bit}: ${error}`);
        } else refused++;
      }
      if (performance.now() - began > 5000) failed.push(`bit ${bit}: too slow`);
    }
    await Deno.remove(folder, { recursive: true });
    console.log(
      `${name}: ${tried} tried, ${same} read, ${refused} refused, ${failed.length} failed`,
    );
    assertEquals(failed.slice(0, 5), []);
  });
}

/** The bytes that the page headers of a column take, each as where it starts and ends. */
function headers(view: DataView, { num_values }: Chunk, read: ReadHeader): [number, number][] {
  const found: [number, number][] = [];
  const reader = { view, offset: 0 };
  for (let left = Number(num_values); left > 0;) {
    const start = reader.offset;
    const page = read(reader);
    found.push([start, reader.offset]);
    reader.offset += page.compressed_page_size;
    left -= (page.data_page_header ?? page.data_page_header_v2)?.num_values ?? 0;
  }
  return found;
}

Deno.test("no flipped bit of a page's header asks for more than the file's footer says", async () => {
  const { parquetMetadata } = await parquetPackage();
  const { parquetHeader } = await parquetPages();
  for (const name of Object.keys(formats).filter((name) => name.endsWith("parquet"))) {
    const whole = formats[name][0].slice();
    const chunks = parquetMetadata(whole.buffer).row_groups.flatMap(({ columns }) =>
      columns.map(({ meta_data }) => meta_data!)
    );
    let tried = 0, passed = 0;
    for (const chunk of chunks) {
      const { start, end } = rangeOf(chunk);
      const view = new DataView(whole.buffer, start, end - start);
      checkPages(view, chunk, parquetHeader);
      for (const [from, to] of headers(view, chunk, parquetHeader)) {
        for (let bit = 8 * from; bit < 8 * to; bit++, tried++) {
          const flip = () => whole[start + (bit >> 3)] ^= 1 << (bit & 7);
          flip();
          let claimed = 0, values = 0;
          const noted: ReadHeader = (reader) => {
            const header = parquetHeader(reader);
            claimed += Number(header.uncompressed_page_size);
            values += Number(
              (header.data_page_header_v2 ?? header.data_page_header)?.num_values ?? 0,
            );
            return header;
          };
          let refused = false;
          try {
            checkPages(view, chunk, noted);
          } catch {
            refused = true; // the file is refused in a sentence: see the flips of whole files above
          }
          const asks = claimed > chunk.total_uncompressed_size || values > chunk.num_values;
          assert(refused || !asks, `${name}: bit ${8 * start + bit}`);
          if (!refused) passed++;
          flip();
        }
      }
    }
    console.log(
      `page headers of ${name}: ${tried} flips, ${tried - passed} refused, 0 ask for more`,
    );
  }
});

Deno.test("a Parquet file that unpacks to more than the limit is refused by name", async () => {
  const path = await Deno.makeTempFile({ suffix: ".parquet" });
  await Deno.writeFile(path, file("gzip.parquet"));
  const load = async (maxUnpacked: number) =>
    await loadDataset(path, { split: "train", maxUnpacked });
  const { message } = await assertRejects(() => load(100), SyntaxError);
  assertMatch(message, /^read \S+\.parquet: it unpacks to more than 100 bytes; .* allow more with/);
  await load(2 ** 20);
  await Deno.remove(path);
});

Deno.test("merges that double are refused before a token is made", () => {
  const merges = ["97 97", ...Array.from({ length: 39 }, (_, i) => `${256 + i} ${256 + i}`)];
  const text = ["minbpe v1", "", "0", ...merges, ""].join("\n");
  const began = performance.now();
  const { message } = assertThrows(() => new BasicTokenizer().fromModel(text), RangeError);
  assertMatch(
    message,
    /^load: merge 276, \(275, 275\), makes a token of more than 1,048,576 bytes; .* pass \{ maxTokenBytes \}$/,
  );
  assert(performance.now() - began < 1000);
  const raised = ["minbpe v1", "", "0", ...merges.slice(0, 22), ""].join("\n");
  const trusted = new BasicTokenizer().fromModel(raised, { maxTokenBytes: 2 ** 22 });
  assertEquals(trusted.vocab.at(-1)!.length, 2 ** 22);
  assertThrows(
    () =>
      new BasicTokenizer().fromModel(raised, { maxTokenBytes: 2 ** 22, maxVocabBytes: 2 ** 20 }),
    RangeError,
    "the vocabulary of more than 1,048,576 bytes",
  );
});

Deno.test("a pattern that could take for ever is refused, and those of tokenizers are not", () => {
  for (
    const pattern of [
      "(a+)+$",
      "(a*)*",
      "(?:a|a)*b",
      "(a|ab)*c",
      "([a-z]+)*\\d",
      "(?:a?){50}b",
      "((a+)b?)+",
      "(?:(?:a))+(?:x+)+",
      "(a{1,50}){1,50}",
      "(\\s|\\n)+$",
      "a*a*a*a*b",
      "(?:a*)(?:a*)(?:a*)(?:a*)b",
      "(?:a*a*|b)(?:a*a*|b)c",
      "(a)\\1+",
      "(?<x>a)\\k<x>",
      "(?:a+|b)+?",
      "(?=(a+)+$)a",
      "(a+){2,}",
    ]
  ) {
    assertThrows(() => checkPattern(pattern), RangeError, "which can take forever", pattern);
    checkPattern(pattern, { anyPattern: true });
  }
  for (
    const pattern of [
      GPT2_SPLIT_PATTERN,
      GPT4_SPLIT_PATTERN,
      "[^]",
      "\\S+|\\s+",
      "(ab)+",
      "(?:abc){3}",
      "a{3}",
      "[a+]+",
      "(?:a+b+|c+)d+|e+f+g+",
      "\\(a\\+\\)\\+",
      // GPT-4o's, Llama 3's, Qwen's
      String
        .raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
      String
        .raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
    ]
  ) checkPattern(pattern);
  const text = ["minbpe v1", "(a+)+$", "0", ""].join("\n");
  assertThrows(
    () => new RegexTokenizer().fromModel(text),
    RangeError,
    'the split pattern "(a+)+$" repeats',
  );
  assertEquals(new RegexTokenizer().fromModel(text, { anyPattern: true }).pattern, "(a+)+$");
});

testWith(
  ["read", "write"],
  "a vocabulary of other names and shapes is refused in a sentence",
  async () => {
    const folder = await Deno.makeTempDir();
    for (const vocab of ["null", "5", "[]", "{}", '{"a": "b"}', '{"__proto__": 1}', '"x"']) {
      for (const merges of ["", "a b", "constructor toString", "\u0000 \u0000", "a"]) {
        await Deno.writeTextFile(`${folder}/vocab.json`, vocab);
        await Deno.writeTextFile(`${folder}/merges.txt`, merges);
        assertThrows(
          () => loadTokenizer(folder),
          RangeError,
          "take vocabulary and merges from one model",
        );
      }
    }
    await Deno.remove(folder, { recursive: true });
  },
);

Deno.test("every option, with whatever it is given, has a value or a sentence", () => {
  const options = {
    steps: { value: 10, help: "" },
    rate: { value: 0.5, help: "" },
    data: { value: "x", help: "" },
    kind: { value: "a", choices: ["a", "b"], help: "" },
    resume: { value: false, help: "" },
  };
  const values = [
    "",
    " ",
    "0",
    "-0",
    "1",
    "-1",
    "1.5",
    "1e3",
    "1e400",
    "-1e400",
    "NaN",
    "Infinity",
    "0x10",
    "1_000",
    "1,5",
    "9007199254740993",
    "a",
    "b",
    "c",
    "true",
    "false",
    "--steps",
    "-",
    "--",
    "\0",
    "\x1b[2J",
    "é",
    "__proto__",
    "constructor",
  ];
  let tried = 0, read = 0, said = 0;
  for (const name of [...Object.keys(options), "unknown", "Steps", "", "no-resume", "__proto__"]) {
    for (const value of values) {
      for (
        const args of [[`--${name}`, value], [`--${name}=${value}`], [value, `--${name}`], [
          "--",
          `--${name}`,
          value,
        ]]
      ) {
        tried++;
        try {
          const got = readArgs(args, options) as Record<string, unknown>;
          assert(Number.isSafeInteger(got.steps) && (got.steps as number) >= 0, `${args}`);
          assert(Number.isFinite(got.rate) && typeof got.data === "string", `${args}`);
          assert(
            typeof got.resume === "boolean" && ["a", "b"].includes(String(got.kind)),
            `${args}`,
          );
          read++;
        } catch (error) {
          assert(error instanceof UsageError, `${JSON.stringify(args)}: ${error}`);
          said++;
        }
      }
    }
  }
  console.log(`options: ${tried} tried, ${read} read, ${said} said, ${tried - read - said} failed`);
});
