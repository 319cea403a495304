/*
 * Runs lesson 13 in Deno up to its last step, and prints how many milliseconds it took: what times.ts compares a page
 * with.
 */
import { fromFileUrl, root } from "../../lib/book/site.ts";
import { runsIn } from "../../lib/host/mod.ts";
import { watch } from "../../lib/lesson/watch.ts";

/** How the line begins that the lesson prints after its last step, once that is computed. */
export const lastOf = (steps: number): string => `step ${steps - 1}:`;

async function main(steps: number): Promise<void> {
  runsIn({
    args: [`--steps=${steps}`, "--evals=1", "--data=shipped"],
    size: () => ({ columns: 80, rows: 0 }), // nothing is drawn
  });
  const { defaultAdapter } = await import("../../lib/gpu/default.ts");
  const adapter = defaultAdapter();
  Deno.chdir(fromFileUrl(root));
  const { href: url } = new URL("lessons/13-mlp.ts", root);
  const begun = performance.now();
  const shown = (_: number, text: string) => {
    if (!text.startsWith(lastOf(steps))) return;
    console.log(JSON.stringify({ adapter, ms: performance.now() - begun }));
    Deno.exit(0);
  };
  watch({ url, shown });
  await import(url);
}

if (import.meta.main) await main(Number(Deno.args[0]));
