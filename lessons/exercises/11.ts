/*
# Exercises of lesson 11

The tokenizer.
*/
import { RegexTokenizer } from "#lib";
import type { Checks } from "../../lib/lesson/exercise.ts";

/*
## 1. Predict

How many tokens is "🎸🎸" in lesson 11's vocabulary, which never saw an emoji?
*/

export const tokensOfGuitars = /* your answer */ 8;

/*
## 2. Encode

`merges[i]` is a pair of ids that was merged into the id 256 + i. Encode a word: begin
with its bytes, and as long as a pair of neighbors is among the merges, merge the one
that was learned first, everywhere in the word from left to right.
*/

export function encode(
  word: string,
  merges: readonly (readonly [number, number])[],
): number[] {
  // your code
  let ids = [...new TextEncoder().encode(word)];
  merges.forEach(([left, right], i) => {
    const merged: number[] = [];
    for (let at = 0; at < ids.length; at++) {
      const isPair = ids[at] === left && ids[at + 1] === right;
      merged.push(isPair ? 256 + i : ids[at]);
      if (isPair) at++;
    }
    ids = merged;
  });
  return ids;
  // end
}

// ---- checks ----

import { wrongNumber } from "../../lib/lesson/exercise.ts";

const trained = () => {
  const tokenizer = new RegexTokenizer();
  tokenizer.train(
    "the cat and the dog and the bird went there and then",
    256 + 12,
  );
  return tokenizer;
};

export const checks: Checks = {
  tokensOfGuitars: {
    hint: "An emoji has four bytes in UTF-8.",
    wrong: (given: number) =>
      wrongNumber(given, trained().encode("🎸🎸").length),
  },
  encode: {
    hint: "Going through the merges in their order is enough.",
    wrong(given: typeof encode) {
      const tokenizer = trained();
      for (const word of ["there", "and", "aaa", "ß"]) {
        const [got, wanted] = [
          given(word, tokenizer.merges).join(),
          tokenizer.encode(word).join(),
        ];
        if (got !== wanted) {
          return `"${word}" gives [${got}]; expected [${wanted}]`;
        }
      }
      return "";
    },
  },
};
