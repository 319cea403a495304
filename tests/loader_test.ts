/*
 * The data loader, its samplers and randomSplit: PyTorch's places in PyTorch's order, the state of its generators
 * afterwards, and stacks.
 */
import { assertEquals, assertThrows } from "@std/assert";
import {
  arange,
  ConcatDataset,
  DataLoader,
  Dataset,
  defaultGenerator,
  Generator,
  manualSeed,
  noGrad,
  randn,
  RandomSampler,
  randomSplit,
  Subset,
  SubsetRandomSampler,
  type Tensor,
  tensor,
  TensorDataset,
  WeightedRandomSampler,
} from "#lib";
import { randint } from "../lib/random/mod.ts";
import goldens from "./goldens/loader.json" with { type: "json" };

interface Golden {
  n: number;
  options: { batchSize?: number; shuffle?: boolean; dropLast?: boolean; generator?: number };
  leave: (number | null)[];
  length: number;
  epochs: number[][][];
  next: number[];
  nextOwn: number[];
}

const cases = goldens.batches as Golden[];
const places = (n: number) => Array.from({ length: n }, (_, i) => i);
const drawn = (generator: Generator) => [...randint(generator, new Int32Array(3), 0, 2 ** 31 - 1)];

for (const { n, options, leave, length, epochs, next, nextOwn } of cases) {
  Deno.test(`loader: ${n} samples, ${JSON.stringify(options)}, epochs left after ${leave}`, () => {
    manualSeed(1234 + n);
    const generator = options.generator === undefined
      ? undefined
      : new Generator(options.generator);
    const loader = new DataLoader(places(n), {
      ...options,
      generator,
      collateFn: (samples) => samples,
    });
    assertEquals(loader.length, length);
    const seen = leave.map((after) => {
      const batches: number[][] = [];
      const walk = loader[Symbol.iterator]();
      while (after === null || batches.length < after) {
        const { done, value } = walk.next();
        if (done) break;
        batches.push(value);
      }
      return batches;
    });
    assertEquals(seen, epochs);
    assertEquals(drawn(defaultGenerator), next, "the default generator afterwards");
    assertEquals(drawn(generator ?? defaultGenerator), nextOwn, "the loader's own afterwards");
  });
}

/** A generator of this seed; none for the default one. */
const own = (seed: number | null) => seed === null ? undefined : new Generator(seed);

for (const { name, of, options, seed, epochs, next } of goldens.samplers) {
  Deno.test(`loader: ${name} of ${of}, ${JSON.stringify(options)}, draws PyTorch's places`, () => {
    manualSeed(99);
    const given = { numSamples: 0, ...options, generator: own(seed) };
    const sampler = name === "RandomSampler"
      ? new RandomSampler(places(of as number), { ...options, generator: given.generator })
      : name === "SubsetRandomSampler"
      ? new SubsetRandomSampler(of as number[], given.generator)
      : new WeightedRandomSampler(of as number[], given);
    assertEquals([[...sampler], [...sampler]], epochs);
    assertEquals(sampler.length, epochs[0].length);
    assertEquals(drawn(defaultGenerator), next, "the default generator afterwards");
  });
}

for (const { n, lengths, seed, parts, next } of goldens.splits) {
  Deno.test(`loader: ${n} samples split by ${lengths} are PyTorch's parts`, () => {
    manualSeed(99);
    const split = randomSplit(places(n), lengths, { generator: own(seed) });
    assertEquals(split.map((part) => [...part.indices]), parts);
    assertEquals(drawn(defaultGenerator), next, "the default generator afterwards");
  });
}

Deno.test("loader: a dataset of tensors gives the same batches at once as sample by sample", async () => {
  manualSeed(5);
  const tensors = [randn([10, 3, 2]), arange(10), arange(10).gt(4), randn([10, 0, 3])];
  // A view whose rows do not lie one after the other.
  tensors.push(randn([4, 10]).t());
  const dataset = new TensorDataset(...tensors);
  const slow = { length: 10, at: (i: number) => dataset.at(i) };
  const walk = async (samples: typeof slow) => {
    const batches = [];
    const loader = new DataLoader(samples, {
      batchSize: 4,
      shuffle: true,
      generator: new Generator(3),
    });
    for (const batch of loader) {
      const values = [];
      for (const x of batch) values.push([x.dtype, x.shape, await x.tolist()] as const);
      batches.push(values);
    }
    return batches;
  };
  const [fast, plain] = [await walk(dataset), await walk(slow)];
  assertEquals(fast, plain);
  assertEquals(fast.map((batch) => batch.map(([, shape]) => shape)), [
    [[4, 3, 2], [4], [4], [4, 0, 3], [4, 4]],
    [[4, 3, 2], [4], [4], [4, 0, 3], [4, 4]],
    [[2, 3, 2], [2], [2], [2, 0, 3], [2, 4]],
  ]);
  assertEquals(fast.flatMap((batch) => batch[1][2]).sort(), places(10));
});

Deno.test("loader: a batch outlives its epoch, and a no-grad region around the loop", async () => {
  const loader = new DataLoader(new TensorDataset(arange(6)), { batchSize: 4 });
  const last = noGrad(() => {
    let batch;
    for ([batch] of loader) batch.add(1);
    return batch;
  });
  for (const [x] of loader) x.add(1);
  assertEquals(await last!.tolist(), [4, 5]);
});

Deno.test("loader: stacks tensors, numbers, truths, strings, and what is made of them", async () => {
  const samples = [
    { x: tensor([1.5, 2]), y: 3, half: 0.5, yes: true, name: "a", pair: [1, tensor(1)] },
    { x: tensor([3.5, 4]), y: 5, half: 2.5, yes: false, name: "b", pair: [2, tensor(2)] },
  ];
  const [batch] = new DataLoader(samples, { batchSize: 2 });
  assertEquals(await batch.x.tolist(), [[1.5, 2], [3.5, 4]]);
  assertEquals([batch.y.dtype, await batch.y.tolist()], ["int64", [3, 5]]);
  assertEquals([batch.half.dtype, await batch.half.tolist()], ["float32", [0.5, 2.5]]);
  assertEquals([batch.yes.dtype, await batch.yes.tolist()], ["bool", [true, false]]);
  assertEquals(batch.name, ["a", "b"]);
  assertEquals(await Promise.all(batch.pair.map((part) => part.tolist())), [[1, 2], [1, 2]]);
});

Deno.test("loader: typed arrays are stacked as PyTorch stacks NumPy's", async () => {
  const rows = [Float32Array.of(1, 2), Float32Array.of(3, 4)];
  const [stack] = new DataLoader(rows, { batchSize: 2 });
  assertEquals([stack.dtype, await stack.tolist()], ["float32", [[1, 2], [3, 4]]]);
  const pairs = rows.map((x, y) => ({ x, y }));
  const [{ x, y }] = new DataLoader(pairs, { batchSize: 2 });
  assertEquals([x.dtype, x.shape, y.dtype], ["float32", [2, 2], "int64"]);
  const [flat] = new DataLoader(Float32Array.of(1, 2, 3), { batchSize: 2 });
  assertEquals([flat.dtype, await flat.tolist()], ["float32", [1, 2]]);
  const [ids] = new DataLoader([Int32Array.of(1, 2), Int32Array.of(3, 4)], { batchSize: 2 });
  assertEquals([ids.dtype, await ids.tolist()], ["int64", [[1, 2], [3, 4]]]);
});

Deno.test("loader: a table of rows is shuffled, split and joined as any dataset", async () => {
  const label = places(6);
  const table = Dataset.from({ text: label.map(String), label });
  manualSeed(3);
  const order = [...new DataLoader(label, { batchSize: 4, shuffle: true, collateFn: (y) => y })];
  manualSeed(3);
  const loader = new DataLoader(table, { batchSize: 4, shuffle: true });
  const batches = [...loader];
  assertEquals(loader.length, 2);
  assertEquals(await Promise.all(batches.map(({ label }) => label.tolist())), order);
  assertEquals(batches.map(({ text }) => text.map(Number)), order);
  const [train, test] = randomSplit(table, [4, 2]);
  assertEquals([train.length, test.length], [4, 2]);
  assertEquals(new ConcatDataset([table, test]).at(1), table.at(1));
  assertEquals(new ConcatDataset([table, test]).length, 8);
});

Deno.test("loader: places count from the end where negative, and none is made up", async () => {
  const ten = new TensorDataset(arange(10));
  const at = (dataset: TensorDataset | Subset<Tensor[]>, sampler: number[]) => {
    const [[x]] = new DataLoader(dataset, { batchSize: 2, sampler });
    return x.tolist();
  };
  assertEquals(await at(ten, [-1, 8]), [9, 8]);
  assertEquals(await at(new Subset(ten, [7, 8]), [-1, 0]), [8, 7]);
  assertEquals(await at(new Subset(ten, [-1, 3]), [0, 1]), [9, 3]);
  for (
    const refused of [
      () => at(new Subset(ten, [7, 8]), [7, 8]),
      () => at(new Subset(ten, [7, 10]), [0, 1]),
      () => at(ten, [-11, 8]),
      () => [...new DataLoader(["a", "b"], { batchSize: 2, sampler: [1, 2] })],
      () => [...new DataLoader(new Subset(["a", "b"], [1, 2]), { batchSize: 2 })],
    ]
  ) assertThrows(refused, RangeError, "index out of range: the index is");
});

Deno.test("loader: refuses what PyTorch refuses, in its words", () => {
  const refused = (make: () => unknown, words: string) => assertThrows(make, Error, words);
  const positive = "should be a positive integer value, but got";
  for (const batchSize of [0, -1, 1.5]) {
    refused(() => new DataLoader([1], { batchSize }), `batch_size ${positive} batch_size=`);
  }
  refused(() => new DataLoader([], { shuffle: true }), `num_samples ${positive} num_samples=0`);
  refused(() => new TensorDataset(arange(3), arange(4)), "Size mismatch between tensors");
  refused(() => new TensorDataset(tensor(3)), "Size mismatch between tensors");
  refused(() => new TensorDataset(), "Size mismatch between tensors");
  const uneven = new DataLoader([[1, 2], [3]], { batchSize: 2 });
  refused(() => [...uneven], "each element in list of batch should be of equal size");
  refused(() => [...new DataLoader([null])], "this one is null");
  refused(() => [...new DataLoader([new Date()])], "this one is a Date; give a collateFn");
  refused(() => [...new DataLoader([{ a: new Map() }])], "this one is a Map");
  refused(() => [...new DataLoader([Promise.resolve(1)])], "await all samples first");
  assertEquals([...new DataLoader([])], []);
  for (const replacement of [false, true]) {
    const sampler = new RandomSampler([], { numSamples: 5, replacement });
    refused(() => [...sampler], "the dataset is empty");
  }
});
