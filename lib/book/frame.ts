/*
 * What every page has around its text: the head, contents at the side, search, links to the next and previous page.
 */
import { attribute, type Html, markup } from "./html.ts";
import type { Heading } from "./markdown.ts";
import type { Page, Site } from "./site.ts";

/** The parts of a page. */
export interface Framed {
  site: Site;
  address: string;
  title: string;
  description: string;
  body: Html;
  headings?: readonly Heading[];
  /** Whether the code on the page can be run. */
  runs?: boolean;
}

/** What a page may load: only the book's own files, and the Hub for readers who want its songs. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' blob:",
  "worker-src 'self' blob:",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'", // the editor sets its tab width this way
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self' https://huggingface.co https://*.huggingface.co https://*.hf.co",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const ICON = "data:image/svg+xml," + encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#0b5394"/>` +
    `<path d="M3 12V9M6.3 12V5M9.6 12V7.500M13 12V3" stroke="#fff" stroke-width="2"/></svg>`,
);

/** What every page of the book has, and nobody else's: a folder whose first page has it may be filled anew. */
export const MARK =
  markup`<a class="book" href="index.html">Language models <span>to the digit</span></a>`;

/** The complete page. */
export function frame({ site, address, title, description, body, headings = [], runs }: Framed) {
  const readingOrder = site.pages.filter(({ kind }) => kind !== "kernel");
  const at = readingOrder.findIndex((page) => page.address === address);
  const [before, after] = at < 0 ? [] : [readingOrder[at - 1], readingOrder[at + 1]];
  return markup`
    <!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="${POLICY}">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="referrer" content="no-referrer">
        <meta name="description" content="${description}">
        <title>${address === "index.html" ? title : `${title} · Language models`}</title>
        <link rel="icon" href="${ICON}">
        <link rel="preload" href="font.woff2" as="font" type="font/woff2" crossorigin>
        <link rel="stylesheet" href="style.css">
        <script type="module" src="code/book/client/page.js"></script>
      </head>
      <body${attribute("class", runs && "runs")}>
        <a class="skip" href="#text">Skip to the text</a>
        <header class="bar">
          <details class="menu">
            <summary aria-label="Contents"><span aria-hidden="true">☰</span></summary>
          </details>
          ${MARK}
          <search><input type="search" id="search" placeholder="Search" aria-label="Search the book" autocomplete="off" hidden></search>
        </header>
        <div class="columns">
          <nav class="contents" aria-label="Contents">${contents(site, address, headings)}</nav>
          <main id="text">
    ${body}
    ${
    before || after
      ? markup`<nav class="around" aria-label="Before and after">${
        before
          ? markup`<a rel="prev" href="${before.address}"><small>Before</small>${
            nameOf(before)
          }</a>`
          : markup`<span></span>`
      }${
        after
          ? markup`<a rel="next" href="${after.address}"><small>Next</small>${nameOf(after)}</a>`
          : ""
      }</nav>`
      : ""
  }
          </main>
        </div>
        </body>
        </html>
  `;
}

const nameOf = ({ number, title }: Page) => number === undefined ? title : `${number}. ${title}`;

function contents(site: Site, address: string, headings: readonly Heading[]): Html {
  const rows = [
    ...site.pages.map((page) => ({ ...page, planned: false })),
    ...site.planned.map((row) => ({ ...row, address: "", planned: true })),
  ].filter((row) => !("kind" in row) || (row.kind !== "kernel" && row.kind !== "exercise"));
  const lessons = rows.filter(({ number }) => number !== undefined)
    .toSorted((a, b) => a.number! - b.number!);
  const groups = Map.groupBy(
    [...lessons, ...rows.filter(({ number }) => number === undefined)],
    ({ part }) => part,
  );
  // Long groups of short names stay folded, except the one with the current page.
  const folded = (name: string, pages: Page[]) => {
    const here = pages.some((page) => page.address === address);
    return markup`<details${attribute("open", here)}><summary>${name}</summary><ol>${
      pages.map((page) =>
        markup`<li>${link({ ...page, planned: false }, address)}${
          page.address === address ? sections(headings) : ""
        }</li>`
      )
    }</ol></details>`;
  };
  return markup`
    ${
    [...groups].map(([part, rows]) =>
      markup`
        <h2>${part}</h2>
        <ol>${
        rows.map((row) =>
          markup`<li${attribute("class", row.planned && "planned")}>${link(row, address)}${
            row.address === address ? sections(headings) : ""
          }</li>`
        )
      }</ol>
      `
    )
  }${folded("Exercises", site.pages.filter(({ kind }) => kind === "exercise"))}${
    folded("Kernels", site.pages.filter(({ kind }) => kind === "kernel"))
  }
  `;
}

function link(
  row: { number?: number; title: string; address: string; planned: boolean },
  address: string,
): Html {
  const words = markup`<span class="number">${row.number ?? ""}</span><span>${row.title}</span>`;
  if (row.planned) return markup`<span class="entry">${words}</span>`;
  const here = attribute("aria-current", row.address === address && "page");
  return markup`
    <a class="entry" href="${row.address}"${here}>${words}</a>
  `;
}

const sections = (headings: readonly Heading[]): Html | "" =>
  headings.length === 0
    ? ""
    : markup`<ol class="sections">${
      headings.filter(({ level }) => level === 2)
        .map(({ text, id }) => markup`<li><a href="#${id}">${text}</a></li>`)
    }</ol>`;
