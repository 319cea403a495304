/*
 * Programs that combine many parts of the library: integers, booleans, empty tensors, ties, NaN, infinities, numbers
 * below 2^-126, views, in-place writes. Every step and the gradients are compared with PyTorch 2.13
 * (tests/goldens/composed.py, which also explains how to make and run 10,000 others: COMPOSED names their file).
 */
import { assertEquals } from "@std/assert";
import goldens from "./goldens/composed.json" with { type: "json" };
import { type Answer, judge } from "./composed/judge.ts";
import { menu } from "./composed/menu.ts";
import { numberOf, type Program } from "./composed/programs.ts";
import { poisoned } from "./support/poison.ts";
import { keepsSubnormals, subnormal } from "./support/subnormals.ts";

poisoned();

type Golden = Program & { answer: Answer };
const allowed = await Deno.permissions.query({ name: "env", variable: "COMPOSED" });
const file = allowed.state === "granted" ? Deno.env.get("COMPOSED") : undefined;
const programs: Golden[] = file ? JSON.parse(await Deno.readTextFile(file)) : goldens;

/** Whether a program meets numbers below 2^-126, which WGSL lets an adapter take for 0. */
const meetsTiny = ({ leaves, answer: { steps, last, grads } }: Golden): boolean =>
  [...leaves, ...steps.flatMap(({ out }) => out ?? []), ...last ?? [], ...grads].some((x) =>
    x?.values.map(numberOf).some(subnormal)
  );

Deno.test(`${programs.length} composed programs give what PyTorch gives`, async () => {
  const found: string[] = [];
  const kinds = new Map<string, number>();
  const used = new Set<string>();
  let [compared, edges, steps, declined] = [0, 0, 0, 0];
  const flushes = !await keepsSubnormals();
  const judgeable = programs.filter((program) => !flushes || !meetsTiny(program));
  for (const [n, program] of judgeable.entries()) {
    const judged = await judge(program, program.answer);
    compared += judged.compared;
    edges += judged.edges;
    declined += judged.declined;
    steps += program.steps.length;
    for (const { call } of program.steps) used.add(call);
    const { difference } = judged;
    if (!difference) continue;
    const { call, kind, detail } = difference;
    const name = `${call}: ${kind}`;
    kinds.set(name, (kinds.get(name) ?? 0) + 1);
    if (kinds.get(name)! <= 3) {
      found.push(
        `program ${n}, ${name}: ${detail}\n${JSON.stringify({ ...program, answer: undefined })}`,
      );
    }
  }
  console.log(
    `${judgeable.length} programs of ${steps} steps of ${used.size} calls, ${compared} numbers compared; ` +
      `${edges} steps stood on an edge; ${declined} in-place forms of what wants a gradient were refused by design` +
      (flushes ? `; ${programs.length - judgeable.length} with numbers below 2^-126 left out` : ""),
  );
  const counts = [...kinds].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${count} ${name}`);
  assertEquals(counts, [], `\n${counts.join("\n")}\n\n${found.join("\n")}`);
  if (judgeable.length >= 190) {
    assertEquals(Object.keys(menu).filter((name) => !used.has(name)), []);
  }
});
