/*
 * Datasets, compared with the results of Python's `datasets`, NumPy and PyYAML from goldens/data.py; and downloads from
 * the Hub of fake_hub.ts, never from the real one.
 */
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import shipped from "../data/songs.json" with { type: "json" };
import { cardConfigs } from "../lib/hub/card.ts";
import { Dataset, DatasetDict } from "../lib/data/dataset.ts";
import {
  type DataFiles,
  filesByCard,
  filesByName,
  filesByPattern,
  filesOfCopy,
} from "../lib/data/files.ts";
import { formatOf } from "../lib/data/names.ts";
import type { HubOptions } from "../lib/hub/client.ts";
import { HubError } from "../lib/hub/errors.ts";
import { loadDataset } from "../lib/data/load.ts";
import { permutation } from "../lib/data/permutation.ts";
import { songs } from "../lib/data/songs.ts";
import { sources } from "../lib/data/sources.ts";
import { fetchAll } from "../lib/tools/fetch.ts";
import { Generator, randperm } from "../lib/random/mod.ts";
import { FakeHub, type Files, sha256, testWith, withFiles } from "./fake_hub.ts";
import golden from "./goldens/data.json" with { type: "json" };

const { repo, revision, file } = sources.songs;
const bytesOf = (base64: string) => Uint8Array.fromBase64(base64);
const numbered = (n: number) => Dataset.from({ text: Array.from({ length: n }, (_, i) => `${i}`) });
const numbers = (ds: Dataset<{ text: string }>) => ds.column("text").map(Number);

Deno.test("a seed shuffles as it does in NumPy, and so in Python's datasets", () => {
  for (const { seed, n, order } of golden.permutations) {
    assertEquals([...permutation(n, { seed: BigInt(seed) })], order);
  }
  assertEquals([...permutation(0, { seed: 1 })], []);
});

Deno.test("a generator shuffles as torch.randperm, and chance shuffles every time anew", () => {
  const order = permutation(50, { generator: new Generator(137) });
  assertEquals(order, randperm(new Generator(137), new Int32Array(50)));
  const chance = new Set(Array.from({ length: 20 }, () => permutation(50).join()));
  assertEquals(chance.size, 20);
  for (const one of chance) assertEquals(one.split(",").map(Number).sort((a, b) => a - b)[49], 49);
  assertThrows(() => permutation(3, { seed: -1 }), RangeError, "seed -1 is negative");
  assertThrows(
    () => permutation(3, { seed: 1, generator: new Generator() }),
    TypeError,
    "one of them",
  );
});

Deno.test("trainTestSplit gives each row to the set that Python's train_test_split gives it", () => {
  for (const { n, testSize, seed, shuffle, repr, train, test, shuffled } of golden.splits) {
    const parts = numbered(n).trainTestSplit({ testSize, seed, shuffle });
    assertEquals(numbers(parts.train).slice(0, 20), train);
    assertEquals(numbers(parts.test).slice(0, 20), test);
    assertEquals(parts.repr(), repr);
    const both = [...numbers(parts.train), ...numbers(parts.test)].sort((a, b) => a - b);
    assertEquals(both, Array.from({ length: n }, (_, i) => i));
    assertEquals(numbers(numbered(n).shuffle({ seed })).slice(0, 20), shuffled);
  }
});

Deno.test("the notebook's dataset, split, prints as in the notebook", () => {
  const split = numbered(2241).trainTestSplit({ testSize: 0.1 });
  assertEquals(
    split.repr(),
    `DatasetDict({
    train: Dataset({
        features: ['text'],
        num_rows: 2016
    })
    test: Dataset({
        features: ['text'],
        num_rows: 225
    })
})`,
  );
});

Deno.test("a split that would leave a set without rows is refused in Python's words", () => {
  for (const testSize of [0, -0.1, -1, 1, 3, 4, 1.5, 0.99, NaN]) {
    const ds = numbered(testSize === 1 ? 1 : 3);
    assertThrows(
      () => ds.trainTestSplit({ testSize }),
      RangeError,
      `test_size=${testSize} should be`,
    );
  }
});

Deno.test("rows, columns, selections and iteration agree, whatever was selected before", () => {
  const ds = Dataset.from<{ a: number; b: string }>({ a: [1, 2, 3, 4], b: ["x", "y", "z", "w"] });
  assertEquals([ds.numRows, ds.features], [4, { a: "int64", b: "string" }]);
  assertEquals(ds.at(0), { a: 1, b: "x" });
  assertEquals(ds.at(-1), { a: 4, b: "w" });
  const some = ds.select([3, 0, 2, 0]).select([1, 2, 0]);
  assertEquals([...some], [{ a: 1, b: "x" }, { a: 3, b: "z" }, { a: 4, b: "w" }]);
  assertEquals(some.column("b"), ["x", "z", "w"]);
  assertEquals(some.slice(1).column("a"), [3, 4]);
  assertEquals(some.slice(-1).column("a"), [4]);
  assertEquals(some.slice(0, 0).numRows, 0);
  ds.column("a").push(9);
  assertEquals(ds.column("a"), [1, 2, 3, 4]);
  for (const place of [4, -5, 0.5, NaN]) {
    assertThrows(
      () => ds.at(place),
      RangeError,
      `Invalid key: ${place} is out of bounds for size 4`,
    );
    assertThrows(() => ds.select([0, place]), RangeError, "out of bounds");
  }
  assertThrows(() => ds.column("c" as "a"), RangeError, "Column 'c' doesn't exist");
  assertThrows(() => Dataset.from({ a: [1], b: [] }), RangeError, "'b' has 0 rows and 'a' 1");
  assertEquals(Dataset.from({}).numRows, 0);
});

Deno.test("what Python's users write of a dataset is answered with what to write", () => {
  // deno-lint-ignore no-explicit-any -- as who knows Python would write
  const ds: any = Dataset.from({ text: ["a", "b"], then: [1, 2] });
  assertEquals([ds.length, ds.nothing, ds.then], [2, undefined, undefined]);
  assertThrows(() => ds[0], TypeError, "write dataset.at(0)");
  assertThrows(() => ds["text"], TypeError, 'write dataset.column("text")');
  assertThrows(() => ds.num_rows, TypeError, "write numRows");
  assertThrows(() => ds.train_test_split({ test_size: 1 }), TypeError, "write trainTestSplit");
  assertThrows(() => ds.map((row: unknown) => row), TypeError, "write [...dataset].map(f)");
  assertThrows(() => ds.filter(() => true), TypeError, "write [...dataset].filter(f)");
});

Deno.test("a dictionary of splits has them as properties, and no split may hide a method", () => {
  const splits = DatasetDict.of({ train: numbered(2), extra: numbered(1) });
  assertEquals(splits.train.numRows, 2);
  assertEquals(Object.keys(splits), ["train", "extra"]);
  assertThrows(() => DatasetDict.of({ repr: numbered(1) }), RangeError, "'repr'");
});

for (const { name, data, options, repr, rows, types } of golden.files) {
  testWith(["read", "write"], `${name} reads as Python's datasets reads it`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeFile(`${folder}/${name}`, bytesOf(data));
      const { field, sample_by } = options as {
        field?: string;
        sample_by?: "paragraph" | "document";
      };
      const ds = await loadDataset(`${folder}/${name}`, {
        split: "train",
        field,
        sampleBy: sample_by,
      });
      assertEquals([...ds], rows);
      assertEquals(ds.repr(), repr);
      const arrow = Object.entries(types).map((
        [column, type],
      ) => [column, type?.replace("large_", "")]);
      assertEquals(ds.features, Object.fromEntries(arrow));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

withFiles("a JSON file may hold its splits, as the notebook's dataset does", {
  "datasets.json": '{"train": ["one\\nmore", "two"]}',
  "both.json": '{"test": [{"text": "t"}], "train": [{"text": "a"}, {"text": "b"}]}',
}, async (folder) => {
  const all = await loadDataset(`${folder}/datasets.json`);
  assertEquals(all.train.at(0), { text: "one\nmore" });
  assertEquals(Object.keys(all), ["train"]);
  const both = `${folder}/both.json`;
  assertEquals((await loadDataset(both, { split: "test" })).column("text"), ["t"]);
  assertEquals((await loadDataset(both, { split: "train[1:]" })).column("text"), ["b"]);
});

withFiles("files are named behind the name of a reader, as in Python", {
  "a.csv": "n\n1\n",
  "b.csv": "n\n2\n",
  "in/c.jsonl": '{"n": 3}\n',
}, async (folder) => {
  const load = async (id: string, dataFiles: DataFiles) => {
    const all = await loadDataset<{ n: number }>(id, { dataFiles });
    return Object.entries(all).map(([split, ds]) => [split, ds.column("n")]);
  };
  assertEquals(await load("csv", `${folder}/b.csv`), [["train", [2]]]);
  const both = { train: `${folder}/*.csv`, test: [`${folder}/**/*.jsonl`, `${folder}/a.csv`] };
  assertEquals(await load("json", both), [["train", [1, 2]], ["test", [3, 1]]]);
  await assertRejects(() => load("text", `${folder}/no.txt`), RangeError, "there is no file");
  await assertRejects(() => load("csv", `${folder}/*.tsv`), RangeError, "the files are a.csv");
  await assertRejects(() => loadDataset("csv"), TypeError, "name them in { dataFiles }");
});

withFiles("a part of a split is the slice that Python takes", {
  "a.txt": Array.from({ length: 25 }, (_, i) => `${i}\n`).join(""),
}, async (folder) => {
  const part = async (split: string) =>
    numbers(await loadDataset<{ text: string }>(`${folder}/a.txt`, { split }));
  for (const [some, rows] of Object.entries(golden.parts)) {
    assertEquals(await part(`train${some}`), rows, some);
  }
  assertEquals((await part("train[:0]")).length, 0); // which Python refuses
  for (const split of ["train[", "train[1]", "", "train[1:2:3]", "a b"]) {
    await assertRejects(() => part(split), RangeError, "is not a split");
  }
  await assertRejects(
    () => part("test"),
    RangeError,
    `Unknown split "test". Should be one of ['train'].`,
  );
});

withFiles("a folder here is read by the rules for a repository", {
  "train/a.csv": "n\n1\n",
  "train/b.csv": "n\n2\n",
  "test/c.csv": "n\n3\n",
  "README.md": "# no data",
}, async (folder) => {
  const all = await loadDataset<{ n: number }>(folder);
  assertEquals(all.train.column("n"), [1, 2]);
  assertEquals(all.test.column("n"), [3]);
  const chosen = await loadDataset(folder, { split: "train", dataFiles: "t*/?.csv" });
  assertEquals(chosen.column("n"), [3, 1, 2]);
});

withFiles("a file that is not what its name says ends in a sentence with its name", {
  "broken.json": '{"a": [1, 2',
  "broken.jsonl": '{"a": 1}\n{"a": \n',
  "number.json": "[1, 2]",
  "wide.csv": "a,b\n1,2\n3,4,5\n",
  "open.csv": 'a,b\n1,"two\n',
  "what.bin": "?",
  "empty.csv": "",
  "cut.parquet": "PAR1 and no more",
  "latin.txt": Uint8Array.of(0x61, 0xe9, 0x62),
  "half.txt": Uint8Array.of(0x61, 0xc3),
  "cut.txt.gz": Uint8Array.of(0x1f, 0x8b, 8, 0),
}, async (folder) => {
  const load = (name: string, options = {}) =>
    loadDataset(`${folder}/${name}`, { split: "train", ...options });
  const wrong: [string, string][] = [
    ["broken.json", "broken.json: "],
    ["latin.txt", "latin.txt: it is not UTF-8"],
    ["half.txt", "half.txt: it is not UTF-8"],
    ["cut.txt.gz", "cut.txt.gz: it should be packed"],
    ["broken.jsonl", "broken.jsonl, line 2: "],
    ["number.json", "1 is not a row"],
    ["wide.csv", "row 2 has 3 fields but the header names 2"],
    ["open.csv", "a quote is opened and never closed"],
  ];
  for (const [name, words] of wrong) await assertRejects(() => load(name), SyntaxError, words);
  await assertRejects(() => load("./what.bin"), TypeError, "does not name a format");
  await assertRejects(() => load("missing.csv"), RangeError, "there is no file");
  await assertRejects(() => load("number.json", { field: "x" }), SyntaxError, 'no field "x"');
  await assertRejects(() => load("cut.parquet"), Error);
  assertEquals((await load("empty.csv")).numRows, 0);
});

withFiles("a CSV field of many lines costs no more than its length", {
  "play.csv": `text,n\n"${'To be, or ""not"" to be\n'.repeat(50_000)}",1\n`,
}, async (folder) => {
  const ds = await loadDataset<{ text: string }>(`${folder}/play.csv`, { split: "train" });
  assertEquals(ds.at(0).text, 'To be, or "not" to be\n'.repeat(50_000));
});

const letters = 'é€😀\uFEFF\uFFFD,"\r\n';
const shifted = Array.from({ length: 4 }, (_, i) => "x".repeat(i) + letters.repeat(20_000));
const quoted = shifted.map((text) => `a,b\r\n"${text.replaceAll('"', '""')}",1\r\n`);
withFiles("letters and line ends may lie across the pieces in which a file is read", {
  ...Object.fromEntries(shifted.map((text, i) => [`${i}.txt`, `\uFEFF${text}`])),
  ...Object.fromEntries(quoted.map((text, i) => [`${i}.csv`, `\uFEFF${text}`])),
}, async (folder) => {
  for (const [i, text] of shifted.entries()) {
    const ds = await loadDataset(`${folder}/${i}.txt`, { split: "train" });
    assert(ds.column("text").join("\r\n") + "\r\n" === text, `${i}.txt`);
    const one = await loadDataset(`${folder}/${i}.csv`, { split: "train" });
    assertEquals([one.numRows, one.at(0).b, one.at(0).a === text], [1, 1, true]);
  }
});

withFiles("a column's type is that of all its rows, and the rows before a wrong one can be read", {
  "late.csv": `n,t,u\n${"1,,\n".repeat(50_000)}0.5,NA,x\n`,
  "broken.jsonl": '{"a": 1}\n{"a": \n',
}, async (folder) => {
  const ds = await loadDataset(`${folder}/late.csv`, { split: "train[:2]" });
  assertEquals([...ds], [{ n: 1, t: null, u: null }, { n: 1, t: null, u: null }]);
  const last = await loadDataset(`${folder}/late.csv`, { split: "train[-1:]" });
  assertEquals([...last], [{ n: 0.5, t: null, u: "x" }]);
  const rows = await loadDataset(`${folder}/broken.jsonl`, { split: "train[:1]" });
  assertEquals([...rows], [{ a: 1 }]);
});

Deno.test("which file belongs to which split is decided as in Python", () => {
  for (const { names, splits } of golden.lists) {
    assertEquals(filesByName(names), splits as unknown as Record<string, string[]>);
  }
  assertEquals(filesByName(["a.py", "README.md"]), {});
  // As roneneldan/TinyStories has them: the shards are the dataset, however many files lie beside them.
  const shards = ["data/train-00000-of-00001-2d5a1467fff1081b.parquet"];
  const beside = ["A-train.txt", "B-train.txt", "C-valid.txt", "D_all_data.tar.gz"];
  assertEquals(filesByName([...beside, ...shards]), { train: shards });
});

Deno.test("names with patterns choose files, and one that chooses none is an error", () => {
  const paths = ["a/x.csv", "a/b/y.csv", "z.csv", "a.csv.gz"];
  const chosen = (pattern: string) => filesByPattern(paths, { train: [pattern] }).train;
  assertEquals(chosen("**/*.csv"), ["a/b/y.csv", "a/x.csv", "z.csv"]);
  assertEquals(chosen("a/*.csv"), ["a/x.csv"]);
  assertEquals(chosen("a/**"), ["a/b/y.csv", "a/x.csv"]);
  assertEquals(chosen("?.csv"), ["z.csv"]);
  assertThrows(() => chosen("*.txt"), RangeError, "Unable to find '*.txt': the files are a/x.csv");
  assertEquals(["a.CSV", "b.csv.gz", "c.zip", "constructor", "d.constructor"].map(formatOf), [
    "csv",
    "csv",
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("a dataset's card is read as a YAML reader reads it, or not at all", async () => {
  for (const { readme, configs } of golden.cards) {
    assertEquals(await cardConfigs(readme), configs as never);
    assertEquals(await cardConfigs(readme.replaceAll("\n", "\r\n")), configs as never);
  }
  assertEquals(await cardConfigs("# nothing"), []);
  assertEquals(await cardConfigs("---\nlicense: mit\n---\n"), []);
  const flow = "---\nconfigs:\n- { config_name: no, data_files: [a.csv, 1.csv] }\n---\n";
  assertEquals(await cardConfigs(flow), [{ config_name: "no", data_files: ["a.csv", "1.csv"] }]);
  for (const strange of ["- config_name: [a, b]", "- &x y", "a: b", "- a: b\n c: d", "- {a"]) {
    await assertRejects(
      () => cardConfigs(`---\nconfigs:\n${strange}\n---\n`),
      SyntaxError,
      "as dataFiles",
    );
  }
});

Deno.test("a card's configurations choose files; a missing or a wrong choice names what there is", () => {
  const paths = ["en/train-0.csv", "en/test-0.csv", "de/a.csv", "README.md"];
  const configs = [
    {
      config_name: "en",
      data_files: [{ split: "train", path: "en/train-*" }, { split: "test", path: ["en/test-*"] }],
    },
    { config_name: "de", data_dir: "de" },
  ];
  assertEquals(filesByCard(paths, configs, "a/b", "en"), {
    train: ["en/train-0.csv"],
    test: ["en/test-0.csv"],
  });
  assertEquals(filesByCard(paths, configs, "a/b", "de"), { train: ["de/a.csv"] });
  const usual = [configs[0], { ...configs[1], default: "true" }];
  assertEquals(filesByCard(paths, usual, "a/b"), { train: ["de/a.csv"] });
  assertThrows(
    () => filesByCard(paths, configs, "a/b"),
    RangeError,
    "Config name is missing. a/b has en, de",
  );
  assertThrows(
    () => filesByCard(paths, configs, "a/b", "fr"),
    RangeError,
    "'fr' not found. a/b has en, de",
  );
  const copy = [
    "default/train/0000.parquet",
    "default/train/0001.parquet",
    "default/partial-test/0000.parquet",
  ];
  assertEquals(filesOfCopy(copy, "a/b"), { train: copy.slice(0, 2), test: copy.slice(2) });
});

const COMMIT = "1".repeat(40), COPY = "2".repeat(40);
const parquet = bytesOf(golden.files.find((file) => file.name === "snappy.parquet")!.data);
const line = (n: number) => `${JSON.stringify({ text: `line ${n}` })}\n`;

/** A test before a Hub with datasets of several makes; asks nothing of any other. */
function hubTest(
  sentence: string,
  body: (hub: FakeHub, options: HubOptions, cacheDir: string) => Promise<void>,
) {
  testWith(["net", "read", "write", "env"], sentence, async () => {
    const only = (files: Files) => ({ refs: { main: COMMIT }, commits: { [COMMIT]: files } });
    await using hub = new FakeHub({
      "datasets/h/dylan": only({
        "datasets.json": '{"train": ["a", "b", "c"]}',
        "README.md": "# Songs",
      }),
      "datasets/h/shards": only({
        "data/train-00000-of-00002.jsonl": line(0) + line(1),
        "data/train-00001-of-00002.jsonl": line(2),
        "data/test-00000-of-00001.jsonl": line(3),
      }),
      "datasets/h/cards": only({
        "README.md": '---\nconfigs:\n- config_name: a\n  data_files: "x/*.txt"\n---\n',
        "x/1.txt": "one\ntwo\n",
        "train.txt": "not me\n",
      }),
      "datasets/h/program": {
        refs: { main: COMMIT, "refs/convert/parquet": COPY },
        commits: {
          [COMMIT]: { "program.py": "print()" },
          [COPY]: { "default/train/0000.parquet": parquet },
        },
      },
      "datasets/h/nothing": only({ "image.png": "?" }),
      [repo]: {
        refs: { main: revision },
        commits: { [revision]: { [file]: '{"train": ["not the real songs"]}' } },
      },
    });
    const cacheDir = await Deno.makeTempDir();
    const options = {
      endpoint: hub.endpoint,
      cacheDir,
      token: undefined,
      offline: false,
      timeout: 2000,
      retries: 0,
      listener: undefined,
    };
    try {
      await body(hub, options, cacheDir);
    } finally {
      await Deno.remove(cacheDir, { recursive: true });
    }
  });
}

hubTest(
  "a dataset loads from the Hub as in the notebook, and again without a request",
  async (hub, options) => {
    const ds = await loadDataset("h/dylan", { ...options, split: "train" });
    assertEquals(ds.repr(), "Dataset({\n    features: ['text'],\n    num_rows: 3\n})");
    hub.heard.length = 0;
    await loadDataset("h/dylan", { ...options, split: "train", revision: COMMIT });
    await loadDataset("h/dylan", { ...options, offline: true });
    assertEquals(hub.heard, []);
  },
);

hubTest(
  "files that are named are neither listed nor, once cached, asked for",
  async (hub, options) => {
    const named = { ...options, revision: COMMIT, dataFiles: "datasets.json" };
    assertEquals((await loadDataset("h/dylan", named)).train.numRows, 3);
    assert(!hub.paths("hub").some((path) => path.includes("/tree/")));
    hub.heard.length = 0;
    await loadDataset("h/dylan", named);
    assertEquals(hub.heard, []);
    const missing = loadDataset("h/dylan", { ...named, dataFiles: "songs.json" });
    assertEquals((await assertRejects(() => missing, HubError)).fault, "no file");
  },
);

hubTest(
  "of a large dataset only the files are downloaded that hold the wanted rows",
  async (hub, options) => {
    const some = await loadDataset("h/shards", { ...options, split: "train[:2]" });
    assertEquals(some.column("text"), ["line 0", "line 1"]);
    const files = () => hub.paths("hub").filter((path) => path.includes("/resolve/")).length;
    assertEquals(files(), 1);
    const more = await loadDataset("h/shards", { ...options, split: "train" });
    assertEquals(more.column("text"), ["line 0", "line 1", "line 2"]);
    assertEquals(files(), 2);
    assertEquals(Object.keys(await loadDataset("h/shards", options)), ["train", "test"]);
  },
);

hubTest("the card's word goes before the names of files", async (_, options) => {
  const ds = await loadDataset("h/cards", { ...options, split: "train" });
  assertEquals(ds.column("text"), ["one", "two"]);
});

hubTest("a dataset that is a program is read from its Parquet copy", async (_, options) => {
  const ds = await loadDataset("h/program", { ...options, split: "train" });
  assertEquals(ds.numRows, 7);
  assertEquals(ds.at(3).text, "two\nlines");
  const nothing = () => loadDataset("h/nothing", options);
  await assertRejects(nothing, RangeError, "no file of a known format (image.png)");
});

Deno.test("without any permission songs are the shipped ones, and the line says so", async () => {
  const { dataset, which } = await songs({ data: "shipped" });
  assertEquals(dataset.numRows, shipped.train.length);
  assertEquals(dataset.at(-1), { text: shipped.train.at(-1)! });
  assertEquals(which, `Dataset: the ${shipped.train.length} songs of this project (CC0)`);
});

Deno.test({
  name: "where nothing is permitted songs asks for nothing",
  permissions: "none",
  async fn() {
    const { dataset, which } = await songs();
    assertEquals(dataset.numRows, shipped.train.length);
    assertStringIncludes(which, "since the program may not read the cache");
  },
});

hubTest(
  "songs that nobody can bring are the shipped ones, and the line says why",
  async (hub, options) => {
    for (const [given, why] of [[{ offline: true }, "offline"], [{}, "hash"]] as const) {
      const { dataset, which } = await songs({ ...options, ...given });
      assertEquals(dataset.numRows, shipped.train.length);
      assertStringIncludes(
        which,
        `since huggingartists/bob-dylan is not in the cache and can't be reached (${why})`,
      );
      assertEquals(which.includes("\n"), false);
    }
    // The Hub of this test has other songs under that name; they were not taken for the real ones.
    assert(hub.heard.length > 0);
  },
);

withFiles("songs in the cache are taken, even where the network is forbidden", {
  [`${repo.replaceAll("/", "--")}/snapshots/${revision}/${file}`]: '{"train": ["la", "li"]}',
}, async (cacheDir) => {
  const wrong = await songs({ cacheDir });
  assertStringIncludes(wrong.which, "in the cache is not the pinned one (hash)");
  assertEquals(wrong.dataset.numRows, shipped.train.length);
  const pinned = sha256(new TextEncoder().encode('{"train": ["la", "li"]}'));
  const { dataset, which } = await songs({
    cacheDir,
    source: { ...sources.songs, sha256: pinned },
  });
  assertEquals([...dataset], [{ text: "la" }, { text: "li" }]);
  assertEquals(which, "Dataset: huggingartists/bob-dylan at 8757c84, 2 songs");
  const { which: without } = await songs({ cacheDir: `${cacheDir}/other` });
  assertStringIncludes(without, "is not in the cache and the program may not download it");
}, { read: true, write: true });

withFiles(
  "--data takes any file: its column of text, or in a .txt what stands between empty lines",
  {
    "songs.txt": "one\ntwo\n\n\nthree\n",
    "lyrics.csv": "n,lyrics\n1,la\n2,li\n",
    "two.csv": "a,b\nx,y\n",
  },
  async (folder) => {
    const { dataset, which } = await songs({ data: `${folder}/songs.txt` });
    assertEquals(dataset.column("text"), ["one\ntwo", "three"]);
    assertEquals(which, `Dataset: ${folder}/songs.txt, 2 texts`);
    assertEquals((await songs({ data: `${folder}/lyrics.csv` })).dataset.column("text"), [
      "la",
      "li",
    ]);
    const none = () => songs({ data: `${folder}/two.csv` });
    await assertRejects(
      none,
      Error,
      "no column 'text', and not exactly one column of text; it has a, b",
    );
  },
);

hubTest(
  "deno task fetch says where things lie, and what went wrong; a wrong name gets the right ones",
  async (_, options) => {
    const lines: string[] = [];
    const run = async (...args: string[]) => {
      lines.length = 0;
      return await fetchAll(args, (line) => void lines.push(line), options);
    };
    assertEquals(await run("--", "--help"), 0);
    assertEquals(lines.length, 7);
    assertEquals(await run("song"), 2);
    const there = "songs, gpt2, gpt2-medium, gpt2-large, gpt2-xl";
    assertEquals(lines, [`fetch: there is no "song" to download; there are ${there}`]);
    assertEquals(await run(), 1);
    assertStringIncludes(lines[1], "not the promised df84541347f8396a");
    assertStringIncludes(lines[3], "openai-community/gpt2");

    const folder = `${options.cacheDir}/${repo.replaceAll("/", "--")}/snapshots/${revision}`;
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(`${folder}/${file}`, "{}");
    assertEquals(await run("songs"), 1);
    assertStringIncludes(lines[1], `${folder}/${file}, is a different one`);
  },
);
