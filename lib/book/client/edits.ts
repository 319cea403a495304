/*
 * The reader's changes, kept in this browser for the next visit, and in a link for others.
 */

const key = `edits:${document.querySelector<HTMLElement>("#run")?.dataset.lesson}`;

/** The changed cells, by number; those of a link replace those in the browser. */
export function savedEdits(): Map<number, string> {
  const fromLink = location.hash.match(/^#edits=(.+)$/)?.[1];
  try {
    if (fromLink) return new Map(JSON.parse(decode(fromLink)));
    return new Map(JSON.parse(localStorage.getItem(key) ?? "[]"));
  } catch {
    return new Map(); // the link was cut short, or the browser stores nothing
  }
}

/** Stores the changed cells. */
export function saveEdits(edits: ReadonlyMap<number, string>): void {
  try {
    if (edits.size) localStorage.setItem(key, JSON.stringify([...edits]));
    else localStorage.removeItem(key);
  } catch {
    // A browser that stores nothing forgets them; the link still carries them.
  }
}

/** The address of this page with the changed cells. */
export function linkTo(edits: ReadonlyMap<number, string>): string {
  const url = new URL(location.href);
  url.hash = `edits=${encode(JSON.stringify([...edits]))}`;
  return url.href;
}

const encode = (text: string) =>
  btoa(String.fromCharCode(...new TextEncoder().encode(text)))
    .replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
const decode = (text: string) =>
  new TextDecoder().decode(
    Uint8Array.from(
      atob(text.replaceAll("-", "+").replaceAll("_", "/")),
      (char) => char.charCodeAt(0),
    ),
  );

/** Opens the editors of the cells that were changed earlier. */
export async function restoreEdits(open: (section: HTMLElement) => Promise<void>): Promise<void> {
  for (const number of savedEdits().keys()) {
    const section = document.querySelector<HTMLElement>(`[data-cell="${number}"]`);
    if (section) await open(section);
  }
}
