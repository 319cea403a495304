/*
 * An editor, as far as tests need one: Deno's own language server is asked, as an editor would ask it.
 */

/** What a server says of a place in a text. */
interface Diagnostic {
  readonly range: { readonly start: { readonly line: number } };
  readonly source: string;
  readonly message: string;
}

/** The language server of this Deno, spoken to in JSON-RPC. */
export class Editor implements AsyncDisposable {
  readonly #child = new Deno.Command(Deno.execPath(), {
    args: ["lsp"],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  readonly #writer = this.#child.stdin.getWriter();
  readonly #answers = new Map<number, (result: unknown) => void>();
  #found: (uri: string, diagnostics: readonly Diagnostic[]) => void = () => {};
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

  /** An editor with this folder open. */
  async open(root: URL): Promise<this> {
    await this.ask("initialize", {
      processId: Deno.pid,
      rootUri: root.href,
      capabilities: { workspace: { configuration: true, workspaceFolders: true } },
      workspaceFolders: [{ uri: root.href, name: "here" }],
      initializationOptions: { enable: true },
    });
    this.tell("initialized", {});
    return this;
  }

  /** Shows a text as a file. */
  show(uri: string, text: string): void {
    this.tell("textDocument/didOpen", {
      textDocument: { uri, languageId: "typescript", version: 1, text },
    });
  }

  /** What types say of a text, line by line; the server sends its findings of several kinds one after another. */
  async errorsOf(uri: string, text: string): Promise<{ line: number; message: string }[]> {
    const end = 'const end: number = "the end";';
    const all = new Promise<readonly Diagnostic[]>((resolve) => {
      this.#found = (of, diagnostics) => {
        const last = text.split("\n").length;
        if (of === uri && diagnostics.some((one) => one.range.start.line === last)) {
          resolve(diagnostics.filter((one) => one.range.start.line < last));
        }
      };
    });
    this.show(uri, `${text}\n${end}`);
    return (await all).filter(({ source }) => source === "deno-ts")
      .map(({ range, message }) => ({ line: range.start.line, message }));
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
    if (method === "textDocument/publishDiagnostics") {
      const { uri, diagnostics } = params as { uri: string; diagnostics: Diagnostic[] };
      this.#found(uri, diagnostics);
    }
    if (id === undefined) return;
    // The server asks for settings: none.
    const { items = [] } = Object(params);
    this.#send({
      id,
      result: method === "workspace/configuration" ? items.map(() => ({ enable: true })) : null,
    });
  }
}
