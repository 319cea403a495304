/*
 * What an editor shows: over a method, the documentation of the function behind it; under calls in which arguments have
 * PyTorch's names, nothing.
 */
import { assert, assertEquals } from "@std/assert";
import { Tensor } from "#lib";
import { Editor } from "./support/editor.ts";
import { callsOf, forms, written } from "./support/named.ts";
import { needing } from "./support/needing.ts";

const { ignore, because } = needing("read", "run", "env");
const file = (name: string) => new URL(name, import.meta.url).href;

/** The methods without documentation in an editor. */
async function undocumented(editor: Editor): Promise<string[]> {
  const own = Object.getOwnPropertyNames(Tensor.prototype);
  // `x.0` can't be written: its accessor says so.
  const methods = own.filter((name) => name !== "constructor" && /^[a-z]/i.test(name));
  assert(methods.length > 90, `${methods.length} methods`);
  const uri = file("hovered.ts");
  editor.show(
    uri,
    [
      'import { Tensor } from "#lib";',
      "declare const x: Tensor;",
      ...methods.map((name) => `x.${name};`),
    ].join("\n"),
  );
  const bare: string[] = [];
  for (const [i, name] of methods.entries()) {
    const position = { line: i + 2, character: 3 };
    const hover = await editor.ask("textDocument/hover", { textDocument: { uri }, position });
    const { contents = [] } = Object(hover);
    const said = [contents].flat().map((one: unknown) =>
      typeof one === "string" ? one : Object(one).value as string
    );
    // The first part is the type, in a fence; what follows is the documentation.
    const docs = said.join("\n").replace(/```[^]*?```/, "").trim();
    if (docs === "") bare.push(name);
  }
  return bare;
}

/** The calls by name that types refuse. */
async function refused(editor: Editor): Promise<string[]> {
  const head = [
    'import * as lib from "#lib";',
    "declare const x: lib.Tensor;",
    "// deno-lint-ignore no-explicit-any",
    "declare const value: any;",
  ];
  const calls = forms.flatMap((form) => callsOf(form).map((call) => written(form, call)));
  assert(calls.length > 400, `${calls.length} calls`);
  const errors = await editor.errorsOf(file("named.ts"), [...head, ...calls].join("\n"));
  return errors.map(({ line, message }) =>
    `${calls[line - head.length]} ${message.split("\n")[0]}`
  );
}

Deno.test({
  name: `an editor documents every method, and takes all arguments by PyTorch's names${because}`,
  ignore,
  async fn() {
    await using editor = await new Editor().open(new URL("..", import.meta.url));
    assertEquals(await undocumented(editor), []);
    assertEquals(await refused(editor), []);
  },
});
