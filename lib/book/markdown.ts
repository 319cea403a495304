/*
 * Prose as HTML: headings get anchors, "lesson 3" becomes a link, blocks of code are colored.
 */
import MarkdownIt from "markdown-it";
import { diagram } from "../lesson/diagram.ts";
import { anchor, slug } from "./html.ts";
import { highlight, type Language } from "./highlight.ts";
import { figure } from "./output.ts";

/** A heading of a page. */
export interface Heading {
  level: number;
  text: string;
  id: string;
}

/** The HTML of a text, and its headings. */
export interface Rendered {
  html: string;
  headings: Heading[];
}

/** What a page knows about other pages. */
export interface Surroundings {
  /** The address of a lesson, if it has a page. */
  lesson?(number: number): string | undefined;
  /** The address of a file of the project, if it has a page. */
  file?(path: string): string | undefined;
  /** The address of what a task shows, such as `deno task exercise 3`, if it has a page. */
  task?(command: string): string | undefined;
  /** Ids that are in use; those of the headings are added. */
  ids?: Set<string>;
}

const markdown = new MarkdownIt({
  linkify: false,
  highlight: (code, language) => highlight(code, LANGUAGES[language] ?? "text"),
});
const LANGUAGES: Record<string, Language> = {
  ts: "typescript",
  typescript: "typescript",
  wgsl: "wgsl",
  sh: "shellscript",
  python: "python",
};

const fence = markdown.renderer.rules.fence!;
markdown.renderer.rules.fence = (tokens, i, ...rest) => {
  const { info, content } = tokens[i];
  if (info.trim() !== "diagram") return fence(tokens, i, ...rest);
  const text = content.trimEnd();
  return figure(diagram(text).svg(), "Diagram", text).text;
};

// A table that is wider than the page scrolls, by keyboard too.
markdown.renderer.rules.table_open = () =>
  `<div class="wide" tabindex="0" role="group" aria-label="Table"><table>\n`;
markdown.renderer.rules.table_close = () => "</table></div>\n";

/** Prose in the form used by lessons, as HTML. */
export function renderMarkdown(text: string, around: Surroundings = {}): Rendered {
  const ids = around.ids ?? new Set();
  const headings: Heading[] = [];
  const tokens = markdown.parse(text, {});
  tokens.forEach((token, i) => {
    if (token.type === "heading_open") {
      const words = textOf(tokens[i + 1].children ?? []);
      const id = freeId(slug(words), ids);
      token.attrSet("id", id);
      headings.push({ level: Number(token.tag[1]), text: words, id });
      const sign = new Token("html_inline", "", 0);
      sign.content = ` ${anchor(id)}`;
      tokens[i + 1].children?.push(sign);
    } else if (token.type === "th_open" && tokens[i + 1].content === "") {
      token.tag = tokens[i + 2].tag = "td"; // the corner of a table names nothing
    } else if (token.type === "inline" && tokens[i - 1]?.type !== "heading_open") {
      token.children = withLinks(token.children ?? [], around);
    }
  });
  const html = markdown.renderer.render(tokens, markdown.options, {});
  return {
    html: html.replace(/<p>([^]*?)<\/p>/g, (_, words) => `<p>${withAside(words)}</p>`),
    headings,
  };
}

/** Characters in a line of prose and in one of an aside, which is set smaller; and the share of a line's height. */
const [LINE, NARROW, SMALLER] = [66, 36, 0.72];

/**
 * A paragraph whose last remark in parentheses, of whole sentences, is an aside: on a wide page it stands in the margin,
 * if it is no higher there than what is left of the paragraph.
 */
function withAside(words: string): string {
  const [all, before, inner] = words.match(
    /^([^]*[^\s][^]*)\((?=[A-Z]|<code>)((?:[^()]|\([^()]*\))*[.!?])\)(?=\s|$)/,
  ) ?? [];
  if (!all) return words;
  const after = words.slice(all.length);
  const length = (html: string) => html.replace(/<[^>]+>/g, "").length;
  const left = Math.ceil((length(before) + length(after)) / LINE);
  if (Math.ceil(length(inner) / NARROW) * SMALLER > left) return words;
  const mark = (paren: string) => `<span class="paren">${paren}</span>`;
  return `${before}<span class="aside">${mark("(")}${inner}${mark(")")}</span>${after}`;
}

type Token = ReturnType<typeof markdown.parse>[number];
const Token = markdown.parse("x", {})[0].constructor as new (
  type: string,
  tag: string,
  nesting: -1 | 0 | 1,
) => Token;

const textOf = (tokens: readonly Token[]) =>
  tokens.filter(({ type }) => type === "text" || type === "code_inline")
    .map(({ content }) => content).join("");

function freeId(wanted: string, taken: Set<string>): string {
  let id = wanted;
  for (let n = 2; taken.has(id); n++) id = `${wanted}-${n}`;
  taken.add(id);
  return id;
}

/** The same with links: from "lesson 3" to its page, from a file or a task of the project to the page that shows it. */
function withLinks(tokens: Token[], { lesson, file, task }: Surroundings): Token[] {
  let inLink = 0;
  return tokens.flatMap((token): Token[] => {
    if (token.type === "link_open") {
      inLink++;
      const href = String(token.attrGet("href"));
      const page = file?.(href.replace(/^(\.\.?\/)+/, ""));
      if (page) token.attrSet("href", page);
      else if (/^https?:/.test(href)) token.attrSet("rel", "noreferrer");
    }
    if (token.type === "link_close") inLink--;
    if (inLink > 0) return [token];
    if (token.type === "code_inline") {
      const page = file?.(token.content) ?? task?.(token.content);
      return page ? linked(page, token) : [token];
    }
    if (token.type !== "text" || !lesson) return [token];
    return token.content.split(/\b([Ll]essons? \d+)\b/).flatMap((part) => {
      if (part === "") return [];
      const text = new Token("text", "", 0);
      text.content = part;
      const number = part.match(/^[Ll]essons? (\d+)$/)?.[1];
      const page = number && lesson(Number(number));
      return page ? linked(page, text) : [text];
    });
  });
}

function linked(href: string, token: Token): Token[] {
  const open = new Token("link_open", "a", 1);
  open.attrSet("href", href);
  return [open, token, new Token("link_close", "a", -1)];
}
