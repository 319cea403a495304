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
import { linkTo, savedEdits, saveEdits } from "./edits.ts";
import { codesOf } from "./program.ts";

/** Opens the editor of a cell. */
export function openEditor(
  section: HTMLElement,
  source: string,
  edits: Map<number, string>,
  run: () => Promise<void>,
): void {
  if (section.classList.contains("edited")) {
    section.querySelector(".shell")?.shadowRoot?.querySelector<HTMLElement>(".cm-content")?.focus();
    return;
  }
  const number = Number(section.dataset.cell);
  const original = codesOf(source).get(number)!;
  const changed = (text: string) => {
    if (text === original) edits.delete(number);
    else edits.set(number, text);
    saveEdits(edits);
  };
  // In a shadow root, because in a page CodeMirror would write style elements, which the page's policy forbids.
  const shell = element("div", { class: "shell" });
  const root = shell.attachShadow({ mode: "open" });
  root.append(element("link", { rel: "stylesheet", href: "style.css" }));
  const view = new EditorView({
    root,
    parent: root,
    doc: edits.get(number) ?? savedEdits().get(number) ?? original,
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
      EditorView.contentAttributes.of({ "aria-label": `Code of cell ${number}` }),
      keymap.of([
        { key: "Mod-Enter", run: () => (void run(), true) },
        { key: "Escape", run: ({ contentDOM }) => (contentDOM.blur(), true) },
        ...closeBracketsKeymap,
        ...defaultKeymap,
        ...historyKeymap,
        indentWithTab,
      ]),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) changed(update.state.doc.toString());
      }),
    ],
  });
  changed(view.state.doc.toString());
  const note = element("small", { role: "status" });
  const close = () => {
    edits.delete(number);
    saveEdits(edits);
    view.destroy();
    editor.remove();
    section.classList.remove("edited");
    section.querySelectorAll(".output.here, .fault").forEach((old) => old.remove());
    if (location.hash.startsWith("#edits=")) {
      globalThis.history.replaceState(null, "", location.pathname);
    }
    section.querySelector<HTMLElement>(".edit")?.focus();
  };
  const share = async () => {
    const link = linkTo(edits);
    globalThis.history.replaceState(null, "", link);
    await navigator.clipboard?.writeText(link).catch(() => {});
    note.textContent = "The address of this page now carries your changes, and is copied.";
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
  view.focus();
}
