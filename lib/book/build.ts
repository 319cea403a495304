/*
 * Builds the book: every page, its styles, its programs and the search index, into one folder that any web server can
 * serve.
 */
import font from "@fontsource-variable/source-serif-4/files/source-serif-4-latin-wght-normal.woff2" with {
  type: "bytes",
};
import { bundle } from "./bundle.ts";
import { emptied } from "../tools/folders.ts";
import { MARK } from "./frame.ts";
import { highlightStyle } from "./highlight.ts";
import type { Html } from "./html.ts";
import { lessonPage, type Passage } from "./lesson_page.ts";
import { indexPage, kernelPage, ledgerPage, textPage } from "./other_pages.ts";
import { type Page, readSite } from "./site.ts";
import { searchIndex } from "./search_index.ts";
import lessonStyle from "./style/lesson.css" with { type: "text" };
import pageStyle from "./style/page.css" with { type: "text" };

/** What makes a page of each kind. */
const makers = {
  lesson: lessonPage,
  extra: lessonPage,
  exercise: lessonPage,
  kernel: kernelPage,
  ledger: ledgerPage,
  text: textPage,
};

/** The result of a build. */
export interface Built {
  pages: number;
  bytes: number;
}

/** What a book's folder holds; what its owner adds, such as GitHub's CNAME, stays. */
const OURS = /^(code|font\.woff2|search\.json|style\.css|[\w-]+\.html)$/;

/** Builds the book into a folder, from which an earlier one is removed first. */
export async function build(folder: URL): Promise<Built> {
  const site = await readSite();
  const files = new Map<string, string | Uint8Array>();
  const passages: Passage[] = [];
  const thumbnails = new Map<Page, Html>();
  for (const page of site.pages) {
    const made = await makers[page.kind](site, page);
    files.set(page.address, made.page.text);
    passages.push(...made.passages);
    if ("thumbnail" in made) thumbnails.set(page, made.thumbnail);
  }
  files.set("index.html", indexPage(site, thumbnails).text);
  files.set("search.json", searchIndex(passages));
  files.set("style.css", `${pageStyle}\n${lessonStyle}\n${highlightStyle()}`);
  files.set("font.woff2", font);
  for (const [path, content] of await bundle(site)) files.set(`code/${path}`, content);

  await emptied(folder, { file: "index.html", holds: MARK.text, ours: OURS });
  let bytes = 0;
  for (const [path, content] of files) {
    const url = new URL(path, folder);
    await Deno.mkdir(new URL(".", url), { recursive: true });
    const data = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(url, data);
    bytes += data.length;
  }
  return { pages: site.pages.length + 1, bytes };
}
