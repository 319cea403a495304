/*
 * What the pictures that answer have in common: what they are, their fields, and how they wait for a reader who types.
 */
import { element } from "../dom.ts";

/** Asks the lesson for a thing by name. */
export type Ask = (what: unknown) => Promise<unknown>;
/** A picture: its elements, and what makes them show what the reader has chosen. */
export interface Picture {
  parts: HTMLElement[];
  draw(): Promise<void>;
}

/** Calls a function once nothing has happened for a moment; while it works, the last call waits. */
export function soon(work: () => Promise<void>): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let busy = false, again = false;
  const go = async () => {
    if (busy) return void (again = true);
    busy = true;
    try {
      await work();
    } finally {
      busy = false;
    }
    if (again) {
      again = false;
      void go();
    }
  };
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => void go(), 150);
  };
}

/** A field with its name before it. */
export function labelled(words: string, field: HTMLElement): HTMLElement {
  return element("label", { class: "field" }, element("span", {}, words), field);
}

/** A token as it is shown: what cannot be seen has a sign. */
export const visible = (token: string): string =>
  token.replaceAll("\n", "⏎").replace(/^ /, "·").replace(/[^\P{C}]/gu, "�");
