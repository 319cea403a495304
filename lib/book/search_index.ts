/*
 * The search index, made when the book is built; a page loads it when a reader first searches.
 */
import MiniSearch from "minisearch";
import type { Passage } from "./lesson_page.ts";
import { searchOptions } from "./client/search_options.ts";

/** The passages as an index, as JSON. */
export function searchIndex(passages: readonly Passage[]): string {
  const search = new MiniSearch<Passage & { id: number }>(searchOptions);
  search.addAll(passages.map((passage, id) => ({ ...passage, id })));
  return JSON.stringify(search);
}
