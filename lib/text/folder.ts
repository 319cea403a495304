/*
 * A vocabulary as Hugging Face's folders keep it: `vocab.json` gives each token an id, `merges.txt` the pairs in the
 * order in which they were learnt, a line each.
 *
 * Both are texts, so bytes are spelled as letters: those that print as themselves, the others, in order, as the
 * letters from U+0100 on. A space is Ġ.
 */
import { host } from "../host/mod.ts";
import { Codec } from "./codec.ts";
import { PretrainedTokenizer } from "./pretrained.ts";
import { GPT2_SPLIT_PATTERN } from "./split.ts";

/** The letter of each byte. */
const letters: readonly string[] = (() => {
  const prints = /[!-~¡-¬®-ÿ]/;
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const letter = String.fromCharCode(byte);
    return prints.test(letter) ? letter : String.fromCharCode(next++);
  });
})();

/** A token's bytes as its letters: " the" is Ġthe. */
export const spelled = (bytes: Iterable<number>): string =>
  Array.from(bytes, (byte) => letters[byte]).join("");

/**
 * The tokenizer in a folder that holds `vocab.json` and `merges.txt`, as GPT-2's does.
 *
 * @throws {RangeError} where one of the two is missing, or they do not belong together
 */
export function loadTokenizer(folder: string): PretrainedTokenizer {
  const [vocab, merges] = ["vocab.json", "merges.txt"].map((name) => {
    const path = `${folder}/${name}`;
    if (host.files.info(path)) return host.files.readText(path);
    throw new RangeError(
      `${folder}: it holds no ${name}, and a GPT-2's vocabulary is in vocab.json and merges.txt; ` +
        `download it again`,
    );
  });
  return readTokenizer(vocab, merges, folder);
}

/**
 * The tokenizer of the texts of `vocab.json` and `merges.txt`; `folder` is what errors call them.
 *
 * @throws {RangeError} where they do not belong together
 */
export function readTokenizer(
  vocab: string,
  merges: string,
  folder = "the vocabulary",
): PretrainedTokenizer {
  const refuse = (what: string): never => {
    throw new RangeError(`${folder}: ${what}; take vocab.json and merges.txt from one model`);
  };
  let ids: Record<string, number> = {};
  try {
    ids = Object(JSON.parse(vocab));
  } catch {
    refuse("vocab.json is no JSON");
  }
  const bytes = letters.map((letter, byte) => [ids[letter], byte]).sort(([a], [b]) => a - b);
  if (bytes.some(([id], i) => id !== i)) {
    refuse("the ids 0 to 255 in vocab.json are not the bytes'");
  }
  const codec = new Codec([], bytes.map(([, byte]) => byte));
  for (const line of merges.split("\n")) {
    if (line.trim() === "" || line.startsWith("#version")) continue;
    const [left, right] = line.trimEnd().split(" ");
    const id = codec.vocab.length;
    if (!(ids[left] < id && ids[right] < id) || ids[left + right] !== id) {
      refuse(
        `merges.txt makes "${left}${right}" of "${left}" and "${right}", and vocab.json has no ` +
          `such token at ${id}`,
      );
    }
    codec.add([ids[left], ids[right]]);
  }
  const special = Object.entries(ids).filter(([, id]) => id >= codec.vocab.length);
  const special_tokens = Object.fromEntries(special);
  return new PretrainedTokenizer({ codec, special_tokens }, GPT2_SPLIT_PATTERN);
}
