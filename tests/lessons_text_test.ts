/*
 * Lessons 10 to 13: what their functions do. resume_test.ts stops and resumes lesson 13 as a program; lesson_test.ts
 * tests that they print what their notebook printed.
 */
import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import {
  defaultDevice,
  defaultGenerator,
  manualSeed,
  nn,
  optim,
  songs,
  stack,
  type Tensor,
  tensor,
  training,
  zeros,
} from "#lib";
import { ds } from "../lessons/10-dataset.ts";
import { nToken, tokenizer, trainData, valData } from "../lessons/11-tokenizer.ts";
import {
  batchSize,
  estimateLoss,
  getBatch,
  LanguageModel,
  type Split,
  train,
} from "../lessons/12-batches.ts";
import { generate, MLP } from "../lessons/13-mlp.ts";
import text13 from "../lessons/13-mlp.ts" with { type: "text" };
import { sharedArgs } from "../lib/lesson/args.ts";
import { randint } from "../lib/random/mod.ts";
import band from "./goldens/band.json" with { type: "json" };

const granted = async (name: "run" | "read" | "write" | "env") =>
  (await Deno.permissions.query({ name })).state === "granted";
const canRun = await granted("run") && await granted("read") && await granted("write") &&
  await granted("env");

Deno.test("a shared option is read from the command line, whatever else stands there", () => {
  const options = {
    data: { value: "songs", short: "shipped", shared: true, help: "" },
    steps: { value: 5, help: "" },
  };
  assertEquals(sharedArgs([], options), {});
  assertEquals(sharedArgs(["--", "--steps", "3", "--data", "x.txt", "--quiet"], options), {
    data: "x.txt",
  });
  assertEquals(sharedArgs(["url", "--data=x.txt"], options), { data: "x.txt" });
  assertEquals(sharedArgs(["--data"], options), {}, "the program that was started complains");
});

Deno.test("other seeds' runs of lesson 13, by PyTorch, lie as near as the lesson says", () => {
  const [, near] = text13.match(/losses are within\s([\d.]+)\sof these/)!;
  const printed = [...text13.matchAll(
    /\/\/> step (\d+): train loss ([\d.]+), validation loss ([\d.]+)/g,
  )].map(([, ...numbers]) => numbers.map(Number));
  assertEquals(printed.length, 11);
  for (const { seed, losses } of band) {
    losses.forEach(([step, ...values], i) => {
      assertEquals(step, printed[i][0]);
      values.forEach((value, k) =>
        assertAlmostEquals(printed[i][k + 1], value, Number(near), `seed ${seed}, step ${step}`)
      );
    });
  }
});

Deno.test("no song is on both sides of the split, and the tokens of both are all there", async () => {
  const [train, test] = [ds.train.column("text"), ds.test.column("text")];
  assertEquals(new Set([...train, ...test]).size, 145);
  assertEquals([train.length, test.length], [130, 15]);
  assertEquals(tokenizer.decode(await trainData.data()), train.join("\n"));
  assertEquals(tokenizer.decode(await valData.data()), test.join("\n"));
  assertEquals(tokenizer.nVocab, nToken);
});

Deno.test("a batch holds stretches of the songs, where PyTorch's randint would begin them", async () => {
  for (const [split, data] of [["train", trainData], ["val", valData]] as [Split, Tensor][]) {
    const all = [...await data.data()];
    for (const contextLength of [1, 8, 77, all.length - 2]) {
      const ix = [...randint(
        manualSeed(contextLength).clone(),
        new Int32Array(batchSize),
        0,
        all.length - contextLength - 1,
      )];
      if (contextLength > 100) ix.splice(1); // all rows are the same then
      const [X, Y] = getBatch(split, contextLength);
      assertEquals([X.shape, Y.shape], [[batchSize, contextLength], [batchSize, contextLength]]);
      for (const [i, start] of ix.entries()) {
        assertEquals([...await X.index(i).data()], all.slice(start, start + contextLength));
        assertEquals([...await Y.index(i).data()], all.slice(start + 1, start + 1 + contextLength));
      }
    }
  }
});

Deno.test("an estimate is the mean loss of so many batches of each half, learns nothing and keeps nothing", async () => {
  manualSeed(3);
  const model = new MLP({ contextLength: 3, nEmbed: 2, nHidden: 4 });
  const state = defaultGenerator.getState();
  const expected: number[] = [];
  for (const split of ["train", "val"] as const) {
    const losses = Array.from({ length: 4 }, () => {
      const [X, Y] = getBatch(split, 3);
      return model.forward(X, Y)[1]!;
    });
    expected.push(await stack(losses).mean().item());
  }
  defaultGenerator.setState(state);
  const before = defaultDevice.pool.use().inUse;
  const { train, val } = await estimateLoss(model, 4);
  assert(defaultDevice.pool.use().inUse - before <= 2048, "nothing but the two means is left");
  assertAlmostEquals(train, expected[0], 1e-6);
  assertAlmostEquals(val, expected[1], 1e-6);
  assert(train !== val);
  assertEquals([...model.parameters()].filter(({ grad }) => grad), []);
});

/** Notes in which mode it was asked; its loss has the gradient 3, 4 and nothing else. */
class Watched extends LanguageModel {
  override contextLength = 2;
  weight = new nn.Parameter(zeros([2]));
  inner = new nn.Dropout(0.5);
  modes: boolean[] = [];

  override forward(_idx: Tensor): [Tensor, Tensor] {
    this.modes.push(this.inner.training);
    const scores = zeros([1, nToken]).index(":");
    return [scores, this.weight.mul(tensor([3, 4])).sum()];
  }
}

Deno.test("estimates and texts come from a model in use, which then is in the mode in which it was", async () => {
  for (const mode of [true, false]) {
    const model = new Watched().train(mode);
    await estimateLoss(model, 1);
    await generate(model, { maxNewTokens: 1 });
    assertEquals(model.modes, [false, false, false]);
    assertEquals([...model.modules()].map(({ training }) => training), [mode, mode]);
  }
});

Deno.test("the loop clips the gradients as one vector and lets a schedule set the rate of each step", async () => {
  for (
    const [maxNorm, halved, expected] of [
      [undefined, false, [-6, -8]],
      [0.5, false, [-0.6, -0.8]],
      [50, true, [-4.5, -6]],
    ] as const
  ) {
    const model = new Watched();
    const optimizer = new optim.SGD(model.parameters(), { lr: 1 });
    const scheduler = halved
      ? new optim.lrScheduler.LambdaLR(optimizer, (step) => 1 / (step + 1))
      : undefined;
    const options = { evalInterval: 9, evalIters: 1, scheduler, maxNorm };
    await Array.fromAsync(train(model, optimizer, training(2), options));
    const moved = [...await model.weight.data()];
    moved.forEach((x, i) => assertAlmostEquals(x, expected[i], 1e-5));
  }
});

/** Scores for a context that are the same wherever it stands, and a note of what was asked. */
class Fixed extends LanguageModel {
  override contextLength = 4;
  asked: Tensor[] = [];

  constructor(readonly scores: number[], readonly places: boolean) {
    super();
  }

  override forward(idx: Tensor): [Tensor] {
    this.asked.push(idx.clone().detach());
    const scores = tensor([this.scores], { dtype: "float32" });
    if (!this.places) return [scores];
    return [
      stack([zeros([1, nToken]), zeros([1, nToken]), zeros([1, nToken]), scores], 1),
    ];
  }
}

Deno.test("a text is drawn from the best tokens only, each asked for with the context before it", async () => {
  manualSeed(11);
  const scores = Array.from({ length: nToken }, () => -20);
  const [a, b, c] = ["a", "b", "c"].map((letter) => tokenizer.encode(letter)[0]);
  [scores[a], scores[b], scores[c]] = [1, 1.2, 0.9];
  for (const places of [false, true]) {
    const model = new Fixed(scores, places);
    assertEquals(await generate(model, { maxNewTokens: 6, topk: 1 }), "bbbbbb");
    const text = await generate(model, { maxNewTokens: 60, topk: 2 });
    assertMatch(text, /^[ab]{60}$/);
    assert(text.includes("a"));
    const asked = await Promise.all(model.asked.slice(0, 6).map((idx) => idx.tolist()));
    const [n] = tokenizer.encode("\n");
    assertEquals(asked, [
      [[n, n, n, n]],
      [[n, n, n, b]],
      [[n, n, b, b]],
      [[n, b, b, b]],
      [[b, b, b, b]],
      [[b, b, b, b]],
    ]);
  }
});

Deno.test("what a model writes upsets no terminal", async () => {
  const scores = Array.from({ length: nToken }, () => 0);
  scores[0x1b] = 50;
  assertEquals(await generate(new Fixed(scores, false), { maxNewTokens: 3, topk: 1 }), "���");
});

Deno.test("the model looks at every one of its tokens, and its loss at the last answer alone", async () => {
  manualSeed(2);
  const model = new MLP({ contextLength: 5, nEmbed: 3, nHidden: 4 });
  const scores = async (ids: number[]) => [...await model.forward(tensor([ids]))[0].data()];
  const base = [1, 2, 3, 4, 5];
  for (const place of base.keys()) {
    assert((await scores(base)).join() !== (await scores(base.with(place, 9))).join(), `${place}`);
  }
  const [logits, loss] = model.forward(tensor([base]), tensor([[511, 511, 511, 511, 7]]));
  const expected = nn.functional.crossEntropy(logits, tensor([7]));
  assertEquals(await loss!.item(), await expected.item());
});

Deno.test({
  name: `a dataset of one long text is cut where its lines are empty` +
    `${canRun ? "" : " (ignored: needs --allow-read, --allow-write and --allow-env)"}`,
  ignore: !canRun,
  async fn() {
    const path = `${await Deno.makeTempDir()}/one.jsonl`;
    const cut = async (text: string) => {
      await Deno.writeTextFile(path, JSON.stringify({ text }));
      return (await songs({ data: path })).dataset.column("text");
    };
    assertEquals(await cut("a\nb\n\nc\n \n\n\nd\n"), ["a\nb", "c", "d\n"]);
    assertEquals(await cut("a\nb\nc"), ["a", "b", "c"]);
    assertEquals(await cut("a"), ["a"]);
  },
});
