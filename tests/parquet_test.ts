/*
 * What a Parquet file may hold, compared with what pyarrow reads and Python prints (goldens/data.py). Whole files of rows
 * are in data_test.ts, damaged ones in hostile_files_test.ts.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { loadDataset } from "../lib/data/load.ts";
import { repr } from "../lib/python/repr.ts";
import { testWith } from "./fake_hub.ts";
import golden from "./goldens/data.json" with { type: "json" };

const bytesOf = (base64: string) => Uint8Array.fromBase64(base64);

for (const [packed, data] of Object.entries(golden.deep.files)) {
  testWith(["read", "write"], `${packed}: Parquet's values in values and decimals`, async () => {
    const path = `${await Deno.makeTempDir()}/deep.parquet`;
    await Deno.writeFile(path, bytesOf(data));
    assertEquals([...await loadDataset(path, { split: "train" })], golden.deep.rows);
  });
}

testWith(
  ["read", "write"],
  "lists that cannot be read are said to be so, and how to write them",
  async () => {
    const path = `${await Deno.makeTempDir()}/lists.parquet`;
    await Deno.writeFile(path, bytesOf(golden["lists of version 2"]));
    const says = "it has lists of structures in data pages of version 2";
    await assertRejects(() => loadDataset(path, { split: "train" }), SyntaxError, says);
  },
);

testWith(["read", "write"], "Parquet's days and times print as Python's", async () => {
  const path = `${await Deno.makeTempDir()}/times.parquet`;
  await Deno.writeFile(path, bytesOf(golden.times.data));
  const rows = [...await loadDataset(path, { split: "train" })];
  assertEquals(rows.map((row) => repr(row)), golden.times.rows);
});
