/*
# Lesson 11: The tokenizer

How a text becomes numbers: as pieces of words, found by merging the most
frequent pair again and again.

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

const vocabSize = 512; // tokens in the vocabulary
await show(which);
//> Dataset: the 145 songs of this project (CC0)

/*
## From characters to pieces

Lesson 10 ended between two bad choices: a number for each word, so that new
words have none, or a number for each character, so that texts become long.
**Byte pair encoding** (BPE) lies in between. A text is stored as bytes (in
UTF-8), and there are only 256 different ones. They are the first 256 ids, so
no text can hold anything new. Then BPE finds the pair of neighbors that
occurs most often, gives that pair a new id, and replaces the pair with this
id everywhere. It repeats this until there are as many ids as we want.

The notebook takes `minbpe` for this, Andrej Karpathy's small program in
Python; ours finds the same merges. (The notebook's heading calls it a
word-level tokenizer, but its tokens are pieces of words.)

Here are the first merges of a text of eleven letters. `countPairs` counts the
pairs of neighbors, and `mergePair` replaces a pair with an id.
*/

let letters = [...new TextEncoder().encode("aaabdaaabac")];
await show(letters);
//> [97, 97, 97, 98, 100, 97, 97, 97, 98, 97, 99]
for (const id of [256, 257, 258]) {
  const counts = [...countPairs([letters])].sort(([, a], [, b]) => b - a);
  const [pair, times] = counts[0]; // the most frequent one
  const [left, right] = pair.split(",").map(Number);
  letters = mergePair(letters, [left, right], id);
  const found = `${left}, ${right} occurs ${times} times`;
  await show(`${found} and becomes ${id}:`, letters);
  //> 97, 97 occurs 4 times and becomes 256: [256, 97, 98, 100, 256, 97, 98, 97, 99]
  //> 256, 97 occurs 2 times and becomes 257: [257, 98, 100, 257, 98, 97, 99]
  //> 257, 98 occurs 2 times and becomes 258: [258, 100, 258, 97, 99]
}

/*
97 and 98 are the bytes of `a` and `b`, so 256 is `aa`, 257 is `aaa`, and 258
is `aaab`. Eleven letters have become five tokens. Two details: the count of a
pair includes overlaps, so `aaa` has the pair `aa` twice, though only one of
the two can be merged. And if two pairs are equally frequent, the one that
comes first in the text is merged.

The list of merges is the whole tokenizer. The library's tokenizer finds the
same merges, but it does not count all pairs again each time.
*/

const toy = new RegexTokenizer();
toy.train("aaabdaaabac", 256 + 3);
await show(toy.encode("aaabdaaabac"));
//> [258, 100, 258, 97, 99]

/*
## Training it on songs

Twenty songs are enough to find what is frequent. A piece of their text:
*/

const partialText = ds.train.slice(0, 20).column("text").join("\n");
await show(partialText.slice(502, 600));
//> d out her name.
//> And halfway along, with the street going small,
//> She said to him, Aldo, I know of i

/*
A vocabulary of 512 tokens takes 256 merges. Before that comes one step that
eleven letters did not need. A regular expression, the one of GPT-4, splits
the text into chunks: a word with the space before it, a number, punctuation,
line breaks. No merge crosses from one chunk into the next. Otherwise "dog",
"dog." and "dog," would each have to be learned separately.
*/

export const tokenizer = new RegexTokenizer();
export const nToken = tokenizer.train(partialText, vocabSize);
await show(tokenizer.merges.length);
//> 256

/*
The first merges are the most frequent pairs, often with a space:
*/

const token = (id: number) => tokenizer.decode([id]);
const ids = Array.from({ length: tokenizer.nVocab }, (_, id) => id);
await show(ids.slice(256, 268).map(token));
//> ['he', ' t', ' a', ' the', 'nd', ' s', ' w', ' i', ' o', '.\n', 're', 'ou']

/*
The last merges are rarer and longer; some are whole words:
*/

await show(ids.slice(-12).map(token));
//> [' qu', ' or', ' br', ' would', 'our', ' H', 'row', ' You', ' C', 'pp', ' took', ' wat']

/*
## Encoding, step by step

To encode a new word, the tokenizer does not count. It starts with the bytes
of the word and applies its merges in the order in which it learned them: of
all pairs in the word that have an id, it merges the one whose id is lowest.
It stops when no pair has an id.
*/

const { merges } = tokenizer;
const idOf = new Map(
  merges.map((pair, i) => [pair.join(), 256 + i] as const),
);
let pieces = [...new TextEncoder().encode(" wanted")];
for (;;) {
  await show(pieces.map(token));
  //> [' ', 'w', 'a', 'n', 't', 'e', 'd']
  //> [' w', 'a', 'n', 't', 'e', 'd']
  //> [' w', 'a', 'n', 't', 'ed']
  //> [' w', 'an', 't', 'ed']
  const pairs = pieces.slice(1).map((right, i) => `${pieces[i]},${right}`);
  const known = pairs.filter((pair) => idOf.has(pair));
  if (known.length === 0) break;
  const id = Math.min(...known.map((pair) => idOf.get(pair)!));
  pieces = mergePair(pieces, merges[id - 256], id);
}

/*
Seven bytes became a few tokens. The library gives the same ones:
*/

await show(tokenizer.encode(" wanted").map(token));
//> [' w', 'an', 't', 'ed']

/*
## The whole dataset in tokens

The tokenizer was trained on twenty songs, but it can encode all of them, and
any other text. Here are both splits, each as one long sequence of tokens:
*/

const encodeAll = (songs: string[]) =>
  tensor(tokenizer.encode(songs.join("\n")));
export const trainData = encodeAll(ds.train.column("text"));
export const valData = encodeAll(ds.test.column("text"));
if (Math.min(trainData.numel(), valData.numel()) < 100) {
  throw new Error(`${which}: that is too little text to learn from`);
}
await show(display(tuple(trainData.size(), trainData.index(":50"))));
//> (torch.Size([80252]),
//>  tensor([ 77, 425, 109,  97,  32,  90, 425,  98, 101, 284, 105, 262, 408, 491,
//>          259, 379, 266,  10,  70, 114, 349, 259, 318, 101, 492, 313, 302, 259,
//>          505, 324, 438,  32,  69, 109, 112, 105, 266,  10, 465, 258, 285, 293,
//>          299, 111, 108, 272, 258, 333, 438,  98]))

/*
10 is the id of the line break; where a comma or full stop stands before it,
the two are one token. How many characters does a token hold, on average, in
the training split and in the validation split?
*/

const perToken = (songs: string[], tokens: Tensor) =>
  (songs.join("\n").length / tokens.numel()).toFixed(2);
await show(
  perToken(ds.train.column("text"), trainData),
  perToken(ds.test.column("text"), valData),
);
//> 2.22 2.16

/*
Almost the same: what is frequent in one song is frequent in the next.

## Looking at it

The notebook encodes "hello world". Its ids were others, since its merges came
from other songs. But its pieces were these five, too: they are frequent in
any English text. And decoding must give the text back in any case:
*/

const hello = tokenizer.encode("hello world");
await show(display(tuple(hello, hello.map(token), tokenizer.decode(hello))));
//> ([256, 284, 111, 486, 319], ['he', 'll', 'o', ' wor', 'ld'], 'hello world')

/*
The beginning of a song, token by token (a terminal shows each in its own
color):
*/

const song = ds.train.at(0).text;
await show(showTokens(tokenizer, song.split("\n").slice(0, 4).join("\n")));
//> M│am│m│a│ │Z│am│b│e│ll│i│ w│al│ked│ the│ wi│re│⏎
//> │F│r│om│ the│ st│e│ep│le│ to│ the│ H│ot│el│ │E│m│p│i│re│⏎
//> │With│ a│ p│ar│as│o│l│ and│ a│ whe│el│b│ar│row│,│ in│⏎
//> │W│hi│ch│ s│at│ her│ h│u│s│b│a│nd│,│ th│in│.

/*
The longest tokens. In the notebook they were ' lonesome' and ' tonight'. Our
songs have no such favorites, so the longest tokens are simply frequent
English words.
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

Every text in every script comes back as it was, because the 256 bytes are
still in the vocabulary. What did not occur in the songs costs more: a letter
of two bytes takes two tokens, an emoji four.
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
This also explains some weaknesses of language models. They do not see
letters, so they spell badly. And how a number falls into pieces is an
accident, so they calculate badly.

One of the emoji's four tokens by itself is not a text, only a part of a
character. Decoding writes the sign � for such a part. A model that has
learned little will write it now and then.
*/

await show(token(tokenizer.encode("🎸")[0]));
//> �

/*
Next: from a sequence of tokens to inputs and targets for training, in lesson
12.

Exercises, which check your answers: `deno task exercise 11`.
*/
