/*
 * The buttons of a lesson, and its options as form fields.
 */
import type { Options } from "../../lesson/args.ts";
import { element } from "./dom.ts";
import { SMALL } from "./messages.ts";

/** The values of a run, as on a command line. */
export type Values = Record<string, string | number | boolean>;

/** The values for a full run, or for one as short as in a test. */
export const valuesOf = (options: Options, { brief }: { brief: boolean }): Values =>
  Object.fromEntries(
    Object.entries(options).map(([name, { value, short }]) => [
      name,
      // The reader's machine may have songs that are in copyright; the numbers here are those of our songs.
      name === "data" ? "shipped" : brief ? short ?? value : value,
    ]),
  );

/** The values of a brief run that differ from those of a full one. */
const shortened = (brief: Values, options: Options): Values =>
  Object.fromEntries(lengthsOf(options).map((name) => [name, brief[name]]));

/** The options that change the length of a run. */
export const lengthsOf = (options: Options): string[] =>
  Object.keys(options).filter((name) => name !== "data" && options[name].short !== undefined);

type Fields = Map<string, HTMLInputElement | HTMLSelectElement>;
/** Files that the reader gave, by path. */
export type Given = Map<string, Blob>;

/** The options that may name files, with a label for each. */
const FILES: Record<string, string> = {
  data: "A file of your own",
  resume: "A checkpoint to continue from",
  folder: "A folder with config.json, vocab.json, merges.txt and model.safetensors",
};

/** The form of a lesson; files that its reader chooses are added to `given`. */
export function form(options: Options, given: Given, run: (values: Values) => void): HTMLElement {
  const fields: Fields = new Map();
  const read = (): Values => {
    const values = valuesOf(options, { brief: false });
    for (const [name, field] of fields) {
      const { value } = options[name];
      values[name] = typeof value === "boolean"
        ? (field as HTMLInputElement).checked
        : typeof value === "number"
        ? (field.value === "" ? value : Number(field.value))
        : field.value;
    }
    return values;
  };
  const brief = valuesOf(options, { brief: true });
  const lengths = brief.model === SMALL
    ? "a small GPT-2 with drawn weights"
    : lengthsOf(options).map((name) => `${name} ${brief[name]}`).join(", ");
  const note = "folder" in options
    ? " In full downloads the weights into this page, 548 MB from huggingface.co; a folder of yours needs no network."
    : "";
  const button = (words: string, kind: string, values: () => Values, title = "") =>
    element("button", { type: "button", class: kind, title, onclick: () => run(values()) }, words);
  const buttons = lengths
    ? [
      button(
        "Run briefly",
        "go",
        () => ({ ...read(), ...shortened(brief, options) }),
        lengths,
      ),
      button("Run in full", "", read, "with the options below"),
    ]
    : [button("Run this lesson", "go", read)];
  const rows = Object.entries(options).map(([name, option]) => {
    const field = fieldOf(name, option);
    fields.set(name, field);
    const take = (event: Event) => takeFile(event.target as HTMLInputElement, name, fields, given);
    return element(
      "div",
      { class: "option" },
      element("label", { for: field.id }, `--${name}`),
      field,
      name in FILES && element("input", {
        type: "file",
        "aria-label": FILES[name],
        webkitdirectory: name === "folder",
        multiple: name === "resume",
        onchange: take,
      }),
      element("small", {}, option.help),
    );
  });
  return element(
    "div",
    { class: "runner" },
    element("div", { class: "buttons" }, ...buttons),
    lengths !== "" && element("small", { class: "lengths" }, `Briefly is: ${lengths}.${note}`),
    rows.length > 0 &&
      element("details", { class: "options" }, element("summary", {}, "Options"), ...rows),
  );
}

function fieldOf(name: string, { value, choices }: Options[string]) {
  const id = `option-${name}`;
  if (choices) {
    const entries = choices.map((choice) =>
      element("option", { value: choice, selected: choice === value }, choice)
    );
    return element("select", { id }, ...entries);
  }
  if (typeof value === "boolean") return element("input", { id, type: "checkbox", checked: value });
  const type = typeof value === "number" ? "number" : "text";
  return element("input", { id, type, value: name === "data" ? "shipped" : value, step: "any" });
}

/** Notes the files that the reader chose; the run reads them. */
function takeFile(field: HTMLInputElement, name: string, fields: Fields, given: Given): void {
  const [file, ...others] = field.files ?? [];
  if (!file) return;
  if (name === "folder") {
    for (const each of [file, ...others]) given.set(`./given/${each.name}`, each);
    fields.get("folder")!.value = "./given";
  } else if (name === "data") {
    given.set(`./${file.name}`, file);
    fields.get("data")!.value = `./${file.name}`;
  } else {
    // A lesson saves one file, or several in a folder.
    const out = fields.get("out")?.value;
    if (others.length === 0) given.set(`${out}.safetensors`, file);
    for (const each of [file, ...others]) given.set(`${out}/${each.name}`, each);
    (fields.get("resume") as HTMLInputElement).checked = true;
  }
}
