/*
 * Breaks nested sequences into lines as IPython does for the last expression of a cell.
 *
 * The algorithm is that of IPython's `lib/pretty.py`, which is Oppen's ("Prettyprinting", 1980) on a stream: text is
 * held back until the line overflows; then the outermost group that still has a place to break is broken at all of
 * its places. It is followed exactly, mistakes included, since they decide where a line ends.
 */

/** A text, or a sequence of parts in brackets; the entries of a dict have keys. */
export type Part = { text: string } | {
  readonly open: string;
  readonly entries: readonly { readonly key?: Part; readonly value: Part }[];
  readonly close: string;
};

/** The most entries of one sequence that are shown. */
const mostEntries = 1000;

/** The parts on as few lines as IPython needs, in 79 columns by default. */
export function layOut(part: Part, width = 79): string {
  const page = new Page(width);
  put(page, part);
  return page.finish();
}

function put(page: Page, part: Part): void {
  // A group of its own around every part, and another around a text, never breaks but has its place in the queue.
  page.open();
  if ("text" in part) {
    page.open();
    part.text.split("\n").forEach((line, i) => {
      if (i > 0) page.breakNow();
      page.text(line);
    });
    page.close();
  } else {
    page.text(part.open);
    page.open(part.open.length);
    const shown = part.entries.slice(0, mostEntries);
    shown.forEach(({ key, value }, i) => {
      if (i > 0) separate(page);
      if (key) {
        put(page, key);
        page.text(": ");
      }
      put(page, value);
    });
    if (shown.length < part.entries.length) {
      separate(page);
      page.text("...");
    }
    page.close(part.open.length);
    page.text(part.close);
  }
  page.close();
}

function separate(page: Page): void {
  page.text(",");
  page.breakable();
}

/** Places that break together or not at all. */
class Group {
  /** Places that are not written yet. */
  waiting = 0;
  broken = false;
  constructor(readonly depth: number) {}
}

/** A text, or a place where its group may break the line and indent the next. */
type Held = string | { readonly group: Group; readonly indent: number };

class Page {
  #out = "";
  #column = 0;
  #held: Held[] = [];
  #heldWidth = 0;
  #indent = 0;
  #stack = [new Group(0)];
  /** Groups that may still break, by depth. */
  #queue: Group[][] = [[this.#stack[0]]];

  constructor(readonly width: number) {}

  text(text: string): void {
    const width = [...text].length;
    if (this.#held.length === 0) {
      this.#out += text;
      this.#column += width;
      return;
    }
    this.#hold(text, width);
  }

  /** A space, or the end of a line. */
  breakable(): void {
    const group = this.#stack.at(-1)!;
    if (group.broken) return this.#newline();
    group.waiting++;
    this.#hold({ group, indent: this.#indent }, 1);
  }

  /** Ends the line here; the outermost group breaks with it. */
  breakNow(): void {
    const group = this.#nextToBreak();
    if (group) this.#break(group);
    this.#newline();
  }

  open(indent = 0): void {
    const group = new Group(this.#stack.at(-1)!.depth + 1);
    this.#stack.push(group);
    (this.#queue[group.depth] ??= []).push(group);
    this.#indent += indent;
  }

  close(indent = 0): void {
    this.#indent -= indent;
    const group = this.#stack.pop()!;
    if (group.waiting === 0) this.#forget(group);
  }

  finish(): string {
    this.#flush();
    return this.#out;
  }

  #hold(held: Held, width: number): void {
    this.#held.push(held);
    this.#heldWidth += width;
    while (this.#column + this.#heldWidth > this.width) {
      const group = this.#nextToBreak();
      if (!group) return;
      this.#break(group);
    }
  }

  /** Writes up to the group's last place, and the text after it. */
  #break(group: Group): void {
    while (group.waiting > 0) this.#write(this.#held.shift()!);
    while (typeof this.#held[0] === "string") this.#write(this.#held.shift()!);
  }

  #write(held: Held): void {
    const width = typeof held === "string" ? [...held].length : 1;
    this.#heldWidth -= width;
    if (typeof held === "string") {
      this.#out += held;
      this.#column += width;
      return;
    }
    const { group, indent } = held;
    group.waiting--;
    if (group.broken) {
      this.#out += "\n" + " ".repeat(indent);
      this.#column = indent;
      return;
    }
    if (group.waiting === 0) this.#forget(group);
    this.#out += " ";
    this.#column += 1;
  }

  #flush(): void {
    for (const held of this.#held) this.#write(held);
    this.#held = [];
    this.#heldWidth = 0;
  }

  #newline(): void {
    this.#flush();
    this.#out += "\n" + " ".repeat(this.#indent);
    this.#column = this.#indent;
  }

  /** The outermost group with a place to break; of several at one depth, the latest. */
  #nextToBreak(): Group | undefined {
    for (const groups of this.#queue) {
      const fromEnd = groups.toReversed().findIndex((group) => group.waiting > 0);
      if (fromEnd >= 0) {
        const group = groups.at(-1 - fromEnd)!;
        // A visible mistake of IPython: it counts from the end, and removes from the start.
        groups.splice(fromEnd, 1);
        group.broken = true;
        return group;
      }
      for (const group of groups) group.broken = true;
      groups.length = 0;
    }
  }

  #forget(group: Group): void {
    const groups = this.#queue[group.depth];
    const at = groups.indexOf(group);
    if (at >= 0) groups.splice(at, 1);
  }
}
