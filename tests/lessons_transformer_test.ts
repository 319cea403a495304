/*
 * Lesson 14: what it prints; each of its models, small enough for a test, compared with the same model in PyTorch; and
 * the losses in the lesson compared with those of PyTorch's complete runs. resume_test.ts tests that it goes on.
 */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { manualSeed, nn, noGrad, randn, tensor, training } from "#lib";
import { nToken, trainData, valData } from "../lessons/11-tokenizer.ts";
import { train } from "../lessons/12-batches.ts";
import { MLP } from "../lessons/13-mlp.ts";
import {
  exactLoss,
  type GPT,
  prepare,
  recorded,
  regularized,
  stages,
} from "../lessons/14-transformer.ts";
import { lesson14 } from "../lib/tools/bench/models.ts";
import { ledger, measure } from "../lib/tools/digits.ts";
import { transformer } from "../lib/tools/export/lessons.ts";
import { works } from "../lib/tools/peers/works.ts";
import text14 from "../lessons/14-transformer.ts" with { type: "text" };
import mlpBand from "./goldens/band.json" with { type: "json" };
import golden from "./goldens/lesson14.json" with { type: "json" };
import { testOutputs } from "./support/outputs.ts";

const SEED = 4273904858;
const recipes = [...stages, { name: "MLP, dropout", recipe: regularized }];
const first: Record<string, { losses: number[] }> = golden.first;

testOutputs(14);

Deno.test("the golden was made with these tokens and these models", async () => {
  const sums = await Promise.all([trainData, valData].map((x) => x.sum().item()));
  assertEquals([trainData.numel(), valData.numel(), ...sums], golden.tokens);
  assertEquals(recipes.map(({ name }) => name), Object.keys(first));
});

Deno.test("bench and bench:peers measure the model that the lesson trains last", () => {
  const { config } = stages.find(({ name }) => name === "gpt")!.model as GPT;
  const { nLayer: layers, nHead: heads, dropout } = config;
  // The lesson is smaller in a test; these are its sizes for a reader.
  const valueOf = (option: string) =>
    Number(text14.match(new RegExp(`\\n  ${option}: \\{\\n    value: (\\d+),`))![1]);
  const [context, embed] = [valueOf("context"), valueOf("width")];
  assertEquals(lesson14, { vocab: nToken, context, embed, heads, layers, rotary: true, dropout });
  const work = works.find(({ name }) => name === "lesson 14's training step")!;
  assertEquals(work.heads, heads);
  const queries = work.tensors.filter(({ name }) => name.endsWith("query.weight"));
  assertEquals(queries.map(({ shape }) => shape), Array(layers).fill([embed, embed]));
  assertEquals(work.ids[0][0].length, context);
});

for (const { name, recipe } of recipes) {
  Deno.test(`${name}: 30 steps lose what PyTorch loses`, async () => {
    manualSeed(SEED);
    const { model, optimizer, scheduler } = prepare(recipe);
    const { losses } = first[name];
    const run = training(losses.length + 1); // before its last step it is evaluated, which draws
    const how = { evalInterval: 1000, evalIters: 1, scheduler, maxNorm: recipe.maxNorm };
    for await (const _ of train(model, optimizer, run, how));
    const [{ points }] = await run.curves();
    losses.forEach((loss, step) => assertAlmostEquals(points[step][1], loss, 1e-4, `step ${step}`));
  });
}

Deno.test("exported as a GPT-2 or a GPT-NeoX, a model has the same logits", async () => {
  const layouts = { "one block": "GPT2", dropout: "GPT2", rotary: "GPTNeoX", gpt: "GPTNeoX" };
  for (const [name, layout] of Object.entries(layouts)) {
    const model = stages.find((stage) => stage.name === name)!.recipe.make().eval();
    noGrad(() => [...model.parameters()].forEach((p) => p.add_(randn(p.shape), { alpha: 0.2 })));
    const { contextLength } = model;
    const theirs = transformer(model.stateDict(), { contextLength, nHead: 4 }, name);
    assertEquals(theirs.constructor.name, layout);
    const idx = tensor([Array.from({ length: contextLength }, (_, i) => (i * i * 7 + 3) % nToken)]);
    const far = noGrad(() => model.forward(idx)[0].sub(theirs.forward(idx)).abs().max());
    assert(await far.item() < 1e-4, `${name}: ${await far.item()}`);
  }
  const { model } = stages.find(({ name }) => name === "three bare")!;
  assertThrows(
    () => transformer(model.stateDict(), { contextLength: 8, nHead: 4 }, "three-bare"),
    RangeError,
    "this model has no blocks with shortcuts and norms",
  );
});

Deno.test("the exact loss is the mean over each window's last targets", async () => {
  for (const [model, stride] of [[stages[1].recipe.make(), 4], [new MLP(), 1]] as const) {
    const T = model.contextLength;
    const ids = [...await valData.data()].slice(0, 100); // as many as a test's lesson takes
    let [sum, count] = [0, 0];
    for (let start = 0; start + T < ids.length; start += stride) {
      const idx = tensor([ids.slice(start, start + T)]);
      const logits = model.eval().forward(idx)[0].view(-1, nToken); // (T or 1, nToken)
      const targets = tensor(ids.slice(start + 1, start + T + 1)).index(`-${stride}:`);
      const options = { reduction: "sum" } as const;
      const last = logits.index(`-${stride}:`);
      sum += await nn.functional.crossEntropy(last, targets, options).item();
      count += stride;
    }
    assertAlmostEquals(await exactLoss(model.train(), stride), sum / count, 1e-4);
    assert(model.training);
  }
});

Deno.test("what the lesson tells of other numbers of steps is what PyTorch reached", () => {
  const [, told] = text14.match(/\(Patience does not help\.([^)]*)\)/)!;
  const [one, three, ...longer] = told.match(/\d\.\d\d/g)!.map(Number);
  assertAlmostEquals(three, band["three bare"]["1"][2], 0.00501);
  [one, ...longer].forEach((loss, i) => {
    const [name, steps, , reached] = golden.after[i];
    assertAlmostEquals(loss, Number(reached), 0.00501, `${name} after ${steps} steps`);
  });
});

/** What PyTorch reached by seed: the train loss, the validation loss, and that with the full context. */
const band: Record<string, Record<string, number[]>> = golden.band;

Deno.test("PyTorch's losses that the lesson tells are those of its seed 1; what the lesson printed is near", () => {
  const [, near] = text14.match(/A run here\s+may lie at most ([\d.]+) below/)!;
  const rows = [...text14.matchAll(/^\| ([\w -]+?) +\|((?: [\d.]+ +\|){3})$/gm)];
  assert(rows.length >= 7);
  for (const [, name, cells] of rows) {
    const told = cells.match(/[\d.]+/g)!.map(Number);
    told.forEach((loss, i) => assertAlmostEquals(loss, band[name]["1"][i], 0.00501, name));
  }
  const inLedger = ledger.filter(({ lesson }) => lesson === 14);
  assertEquals(inLedger.length, rows.length);
  inLedger.forEach(({ printed }, stage) => {
    const [, cells] = rows[stage].slice(1);
    const told = printed.match(/train loss (.*), validation loss (.*)/)!.slice(1);
    assertEquals(told, cells.match(/[\d.]+/g)!.slice(0, 2));
  });
  const shown = [...text14.matchAll(/^\/\/> (\d+ parameters, .*)$/gm)].map(([, losses]) => losses);
  assertEquals(shown.length, rows.length);
  for (const entry of inLedger) {
    const standing = measure(entry, shown);
    assert(typeof standing === "object");
    assertEquals(standing.wrong, [], entry.what);
  }
  const printed = text14.matchAll(
    /await learn\("([^"]+)"(?:(?!await learn)[^])*?\/\/> \d+ parameters, \d+ steps: train loss ([\d.]+), validation loss ([\d.]+)/g,
  );
  for (const [, name, ...losses] of printed) {
    const seeds = Object.values(band[name] ?? {});
    losses.map(Number).forEach((loss, i) => {
      const reached = seeds.map((seed) => seed[i]);
      assert(loss > Math.min(...reached) - Number(near), `${name}: ${loss} is below ${reached}`);
      assert(loss < Math.max(...reached) + Number(near), `${name}: ${loss} is above ${reached}`);
    });
  }
});

Deno.test("the MLP's losses that the lesson records are those of PyTorch's seeds", () => {
  const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
  const at = (step: number) =>
    [1, 2].map((i) => mean(mlpBand.map(({ losses }) => losses.find(([s]) => s === step)![i])));
  const regularized = Object.values(band["MLP, dropout"]);
  const wanted = [at(9999), at(1000), [0, 2].map((i) => mean(regularized.map((v) => v[i])))];
  recorded.forEach(({ name, train, exact }, i) => {
    assertAlmostEquals(train, wanted[i][0], 0.00501, name);
    assertAlmostEquals(exact, wanted[i][1], 0.00501, name);
  });
});
