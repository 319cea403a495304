/*
 * What the interactive pictures share: their types, their fields, and how they wait while a reader types.
 */
import { element } from "../dom.ts";

/** Asks the lesson for something by name. */
export type Ask = (what: unknown) => Promise<unknown>;
/** A picture: its elements, and a function that updates them to what the reader has chosen. */
export interface Picture {
  parts: HTMLElement[];
  draw(): Promise<void>;
}

/** Calls a function, which never throws, once nothing has happened for a moment; while it is busy, the last call waits. */
export function soon(work: () => Promise<void>): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let busy = false, again = false;
  const go = async () => {
    if (busy) return void (again = true);
    busy = true;
    do {
      again = false;
      await work();
    } while (again);
    busy = false;
  };
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => void go(), 150);
  };
}

/** A field with its label before it. */
export function labeled(words: string, field: HTMLElement): HTMLElement {
  return element("label", { class: "field" }, element("span", {}, words), field);
}

/** A token for display: invisible characters become symbols. */
export const visible = (token: string): string =>
  token.replaceAll("\n", "⏎").replace(/^ /, "·").replace(/[^\P{C}]/gu, "�");
