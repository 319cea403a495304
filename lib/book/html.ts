/*
 * HTML as text: what is put into a template is escaped, unless it is HTML already.
 */

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
    : escapeHtml(String(value));

/** A text as it must stand in HTML, in an attribute too. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => `&${{ "&": "amp", "<": "lt", ">": "gt", '"': "quot" }[c]};`);

/**
 * HTML of a template: strings are escaped, lists are joined, nothing is nothing. (The formatter would put
 * spaces into a template that is called `html`.)
 */
export const markup = (texts: TemplateStringsArray, ...values: Value[]): Html =>
  new Html(
    texts.map((text, i) => text + (i < values.length ? write(values[i]) : "")).join("")
      .replace(/^\n\s*|\n\s*$/g, ""),
  );

/** An attribute with the space before it, or nothing where it has no value; `true` is an attribute without one. */
export const attribute = (name: string, value: string | number | boolean | undefined): Html =>
  new Html(
    value === undefined || value === false || value === ""
      ? ""
      : value === true
      ? ` ${name}`
      : ` ${name}="${escapeHtml(String(value))}"`,
  );

/** HTML that is not to be escaped again. */
export const raw = (text: string): Html => new Html(text);

/** Text as the end of an address: `The last step` is `the-last-step`. */
export const slug = (text: string): string =>
  text.toLowerCase().normalize("NFKD").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "") ||
  "section";
