/*
 * A text within SVG or HTML.
 */

/** The text with what is markup there written out, between tags as in an attribute. */
export const escapeMarkup = (text: string): string =>
  text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
