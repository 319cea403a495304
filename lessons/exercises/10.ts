/*
# Exercises of lesson 10

The dataset.
*/
import { Dataset } from "#lib";
import type { Checks } from "../../lib/lesson/exercise.ts";

/*
## 1. Predict

How many songs are in the test split if a tenth of 2,241 songs is split off?
*/

export const testSongs = /* your answer */ 225;

/*
## 2. New words

Return the words of `test` that do not occur in `train`, each once and in lower case,
in the order of `test`. A word is a run of letters; "The" and "the" are the same word.
*/

export function newWords(train: string, test: string): string[] {
  // your code
  const words = (text: string) => text.toLowerCase().match(/\p{L}+/gu) ?? [];
  const known = new Set(words(train));
  return [...new Set(words(test))].filter((word) => !known.has(word));
  // end
}

/*
## 3. The same split

145 songs are split twice with the seed 42. How many of the 15 songs in the first
test split are in the second one too?
*/

export const sameSeed = /* your answer */ 15;

/*
## 4. A number for each character

Give the different characters of `train` the numbers 1, 2, 3, … in the order in which
they first occur, and return the numbers of the characters of `text`. A character that
`train` never had gets the number 0. What does the 0 cost, when the numbers become a
text again? Lesson 11's tokenizer needs no such number.
*/

export function numbersOf(train: string, text: string): number[] {
  // your code
  const characters = [...new Set(train)];
  return [...text].map((character) => characters.indexOf(character) + 1);
  // end
}

// ---- checks ----

import { wrongNumber } from "../../lib/lesson/exercise.ts";

export const checks: Checks = {
  testSongs: {
    hint: "The size of the test split is rounded up.",
    wrong(given: number) {
      const text = Array.from({ length: 2241 }, (_, i) => `song ${i}`);
      const { test } = Dataset.from({ text }).trainTestSplit({
        testSize: 0.1,
        seed: 42,
      });
      return wrongNumber(given, test.numRows);
    },
  },
  sameSeed: {
    hint: "A seed settles every random number that follows.",
    wrong(given: number) {
      const text = Array.from({ length: 145 }, (_, i) => `song ${i}`);
      const draw = (seed: number) =>
        Dataset.from({ text }).trainTestSplit({ testSize: 0.1, seed }).test
          .column("text");
      const [one, two] = [draw(42), draw(42)];
      return wrongNumber(
        given,
        one.filter((song) => two.includes(song)).length,
      );
    },
  },
  numbersOf: {
    hint:
      "indexOf gives −1 for what is not there; [...text] keeps an emoji whole.",
    wrong(given: typeof numbersOf) {
      const cases: [string, string, string][] = [
        ["banana", "nab", "3,2,1"],
        ["a cafe", "a café 🎸!", "1,2,3,1,4,0,2,0,0"],
      ];
      for (const [train, text, wanted] of cases) {
        const got = given(train, text).join();
        if (got !== wanted) {
          return `"${text}" gives [${got}]; expected [${wanted}]`;
        }
      }
      return "";
    },
  },
  newWords: {
    hint: "A Set of the words of `train`, and a filter over those of `test`.",
    wrong(given: typeof newWords) {
      const got = given(
        "The river ran, the road ran",
        "A river, a Road, a RIDGE; a ridge",
      );
      return got.join() === "a,ridge"
        ? ""
        : `yours is [${got}]; expected [a,ridge]`;
    },
  },
};
