/*
 * The search of the whole book, loaded when a reader first uses it.
 */
import MiniSearch, { type SearchResult } from "minisearch";
import { searchOptions } from "./search_options.ts";

/** The index; it is asked for again if it could not be loaded. */
let index: Promise<MiniSearch> | undefined;
const indexed = () =>
  index ??= fetch(new URL("search.json", document.baseURI))
    .then(async (response) => MiniSearch.loadJSON(await response.text(), searchOptions))
    .catch((error) => {
      index = undefined;
      throw error;
    });

/** Lists under the field what matches its words. */
export function openSearch(field: HTMLInputElement): void {
  const list = document.createElement("ul");
  list.className = "found";
  list.hidden = true;
  field.after(list);

  const show = async () => {
    const words = field.value.trim();
    list.hidden = words === "";
    if (list.hidden) return;
    try {
      const found = (await indexed()).search(words).slice(0, 12);
      if (words !== field.value.trim()) return; // the reader has typed on
      list.replaceChildren(
        ...found.length ? found.map(entry) : [note(`Nothing has “${words}” in it.`)],
      );
    } catch (error) {
      list.replaceChildren(note(`The search could not be loaded: ${(error as Error).message}`));
    }
  };
  field.addEventListener("input", show);
  field.addEventListener("focus", show);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") list.hidden = true;
    if (event.key === "Enter") list.querySelector("a")?.click();
    if (event.key !== "ArrowDown") return;
    list.querySelector("a")?.focus();
    event.preventDefault();
  });
  list.addEventListener("keydown", (event) => {
    const links = [...list.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement as HTMLAnchorElement);
    if (event.key === "Escape") {
      list.hidden = true;
      field.focus();
    }
    const next = event.key === "ArrowDown" ? at + 1 : event.key === "ArrowUp" ? at - 1 : undefined;
    if (next === undefined) return;
    (next < 0 ? field : links[Math.min(next, links.length - 1)]).focus();
    event.preventDefault();
  });
  list.addEventListener("click", () => void (list.hidden = true));
  document.addEventListener("click", ({ target }) => {
    if (!field.parentElement!.contains(target as Node)) list.hidden = true;
  });
  void show();
}

function entry({ address, title, terms }: SearchResult): HTMLElement {
  const [page, section] = String(title).split(/: (.*)/);
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = String(address);
  const head = document.createElement("b");
  head.textContent = section ?? page;
  const note = document.createElement("small");
  note.textContent = [section ? page : "", terms.slice(0, 4).join(", ")].filter(Boolean).join(
    " · ",
  );
  link.append(head, note);
  item.append(link);
  return item;
}

function note(words: string): HTMLElement {
  const item = document.createElement("li");
  const text = document.createElement("p");
  text.role = "status";
  text.textContent = words;
  item.append(text);
  return item;
}
