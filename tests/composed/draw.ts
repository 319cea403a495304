/*
 * Prints composed programs as JSON, for tests/goldens/composed.py: `draw.ts 200 1` are 200 from seed 1 on.
 *
 * Only shapes, dtypes and refusals are looked at, so nothing is computed.
 */
import "../support/no_kernels.ts";
import { menu } from "./menu.ts";
import { drawn } from "./programs.ts";

const [count, seed] = Deno.args.map(Number);
const torch = Object.fromEntries(Object.entries(menu).map(([name, { torch }]) => [name, torch]));
const programs = Array.from({ length: count }, (_, i) => drawn(seed * 1_000_000 + i));
console.log(JSON.stringify({ torch, programs }));
