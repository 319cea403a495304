/*
 * Text for use inside SVG or HTML.
 */

/** Characters that SVG and HTML must not contain, even escaped: https://www.w3.org/TR/xml/#charsets */
const FORBIDDEN = /(?![\t\n\r])\p{Cc}|[\ufffe\uffff]/gu;

/** The text with its markup characters escaped, for content and attributes; forbidden characters become �. */
export const escapeMarkup = (text: string): string =>
  text.toWellFormed().replace(FORBIDDEN, "\ufffd")
    .replace(/[&<>"'\r]/g, (char) => `&#${char.charCodeAt(0)};`);
