/*
 * Runs the beginning of lesson 13 in Deno, and prints how many milliseconds it took: what times.ts compares a page with.
 */
import { fromFileUrl, root } from "../../lib/book/site.ts";
import { runsIn } from "../../lib/host/mod.ts";

const [steps] = Deno.args;

runsIn({
  args: [`--steps=${steps}`, "--evals=1", "--data=shipped"],
  size: () => ({ columns: 80, rows: 0 }), // nothing is drawn
});
const { defaultAdapter } = await import("../../lib/gpu/default.ts");
const adapter = defaultAdapter();
Deno.chdir(fromFileUrl(root));
const begun = performance.now();
await import(new URL("lessons/13-mlp.ts", root).href);
console.log(JSON.stringify({ adapter, ms: performance.now() - begun }));
