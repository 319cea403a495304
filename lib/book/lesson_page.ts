/*
 * A lesson as a page: its prose, its cells with their outputs, and the data that a run needs.
 */
import { optionsIn } from "../lesson/help.ts";
import type { Marks } from "../lesson/source.ts";
import { frame } from "./frame.ts";
import { highlight } from "./highlight.ts";
import { attribute, type Html, markup, raw } from "./html.ts";
import { kernelsOf } from "./kernels_of.ts";
import { type Heading, renderMarkdown, type Surroundings } from "./markdown.ts";
import { outputHtml } from "./output.ts";
import { playsAfter } from "./plays.ts";
import { answersOf } from "./answers.ts";
import { lessonOf, type Page, programOf, type Site } from "./site.ts";
import { type Cell, codeOf, restOfHead, titleOf, weave } from "./weave.ts";

/** The text of a page, and what other pages use from it. */
export interface LessonPage {
  page: Html;
  headings: Heading[];
  /** Passages for the search. */
  passages: Passage[];
  /** A picture for the table of lessons: a drawing, or a short output. */
  thumbnail: Html;
}

/** A part of a page that the search can find. */
export interface Passage {
  address: string;
  title: string;
  text: string;
}

/** The page of a lesson, or of another text in the same form. */
export async function lessonPage(site: Site, page: Page): Promise<LessonPage> {
  const { title, summary, number } = titleOf(page.source);
  const blocks = weave(page.source);
  const cells = blocks.filter((block) => block.kind === "cell").map(codeOf);
  const answers = page.solved ? answersOf(page.source, page.solved) : new Map<number, string>();
  const text = new PageText(site, page, cells);
  for (const [i, block] of blocks.entries()) {
    if (block.kind === "cell") await text.addCell(block, answers.get(block.number));
    else text.addProse(i === 0 ? restOfHead(block.markdown) : block.markdown);
  }
  const { headings, passages, body, thumbnails } = text;
  return {
    page: frame({
      site,
      address: page.address,
      title: number === undefined ? title : `${number}. ${title}`,
      description: summary,
      body: markup`<article>${headHtml(page, site)}${body}</article>`,
      headings,
      runs: true,
    }),
    headings,
    passages,
    thumbnail: thumbnails.find(({ text }) => text.includes("<svg")) ??
      thumbnails.toSorted((a, b) => linesIn(b) - linesIn(a))[0] ?? markup``,
  };
}

/** The text of a page, made block by block, and what is found in it on the way. */
class PageText {
  readonly headings: Heading[] = [];
  readonly passages: Passage[] = [];
  readonly body: Html[] = [];
  readonly thumbnails: Html[] = [];
  readonly #title: string;
  readonly #number?: number;
  readonly #around: Surroundings;
  /** The section that is being read. */
  #section: Omit<Passage, "text">;
  /** The kernels that were named already. */
  readonly #named = new Set<Page>();

  /** The empty text of a page whose cells have this code. */
  constructor(readonly site: Site, readonly page: Page, readonly cells: readonly string[]) {
    const { title, number } = titleOf(page.source);
    [this.#title, this.#number] = [title, number];
    this.#around = surroundingsOf(page, number, site);
    this.#section = { address: page.address, title };
  }

  /** Each heading starts a passage, so a block with several headings is rendered in parts. */
  addProse(markdown: string): void {
    for (const piece of markdown.split(/^(?=#{2,3} )/m)) {
      const rendered = renderMarkdown(piece, this.#around);
      this.headings.push(...rendered.headings);
      const [heading] = rendered.headings;
      if (heading) {
        const address = `${this.page.address}#${heading.id}`;
        this.#section = { address, title: `${this.#title}: ${heading.text}` };
      }
      this.#note(piece.replace(/^#+ .*\n/, "").replace(/[`*_]/g, "").replace(/\s+/g, " "));
      if (piece.trim()) this.body.push(markup`<div class="prose">${raw(rendered.html)}</div>`);
    }
  }

  async addCell(cell: Cell, answer?: string): Promise<void> {
    const code = codeOf(cell);
    this.body.push(await cellHtml(cell, this.thumbnails, answer));
    this.body.push(...playsAfter(this.#number, cell.number, this.cells));
    this.#note(code);
    const kernels = kernelsOf(code, this.site).filter((kernel) => !this.#named.has(kernel));
    kernels.forEach((kernel) => this.#named.add(kernel));
    if (kernels.length) this.body.push(kernelsHtml(kernels));
  }

  #note(text: string): void {
    const last = this.passages.at(-1);
    if (last?.address === this.#section.address) last.text += ` ${text}`;
    else this.passages.push({ ...this.#section, text });
  }
}

/** What a text's words may lead to: other lessons, pages of files, what a task opens. */
const surroundingsOf = (page: Page, number: number | undefined, site: Site): Surroundings => ({
  lesson: (n) => n === number ? undefined : site.lesson(n)?.address,
  file: (path) => path === page.path ? undefined : site.ofFile(path)?.address,
  task: (command) => {
    const [, exercise, name] = command.match(/^deno task (?:exercise (\d+)|(\w+))$/) ?? [];
    return exercise
      ? site.exercises(Number(exercise))?.address
      : site.pages.find((page) => page.address === `${name}.html`)?.address;
  },
  ids: new Set(["text", "search"]),
});

/** The head of a page: its title, and the place of what runs it, with the options that it may be given. */
function headHtml(page: Page, site: Site): Html {
  const { title, summary, network, number } = titleOf(page.source);
  const of = page.kind === "exercise" ? site.lesson(lessonOf(page.path)) : undefined;
  const sourceOf = (name: string) => site.ofFile(name.replace("./", "lessons/"))?.source ?? "";
  const options = JSON.stringify(optionsIn(page.source, sourceOf));
  return markup`
    <header
      class="title"><p class="part">${
    number === undefined ? page.part : `Lesson ${number} · ${page.part}`
  }${of ? markup` · <a href="${of.address}">to lesson ${of.number}</a>` : ""}</p><h1>${
    onOneLine(title)
  }</h1><p class="summary">${summary}</p>${
    network &&
      network !== "no"
      ? markup`<p class="network">Needs the network: ${network}.</p>`
      : ""
  }<div id="run" data-lesson="${page.path}"${attribute("data-options", options)}${
    attribute("data-number", number)
  }${attribute("data-checks", page.solved !== undefined)}><p class="still">Run by <code>deno task ${
    taskOf(page)
  }</code>; in this page where its browser has WebGPU and it comes from a server.</p></div></header>
  `;
}

/** Which kernels a cell uses that none before it did. */
const kernelsHtml = (kernels: readonly Page[]): Html =>
  markup`<p class="kernels">The kernel${kernels.length > 1 ? "s" : ""} behind it: ${
    kernels.map((kernel, k) =>
      markup`${k ? ", " : ""}<a href="${kernel.address}">${kernel.title}</a>`
    )
  }</p>`;

const codeHtml = (code: string, first: number): Html =>
  markup`
    <pre class="code" tabindex="0" role="group" aria-label="Code"
      data-first="${first}"><code>${raw(highlight(code, "typescript"))}</code></pre>
  `;

const linesIn = ({ text }: Html) => text.split("\n").length;

/** A title in which a name with a number, such as GPT-2, is not broken at its hyphen. */
const onOneLine = (title: string) =>
  title.split(/(\S+-\d\S*)/).map((part, i) =>
    i % 2 ? markup`<span class="name">${part}</span>` : markup`${part}`
  );

/** Imports at the start of a lesson are folded from this many lines on. */
const MANY = 5;

/** The imports at the start of a text, if they are many, and the remaining text. */
function cutImports(code: string): { head: string; rest: string } {
  const [head = ""] = code.match(/^(?:import [^;]*;\n?)+/) ?? [];
  return head.trimEnd().split("\n").length < MANY
    ? { head: "", rest: code }
    : { head: head.trimEnd(), rest: code.slice(head.length).replace(/^\n+/, "") };
}

/** Folded imports; the summary says from where, and how many names. */
function importsHtml(head: string, first: number): Html {
  const words = [...head.matchAll(/import ([^;]*?) from "([^"]+)"/g)].map(([, names, from]) => {
    const count = names.split(",").filter((name) => /\w/.test(name)).length;
    return `${count} ${count === 1 ? "name" : "names"} from ${from}`;
  });
  return markup`<details class="imports"><summary>import ${words.join(", ")}</summary>${
    codeHtml(head, first)
  }</details>`;
}

/** A cell: its code, its outputs, and the solution where it is an exercise; what may stand for its page is added. */
async function cellHtml(cell: Cell, thumbnails: Html[], answer?: string): Promise<Html> {
  const parts: Html[] = [];
  let code = "";
  for (const segment of cell.segments) {
    if (segment.kind === "code") {
      code = segment.text;
      const { head, rest } = cutImports(code);
      if (head) parts.push(importsHtml(head, segment.first));
      const first = segment.first + (head ? code.split("\n").indexOf(rest.split("\n")[0]) : 0);
      if (rest) parts.push(codeHtml(rest, first));
      continue;
    }
    const { text, end, marks } = segment;
    const inner = await outputHtml({ text, code: lastStatement(code) });
    parts.push(
      markup`
        <div class="output" data-end="${end}"${
        attribute("data-marks", inWords(marks))
      }>${inner}</div>
      `,
    );
    const svg = inner.text.match(/<svg[^]*<\/svg>/)?.[0];
    if (svg) thumbnails.push(raw(svg));
    else if (text.split("\n").length <= 6) thumbnails.push(shortened(text));
  }
  if (answer) {
    parts.push(markup`<details class="solution"><summary>A solution</summary>
      <pre class="code" tabindex="0" role="group" aria-label="A solution"><code>${
      raw(highlight(answer, "typescript"))
    }</code></pre></details>`);
  }
  return markup`
    <section class="cell" id="cell-${cell.number}" data-cell="${cell.number}"
      role="group" aria-label="Cell ${cell.number}">${parts}</section>
  `;
}

/** How far an output may differ, as its mark in the source says. */
const inWords = ({ band, varies, full }: Marks): string =>
  [band && `±${band}`, varies && "varies", full && "in full"].filter(Boolean).join(", ");

/** A short output as a small picture: the beginnings of its lines. */
const shortened = (text: string): Html =>
  markup`<pre>${text.split("\n").map((line) => line.slice(0, 34)).join("\n")}</pre>`;

/** The last statement in some code; pictures are recognized by the function that made them. */
const lastStatement = (code: string) => code.slice(Math.max(0, code.lastIndexOf("\nawait show(")));

/** The task that runs the content of a page. */
function taskOf({ kind, number, path }: Page): string {
  if (number !== undefined) return `lesson-${number}`;
  const name = programOf(path);
  return kind === "exercise" ? `exercise ${parseInt(name)}` : name;
}
