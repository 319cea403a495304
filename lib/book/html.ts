/*
 * HTML as text: values in a template are escaped, unless they are HTML already.
 */
import { escapeMarkup } from "../text/markup.ts";

/** A piece of HTML. */
export class Html {
  /** A piece of HTML that is known to be well-formed. */
  constructor(readonly text: string) {}
  toString(): string {
    return this.text;
  }
}

type Value = string | number | Html | undefined | null | false | readonly Value[];

const write = (value: Value): string =>
  Array.isArray(value)
    ? value.map(write).join("")
    : value instanceof Html
    ? value.text
    : value === undefined || value === null || value === false
    ? ""
    : escapeMarkup(String(value));

/**
 * HTML from a template: strings are escaped, lists are joined, undefined becomes nothing. (If it were called `html`,
 * the formatter would add spaces to the template.)
 */
export const markup = (texts: TemplateStringsArray, ...values: Value[]): Html =>
  new Html(
    texts.map((text, i) => text + (i < values.length ? write(values[i]) : "")).join("")
      .replace(/^\n\s*|\n\s*$/g, ""),
  );

/** An attribute with the space before it; nothing if it has no value; without a value if that is `true`. */
export const attribute = (name: string, value: string | number | boolean | undefined): Html =>
  new Html(
    value === undefined || value === false || value === ""
      ? ""
      : value === true
      ? ` ${name}`
      : ` ${name}="${escapeMarkup(String(value))}"`,
  );

/** HTML that must not be escaped again. */
export const raw = (text: string): Html => new Html(text);

/** The sign beside a heading that leads to it; who hears or tabs through a page has the contents for that. */
export const anchor = (id: string): Html =>
  markup`<a class="anchor" href="#${id}" aria-hidden="true" tabindex="-1">#</a>`;

/** Text as the end of an address: `The last step` becomes `the-last-step`. */
export const slug = (text: string): string =>
  text.toLowerCase().normalize("NFKD").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "") ||
  "section";
