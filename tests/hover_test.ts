/*
 * What an editor shows when the mouse is over a method: the documentation of the function behind it. Deno's own
 * language server is asked, as an editor would ask it.
 */
import { assert, assertEquals } from "@std/assert";
import { Tensor } from "#lib";

const names = (["read", "run", "env"] as const).map((name) => Deno.permissions.query({ name }));
const allowed = (await Promise.all(names)).every(({ state }) => state === "granted");

/** The language server of this Deno, spoken to in JSON-RPC. */
class Editor implements AsyncDisposable {
  readonly #child = new Deno.Command(Deno.execPath(), {
    args: ["lsp"],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  readonly #writer = this.#child.stdin.getWriter();
  readonly #answers = new Map<number, (result: unknown) => void>();
  readonly #reading = this.#read();
  #id = 0;

  ask(method: string, params: unknown): Promise<unknown> {
    const id = ++this.#id;
    this.#send({ id, method, params });
    return new Promise((resolve) => this.#answers.set(id, resolve));
  }

  tell(method: string, params: unknown): void {
    this.#send({ method, params });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.ask("shutdown", null);
    this.tell("exit", null);
    await this.#writer.close();
    await this.#reading;
    await this.#child.status;
  }

  #send(message: object): void {
    const body = new TextEncoder().encode(JSON.stringify({ jsonrpc: "2.0", ...message }));
    this.#writer.write(new TextEncoder().encode(`Content-Length: ${body.length}\r\n\r\n`));
    this.#writer.write(body);
  }

  async #read(): Promise<void> {
    let bytes = new Uint8Array();
    for await (const chunk of this.#child.stdout) {
      bytes = Uint8Array.of(...bytes, ...chunk);
      for (;;) {
        const head = new TextDecoder().decode(bytes.subarray(0, 200)).match(
          /^Content-Length: (\d+)\r\n(?:.+\r\n)*\r\n/,
        );
        if (!head || bytes.length < head[0].length + Number(head[1])) break;
        const end = head[0].length + Number(head[1]);
        this.#take(JSON.parse(new TextDecoder().decode(bytes.subarray(head[0].length, end))));
        bytes = bytes.slice(end);
      }
    }
  }

  #take(
    { id, method, result, params }: {
      id?: number;
      method?: string;
      result?: unknown;
      params?: unknown;
    },
  ): void {
    if (method === undefined) return this.#answers.get(id!)?.(result);
    if (id === undefined) return;
    // The server asks for settings: none.
    const { items = [] } = Object(params);
    this.#send({
      id,
      result: method === "workspace/configuration" ? items.map(() => ({ enable: true })) : null,
    });
  }
}

Deno.test({
  name: `every method of a tensor shows its documentation in an editor` +
    `${allowed ? "" : " (ignored: needs --allow-all)"}`,
  ignore: !allowed,
  async fn() {
    const own = Object.getOwnPropertyNames(Tensor.prototype);
    // `x.0` can't be written: its accessor says so.
    const methods = own.filter((name) => name !== "constructor" && /^[a-z]/i.test(name));
    assert(methods.length > 90, `${methods.length} methods`);
    const text = [
      'import { Tensor } from "#lib";',
      "declare const x: Tensor;",
      ...methods.map((name) => `x.${name};`),
    ]
      .join("\n");
    const rootUri = new URL("..", import.meta.url).href;
    const uri = new URL("hovered.ts", import.meta.url).href;
    await using editor = new Editor();
    await editor.ask("initialize", {
      processId: Deno.pid,
      rootUri,
      capabilities: { workspace: { configuration: true, workspaceFolders: true } },
      workspaceFolders: [{ uri: rootUri, name: "here" }],
      initializationOptions: { enable: true },
    });
    editor.tell("initialized", {});
    editor.tell("textDocument/didOpen", {
      textDocument: { uri, languageId: "typescript", version: 1, text },
    });
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
    assertEquals(bare, []);
  },
});
