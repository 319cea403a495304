/*
 * The editor of a cell: CodeMirror replaces its code, and is loaded at the first Edit. Changes are kept in this browser
 * until Reset, and a link can carry them.
 */
import { autocompletion, closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { javascript } from "@codemirror/lang-javascript";
import { bracketMatching, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import { element } from "./dom.ts";
import { linkTo, saveEdits } from "./edits.ts";
import { codesOf } from "./program.ts";

/** A text in CodeMirror, which says when it is changed, and when it is to run. */
const viewOf = (
  root: ShadowRoot,
  doc: string,
  label: string,
  { run, changed }: { run(): void; changed(text: string): void },
) =>
  new EditorView({
    root,
    parent: root,
    doc,
    extensions: [
      lineNumbers(),
      history(),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      autocompletion({ override: [] }),
      syntaxHighlighting(classHighlighter),
      javascript({ typescript: true }),
      EditorState.tabSize.of(2),
      EditorView.contentAttributes.of({ "aria-label": label }),
      keymap.of([
        { key: "Mod-Enter", run: () => (run(), true) },
        { key: "Escape", run: ({ contentDOM }) => (contentDOM.blur(), true) },
        ...closeBracketsKeymap,
        ...defaultKeymap,
        ...historyKeymap,
        indentWithTab,
      ]),
      EditorView.updateListener.of(({ docChanged, state }) => {
        if (docChanged) changed(state.doc.toString());
      }),
    ],
  });

/** Opens the editor of a cell, with the reader's earlier change if there is one. */
export function openEditor(
  section: HTMLElement,
  source: string,
  edits: Map<number, string>,
  run: () => Promise<void>,
): void {
  if (section.classList.contains("edited")) return;
  const number = Number(section.dataset.cell);
  const original = codesOf(source).get(number)!;
  const changed = (text: string) => {
    if (text === original) edits.delete(number);
    else edits.set(number, text);
    // The printed outputs stand below as long as the code is the one that printed them.
    section.classList.toggle("changed", text !== original);
  };
  // In a shadow root, because in a page CodeMirror would write style elements, which the page's policy forbids.
  const shell = element("div", { class: "shell" });
  const root = shell.attachShadow({ mode: "open", delegatesFocus: true });
  root.append(element("link", { rel: "stylesheet", href: "style.css" }));
  const view = viewOf(root, edits.get(number) ?? original, `Code of cell ${number}`, {
    run: () => void run(),
    changed(text) {
      changed(text);
      saveEdits(edits);
    },
  });
  changed(view.state.doc.toString());
  const note = element("small", { role: "status" });
  const close = () => {
    edits.delete(number);
    saveEdits(edits);
    view.destroy();
    editor.remove();
    section.classList.remove("edited", "changed");
    section.querySelectorAll(".output.here, .fault").forEach((old) => old.remove());
    section.querySelector<HTMLElement>(".edit")?.focus();
  };
  const share = async () => {
    const link = linkTo(edits);
    // A page that does not come by https, or a reader who forbids it, copies nothing.
    const copied = await navigator.clipboard?.writeText(link).then(() => true, () => false);
    note.textContent = `The address of this page now carries your changes${
      copied ? ", and is copied" : ""
    }.`;
  };
  const editor = element(
    "div",
    { class: "editor" },
    shell,
    element(
      "div",
      { class: "actions" },
      element("button", { type: "button", class: "go", onclick: () => void run() }, "Run"),
      element("button", { type: "button", onclick: close }, "Reset"),
      element("button", { type: "button", onclick: () => void share() }, "Link"),
      element(
        "small",
        {},
        "Ctrl-Enter runs. Types are taken away, not checked. Escape, then Tab, leaves.",
      ),
      note,
    ),
  );
  section.classList.add("edited");
  section.prepend(editor);
}
