/*
# Lesson 10: The dataset

What a language model learns from: a set of songs. We look at it before we do
anything with it.

Needs the network: once, for the notebook's songs (2.88 MB); without it, the
lesson reads those in the repository.
*/

import { lesson, songs } from "#lib";

export const data = {
  value: "songs",
  short: "shipped",
  shared: true,
  help: "what to learn from: songs, shipped, a dataset of the Hub, or a file",
} as const;

const { show, options } = lesson(import.meta, { data });

/*
## Two datasets

The notebook learns from 2,241 songs on the Hugging Face Hub. They are in
copyright, so this repository does not have them. The lesson downloads them to
your machine, or `deno task fetch -- songs` does so beforehand. Without them,
145 songs that were written for this project take their place, and the code is
the same. The first output of each lesson from here on says which of the two
it reads.
*/

export const { dataset, which } = await songs({
  data: options.data === "songs" ? undefined : options.data,
});
await show(which);
//> Dataset: the 145 songs of this project (CC0)

/*
The option `--data` names something else: a text on the Hub, such as
`karpathy/tiny_shakespeare`, or a file of your own. The numbers below are
those of the songs in the repository.

## Examples

A dataset is a table. In this one each row is an example, here a song, and the
only column is its text.
*/

await show(dataset);
//> Dataset({
//>     features: ['text'],
//>     num_rows: 145
//> })

/*
## Training and validation

A model that has seen a song can repeat it, and that says nothing about the
next song. So we split off a tenth of the songs before anything else happens.
The model never learns from them; how well it predicts them is what we judge
it by. That is the **validation split**. (The notebook and the library call it
`test`.)

The songs are shuffled first, because the last ones in the file may be of a
special kind. The notebook drew its split without a seed, so nobody can draw
it again; only the counts are known, 2,016 and 225. With a seed everybody gets
the same split. Python's `datasets` draws the same one with this seed.
*/

export const ds = dataset.trainTestSplit({ testSize: 0.1, seed: 42 });
await show(ds);
//> DatasetDict({
//>     train: Dataset({
//>         features: ['text'],
//>         num_rows: 130
//>     })
//>     test: Dataset({
//>         features: ['text'],
//>         num_rows: 15
//>     })
//> })

/*
A tenth of 145 is no whole number, so the size of the test split is rounded
up. None of its songs may be in the training split too. How many are?
*/

const train = ds.train.column("text");
const test = ds.test.column("text");
await show(test.filter((song) => train.includes(song)).length);
//> 0

/*
## A song

The last example of the training split:
*/

await show(ds.train.at(-1).text);
//> It's two of them rapping at quarter past three,
//> It's a boy with a lantern who's looking for me,
//> It's boots on the wrong feet and bag off the hook,
//> And the mare knows the road, so I sleep as we're shook.
//> Walk on, Juniper, steady by the ford,
//> There's somebody coming to bed and to board,
//> They've nothing to pay with, they've never the rent,
//> And they're coming regardless, and they're coming hell-bent.
//> I've caught them in haylofts, I've caught them in Kent,
//> I've caught one in church in the middle of Lent,
//> I've caught them feet first, and with one in the caul,
//> And a pair on a barge going by Donegal.
//> I know a man pacing by the creak of his board.
//> I send him for water. It's hot, and it's poured,
//> And I don't want the water. It gives him a pail
//> To be holding on to when he hears the last wail.
//> Walk on, Juniper, easy by the wall,
//> There's some of them come here and don't come at all.
//> I wrap those as warm as the ones who can cry,
//> And I give them a name, and I don't ask them why.
//> There's four hundred three in the book on my shelf.
//> I see them at market. I smile to myself
//> When the beadle goes by with his chain and his frown:
//> I've held you, my beauty, by the heels, upside down.
//> It's gray by the time that I'm out of the lane.
//> There's a ham on my saddle, there's light on the rain,
//> There's a window behind me with somebody's tune,
//> And the mare wants her oats, and there's two due in June.

/*
The lines are short, they end in rhymes, and refrains come back. Nothing marks
a verse or a rhyme. The model has to find all of that by itself, from nothing
but the order of the characters.

## Counting

How many characters there are to learn from, and how long the songs are:
*/

const lengths = train.map((song) => song.length).sort((a, b) => a - b);
const total = lengths.reduce((sum, length) => sum + length);
await show("characters:", total);
//> characters: 178234
const median = lengths[lengths.length >> 1];
await show(
  "shortest:",
  lengths[0],
  "median:",
  median,
  "longest:",
  lengths.at(-1),
);
//> shortest: 734 median: 1313 longest: 2256

/*
The different characters, sorted; the first two are a line break and a space:
*/

const characters = [...new Set(train.join(""))].sort();
await show(characters.length, characters.join(""));
//> 71
//>  !'(),-.0124578:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz

/*
The most frequent words, each with its count:
*/

const wordsOf = (songs: string[]) =>
  songs.join("\n").toLowerCase().match(/[\p{L}']+/gu) ?? [];
const counts = new Map<string, number>();
for (const word of wordsOf(train)) {
  counts.set(word, (counts.get(word) ?? 0) + 1);
}
const byCount = [...counts].sort(([, a], [, b]) => b - a);
await show("different words:", counts.size);
//> different words: 4322
await show(byCount.slice(0, 6).map(([word, count]) => `${word} ${count}`));
//> ['the 2680', 'and 1832', 'a 1595', 'it 853', 'in 698', 'i 636']

/*
Every text looks like this: a few words are everywhere, and most are rare.
Half of them occur only once.
*/

const once = byCount.filter(([, count]) => count === 1).length;
const percent = Math.round(100 * once / counts.size);
await show(`${percent} % of the words occur once`);
//> 52 % of the words occur once

/*
## Words that the model has never seen

A model needs numbers. What should a number stand for? A word is the obvious
idea. But a text may hold words that have no number. How many of the words in
the test split do not occur in the training split?
*/

const inTest = wordsOf(test);
const unseen = inTest.filter((word) => !counts.has(word));
const missing = (100 * unseen.length / inTest.length).toFixed(1);
await show(`${missing} % of the words in the test split are new`);
//> 7.4 % of the words in the test split are new
await show([...new Set(unseen)].slice(0, 8));
//> ["radiator's", 'bangs', 'super', 'longest', 'wears', 'swims', 'hits', 'florida']

/*
Most are not strange words; they just did not happen to come up.

And if each character had a number? How many characters of the test split are
not among the 71 of the training split?
*/

const inSongs = [...new Set(test.join(""))];
const strange = inSongs.filter((one) => !characters.includes(one));
await show(strange.length);
//> 0

/*
Nothing is new here, though another text may have an é or an emoji. But a song
would be more than a thousand numbers long, and the model would first have to
learn to spell. Lesson 11 builds something between the two: pieces of words,
found in the songs themselves.

Exercises, which check your answers: `deno task exercise 10`.
*/
