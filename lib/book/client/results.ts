/*
 * The outputs of a run, next to those printed on the page. Each output is marked as equal, one unit off, in its band,
 * or different.
 */
import { NOT_YET, type Outcome } from "../../lesson/exercise.ts";
import { NUMBER } from "../../lesson/compare.ts";
import { type Held, hold, type Shown } from "../../lesson/outputs.ts";
import { marksAt } from "../../lesson/source.ts";
import { exportsOf } from "../compile_plain.ts";
import { outputHtml } from "../output.ts";
import { element } from "./dom.ts";
import { lineInCell, type Program } from "./program.ts";

/** How an output compares with the printed one. */
export type Verdict = "equal" | "near" | "in-band" | "different" | "not-compared" | "new";

const WORDS: Record<Verdict, string> = {
  equal: "equal",
  near: "one unit off",
  "in-band": "in its band",
  different: "different",
  "not-compared": "not compared",
  new: "new",
};
const SIGNS: Record<Verdict, string> = {
  equal: "=",
  near: "≈",
  "in-band": "±",
  different: "≠",
  "not-compared": "~",
  new: "+",
};

/** The results of one run. */
export class Results {
  readonly counts = new Map<Verdict, number>();
  readonly #program: Program;
  readonly #full: boolean;
  readonly #article: HTMLElement;
  #journal: Shown[] = [];
  #pictures = new Map<number, string>();
  #open: number | undefined;
  /** Outputs on their way into the page. */
  #puts: Promise<void>[] = [];

  /** The results of a program, in an article; those of an earlier run are removed. */
  constructor(article: HTMLElement, program: Program, { full }: { full: boolean }) {
    [this.#article, this.#program, this.#full] = [article, program, full];
    article.querySelectorAll(".mark, .here, .fault").forEach((old) => old.remove());
    article.querySelectorAll(".output").forEach((output) => output.classList.remove("beside"));
    article.querySelectorAll<HTMLElement>("[data-printed]").forEach(restore);
  }

  /** Adds an output. A statement in a loop is compared once all its outputs are there. */
  shown(line: number, text: string, svg?: string): void {
    if (this.#open !== undefined && this.#open !== line) this.#close(this.#open);
    this.#open = line;
    this.#journal.push({ line, text });
    if (svg) this.#pictures.set(line, svg);
  }

  /** There are no more outputs. */
  ended(): void {
    if (this.#open !== undefined) this.#close(this.#open);
    this.#open = undefined;
  }

  /** Shows an error under the cell where it happened. */
  failed(message: string, line: number | undefined, fallback?: number): void {
    this.ended();
    const { cell } = line === undefined ? { cell: fallback } : this.#program.lines[line] ?? {};
    const section = this.#section(cell);
    const where = line !== undefined && cell !== undefined
      ? `Line ${lineInCell(this.#program, line)} of this cell`
      : "An error";
    const fault = element(
      "div",
      { class: "fault", role: "alert" },
      element("strong", {}, where),
      element("pre", { tabindex: 0, role: "group", "aria-label": "Error" }, message),
    );
    (section ?? this.#article.querySelector("#run")!).append(fault);
    void Promise.all(this.#puts).then(() => fault.scrollIntoView({ block: "nearest" }));
  }

  /** Shows the result of each answer under its cell; returns a summary in words. */
  checked(outcomes: readonly Outcome[]): string {
    const cells = [...this.#article.querySelectorAll<HTMLElement>(".cell")].map((section) => ({
      section, // The page's own code, since the reader's may no longer have the name.
      names: exportsOf(section.querySelector(":scope > .code")?.textContent ?? ""),
    }));
    for (const { name, wrong, hint } of outcomes) {
      const section = cells.find(({ names }) => names.includes(name))?.section;
      const open = wrong === NOT_YET;
      const kind = open ? "not-compared" : wrong ? "different" : "equal";
      const words = open ? "~ not answered yet" : wrong ? `≠ ${wrong}` : "= right";
      const mark = element("p", { class: `mark answer ${kind}`, role: "status" }, words);
      section?.append(
        mark,
        wrong && !open
          ? element("details", { class: "here hint" }, element("summary", {}, "A hint"), hint)
          : "",
      );
    }
    const right = outcomes.filter(({ wrong }) => !wrong).length;
    return `${right} of ${outcomes.length} right.`;
  }

  #section(cell: number | undefined): HTMLElement | undefined {
    return this.#article.querySelector<HTMLElement>(`[data-cell="${cell}"]`) ?? undefined;
  }

  #close(line: number): void {
    const { text, lines } = this.#program;
    const held = hold(text, this.#journal.filter((one) => one.line === line), { full: this.#full });
    for (const one of held) {
      const verdict = this.#verdict(one);
      this.counts.set(verdict, (this.counts.get(verdict) ?? 0) + 1);
      const end = lines[one.end]?.source;
      const output = this.#article.querySelector<HTMLElement>(`.output[data-end="${end}"]`);
      this.#puts.push(
        this.#put(one, verdict, end === undefined ? null : output, lines[line]?.cell),
      );
    }
  }

  #verdict({ expected, match, end }: Held): Verdict {
    if (expected === undefined) return "new";
    if (match.wrong.length) return "different";
    const { varies, full } = marksAt(this.#program.text.split("\n"), end);
    if (varies || (full && !this.#full)) return "not-compared";
    return match.inBand ? "in-band" : match.near ? "near" : "equal";
  }

  async #put(held: Held, verdict: Verdict, output: HTMLElement | null, cell?: number) {
    const svg = this.#pictures.get(held.first);
    const place = output ?? element("div", { class: "output here" });
    if (!output) this.#section(cell)?.append(place);
    const numbers = held.match.exact + held.match.near + held.match.inBand;
    const detail = verdict === "not-compared"
      ? this.#full ? ": no two runs agree here" : ": a brief run prints something else"
      : numbers > 1 && output
      ? `, ${numbers} numbers`
      : "";
    place.prepend(
      element("p", { class: `mark ${verdict}` }, `${SIGNS[verdict]} ${WORDS[verdict]}${detail}`),
    );
    const code = this.#program.text.split("\n").slice(held.first - 1, held.end).join("\n");
    if (verdict === "equal" && !svg) return;
    const html = (await outputHtml({ text: held.text, code, svg })).text;
    if (output && svg && verdict !== "different") {
      const printed = output.querySelector<HTMLElement>("figure");
      if (printed) {
        printed.dataset.printed = printed.innerHTML;
        printed.innerHTML = html.replace(/^<figure>|<\/figure>$/g, "");
        return;
      }
    }
    const here = element("div", { class: "here" });
    here.innerHTML = html;
    if (output) {
      here.prepend(element("p", { class: "head" }, "Here"));
      output.classList.add("beside");
      const pre = here.querySelector("pre");
      if (pre && held.expected && !svg) markNumbers(pre, held.expected, held.text);
    }
    place.append(here);
  }
}

function restore(figure: HTMLElement): void {
  figure.innerHTML = figure.dataset.printed!;
  delete figure.dataset.printed;
}

/** The numbers of a text, and the words between them. */
const cut = (text: string) => text.split(new RegExp(`(${NUMBER.source})`));

/** Marks the numbers that differ from the expected ones. */
function markNumbers(pre: HTMLElement, expected: string, text: string): void {
  const [want, have] = [cut(expected), cut(text)];
  if (want.length !== have.length) return;
  pre.replaceChildren(
    ...have.map((part, i) => i % 2 && part !== want[i] ? element("mark", {}, part) : part),
  );
}
