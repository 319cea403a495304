/*
 * Runs the beginning of lesson 13 in Deno, and prints the milliseconds of a step: what times.ts compares a page with.
 */
import { fromFileUrl, root } from "../../lib/book/site.ts";
import { runsIn } from "../../lib/host/mod.ts";
import { watch } from "../../lib/lesson/watch.ts";
import { type Seen, slope } from "./slope.ts";

const [steps] = Deno.args;
const lesson = new URL("lessons/13-mlp.ts", root).href;
const seen: Seen[] = [];

runsIn({
  args: [`--steps=${steps}`, "--evals=1", "--data=shipped"],
  size: () => ({ columns: 80, rows: 0 }), // nothing is drawn
});
watch({
  url: lesson,
  progressed: (at) => void (at && seen.push({ step: at.step, ms: performance.now() })),
});
const { defaultAdapter } = await import("../../lib/gpu/default.ts");
Deno.chdir(fromFileUrl(root));
await import(lesson);
console.log(JSON.stringify({ adapter: defaultAdapter(), ms: slope(seen) }));
