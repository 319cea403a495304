/*
 * Files that are odd, hostile or broken. They are read as Python's `datasets` and safetensors read them
 * (goldens/faults.py), or refused with a sentence that names the file.
 */
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { gzipSync } from "node:zlib";
import { loadDataset } from "../lib/data/load.ts";
import { Timestamp } from "../lib/data/parquet.ts";
import { decodeSafetensors, encodeSafetensors, type SafeTensor } from "../lib/data/safetensors.ts";
import { toFloat32 } from "../lib/data/tensors.ts";
import { withFiles } from "./fake_hub.ts";
import golden from "./goldens/faults.json" with { type: "json" };

const bytesOf = (base64: string) => Uint8Array.fromBase64(base64);

/** A value as goldens/faults.py wrote it. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return { $: "int", is: String(value) };
  if (value instanceof Uint8Array) return { $: "bytes", is: value.toBase64() };
  if (value instanceof Date) {
    const digits = value.toISOString().replace(/\.(\d+)Z$/, (_, d) => `.${d.padEnd(6, "0")}+00:00`);
    return { $: "time", is: digits.replace(".000000", "") };
  }
  if (typeof value === "number" && !Number.isFinite(value)) {
    return { $: "float", is: String(value).replace("Infinity", "inf").toLowerCase() };
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
}

/** Whole numbers as text, since a column that holds a great one holds bigints. */
const spelled = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value),
    (_, one) => one?.$ === "int" ? one.is : Number.isInteger(one) ? String(one) : one,
  );

for (const { name, data, sampleBy, rows, refused } of golden.files) {
  const what = refused ? "is refused with its name" : "reads as in Python";
  withFiles(`${name} ${what}`, { [name]: bytesOf(data) }, async (folder) => {
    const load = () =>
      loadDataset(`${folder}/${name}`, {
        split: "train",
        sampleBy: (sampleBy ?? undefined) as "paragraph" | "document" | undefined,
      });
    if (name === "huge.csv") { // Python has no number that large; we have
      assertEquals((await load()).column("id"), [12345678901234567890123n, 1n]);
    } else if (refused) {
      const { message } = await assertRejects(load, SyntaxError);
      assert(message.startsWith(`read ${folder}/${name}`) && !message.includes("\n"), message);
    } else {
      const found = [...await load()].map((row) =>
        Object.entries(row).map(([k, v]) => [k, plain(v)])
      );
      assertEquals(spelled(found), spelled(rows));
    }
  });
}

withFiles("a column has one type, whatever its row groups hold", {
  "groups.parquet": bytesOf(golden.files.find((one) => one.name === "groups.parquet")!.data),
}, async (folder) => {
  const ds = await loadDataset(`${folder}/groups.parquet`, { split: "train" });
  const types = (
    column: unknown[],
  ) => [...new Set(column.filter((one) => one !== null).map((one) => typeof one))];
  assertEquals(types(ds.column("big")), ["bigint"]);
  assertEquals(types(ds.column("u64")), ["bigint"]);
  assertEquals(types(ds.column("small")), ["number"]);
  assertEquals(types((ds.column("ids") as unknown[][]).flat()), ["number"]);
  assert(ds.column("us")[0] instanceof Timestamp);
  assertEquals(JSON.stringify(ds.column("us")[0]), '"2024-01-02T03:04:05.123456Z"');
  assertEquals(ds.features.bin, "binary");
});

Deno.test("a header is refused where the reference refuses it, and nowhere else", () => {
  const differ: string[] = [];
  for (const { data, length, refused } of golden.headers) {
    const bytes = new Uint8Array(length);
    bytes.set(bytesOf(data));
    let ours: string | null = null;
    try {
      decodeSafetensors(bytes);
    } catch (error) {
      assert(error instanceof RangeError, String(error));
      ours = error.message;
    }
    if ((ours === null) !== (refused === null)) {
      differ.push(`${new TextDecoder().decode(bytesOf(data).slice(8))}: ${ours} and ${refused}`);
    }
  }
  assertEquals(differ, []);
});

Deno.test("numbers of 8 bits are PyTorch's, and come back as they were", () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  for (const [dtype, values] of Object.entries(golden.quarters)) {
    const array = { dtype, shape: [256], data: all } as unknown as SafeTensor;
    assertEquals([...toFloat32(array)].map(plain), values);
    const half = { dtype: "F32", shape: [1], data: Float32Array.of(2) } as const;
    const { tensors } = decodeSafetensors(encodeSafetensors({ array, half }));
    assertEquals(tensors, { array, half });
  }
  const packed = { dtype: "F4", shape: [4], data: Uint8Array.of(1, 2) } as const;
  assertEquals(decodeSafetensors(encodeSafetensors({ packed })).tensors, { packed });
  assertThrows(() => toFloat32(packed), RangeError, "F4 are not read here");
});

const line = `{"text": "${"x".repeat(2 ** 20)}"}\n`;
withFiles("what grows past a limit is refused with the limit, and read where it is raised", {
  "bomb.txt.gz": gzipSync(new Uint8Array(2 ** 24)) as Uint8Array<ArrayBuffer>,
  "line.jsonl": line,
  "line.csv": `a,b\n1,"${"x".repeat(2 ** 20)}"\n`,
  "line.txt": "x".repeat(2 ** 20),
  "whole.json": `[${JSON.stringify("x".repeat(2 ** 20))}]`,
  "small.txt": "one\ntwo\n",
}, async (folder) => {
  const load = (name: string, limits = {}) =>
    loadDataset(`${folder}/${name}`, { split: "train", ...limits });
  const refused = async (name: string, limits: object) =>
    (await assertRejects(() => load(name, limits), SyntaxError)).message;
  assertMatch(
    await refused("bomb.txt.gz", { maxUnpacked: 2 ** 20 }),
    /^read \S+bomb.txt.gz: it unpacks to more than 1,048,576 bytes; .* LESSONS_MAX_UNPACKED/,
  );
  for (const name of ["line.jsonl", "line.csv", "line.txt", "whole.json", "bomb.txt.gz"]) {
    assertMatch(
      await refused(name, { maxRow: 2 ** 16 }),
      /^read \S+: .* has more than 65,536 characters; .* LESSONS_MAX_ROW/,
    );
    assertEquals((await load(name)).numRows, 1);
  }
  assertEquals((await load("small.txt", { maxRow: 10 })).numRows, 2);
  // The first rows of a file that is too large are read all the same.
  const first = await loadDataset(`${folder}/line.jsonl`, { split: "train[:1]", maxRow: 2 ** 21 });
  assertEquals(first.numRows, 1);
});
