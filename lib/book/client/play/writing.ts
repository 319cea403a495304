/*
 * What a model writes at any step of its training: the newest first, so that one sees it learn.
 */
import { element } from "../dom.ts";
import type { Writing } from "./kinds.ts";
import { type Ask, labeled, type Picture } from "./parts.ts";

/** Milliseconds between two texts that are written without being asked for. */
const EVERY_MS = 5000;
/** The number of texts that are kept. */
const MOST = 20;

/** The picture. */
export function writing(ask: Ask): Picture {
  const often = element("input", { type: "checkbox", onchange: () => void again() });
  const texts = element("div", {
    class: "texts",
    role: "log",
    "aria-label": "What it has written",
  });
  let timer: ReturnType<typeof setTimeout> | undefined;

  const draw = async () => {
    const { step, steps, text } = await ask({}) as Writing;
    const done = step >= steps;
    const after = `after ${step.toLocaleString("en")} of ${steps.toLocaleString("en")} steps`;
    texts.prepend(
      element("figure", {}, element("figcaption", {}, after), element("pre", {}, text)),
    );
    while (texts.children.length > MOST) texts.lastElementChild!.remove();
    clearTimeout(timer);
    if (often.checked && !done) timer = setTimeout(() => void again(), EVERY_MS);
  };
  const again = () => often.checked ? draw().catch(() => {}) : clearTimeout(timer);
  return {
    parts: [labeled("again every five seconds", often), texts],
    draw,
  };
}
