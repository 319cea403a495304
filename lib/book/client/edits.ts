/*
 * The reader's changes, kept in this browser for the next visit, and in a link for others.
 */

const key = `edits:${document.querySelector<HTMLElement>("#run")?.dataset.lesson}`;
const LINK = "#edits=";

/** The changed cells, by number: those of the page's address, else those in this browser. */
function savedEdits(): Map<number, string> {
  try {
    if (location.hash.startsWith(LINK)) {
      return new Map(JSON.parse(decode(location.hash.slice(LINK.length))));
    }
    return new Map(JSON.parse(localStorage.getItem(key) ?? "[]"));
  } catch {
    return new Map(); // the link was cut short, or the browser stores nothing
  }
}

/** Stores the changed cells. An address that carries others says no longer what stands here, and loses them. */
export function saveEdits(edits: ReadonlyMap<number, string>): void {
  try {
    if (edits.size) localStorage.setItem(key, JSON.stringify([...edits]));
    else localStorage.removeItem(key);
  } catch {
    // A browser that stores nothing forgets them; the link still carries them.
  }
  if (location.hash.startsWith(LINK)) {
    history.replaceState(null, "", location.pathname + location.search);
  }
}

/** Lets the address of this page carry the changed cells, and returns it. */
export function linkTo(edits: ReadonlyMap<number, string>): string {
  history.replaceState(null, "", LINK + encode(JSON.stringify([...edits])));
  return location.href;
}

const encode = (text: string) =>
  btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""))
    .replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
const decode = (text: string) =>
  new TextDecoder().decode(
    Uint8Array.from(
      atob(text.replaceAll("-", "+").replaceAll("_", "/")),
      (char) => char.charCodeAt(0),
    ),
  );

/** Takes up the cells that were changed earlier, and opens their editors. */
export async function restoreEdits(
  edits: Map<number, string>,
  open: (section: HTMLElement) => Promise<void>,
): Promise<void> {
  addEventListener("hashchange", () => location.hash.startsWith(LINK) && location.reload());
  const sections: HTMLElement[] = [];
  for (const [number, text] of savedEdits()) {
    const section = document.querySelector<HTMLElement>(`[data-cell="${Number(number)}"]`);
    if (!section) continue;
    edits.set(number, String(text));
    sections.push(section);
  }
  for (const section of sections) await open(section);
}
