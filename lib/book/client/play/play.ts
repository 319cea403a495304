/*
 * Interactive pictures: each asks the lesson, which runs in its worker, and draws the answer. A button opens them,
 * since the lesson must first run up to their cell.
 */
import { element } from "../dom.ts";
import { attention } from "./attention.ts";
import { embeddings } from "./embeddings.ts";
import { merges } from "./merges.ts";
import { type Ask, type Picture, soon } from "./parts.ts";
import { next, words } from "./sampling.ts";
import { writing } from "./writing.ts";

/** Each gets what asks the lesson, and what draws it anew once its reader has typed. */
const pictures: Record<string, (ask: Ask, redraw: () => void) => Picture> = {
  attention,
  words,
  next,
  vectors: embeddings,
  writing,
  merges,
};

/** Adds a button for each picture of a page. */
export function openPlays(
  article: HTMLElement,
  ask: (
    play: string,
    at: { cell: number; from?: number },
    what: unknown,
  ) => Promise<unknown>,
): void {
  for (const section of article.querySelectorAll<HTMLElement>("[data-play]")) {
    const play = section.dataset.play!;
    const at = {
      cell: Number(section.dataset.after),
      from: Number(section.dataset.from) || undefined,
    };
    section.hidden = false;
    const note = element("p", { class: "note", role: "status" });
    let picture: Picture | undefined;
    const draw = async () => {
      try {
        picture ??= pictures[play]((what) => ask(play, at, what), soon(draw));
        await picture.draw();
        if (!picture.parts[0].isConnected) section.append(...picture.parts);
        button.textContent = "Ask again";
        note.textContent = "";
      } catch (error) {
        note.textContent = (error as Error).message;
      }
    };
    const begin = async () => {
      button.disabled = true;
      note.textContent = "The lesson runs up to here …";
      await draw();
      button.disabled = false;
    };
    const button = element("button", { type: "button", onclick: () => void begin() }, "Try it");
    section.append(element("div", { class: "buttons" }, button, note));
  }
}
