/*
# Lesson 10: The dataset

What a language model learns from: a list of songs, looked at before anything is done with it.

Needs the network: once, for the notebook's songs (2.88 MB); else it reads those in the repository.
*/

import { lesson, songs } from "#lib";

export const data = {
  value: "songs",
  short: "shipped",
  shared: true,
  help:
    "what to learn from: songs, shipped, a dataset of the Hub, or a file of this machine",
} as const;

const { show, options } = lesson(import.meta, { data });

/*
## Two corpora

The notebook learns from 2,241 songs on the Hugging Face Hub. They are in copyright, so they are fetched to
your machine and never put in a repository; `deno task fetch -- songs` does it beforehand. Where they can't
be had, 145 songs that were written for this project take their place, through the same code. The first line
of each lesson from here to lesson 14 says which of the two it reads.
*/

export const { dataset, which } = await songs({
  data: options.data === "songs" ? undefined : options.data,
});
await show(which);
//> Dataset: the 145 songs of this project (CC0)

/*
`--data` names something else: any text on the Hub, such as `--data karpathy/tiny_shakespeare`, or a file of
your own. The numbers in this text are those of the songs in the repository.

## Rows

A dataset is a table. This one has a row for each song and a single column, its text.
*/

await show(dataset);
//> Dataset({
//>     features: ['text'],
//>     num_rows: 145
//> })

/*
## What is learned, and what is understood

A model that has seen a song can repeat it, and that says nothing about the next song. So a tenth of the
songs is put aside before anything else happens. The model never learns from them; how well it predicts them
is what we shall go by.

The songs are shuffled first, lest the last ones be of another kind. The notebook drew its shuffle without a
seed, so its split is lost, all but the counts: 2,016 songs and 225. We draw ours with one, and everybody
has the same songs on the same side. (The seed gives the rows that Python's `datasets` gives under it.)
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
A tenth of 145 is 14.5; the test set is rounded up. No song is on both sides:
*/

const train = ds.train.column("text");
const test = ds.test.column("text");
await show(test.filter((song) => train.includes(song)).length);
//> 0

/*
## A song

The last row of the training set, printed as the text that it is.
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
Lines are short, rhymes come at their ends, refrains return. Nothing says so: no verse has a name, no rhyme
a mark. A model has to find all of that by itself, from nothing but the order of the characters.

## Counting

How much there is to learn from, in characters, and how long a song is:
*/

const lengths = train.map((song) => song.length).sort((a, b) => a - b);
const total = lengths.reduce((sum, length) => sum + length);
await show("characters:", total);
//> characters: 178234
await show(
  "shortest:",
  lengths[0],
  "middle:",
  lengths[lengths.length >> 1],
  "longest:",
  lengths.at(-1),
);
//> shortest: 734 middle: 1313 longest: 2256

/*
Which characters there are:
*/

const characters = [...new Set(train.join(""))].sort();
await show(characters.length, characters.join(""));
//> 71
//>  !'(),-.0124578:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz

/*
And which words, with the number of times each is sung:
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
It is the same in every text: a few words are everywhere, and most are rare. Half of them occur only once.
*/

const once = byCount.filter(([, count]) => count === 1).length;
await show(
  `${Math.round(100 * once / counts.size)} % of the words occur once`,
);
//> 52 % of the words occur once

/*
## The words that nobody has seen

A model needs numbers, so what is a number to stand for? A word is the first idea. But then a text may hold
words that have no number, and the test set does:
*/

const inTest = wordsOf(test);
const unseen = inTest.filter((word) => !counts.has(word));
await show(
  `${
    (100 * unseen.length / inTest.length).toFixed(1)
  } % of the words in the test set are new`,
);
//> 7.4 % of the words in the test set are new
await show([...new Set(unseen)].slice(0, 8));
//> ["radiator's", 'bangs', 'super', 'longest', 'wears', 'swims', 'hits', 'florida']

/*
They are no strange words, only words that did not happen to come up. With a number for each character
nothing would be new, but a song would be a thousand numbers long, and the model would first have to learn
to spell. Lesson 11 builds something between the two: pieces of words, found in the songs themselves.
*/
