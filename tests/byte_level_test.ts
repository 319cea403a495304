/*
 * Tokenizers that Hugging Face's tokenizers trained, read from their `tokenizer.json` and written again: ids and texts are
 * those of tokenizers and transformers (goldens/byte_level.py).
 */
import { assertEquals, assertThrows } from "@std/assert";
import { decodeStream, loadTokenizer, readTokenizer, saveTokenizer } from "../lib/text/mod.ts";
import { testWith } from "./fake_hub.ts";
import golden from "./goldens/byte_level.json" with { type: "json" };

const needs: Deno.PermissionName[] = ["read", "write"];
const all = { allowedSpecial: "all" } as const;
const numbers = (row: string) => row === "" ? [] : row.split(" ").map(Number);

async function folderOf(json: string): Promise<string> {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/tokenizer.json`, json);
  return folder;
}

for (const [name, { json, ids, bare, decoded }] of Object.entries(golden.tokenizers)) {
  testWith(needs, `${name}: a tokenizer of others gives their ids and texts`, async () => {
    const folder = await folderOf(json);
    const tokenizer = loadTokenizer(folder);
    await saveTokenizer(`${folder}/again`, tokenizer);
    const { model, added_tokens } = JSON.parse(json);
    const again = JSON.parse(await Deno.readTextFile(`${folder}/again/tokenizer.json`));
    assertEquals(again.model.vocab, model.vocab);
    assertEquals(again.added_tokens, added_tokens);
    const known = new Set<number>(Object.values(model.vocab));
    for (const { id } of added_tokens) known.add(id);
    for (const one of [tokenizer, loadTokenizer(`${folder}/again`)]) {
      assertEquals(golden.texts.map((text) => one.encode(text, all).join(" ")), ids);
      const plain = { ...all, addSpecialTokens: false };
      assertEquals(golden.texts.map((text) => one.encode(text, plain).join(" ")), bare);
      assertEquals(ids.map((row) => one.decode(numbers(row))), decoded);
      assertEquals(one.nVocab, Math.max(...known) + 1);
      for (const [i, row] of ids.entries()) {
        assertEquals((await Array.fromAsync(decodeStream(one, numbers(row)))).join(""), decoded[i]);
      }
    }
  });
}

for (const [name, json] of Object.entries(golden.refused)) {
  testWith(needs, `${name}: a tokenizer that would give other ids is refused`, async () => {
    const folder = await folderOf(json);
    const says = {
      "a token for unknown bytes": "is the byte 0, but its vocabulary has no such token",
      "a pattern with anchors": "its split pattern has ^, which means something else here",
      "a pattern with classes in a class": "its split pattern has [a-z[0-9]",
    }[name]!;
    assertThrows(() => loadTokenizer(folder), RangeError, says);
  });
}

testWith(needs, "of a vocabulary that is damaged, an id for two tokens is named", async () => {
  const { model, ...rest } = JSON.parse(golden.tokenizers["special tokens first"].json);
  const [first, second] = model.merges.map((pair: string[]) => pair.join(""));
  const twice = model.vocab[first];
  const damages: [change: Record<string, number>, says: string][] = [
    [{ Ġt: 4 }, "gives the id 4"],
    [{ b: 5 }, "an id to two"],
    [{ [second]: twice }, `gives the id ${twice} to "${second}" and to "${first}"`],
  ];
  for (const [change, says] of damages) {
    const vocab = { ...model.vocab, ...change };
    const folder = await folderOf(JSON.stringify({ ...rest, model: { ...model, vocab } }));
    assertThrows(() => loadTokenizer(folder), RangeError, says);
  }
});

Deno.test("special tokens come first in vocab.json, too", () => {
  const { json, ids } = golden.tokenizers["special tokens first"];
  const { vocab, merges } = JSON.parse(json).model;
  const lines = merges.map((pair: string[]) => pair.join(" ")).join("\n");
  const tokenizer = readTokenizer(JSON.stringify(vocab), `#version: 0.2\n${lines}\n`);
  assertEquals(golden.texts.map((text) => tokenizer.encode(text, all).join(" ")), ids);
});
