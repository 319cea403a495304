/*
 * The search options, shared by the build that makes the index and the page that reads it.
 */

/** Names are also words: `crossEntropy` matches as a whole and by each of its words. */
export const searchOptions = {
  fields: ["title", "text"],
  storeFields: ["address", "title"],
  tokenize: (text: string): string[] =>
    text.split(/[^\p{L}\p{N}_]+/u).flatMap((word) => {
      const parts = word.split(/(?<=[a-z])(?=[A-Z])|_/);
      return parts.length > 1 ? [word, ...parts] : [word];
    }).filter(Boolean),
  searchOptions: { boost: { title: 4 }, prefix: true, fuzzy: 0.15, combineWith: "AND" as const },
};
