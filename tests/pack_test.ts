/*
 * The library in another project: imported by its path in a program of ten lines, and as an npm package, whose types
 * TypeScript reads and whose modules Node loads.
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { needing } from "./support/needing.ts";

const root = new URL("..", import.meta.url);
const { ignore, because } = needing("run", "read", "write", "env");

async function run(command: string, args: string[], cwd: string) {
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd,
    env: { NO_COLOR: "1", XDG_RUNTIME_DIR: "/tmp" },
    stdin: "null",
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}: ${code}\n${out}${err}`);
  return out;
}

async function inEmptyFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A program of ten lines, as the README has it. */
const program = (library: string) =>
  `import { manualSeed, nn, optim, tensor } from "${library}";
manualSeed(42);
const model = new nn.Linear(2, 1);
const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
const x = tensor([[0.5, 1], [1, 0.25]]), y = tensor([[1.5], [0.5]]);
for (let step = 0; step < 20; step++) {
  const loss = model.forward(x).sub(y).square().mean();
  optimizer.zeroGrad(), loss.backward(), optimizer.step();
  if (step % 19 === 0) console.log((await loss.item()).toFixed(4));
}
`;

Deno.test({
  name: `a program elsewhere imports the library by its path, type-checks and trains${because}`,
  ignore,
  fn: () =>
    inEmptyFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/main.ts`, program(new URL("lib/mod.ts", root).pathname));
      await run(Deno.execPath(), ["check", "main.ts"], folder);
      // PyTorch 2.13 prints the same two losses.
      assertEquals(await run(Deno.execPath(), ["run", "main.ts"], folder), "0.3270\n0.0342\n");
    }),
});

const npm = ignore ? undefined : await run("npm", ["--version"], ".").catch(() => undefined);
const node = ignore ? undefined : await run("node", ["--version"], ".").catch(() => undefined);
const major = Number(/\d+/.exec(node ?? "")?.[0] ?? 0);

Deno.test({
  name: `the npm package installs, a TypeScript project reads its types, and Node loads it` +
    `${npm ? "" : because || " (ignored: needs npm)"}`,
  ignore: !npm,
  fn: () =>
    inEmptyFolder(async (folder) => {
      const tool = new URL("lib/tools/pack.ts", root).pathname;
      const config = ["--config", new URL("deno.json", root).pathname];
      await run(
        Deno.execPath(),
        ["run", "-A", "--no-lock", ...config, tool, `${folder}/package`],
        folder,
      );
      await run("npm", ["pack", "./package"], folder);
      const [{ name: file }] = [...Deno.readDirSync(folder)].filter((it) => /tgz$/.test(it.name));
      await Deno.writeTextFile(`${folder}/package.json`, `{ "type": "module", "private": true }`);
      await run("npm", ["install", "--ignore-scripts", "--no-audit", `./${file}`], folder);

      await Deno.writeTextFile(`${folder}/main.ts`, program("@to-the-digit/torch"));
      await Deno.writeTextFile(
        `${folder}/wrong.ts`,
        `import { tensor } from "@to-the-digit/torch";\nexport const x: string = tensor([1]).float();\n`,
      );
      const options = { module: "nodenext", target: "es2022", lib: ["es2022"], strict: true };
      await Deno.writeTextFile(
        `${folder}/tsconfig.json`,
        JSON.stringify({
          compilerOptions: { ...options, types: [], noEmit: true },
          files: ["main.ts", "wrong.ts"],
        }),
      );
      const compiler = [
        "run",
        "-A",
        "--no-lock",
        ...config,
        "npm:typescript@5.9.3/tsc",
        "-p",
        folder,
      ];
      const { message } = await run(Deno.execPath(), compiler, folder).then(
        () => new Error("no mistake found"),
        (error: Error) => error,
      );
      const mistakes = message.match(/^\S+\.ts\(.*$/gm);
      assertEquals(mistakes?.length, 1, message);
      assertStringIncludes(mistakes![0], "Type 'Tensor' is not assignable to type 'string'");

      if (major < 22) return; // the package names the version that it wants
      await Deno.writeTextFile(
        `${folder}/main.js`,
        `import { getEncoding, repr, zeros } from "@to-the-digit/torch";
console.log(repr((await getEncoding("gpt2")).encode("hello")));
try { zeros([1]); } catch (error) { console.log(error.message); }\n`,
      );
      const out = await run("node", ["main.js"], folder);
      assertStringIncludes(out, "[31373]\nopening the GPU: there is no WebGPU here");
    }),
});
