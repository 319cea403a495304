/*
 * What the reader sees during a run: the adapter, the progress and the time left, the loss as it falls, and at the end
 * how many outputs agree with the printed ones.
 */
import { chart, type ChartOptions, type Series } from "../../lesson/chart.ts";
import type { Progressed } from "../../lesson/watch.ts";
import { themed } from "../output.ts";
import { readCurves } from "../picture.ts";
import { element } from "./dom.ts";
import type { File } from "./messages.ts";
import type { Verdict } from "./results.ts";

const COUNTED: [Verdict, string][] = [
  ["equal", "equal"],
  ["near", "one unit off"],
  ["in-band", "in their band"],
  ["different", "different"],
  ["not-compared", "not compared"],
  ["new", "new"],
];

/** The strip at the bottom of the page. */
export class Live {
  readonly element = element("aside", { class: "live", "aria-label": "The run", hidden: true });
  readonly #adapter = element("span", { class: "adapter" });
  readonly #words = element("span", { class: "words" });
  readonly #status = element("p", { role: "status" }, this.#words, " ");
  readonly #bar = element("progress", { "aria-label": "Progress of the run" });
  readonly #curves = element("div", { class: "curves", hidden: true });
  readonly #files = element("p", { class: "files", hidden: true });
  readonly #stop: HTMLButtonElement;
  readonly #close: HTMLButtonElement;
  #began = 0;
  #printed?: Series[];
  #hasFailed = false;
  #checked = "";

  /** A strip whose button calls this function. */
  constructor(stop: () => void) {
    const how = { type: "button", class: "stop", title: "Escape", onclick: stop };
    this.#stop = element("button", how, "Stop");
    const close = () => void (this.element.hidden = true);
    this.#close = element("button", { type: "button", class: "quiet", onclick: close }, "Close");
    const line = element(
      "div",
      { class: "line" },
      this.#status,
      this.#bar,
      this.#stop,
      this.#close,
    );
    this.#status.append(this.#adapter);
    this.element.append(this.#curves, this.#files, line);
  }

  /** A run starts. */
  begin(): void {
    this.#began = performance.now();
    this.#printed = undefined;
    this.#hasFailed = false;
    this.#checked = "";
    this.element.hidden = this.#bar.hidden = this.#stop.hidden = false;
    this.#close.hidden = this.#curves.hidden = this.#files.hidden = true;
    this.#bar.removeAttribute("value");
    this.#adapter.textContent = "";
    this.say("Starting…");
  }

  /** Shows the GPU it runs on. */
  adapter(name: string): void {
    this.#adapter.textContent = `on ${name}`;
    this.#words.textContent = "Running";
  }

  /** Shows the progress of a loop. */
  progress(at: Progressed | undefined): void {
    if (at) {
      this.#bar.max = at.total;
      this.#bar.value = at.step;
      this.#status.ariaLive = "off"; // nobody wants to hear every step
      this.#words.textContent = at.words;
    } else {
      this.#bar.removeAttribute("value");
      this.#words.textContent = "Running";
    }
  }

  /** Draws the loss so far over the printed chart, if that has the same axes. */
  curves(series: Series[], options: ChartOptions): void {
    this.#curves.hidden = false;
    this.#printed ??= printedCurves(options);
    const svg = chart([...series, ...this.#printed], options).svg({ width: 720, height: 220 });
    this.#curves.innerHTML = themed(svg, "The loss so far");
  }

  /** Says something: what a lesson has to say besides its outputs, or how it ended. */
  say(text: string): void {
    this.#status.ariaLive = "polite";
    this.#words.textContent = text;
  }

  /** Shows how many answers on a page of exercises are right. */
  checked(words: string): void {
    this.#checked = words;
  }

  /** The run ended with an error. */
  failed(): void {
    this.#hasFailed = true;
  }

  /** Offers what the run has saved as a download; and a button that goes on with it, if it can. */
  take(files: File[], goOn?: () => void): void {
    this.#files.hidden = files.length === 0;
    const more = element(
      "button",
      { type: "button", class: "more", onclick: () => goOn?.() },
      "Go on",
    );
    this.#files.replaceChildren(
      ...(goOn && files.length ? [more, " "] : []),
      "Saved: ",
      ...files.flatMap(({ path, bytes }, i) => {
        const name = path.replace(/^.*\//, "");
        const href = URL.createObjectURL(new Blob([bytes]));
        return [i ? ", " : "", element("a", { href, download: name }, name)];
      }),
    );
  }

  /** The run has ended. */
  end(words: string, counts: ReadonlyMap<Verdict, number> = new Map()): void {
    this.#bar.hidden = this.#stop.hidden = true;
    this.#close.hidden = false;
    const total = [...counts.values()].reduce((a, b) => a + b, 0);
    const seconds = ((performance.now() - this.#began) / 1000).toFixed(1);
    const kinds = COUNTED.flatMap(([verdict, words]) =>
      counts.get(verdict) ? [`${counts.get(verdict)} ${words}`] : []
    ).join(", ");
    const outputs = total && `${total} output${total === 1 ? "" : "s"}: ${kinds} · ${seconds} s`;
    const failed = this.#hasFailed ? "It stopped at an error." : "";
    const all = [words, failed, this.#checked, outputs].filter(Boolean).join(" ");
    this.say(all || `It ran to its end and showed nothing · ${seconds} s`);
  }
}

/** The first chart on the page with these axes that no run has drawn: its curves. */
function printedCurves({ x, y, span }: ChartOptions): Series[] {
  for (const text of document.querySelectorAll("article figure .as-text pre")) {
    const read = readCurves(text.textContent);
    const ends = [read?.options.span, span].map((span) => span?.at(-1));
    if (!read || read.options.x !== x || read.options.y !== y || ends[0] !== ends[1]) continue;
    return read.series.map((one) => ({ ...one, name: `${one.name}, printed` }));
  }
  return [];
}
