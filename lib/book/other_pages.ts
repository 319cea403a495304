/*
 * The pages besides the lessons: the index, the kernels, the ledger, and texts.
 */
import { NUMBER } from "../lesson/compare.ts";
import { ledger } from "../tools/digits.ts";
import { frame } from "./frame.ts";
import { highlight } from "./highlight.ts";
import { anchor, type Html, markup, raw, slug } from "./html.ts";
import { type Heading, renderMarkdown } from "./markdown.ts";
import type { Passage } from "./lesson_page.ts";
import { isTree, treeHtml } from "./output.ts";
import { headerOf, type Page, type Site } from "./site.ts";

const count = (of: (entry: typeof ledger[number]) => boolean) => ledger.filter(of).length;
const numbersIn = (text: string) => text.match(NUMBER)?.length ?? 0;

/** The first page: what the book is, its promise, and the table of lessons. */
export function indexPage(site: Site, thumbnails: ReadonlyMap<Page, Html>): Html {
  const exact = ledger.filter(({ holds }) => holds === "digits");
  const numbers = exact.reduce((sum, { printed }) => sum + numbersIn(printed), 0);
  const lessons = site.pages.filter(({ kind }) => kind === "lesson");
  const parts = Map.groupBy(
    [
      ...lessons.map((page) => ({ ...page, page })),
      ...site.planned.map((row) => ({ ...row, page: undefined })),
    ].toSorted((a, b) => a.number! - b.number!),
    ({ part }) => part,
  );
  const others = site.pages.filter(({ kind }) =>
    kind === "extra" || kind === "ledger" || kind === "text"
  );
  const exercises = site.pages.filter(({ kind }) => kind === "exercise");
  const body = markup`<article class="index">
<header class="title"><h1>Language models from scratch, to the digit</h1>
<p class="summary">Four notebooks teach how language models work, in Python with PyTorch. This is the same course in TypeScript, on WebGPU, in shaders that you can read. Every lesson runs in its page, on your own GPU, and each number that comes out is held against the one that PyTorch printed.</p></header>
<ul class="promise">
<li><b>${exact.length}</b> outputs equal to the digit, with ${
    numbers.toLocaleString("en")
  } numbers in them</li>
<li><b>${
    count(({ holds }) => holds === "band")
  }</b> within a stated band, where no seed fixes them</li>
<li><b>${
    count(({ holds }) => holds === "cannot")
  }</b> that can’t be reproduced, each with its reason</li>
</ul>
<p class="prose">A seed means nothing outside PyTorch. Here it does: the library draws PyTorch’s own random numbers, computes as it computes, and prints as it prints. <a href="ledger.html">The ledger</a> lists every output of the four notebooks and what must hold.</p>
${
    [...parts].map(([part, rows]) =>
      markup`
        <h2 id="${slug(part)}">${part}</h2>
        <ol class="lessons">${
        rows.map(({ number, title, page }) =>
          page
            ? markup`<li><a href="${page.address}"><span class="thumbnail" aria-hidden="true">${
              thumbnails.get(page) ?? ""
            }</span><span class="words"><b>${number}. ${title}</b><span>${page.summary}</span></span></a></li>`
            : markup`
              <li
                class="planned"><span class="words"><b>${number}. ${title}</b><span>Still to be written.</span></span></li>
            `
        )
      }</ol>
      `
    )
  }
<h2 id="and-more">And more</h2>
<ul class="more">${
    others.map(({ address, title, summary }) =>
      markup`<li><a href="${address}">${title}</a> ${summary}</li>`
    )
  }${
    exercises.length
      ? markup`<li><a href="${
        exercises[0].address
      }">Exercises</a> ${exercises.length} that check themselves.</li>`
      : ""
  }</ul>
<h2 id="kernels">The kernels</h2>
<p class="prose">What computes: WGSL, a family a page. Each begins with its formula and with who owns what.</p>
<ul class="families">${
    site.pages.filter(({ kind }) => kind === "kernel").map(({ address, title, summary }) =>
      markup`<li><a href="${address}">${title}</a> <span>${summary}</span></li>`
    )
  }</ul>
</article>`;
  return frame({
    site,
    address: "index.html",
    title: "Language models from scratch, to the digit",
    description: "A course on language models that runs in your browser, with PyTorch’s digits.",
    body,
  });
}

/** A page, with text for the search. */
export interface Made {
  page: Html;
  passages: Passage[];
}

/** The page of a family of kernels: the header of each as prose, then its code. */
export function kernelPage(site: Site, page: Page): Made {
  const headings: Heading[] = [];
  const passages: Passage[] = [];
  const files = page.sources!.map(({ path, source }) => {
    const name = path.replace(/^.*\//, "");
    const id = slug(name);
    const header = headerOf(source);
    const code = source.slice(source.match(/^(?:\/\/.*\n)*/)![0].length).replace(/^\n+/, "")
      .trimEnd();
    headings.push({ level: 2, text: name, id });
    passages.push({ address: `${page.address}#${id}`, title: name, text: header });
    return markup`
      <h2
        id="${id}">${name} ${anchor(id)}</h2>
      <div class="prose head">${header.split(/\n\s*\n/).flatMap(paragraph)}</div>
      <div class="cell">
        <pre class="code" tabindex="0" role="group"
          aria-label="Code of ${name}"><code>${raw(highlight(code, "wgsl"))}</code></pre>
      </div>
    `;
  });
  const body =
    markup`<article><header class="title"><p class="part">Kernels</p><h1>${page.title}</h1></header>${files}</article>`;
  return {
    page: frame({
      site,
      address: page.address,
      title: `${page.title}: kernels`,
      description: page.summary,
      body,
      headings,
    }),
    passages,
  };
}

/** A line that begins with a formula: `out[i, j] = …`. */
const FORMULA = /^[\w.]+(?:\[[^\]]*\])?(?:, [\w.]+(?:\[[^\]]*\])?)* = /;
/** A line that is laid out by hand: indented, or with columns. */
const LAID_OUT = /^ {2}|\S {2,}\S/;

/** A paragraph of a kernel's header: its words, and its formulas on lines of their own. */
export function paragraph(text: string): Html[] {
  const parts: { formula: boolean; lines: string[] }[] = [];
  const add = (formula: boolean, line: string) => {
    if (parts.at(-1)?.formula === formula) parts.at(-1)!.lines.push(line);
    else if (line) parts.push({ formula, lines: [line] });
  };
  text.split("\n").forEach((line, i, lines) => {
    if (LAID_OUT.test(line)) return add(true, line.replace(/^ {2}/, ""));
    const begins = FORMULA.test(line) && (i === 0 || lines[i - 1].endsWith(":"));
    if (!begins) return add(false, line);
    const [, formula, rest] = line.match(/^([^:]*?)(?:[.:]$|: (.*)|$)/)!;
    add(true, formula);
    add(false, rest ?? "");
  });
  return parts.map(({ formula, lines }) =>
    formula
      ? markup`<pre class="formula" tabindex="0" role="group" aria-label="Formula"><code>${
        lines.join("\n")
      }</code></pre>`
      : markup`<p>${words(lines.join("\n"))}</p>`
  );
}

const words = (part: string): Html[] =>
  part.split(/(https?:\/\/[^\s)]+[^\s).,]|`[^`]+`)/).map((piece, i) =>
    i % 2 === 0
      ? markup`${piece}`
      : piece.startsWith("`")
      ? markup`<code>${piece.slice(1, -1)}</code>`
      : markup`<a href="${piece}" rel="noreferrer">${piece}</a>`
  );

const HOLDS = { digits: "to the digit", band: "in a band", cannot: "can’t be reproduced" };

/** The ledger: every output of the notebooks, with the lesson that prints it. */
export function ledgerPage(site: Site, page: Page): Made {
  const intro = page.source.split(/^## /m)[0].replace(/^# .*\n/, "");
  const headings: Heading[] = [];
  const sections = [...Map.groupBy(ledger, ({ notebook }) => notebook)].map(([notebook, rows]) => {
    headings.push({ level: 2, text: notebook, id: slug(notebook) });
    return markup`<h2 id="${slug(notebook)}">${notebook}</h2>${
      rows.map(({ cell, lesson, holds, band, full, songs, what, printed }) => {
        const at = site.lesson(lesson);
        const terms = [
          holds === "band" ? `±${band}` : HOLDS[holds],
          full && "at full length",
          songs && "on the songs",
        ].filter(Boolean).join(", ");
        return markup`
          <section
            class="entry ${holds}"><h3><code>${cell}</code> ${
          at ? markup`<a href="${at.address}">lesson ${lesson}</a>` : `lesson ${lesson}`
        } <span class="holds">${terms}</span></h3><p>${what}</p>${
          printed
            ? isTree(printed)
              ? treeHtml(printed)
              : markup`<pre tabindex="0" role="group" aria-label="${cell}, as printed">${printed}</pre>`
            : ""
        }</section>
        `;
      })
    }`;
  });
  const body = markup`
    <article
      class="ledger"><header class="title"><p class="part">And more</p><h1>${page.title}</h1></header><div class="prose">${
    raw(
      renderMarkdown(intro).html,
    )
  }</div>${sections}</article>
  `;
  return {
    page: frame({
      site,
      address: page.address,
      title: page.title,
      description: page.summary,
      body,
      headings,
    }),
    passages: [{ address: page.address, title: page.title, text: intro }],
  };
}

/** A text in Markdown, such as the list of differences; each of its sections is found by itself. */
export function textPage(site: Site, page: Page): Made {
  const headings: Heading[] = [];
  const passages: Passage[] = [];
  const around = { lesson: (number: number) => site.lesson(number)?.address };
  const sections = page.source.replace(/^# .*\n/, "").split(/^(?=## )/m).map((section) => {
    const rendered = renderMarkdown(section, around);
    headings.push(...rendered.headings);
    const [heading] = rendered.headings;
    passages.push({
      address: heading ? `${page.address}#${heading.id}` : page.address,
      title: heading ? `${page.title}: ${heading.text}` : page.title,
      text: section.replace(/^#+ .*\n/, "").replace(/[`|]|-{3,}/g, " ").replace(/\s+/g, " "),
    });
    return raw(rendered.html);
  });
  const body = markup`
    <article><header class="title"><p class="part">And more</p><h1>${page.title}</h1></header><div class="prose">${sections}</div></article>
  `;
  const { address, title, summary: description } = page;
  return { page: frame({ site, address, title, description, body, headings }), passages };
}
