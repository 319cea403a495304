/*
 * The tokenizers compared with four judges: minbpe and tiktoken (goldens/text.py), js-tiktoken, and the slow
 * algorithm of lib/text/bpe.ts.
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "npm:fast-check@4.10.2";
import { Tiktoken, type TiktokenBPE } from "npm:js-tiktoken@1.0.21/lite";
import cl100kRanks from "npm:js-tiktoken@1.0.21/ranks/cl100k_base";
import gpt2Ranks from "npm:js-tiktoken@1.0.21/ranks/gpt2";
import { encodeSlowly, trainSlowly } from "../lib/text/bpe.ts";
import { bytesRepr, fromBytes, toBytes } from "../lib/text/bytes.ts";
import {
  BasicTokenizer,
  countPairs,
  getEncoding,
  GPT2_SPLIT_PATTERN,
  GPT4_SPLIT_PATTERN,
  GPT4Tokenizer,
  mergePair,
  RegexTokenizer,
  showTokens,
} from "../lib/text/mod.ts";
import { compilePattern, splitText } from "../lib/text/split.ts";
import cuts from "./goldens/splits.json" with { type: "json" };
import goldens from "./goldens/text.json" with { type: "json" };
import { needing } from "./support/needing.ts";

const gpt2 = await getEncoding("gpt2");
const cl100k = await GPT4Tokenizer.create();
const numbers = (row: string) => row === "" ? [] : row.split(" ").map(Number);
const plain = { allowedSpecial: "none" } as const;

/** A tokenizer trained as a golden was. */
function trained(golden: { kind: string; text: string; vocabSize: number; pattern?: string }) {
  const tokenizer = golden.kind === "basic"
    ? new BasicTokenizer()
    : new RegexTokenizer(golden.pattern);
  assertEquals(tokenizer.train(golden.text, golden.vocabSize), golden.vocabSize);
  return tokenizer;
}

Deno.test("an untrained tokenizer and GPT-4's give back minbpe's own strings", () => {
  for (const [text] of goldens.encoded.slice(0, 5)) {
    for (const tokenizer of [new BasicTokenizer(), new RegexTokenizer(), cl100k]) {
      assertEquals(tokenizer.decode(tokenizer.encode(text)), text);
    }
    assertEquals(new RegexTokenizer().encode(text), [...toBytes(text)]);
  }
});

Deno.test("training, encoding and both files are minbpe's", () => {
  for (const golden of goldens.training) {
    const tokenizer = trained(golden);
    assertEquals(tokenizer.merges.flat(), numbers(golden.merges), golden.text);
    assertEquals(tokenizer.encode(golden.probe), numbers(golden.ids), golden.probe);
    assertEquals(tokenizer.decode(numbers(golden.ids)), golden.probe);
    if (!golden.model) continue;
    assertEquals(tokenizer.toModel(), golden.model);
    assertEquals(tokenizer.toVocab(), golden.vocab);
    const blank = golden.kind === "basic" ? new BasicTokenizer() : new RegexTokenizer("[^]");
    assertEquals(blank.fromModel(golden.model).encode(golden.text), tokenizer.encode(golden.text));
  }
});

Deno.test("verbose training prints what minbpe prints", () => {
  const printed: unknown[] = [];
  const log = console.log;
  console.log = (line) => printed.push(line);
  try {
    new RegexTokenizer().train(goldens.verbose.text, 300, { verbose: true });
  } finally {
    console.log = log;
  }
  assertEquals(printed.join("\n") + "\n", goldens.verbose.printed);
});

Deno.test("special tokens are encoded, refused and saved as in minbpe", () => {
  const { text, tokens, encoded, cases, model, vocab } = goldens.special;
  const tokenizer = new RegexTokenizer();
  tokenizer.train(text, 300);
  tokenizer.registerSpecialTokens(tokens);
  assertEquals(tokenizer.nVocab, 401);
  const check = (tokenizer: RegexTokenizer) => {
    for (const { allowed, ids } of cases) {
      const allowedSpecial = allowed as "all" | "none" | string[];
      assertEquals(tokenizer.encode(encoded, { allowedSpecial }), numbers(ids));
      assertEquals(tokenizer.decode(numbers(ids)), encoded);
    }
    assertThrows(
      () => tokenizer.encode(encoded),
      Error,
      'the text holds "<|endoftext|>", a special token',
    );
    assertEquals(tokenizer.encode("<|endoftext"), tokenizer.encodeOrdinary("<|endoftext"));
    assertEquals(tokenizer.toModel(), model);
    assertEquals(tokenizer.toVocab(), vocab);
  };
  check(tokenizer);
  check(new RegexTokenizer(GPT2_SPLIT_PATTERN).fromModel(model));
  check(new RegexTokenizer().fromModel(model.replaceAll("\n", "\r\n")));
});

Deno.test("both patterns cut a text where Python's regex module cuts it", () => {
  const patterns = [GPT2_SPLIT_PATTERN, GPT4_SPLIT_PATTERN].map(compilePattern);
  goldens.splits.forEach((chunks, i) => {
    const text = goldens.encoded[i][0];
    patterns.forEach((pattern, p) => assertEquals(splitText(text, pattern), chunks[p]));
  });
});

Deno.test("words, digits, borders and dots are those of Python's regex module, in any script", () => {
  for (const { pattern, splits } of cuts.patterns) {
    const regex = compilePattern(pattern);
    cuts.texts.forEach((text, i) => assertEquals(splitText(text, regex), splits[i], pattern));
  }
});

Deno.test("GPT-2's and GPT-4's ids are tiktoken's, for every script, sign and control", async () => {
  for (const [text, gpt2Ids, cl100kIds] of goldens.encoded) {
    assertEquals(gpt2.encode(text), numbers(gpt2Ids), text);
    assertEquals(cl100k.encode(text), numbers(cl100kIds), text);
    assertEquals(gpt2.decode(numbers(gpt2Ids)), text);
    assertEquals(cl100k.decode(numbers(cl100kIds)), text);
  }
  const [story, gpt2Ids, cl100kIds] = goldens.story;
  const allowedSpecial = ["<|endoftext|>"];
  assertEquals(gpt2.encode(story, { allowedSpecial }), numbers(gpt2Ids));
  assertEquals(cl100k.encode(story, { allowedSpecial: "all" }), numbers(cl100kIds));
  assertThrows(() => cl100k.encode(story), Error, "none was allowed");
  assertEquals(gpt2.nVocab, goldens.nVocab.gpt2);
  assertEquals(cl100k.nVocab, goldens.nVocab.cl100k_base);
  assertEquals((await getEncoding("cl100k_base")).encode("hello world"), [15339, 1917]);
});

Deno.test("half a surrogate pair is encoded as tiktoken encodes it, as U+FFFD", () => {
  for (const [units, gpt2Ids, cl100kIds] of goldens.surrogates) {
    const text = String.fromCharCode(...numbers(units));
    assertEquals(gpt2.encode(text), numbers(gpt2Ids), text);
    assertEquals(cl100k.encode(text), numbers(cl100kIds), text);
    assertEquals(cl100k.decode(numbers(cl100kIds)), text.toWellFormed());
  }
});

Deno.test("ids that are no whole text decode as in Python, byte order mark and all", () => {
  for (const [name, tokenizer] of [["gpt2", gpt2], ["cl100k_base", cl100k]] as const) {
    for (const [ids, text] of goldens.decoded[name]) {
      assertEquals(tokenizer.decode(numbers(ids)), text);
    }
  }
  for (const [bytes, text] of goldens.utf8) {
    assertEquals(fromBytes(Uint8Array.from(numbers(bytes))), text, bytes);
    assertEquals(new BasicTokenizer().decode(numbers(bytes)), text, bytes);
  }
  for (const [bytes, text] of goldens.bytesRepr) {
    assertEquals(bytesRepr(Uint8Array.from(numbers(bytes))), text);
  }
});

/** Strings of all kinds: letters, whole emoji, any code point, any UTF-16 unit, and much space. */
const anyText = fc.oneof(
  fc.string({ unit: "grapheme-composite", maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 })
    .map((units) => String.fromCharCode(...units)),
  fc.string({
    unit: fc.constantFrom(..."ab 'sdLL\n\r\t1²٣é漢😉\ud83d,\u0085\ufeff\u00a0"),
    maxLength: 40,
  }),
);

Deno.test("GPT-2's and GPT-4's ids are js-tiktoken's on 2,000 random strings", () => {
  // Its patterns have JavaScript's spaces, and cl100k's has no long s; tiktoken's are otherwise.
  const judge = (ranks: TiktokenBPE) => {
    const spaces = ranks.pat_str.replaceAll("\\s", "\\p{White_Space}");
    return new Tiktoken({ ...ranks, pat_str: spaces.replaceAll("\\S", "\\P{White_Space}") });
  };
  const judges = [[gpt2, judge(gpt2Ranks)], [cl100k, judge(cl100kRanks)]] as const;
  fc.assert(
    fc.property(anyText.filter((text) => !text.includes("ſ")), (text) => {
      for (const [tokenizer, judge] of judges) {
        assertEquals(tokenizer.encode(text, plain), judge.encode(text, [], []));
      }
    }),
    { numRuns: 2000, seed: 137 },
  );
});

Deno.test("10,000 random strings and 10,000 sequences of bytes survive a round trip", () => {
  const basic = new BasicTokenizer();
  const regex = new RegexTokenizer();
  for (const tokenizer of [basic, regex]) tokenizer.train(goldens.verbose.text, 400);
  const runs = { numRuns: 10_000, seed: 137 };
  fc.assert(
    fc.property(anyText, (text) => {
      assertEquals(basic.decode(basic.encode(text)), text.toWellFormed());
      for (const tokenizer of [regex, gpt2, cl100k]) {
        assertEquals(tokenizer.decode(tokenizer.encode(text, plain)), text.toWellFormed());
      }
    }),
    runs,
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      for (const tokenizer of [basic, regex, gpt2, cl100k]) {
        assertEquals(tokenizer.decodeBytes(tokenizer.encodeBytes(bytes)), bytes);
      }
    }),
    runs,
  );
});

/** Texts of few letters, where most pairs tie and many overlap. */
const tiedText = fc.constantFrom("a", "ab", "abc", "ab ", "a, b\n", "é😉").chain((letters) =>
  fc.string({ unit: fc.constantFrom(...letters), maxLength: 60 })
);

Deno.test("fast training and encoding give what the slow algorithm gives, ties included", () => {
  const seen = { ties: 0, exhausted: 0 };
  const bytesOf = (chunks: string[]) => chunks.map((chunk) => [...toBytes(chunk)]);
  const cut = compilePattern(GPT4_SPLIT_PATTERN);
  fc.assert(
    fc.property(
      fc.array(tiedText, { minLength: 1, maxLength: 5 }),
      fc.nat(20),
      tiedText,
      (texts, size, probe) => {
        const whole = bytesOf(texts);
        const chunks = bytesOf(texts.flatMap((text) => splitText(text, cut)));
        for (
          const [tokenizer, sequences, pieces] of [
            [new BasicTokenizer(), whole, [probe]],
            [new RegexTokenizer(), chunks, splitText(probe, cut)],
          ] as const
        ) {
          const merges = trainSlowly(sequences, size);
          assertEquals(tokenizer.train(texts, 256 + size), 256 + merges.length);
          assertEquals(tokenizer.merges, merges);
          const ids = bytesOf([...pieces]).flatMap((piece) => encodeSlowly(piece, merges));
          assertEquals(tokenizer.encode(probe), ids);
          if (merges.length < size) seen.exhausted++;
          const counts = [...countPairs(sequences).values()].sort((a, b) => b - a);
          if (counts.length > 1 && counts[0] === counts[1]) seen.ties++;
        }
      },
    ),
    { numRuns: 2500, seed: 137 },
  );
  assert(seen.ties > 1000 && seen.exhausted > 1000, JSON.stringify(seen));
});

Deno.test("the slow algorithm counts overlaps and merges from left to right", () => {
  assertEquals([...countPairs([[1, 2, 3, 1, 2]])], [["1,2", 2], ["2,3", 1], ["3,1", 1]]);
  assertEquals([...countPairs([[7, 7, 7], [7]])], [["7,7", 2]]);
  assertEquals(mergePair([1, 2, 3, 1, 2], [1, 2], 4), [4, 3, 4]);
  assertEquals(mergePair([7, 7, 7], [7, 7], 8), [8, 7]);
});

Deno.test("a chunk of a quarter of a million letters takes no quadratic time", () => {
  const tokenizer = new RegexTokenizer();
  tokenizer.train("a".repeat(256), 256 + 8);
  assertEquals(tokenizer.encode("a".repeat(2 ** 18 + 3)), [...Array(1024).fill(263), 256, 97]);
  assertEquals(gpt2.decode(gpt2.encode("\n".repeat(100_000))).length, 100_000);
});

Deno.test("several texts are trained on without merging over their borders", () => {
  const tokenizer = new BasicTokenizer();
  assertEquals(tokenizer.train(["ab", "ab", "bb", "a"], 300), 258);
  assertEquals(tokenizer.merges, [[97, 98], [98, 98]]);
  assertEquals(tokenizer.encode("abba"), [256, 98, 97]);
});

Deno.test("training anew forgets all that was learnt, remembered chunks included", () => {
  const tokenizer = new RegexTokenizer();
  tokenizer.train("aaaa bbbb", 258);
  tokenizer.encode("aaaa bbbb");
  tokenizer.train("bbbb", 257);
  assertEquals(tokenizer.encode("aaaa bbbb"), [97, 97, 97, 97, 32, 256, 256]);
  assertThrows(() => tokenizer.decode([257]), RangeError, "invalid token id: 257");
});

Deno.test("what can't be done says what was given and what to do", async () => {
  const tokenizer = new RegexTokenizer();
  tokenizer.train("aaaa", 257);
  const wrong = (action: () => unknown, message: string) => assertThrows(action, Error, message);
  for (const size of [255, 0, -1, 300.5, NaN]) {
    wrong(() => tokenizer.train("abc", size), `vocabSize is ${size}, but must be`);
  }
  for (const id of [257, -1, 1.5, NaN]) wrong(() => tokenizer.decode([97, id]), `token id: ${id};`);

  const register = (tokens: Record<string, number>) => () =>
    tokenizer.registerSpecialTokens(tokens);
  for (const id of [256, -1, 300.5, NaN]) {
    wrong(register({ "<x>": id }), `"<x>": the id ${id} was given`);
  }
  wrong(register({ "": 300 }), "a text that is not empty");
  wrong(register({ "<x>": 300, "<y>": 300 }), '"<y>": the id 300 was given');
  tokenizer.registerSpecialTokens({ "<x>": 257 });
  wrong(() => tokenizer.train("abc", 258), "from 258 up");
  wrong(() => tokenizer.encode("", { allowedSpecial: ["<y>"] }), 'special tokens are "<x>"');
  wrong(() => tokenizer.encode("", { allowedSpecial: "some" }), '"all", "none"');

  wrong(() => new RegexTokenizer(String.raw`\w++|.`), 'write "+"');
  wrong(() => new RegexTokenizer(String.raw`\w+`).encode("ab, cd"), 'it skips ", "');
  await assertRejects(
    () => getEncoding("gpt3" as "gpt2"),
    Error,
    'Unknown encoding "gpt3": use "gpt2" or "cl100k_base"',
  );
  wrong(() => cl100k.train("abc", 300), "pretrained");
  wrong(() => cl100k.toModel(), "pretrained");
  wrong(() => cl100k.fromModel(tokenizer.toModel()), "pretrained");
});

Deno.test("what is no text, and no list of ids, is refused and not written as one", () => {
  const wrong = (make: () => unknown, says: string) => assertThrows(make, TypeError, says);
  // deno-lint-ignore no-explicit-any -- what no type allows
  for (const tokenizer of [new BasicTokenizer(), new RegexTokenizer(), gpt2] as any[]) {
    wrong(() => tokenizer.encode(null), "encode: a text is wanted, but this is null");
    wrong(() => tokenizer.encode(5), "a text is wanted, but this is 5");
    wrong(() => tokenizer.encode(["a"]), "write texts.map((text) => tokenizer.encode(text))");
    wrong(() => tokenizer.decode(5), "this is 5; write decode([5])");
    wrong(() => tokenizer.decode("5"), "a list of ids is wanted");
    wrong(() => tokenizer.vocab_size, "write nVocab");
    wrong(() => tokenizer.n_vocab, "write nVocab");
    wrong(() => tokenizer.eot_token, "specialTokens.get");
    assertEquals(tokenizer.nothing, undefined);
    if (tokenizer === gpt2) continue;
    wrong(() => tokenizer.train(["a", null], 256), "train: a text is wanted, but this is null");
    wrong(() => tokenizer.train(5, 256), "train: a text is wanted, but this is 5");
  }
});

Deno.test("a .model file is read strictly, and by the tokenizer it belongs to", () => {
  const regex = new RegexTokenizer();
  const load = (...lines: string[]) => () => regex.fromModel(lines.join("\n"));
  const wrong = (action: () => unknown, message: string) => assertThrows(action, Error, message);
  wrong(load(""), 'line 1 is "", expected "minbpe v1"');
  wrong(load("minbpe v1", "[^]", "one"), 'line 3 is "one"');
  wrong(load("minbpe v1", "[^]", "1", "<x>"), 'line 4 is "<x>"');
  wrong(load("minbpe v1", "[^]", "0", "97 97", "97"), 'line 5 is "97"');
  wrong(load("minbpe v1", "[^]", "0", "97 257"), "got (97, 257)");
  wrong(load("minbpe v1", "[^]", "0", "97 97", "97 97"), "is merged before already");
  wrong(load("minbpe v1", "", "0", "97 97"), "load it with a BasicTokenizer");
  assertEquals(regex.vocab.length, 256);

  const basic = new BasicTokenizer();
  basic.train("aaaa", 258);
  assertEquals(new BasicTokenizer().fromModel(basic.toModel()).encode("aaaaa"), [257, 97]);
  wrong(() => basic.fromModel(regex.toModel()), "load it with a RegexTokenizer");

  regex.registerSpecialTokens({ "end of text": 256 });
  const copy = new RegexTokenizer().fromModel(regex.toModel());
  assertEquals([...copy.specialTokens], [["end of text", 256]]);
  regex.registerSpecialTokens({ "end\n": 256 });
  wrong(() => regex.toModel(), "can't hold a line break");
});

const folder = "./tests/.text_test";
const { ignore, because } = needing("read", "write");
Deno.test({
  name: `a saved tokenizer is loaded as it was${because}`,
  ignore,
  fn() {
    Deno.mkdirSync(folder, { recursive: true });
    try {
      const tokenizer = new RegexTokenizer();
      tokenizer.train(goldens.special.text, 300);
      tokenizer.registerSpecialTokens(goldens.special.tokens);
      tokenizer.save(`${folder}/saved`);
      const loaded = new RegexTokenizer().load(`${folder}/saved.model`);
      assertEquals(loaded.toModel(), goldens.special.model);
      assertEquals(Deno.readTextFileSync(`${folder}/saved.vocab`), goldens.special.vocab);
      assertThrows(() => loaded.load(`${folder}/saved.vocab`), Error, "expected a .model file");
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
});

Deno.test("a picture shows each token once, half characters and line breaks included", () => {
  const text = "hello <b>&\n\n漢e\u0301";
  const picture = showTokens(cl100k, text);
  assertEquals(picture.ids, cl100k.encode(text));
  assertEquals(picture.plain(), "hello│ <│b│>&│⏎\n⏎\n│\\xe6\\xbc│\\xa2│e│◌́");
  assertEquals(showTokens(cl100k, picture.ids).plain(), picture.plain());
  assertEquals(picture.repr(), Deno.stdout.isTerminal() ? picture.repr() : picture.plain());
  // deno-lint-ignore no-control-regex
  const bare = picture.ansi().replace(/\x1b\[[\d;]*m/g, "");
  assertEquals(bare, picture.plain().replaceAll("│", ""));
  // Token 4 is two line breaks, and is drawn in two parts.
  const parts = picture.ids.toSpliced(4, 0, picture.ids[4]);
  assertEquals(picture.ansi().match(/48;5;/g)?.length, parts.length);

  for (const drawing of [picture.html(), picture.svg(), picture.svg(4)]) {
    const titles = [...drawing.matchAll(/title(?:="|>)(\d+)/g)].map(([, id]) => Number(id));
    assertEquals(titles, parts);
    assertEquals(drawing.includes("<b>"), false);
    assert(/(?: |&#160;)&#60;</.test(drawing), "a space at an end is drawn");
  }
  const size = (svg: string) =>
    svg.match(/width="([\d.]+)" height="([\d.]+)"/)!.slice(1).map(Number);
  const [wide, low] = size(picture.svg());
  const [narrow, high] = size(picture.svg(4));
  assert(narrow < wide && high > low);
  assertEquals(showTokens(cl100k, "").plain(), "");
});
