/*
 * A text within SVG or HTML.
 */

/** What no SVG and no HTML may hold, written out or not: https://www.w3.org/TR/xml/#charsets */
const FORBIDDEN = /(?![\t\n\r])\p{Cc}|[\ufffe\uffff]/gu;

/** The text with what is markup there written out, between tags as in an attribute; what may not stand there is �. */
export const escapeMarkup = (text: string): string =>
  text.toWellFormed().replace(FORBIDDEN, "\ufffd")
    .replace(/[&<>"'\r]/g, (char) => `&#${char.charCodeAt(0)};`);
