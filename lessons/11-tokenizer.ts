/*
# Lesson 11: The tokenizer

How a text becomes numbers: pieces of words, found by merging the pair that occurs most often.

Needs the network: no more than lesson 10.
*/

import {
  countPairs,
  display,
  lesson,
  mergePair,
  RegexTokenizer,
  showTokens,
  type Tensor,
  tensor,
  tuple,
} from "#lib";
import { data, ds, which } from "./10-dataset.ts";

const { show } = lesson(import.meta, { data });

export const nToken = 512; // tokens in the vocabulary
await show(which);
//> Dataset: the 145 songs of this project (CC0)

/*
## From characters to pieces

Lesson 10 ended between two bad choices: a number for each word, which leaves new words without one, and a
number for each character, which makes texts long and every word a spelling exercise. Byte pair encoding
takes the way between. It begins with the 256 bytes that any text consists of, so that nothing can be new.
Then it looks for the pair of neighbours that occurs most often, gives the pair a number of its own, and
puts that number wherever the pair stands. And again, and again, until there are as many numbers as were
wanted.

On eleven letters, merge by merge:
*/

let letters = [...new TextEncoder().encode("aaabdaaabac")];
await show(letters);
//> [97, 97, 97, 98, 100, 97, 97, 97, 98, 97, 99]
for (const id of [256, 257, 258]) {
  const [[pair, times]] = [...countPairs([letters])].sort(([, a], [, b]) =>
    b - a
  );
  const [left, right] = pair.split(",").map(Number);
  letters = mergePair(letters, [left, right], id);
  await show(
    `${left}, ${right} occurs ${times} times and becomes ${id}:`,
    letters,
  );
  //> 97, 97 occurs 4 times and becomes 256: [256, 97, 98, 100, 256, 97, 98, 97, 99]
  //> 256, 97 occurs 2 times and becomes 257: [257, 98, 100, 257, 98, 97, 99]
  //> 257, 98 occurs 2 times and becomes 258: [258, 100, 258, 97, 99]
}

/*
97 and 98 are the bytes of `a` and `b`, so 256 is `aa`, 257 is `aaa` and 258 is `aaab`. Eleven letters have
become five tokens. (Where two pairs are equally frequent, the one that is met first is merged.) A tokenizer
is just the list of these merges; the library's finds the same ones, without counting all pairs anew each
time.
*/

const toy = new RegexTokenizer();
toy.train("aaabdaaabac", 256 + 3);
await show(toy.encode("aaabdaaabac"));
//> [258, 100, 258, 97, 99]

/*
## Learning from songs

Twenty songs are enough to find what is frequent. Here is a piece of them:
*/

const partialText = ds.train.slice(0, 20).column("text").join("\n");
await show(partialText.slice(502, 600));
//> d out her name.
//> And halfway along, with the street going small,
//> She said to him, Aldo, I know of i

/*
A vocabulary of 512 tokens is 256 merges. One thing more than in the toy happens before: a pattern, the one
of GPT-4, cuts the text into words with the space before them, numbers, punctuation and line ends, and no
merge reaches over a cut. Otherwise "dog", "dog." and "dog," would each have to be learned by themselves.
*/

export const tokenizer = new RegexTokenizer();
tokenizer.train(partialText, nToken);
await show(tokenizer.merges.length);
//> 256

/*
The first merges are the most frequent pairs of letters, and a space is part of most of them:
*/

const token = (id: number) => tokenizer.decode([id]);
const ids = Array.from({ length: tokenizer.nVocab }, (_, id) => id);
await show(ids.slice(256, 268).map(token));
//> ['he', ' t', ' a', ' the', 'nd', ' s', ' w', ' i', ' o', '.\n', 're', 'ou']

/*
The last ones are rarer, and longer; some are whole words:
*/

await show(ids.slice(-12).map(token));
//> [' qu', ' or', ' br', ' would', 'our', ' H', 'row', ' You', ' C', 'pp', ' took', ' wat']

/*
## Everything in tokens

The tokenizer has seen twenty songs, but it can write all of them, and anything else. Both parts of the
dataset, each as one long line of tokens:
*/

const encodeAll = (songs: string[]) =>
  tensor(tokenizer.encode(songs.join("\n")));
export const trainData = encodeAll(ds.train.column("text"));
export const valData = encodeAll(ds.test.column("text"));
await show(display(tuple(trainData.size(), trainData.index(":50"))));
//> (torch.Size([80252]),
//>  tensor([ 77, 425, 109,  97,  32,  90, 425,  98, 101, 284, 105, 262, 408, 491,
//>          259, 379, 266,  10,  70, 114, 349, 259, 318, 101, 492, 313, 302, 259,
//>          505, 324, 438,  32,  69, 109, 112, 105, 266,  10, 465, 258, 285, 293,
//>          299, 111, 108, 272, 258, 333, 438,  98]))

/*
The 10 in it is the end of a line; where a comma or a full stop comes before, the two are one token. How
many characters a token stands for, in the songs of the training set and in those that were put aside:
*/

const perToken = (songs: string[], tokens: Tensor) =>
  (songs.join("\n").length / tokens.numel()).toFixed(2);
await show(
  perToken(ds.train.column("text"), trainData),
  perToken(ds.test.column("text"), valData),
);
//> 2.22 2.16

/*
Nearly the same: what is frequent in one song is frequent in the next.

## Looking at it

The notebook's example. Its own tokens were other ones, since it learned them from other songs; what must
come back is the text.
*/

const test = "hello world";
const testEncoded = tokenizer.encode(test);
await show(
  display(
    tuple(testEncoded, testEncoded.map(token), tokenizer.decode(testEncoded)),
  ),
);
//> ([256, 284, 111, 486, 319], ['he', 'll', 'o', ' wor', 'ld'], 'hello world')

/*
And the beginning of a song, each token apart (in a terminal, in a colour of its own):
*/

const song = ds.train.at(0).text;
await show(showTokens(tokenizer, song.split("\n").slice(0, 4).join("\n")));
//> M│am│m│a│ │Z│am│b│e│ll│i│ w│al│ked│ the│ wi│re│⏎
//> │F│r│om│ the│ st│e│ep│le│ to│ the│ H│ot│el│ │E│m│p│i│re│⏎
//> │With│ a│ p│ar│as│o│l│ and│ a│ whe│el│b│ar│row│,│ in│⏎
//> │W│hi│ch│ s│at│ her│ h│u│s│b│a│nd│,│ th│in│.

/*
The longest tokens. In the notebook they were ' lonesome' and ' tonight'; these songs have no such
favourites, and what is long and frequent in them is what is long and frequent in English.
*/

const tokenList = ids.map(token).sort((a, b) => b.length - a.length);
await show(display(tokenList.slice(0, 20)));
//> [' there',
//>  ' where',
//>  ' never',
//>  ' would',
//>  ' with',
//>  ' that',
//>  'There',
//>  ' said',
//>  ' down',
//>  ' have',
//>  ' when',
//>  ' know',
//>  ' from',
//>  ' your',
//>  ' came',
//>  ' hand',
//>  ' went',
//>  ' like',
//>  ' come',
//>  ' look']

/*
## Nothing is lost

Any text comes back as it was, in any script, since the 256 bytes are all still there. What was not in the
songs costs more: a letter that takes two bytes takes two tokens, an emoji four.
*/

for (const text of ["the river", "Straße", "река", "🎸"]) {
  const encoded = tokenizer.encode(text);
  await show(text, encoded.length, tokenizer.decode(encoded) === text);
  //> the river 5 True
  //> Straße 7 True
  //> река 8 True
  //> 🎸 4 True
}

/*
One of those tokens alone is no text, only a part of a character. Decoding shows such bytes as the sign for
what can't be read; a model that has learned little will write it now and then.
*/

await show(token(tokenizer.encode("🎸")[0]));
//> �

/*
Next: from a line of tokens to questions and answers that a model can be trained on, in lesson 12.
*/
