/*
 * A program that takes something, says "held", and keeps it until it is killed, as with `kill -9`.
 */

/** A program that runs until it is killed. */
export interface Holding extends AsyncDisposable {
  readonly pid: number;
  /** Kills it, so that it can do nothing more. */
  kill(): Promise<void>;
}

/** Runs a program, which takes what it wants and then says "held". */
export async function holding(program: string): Promise<Holding> {
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(
    path,
    `${program}\nconsole.log("held");\nsetInterval(() => {}, 1000);\n`,
  );
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-all", `--config=${config}`, path],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const out = child.stdout.getReader();
  const { value, done } = await out.read();
  await out.cancel();
  await Deno.remove(path);
  const said = done ? "nothing" : new TextDecoder().decode(value);
  if (said !== "held\n") throw new Error(`the program said ${said}`);
  let over = false;
  const kill = async () => {
    if (!over) child.kill("SIGKILL");
    over = true;
    await child.status;
  };
  return { pid: child.pid, kill, [Symbol.asyncDispose]: kill };
}

/** The address of a module, as a program can import it. */
export const at = (module: string): string =>
  JSON.stringify(new URL(`../../${module}`, import.meta.url).href);
