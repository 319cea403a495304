/*
 * PyTorch's random numbers: streams, states and errors compared with real PyTorch (goldens/random_numbers.py), and with
 * what two of the notebooks printed.
 *
 * Integers must be equal. Real numbers may differ by one unit in the last place of float32, and only one in a thousand
 * may differ at all: double-precision logarithms may differ between C libraries.
 */

import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { mcg31Next, mcg31Seed } from "../lib/random/bernoulli.ts";
import {
  bernoulli,
  cauchy,
  defaultGenerator,
  dropout,
  erf,
  erfinv,
  exponential,
  Generator,
  geometric,
  getRngState,
  initialSeed,
  logNormal,
  manualSeed,
  MT19937,
  multinomial,
  normal,
  randint,
  random,
  randperm,
  seed,
  setRngState,
  truncNormal,
  uniform,
} from "../lib/random/mod.ts";
import goldens from "./goldens/random_numbers.json" with { type: "json" };

/** One draw of a program: all its numbers, or for a long array both its ends and its sum. */
interface Step {
  draw: string;
  n: number;
  args: unknown[];
  values?: (number | string)[];
  first?: (number | string)[];
  last?: (number | string)[];
  sum?: number;
}
interface Program {
  seed: string;
  initialSeed: string;
  steps: Step[];
  next: number;
}
const programs: Record<string, Program> = goldens.programs;

type Numbers = ArrayLike<number> | ArrayLike<bigint>;
// deno-lint-ignore no-explicit-any -- the arguments of a row are its draw's own
type Draw = (g: Generator, n: number, ...args: any[]) => Numbers;

/** An array in which an element that is not written shows. */
const floats = (n: number) => new Float32Array(n).fill(NaN);
const ints = (n: number) => new Int32Array(n).fill(-99);
const longs = (n: number) => new BigInt64Array(n).fill(-99n);

/** The weights of the goldens' script. */
const weights = (n: number) => Float32Array.from({ length: n }, (_, i) => (i * 7 + 3) % 11);

const DRAWS: Record<string, Draw> = {
  uniform: (g, n, a, b) => uniform(g, floats(n), a, b),
  normal: (g, n, mean, std) => normal(g, floats(n), mean, std),
  exponential: (g, n, rate) => exponential(g, floats(n), rate),
  cauchy: (g, n, median, sigma) => cauchy(g, floats(n), median, sigma),
  geometric: (g, n, p) => geometric(g, floats(n), p),
  logNormal: (g, n, mean, std) => logNormal(g, floats(n), mean, std),
  truncNormal: (g, n, mean, std, a, b) => truncNormal(g, floats(n), { mean, std, a, b }),
  randint: (g, n, low, high) => randint(g, ints(n), low, high),
  randintLong: (g, n, low, high) => randint(g, longs(n), BigInt(low), BigInt(high)),
  random: (g, n) => random(g, longs(n)),
  randperm: (g, n) => randperm(g, ints(n)),
  bernoulli: (g, n, p) => bernoulli(g, floats(n), p),
  bernoulliEach: (g, n) => bernoulli(g, floats(n), weights(n).map((w) => w / 10.5)),
  dropout: (g, n, p) => dropout(g, floats(n), p),
  multinomial: (g, n, samples, rows, replacement) =>
    multinomial(g, weights(n * rows), samples, { rows, replacement }),
};

const BITS = new DataView(new ArrayBuffer(4));

/** The place of a float32 in the order of all floats: neighbors differ by one. */
function place(x: number): number {
  BITS.setFloat32(0, x);
  const bits = BITS.getInt32(0);
  return bits < 0 ? -(bits & 0x7fffffff) : bits;
}

/** How many of the numbers are equal to the bit; throws where one is more than a unit off. */
function countExact(actual: Float32Array, wanted: number[], what: string): number {
  assertEquals(actual.length, wanted.length, what);
  let exact = 0;
  actual.forEach((x, i) => {
    const off = Math.abs(place(x) - place(wanted[i]));
    assert(off <= 1, `${what}, place ${i}: got ${x}, wanted ${wanted[i]}, ${off} ulp off`);
    if (off === 0) exact++;
  });
  return exact;
}

for (const [name, { seed, initialSeed, steps, next }] of Object.entries(programs)) {
  Deno.test(`the stream is PyTorch's: ${name}`, () => {
    const generator = new Generator().manualSeed(BigInt(seed));
    assertEquals(generator.initialSeed(), BigInt(initialSeed));
    let [exact, count] = [0, 0];
    for (const { draw, n, args, values, first, last, sum } of steps) {
      const what = `${draw}(${args}) of ${n}`;
      const drawn = DRAWS[draw](generator, n, ...args);
      const wanted = values ?? [...first!, ...last!];
      const ends = values ? drawn : [
        ...Array.prototype.slice.call(drawn, 0, first!.length),
        ...Array.prototype.slice.call(drawn, -last!.length),
      ];
      if (drawn instanceof Float32Array) {
        count += wanted.length;
        exact += countExact(Float32Array.from(ends as number[]), wanted.map(Number), what);
      } else {
        assertEquals(Array.from(ends as number[], String), wanted.map(String), what);
      }
      if (sum !== undefined) {
        const total = (Array.from(drawn as ArrayLike<number>)).reduce((a, b) => a + b, 0);
        assert(
          Math.abs(total - sum) <= 1e-6 * Math.abs(sum) + 1e-6,
          `${what}: sum ${total}, ${sum}`,
        );
      }
    }
    assertEquals(generator.engine.next() % (2 ** 28 - 1), next, "the word after the last draw");
    assert(exact >= 0.999 * count, `${exact} of ${count} are exact`);
  });
}

Deno.test("seed 137 gives the words and normals that are known from outside PyTorch", () => {
  const generator = new Generator(137);
  const { engine } = generator;
  const words = [4053805790, 2173880614, 380293709, 1237255315, 2986595568];
  assertEquals(words.map(() => engine.next()), words);
  const eight = [
    .7947664,
    1.4369317,
    -.2292192,
    .4755633,
    -.6334411,
    -.5791954,
    -.0925705,
    -.8659197,
  ];
  assertEquals([...normal(generator, floats(8))].map((x) => +x.toFixed(7)), eight);
  assertEquals(engine.next(), 2186503452);
  const sixteen = [...normal(generator, floats(16))].slice(0, 4).map((x) => +x.toFixed(7));
  assertEquals(sixteen, [-1.2813878, -2.6463957, -.0656950, .2180829]);
  assertEquals(engine.next(), 2756748748);
});

async function sha256(data: Float32Array | Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", data as BufferSource);
  return new Uint8Array(digest).toHex();
}

Deno.test("a million uniforms and normals are PyTorch's to the last bit", async () => {
  const { seed, n, ...wanted } = goldens.bulk;
  const generator = new Generator(seed);
  assertEquals(await sha256(uniform(generator, floats(n), -0.036, 0.036)), wanted.uniform);
  assertEquals(await sha256(normal(generator, floats(n), 0.1, 0.02)), wanted.normal);
});

Deno.test("words come alike one by one, in bulk and in runs, whatever the lengths", () => {
  const lengths = [1, 623, 1, 624, 3, 1300, 625, 0, 10000, 2];
  const [one, bulk, runs] = [new MT19937(7), new MT19937(7), new MT19937(7)];
  for (const n of lengths) {
    const wanted = Uint32Array.from({ length: n }, () => one.next());
    assertEquals(bulk.fill(new Uint32Array(n)), wanted);
    const seen: number[] = [];
    runs.draw(n, (words, at) => {
      assertEquals(at, seen.length);
      seen.push(...words);
    });
    assertEquals(seen, [...wanted]);
  }
});

Deno.test("floats and coins drawn in vectors have the bits of those drawn one by one, and leave the same state", () => {
  const piece = 1600; // too few for a run
  const draws = [
    (g: Generator, out: Float32Array) => uniform(g, out, -3, 0.7),
    (g: Generator, out: Float32Array) => normal(g, out),
    (g: Generator, out: Float32Array) => normal(g, out, -1.25, 0.02),
    (g: Generator, out: Float32Array) => bernoulli(g, out, 1 / 3),
    (g: Generator, out: Float32Array) => dropout(g, out, 0.2),
  ];
  for (const draw of draws) {
    const [run, single] = [new Generator(11), new Generator(11)];
    for (const { engine } of [run, single]) engine.next(); // so that runs begin inside a state
    const wanted = floats(40 * piece);
    for (let at = 0; at < wanted.length; at += piece) draw(single, wanted.subarray(at, at + piece));
    assertEquals(draw(run, floats(40 * piece)), wanted);
    assertEquals(run.getState(), single.getState());
  }
});

/** Four decimals, as a notebook prints them. */
const printed = (values: Float32Array) => Array.from(values, (x) => x.toFixed(4)).join(" ");

Deno.test("notebook 000's third embedding table follows from its recovered seed", () => {
  const generator = new Generator(1327059842);
  generator.engine.draw(2 * 1385258, () => {}); // two SmallLLMs
  const [, , third] = [1, 2, 3].map(() => normal(generator, floats(15)));
  assertEquals(printed(third.subarray(3, 9)), "0.9070 0.9123 -0.1542 -1.0586 0.0818 -1.3950");
  assertEquals(printed(third.subarray(12)), "-1.2679 -1.3518 -1.0793");
  assertEquals(printed(third.subarray(0, 3)), "-0.8483 1.1451 -0.5357");
});

Deno.test("notebook 003's printed tensors follow from its recovered seed", () => {
  const generator = new Generator(4273904858);
  randint(generator, ints(1), 0, 1238679 - 64);
  randint(generator, ints(64), 0, 1238679 - 8 - 1);
  assertEquals(
    printed(normal(generator, floats(15))),
    "0.1251 0.5692 1.3950 1.1641 0.3252 -1.7733 -0.5491 -0.5605 0.2494 -1.7450 " +
      "2.8234 1.2044 1.8606 0.0484 2.3630",
  );
  assertEquals([...randint(generator, ints(3), 0, 5)], [4, 0, 1]);
  assertEquals(
    printed(normal(generator, floats(12))),
    "0.6620 1.2090 1.1550 0.7025 -1.4797 -0.8685 1.0905 0.0762 -0.4418 0.0631 0.0292 -1.0604",
  );
  assertEquals([...randint(generator, ints(6), 0, 4)], [0, 0, 1, 2, 3, 1]);
  assertEquals(
    printed(normal(generator, floats(25))),
    "-1.1578 -1.6146 0.6327 -0.4978 -0.4117 -0.1228 -0.9923 -0.2605 0.6617 -0.3110 " +
      "-0.4971 1.0045 -0.7694 -1.7252 0.6582 -0.6170 0.0245 1.2861 0.9131 1.1492 " +
      "1.3680 -0.6166 0.3669 0.3993 2.0496",
  );
});

Deno.test("a DataLoader's shuffle: two seeds an epoch, the second one orders the data", () => {
  const generator = new Generator(goldens.loader.seed);
  for (const order of goldens.loader.orders) {
    const [, second] = random(generator, longs(2));
    assertEquals([...randperm(new Generator(second), ints(20))], order);
  }
});

Deno.test("a saved state is PyTorch's, byte for byte, and the stream goes on from it", async () => {
  for (const wanted of goldens.states) {
    const generator = new Generator(wanted.seed);
    for (let i = 0; i < wanted.words; i++) generator.engine.next();
    if (wanted.normals) normal(generator, floats(wanted.normals));
    const saved = generator.getState();
    assertEquals(await sha256(saved.subarray(0, 5016)), wanted.engine);
    assertEquals(saved[5040], wanted.hasSpare);
    const spare = new DataView(saved.buffer).getFloat64(5024, true);
    assert(Math.abs(spare - wanted.spare) <= 2 ** -51, `spare ${spare}, wanted ${wanted.spare}`);
    if (spare === wanted.spare) assertEquals(await sha256(saved), wanted.sha256);

    const [one, other] = [new Generator(8).setState(saved), generator.clone()];
    const drawn = normal(generator, floats(7));
    assertEquals(normal(one, floats(7)), drawn);
    assertEquals(normal(other, floats(7)), drawn);
    assertEquals(one.engine.next(), generator.engine.next());
    assertEquals(one.initialSeed(), BigInt(wanted.seed));
  }
});

Deno.test("generators are independent, and a seed forgets the spare normal", () => {
  const [a, b] = [new Generator(5), new Generator(5)];
  const first = normal(a, floats(3));
  assertEquals(normal(b, floats(3)), first);
  assertNotEquals(normal(a, floats(2))[0], first[0]); // and leaves a spare normal
  assertEquals(normal(a.manualSeed(5), floats(3)), first);
  assertEquals(new Generator().initialSeed(), 67280421310721n);
  assertEquals(new Generator(2 ** 32 + 5).engine.next(), new Generator(5).engine.next());
  assertEquals(new Generator(-1.5).initialSeed(), 2n ** 64n - 1n);
});

Deno.test("the default generator is seeded, read and restored by functions", () => {
  assertEquals(manualSeed(137), defaultGenerator);
  const saved = getRngState();
  const drawn = uniform(defaultGenerator, floats(3));
  setRngState(saved);
  assertEquals(uniform(defaultGenerator, floats(3)), drawn);
  assertEquals(initialSeed(), 137n);
  const chosen = seed();
  assertEquals(initialSeed(), chosen);
  assertNotEquals(seed(), chosen);
});

Deno.test("the default generator of a program that seeds nothing has a seed of its own", async () => {
  const { initialSeed } = await import("../lib/random/generator.ts?unseeded");
  assertNotEquals(initialSeed(), 67280421310721n); // a new Generator's
});

Deno.test("a state is read from the middle of other bytes, too", () => {
  const saved = new Generator(5).getState();
  const bytes = new Uint8Array(saved.length + 24).fill(7);
  bytes.set(saved, 16);
  const generator = new Generator(6).setState(bytes.subarray(16, 16 + saved.length));
  assertEquals(generator.getState(), saved);
});

Deno.test("draws at the ends of what one way of drawing is for are PyTorch's", () => {
  const { apart } = goldens;
  assertEquals([...randint(new Generator(137), ints(3), 0, 2 ** 28)], apart["2^28"]);
  const weights = Float32Array.from({ length: 7 }, (_, i) => (i * 7 + 3) % 11);
  const one = Array.from(
    { length: 8 },
    (_, s) => multinomial(new Generator(s), weights, 1, { replacement: true })[0],
  );
  assertEquals(one, apart["one, replaced"]);
  const many = new Float32Array(2 ** 20 + 1).fill(2 ** -25);
  many[0] = 1;
  assertEquals(
    [...multinomial(new Generator(3), many, 100, { replacement: true })],
    apart["small shares of a sum"],
  );
  for (const [b, name] of [[0.4, "31 % of a bell"], [0.38, "29 % of a bell"]] as const) {
    const drawn = truncNormal(new Generator(1), floats(6), { a: -b, b });
    assertEquals(drawn, Float32Array.from(apart[name]));
  }
});

Deno.test("a number is below none that is equal to it: coins and categories, as in PyTorch", () => {
  for (const n of [20, 6000]) { // torch.bernoulli(torch.rand(n)) from one seed: no coin shows
    const p = uniform(new Generator(5), floats(n));
    assert(bernoulli(new Generator(5), floats(n), p).every((coin) => coin === 0));
    const above = p.map((x) => x + 2 ** -24);
    assert(bernoulli(new Generator(5), floats(n), above).every((coin) => coin === 1));
  }
  for (let s = 0; s < 8; s++) { // torch.multinomial of float64 [u, 1 - u], where u is what is drawn
    const u = new Generator(s).engine.nextDouble();
    const weights = Float64Array.of(u, 1 - u);
    assertEquals(multinomial(new Generator(s), weights, 2, { replacement: true })[0], 0);
    const less = Float64Array.of(u - 2 ** -53, 1 - u + 2 ** -53);
    assertEquals(multinomial(new Generator(s), less, 2, { replacement: true })[0], 1);
  }
});

Deno.test("MKL's coins: one word seeds MCG31, whose numbers are the powers of its multiplier", () => {
  const modulus = 2n ** 31n - 1n;
  assertEquals(mcg31Seed(0), 1);
  assertEquals(mcg31Seed(2 ** 31 - 1), 1);
  assertEquals(mcg31Seed(2 ** 32 - 1), 1);
  assertEquals(mcg31Seed(4053805790), Number(4053805790n % modulus));

  const generator = new Generator(137);
  const coins = bernoulli(generator, floats(5000), 0.9, "mkl");
  assertEquals(generator.engine.next(), 2173880614);
  let x = 4053805790n % modulus;
  coins.forEach((coin, i) => {
    assertEquals(coin, Number(x) / Number(modulus) < 0.9 ? 1 : 0, `coin ${i}`);
    const next = x * 1132489760n % modulus;
    assertEquals(mcg31Next(Number(x)), Number(next));
    x = next;
  });
  assertEquals(mcg31Next(2 ** 31 - 2), Number((modulus - 1n) * 1132489760n % modulus));
  const mask = dropout(new Generator(137), floats(5000), 0.1, "mkl");
  assertEquals(mask, coins.map((coin) => coin / Math.fround(0.9)));
});

Deno.test("dropout of nothing and of everything draws no word, in both streams", () => {
  for (const stream of ["aten", "mkl"] as const) {
    const generator = new Generator(137);
    assertEquals([...dropout(generator, floats(3), 0, stream)], [1, 1, 1]);
    assertEquals([...dropout(generator, floats(3), 1, stream)], [0, 0, 0]);
    assertEquals(generator.engine.next(), 4053805790);
  }
});

Deno.test("arrays of no numbers draw nothing", () => {
  const generator = new Generator(137);
  for (const [name, draw] of Object.entries(DRAWS)) {
    if (name === "multinomial" || name === "geometric") continue;
    const args = programs["every distribution at every size"].steps
      .find((step) => step.draw === name)!.args;
    assertEquals(draw(generator, 0, ...args).length, 0, name);
  }
  assertEquals(generator.engine.next(), 4053805790);
});

Deno.test("coins and integers fill every kind of array they are given", () => {
  const coins = bernoulli(new Generator(3), floats(50), 0.3);
  for (const Kind of [Int32Array, Uint32Array, Uint8Array]) {
    assertEquals([...bernoulli(new Generator(3), new Kind(50).fill(9), 0.3)], [...coins]);
  }
  const whole = [-(2 ** 31), 2 ** 31] as const; // 2^32 numbers: two words each
  const wide = randint(new Generator(3), longs(50), ...whole);
  assertEquals([...randint(new Generator(3), ints(50), ...whole)], [...wide].map(Number));
  const narrow = randint(new Generator(3), longs(50), -3, 9);
  assertEquals([...randint(new Generator(3), ints(50), -3, 9)], [...narrow].map(Number));
});

Deno.test("categories of no weight come only when nothing else is left, in order", () => {
  const some = new Float32Array([0, 2, 0, 1, 0]);
  for (let s = 0; s < 20; s++) {
    const drawn = [...multinomial(new Generator(s), some, 5)];
    assertEquals(drawn.slice(0, 2).sort(), [1, 3]);
    assertEquals(drawn.slice(2), [0, 2, 4]);
    const again = multinomial(new Generator(s), some, 9, { replacement: true });
    assert(again.every((i) => i === 1 || i === 3));
  }
});

Deno.test("erf is right to a double's precision, odd, and knows its ends", () => {
  // Points in each of its five ranges, by Python's math.erf.
  const known: [number, number][] = [
    [1e-09, 1.1283791670955127e-09],
    [0.2, 0.22270258921047847],
    [0.5, 0.5204998778130465],
    [0.9, 0.7969082124228322],
    [1, 0.8427007929497149],
    [1.2, 0.9103139782296353],
    [1.7, 0.9837904585907745],
    [2, 0.9953222650189527],
    [2.5, 0.999593047982555],
    [2.8, 0.9999249868053346],
    [2.9, 0.9999589021219005],
    [3, 0.9999779095030014],
    [4, 0.9999999845827421],
    [5.5, 0.9999999999999927],
  ];
  for (const [x, y] of known) {
    assert(Math.abs(erf(x) - y) <= 2e-16, `erf(${x}) = ${erf(x)}`);
    assertEquals(erf(-x), -erf(x));
  }
  assertEquals([erf(6), erf(-Infinity), erf(0), erf(NaN)], [1, -1, 0, NaN]);
  assertEquals([erfinv(1), erfinv(-1), erfinv(0), erfinv(1.5)], [Infinity, -Infinity, 0, NaN]);
});

const G = new Generator();
const REJECTED: Record<string, () => unknown> = {
  "normal": () => normal(G, floats(3), 0, -1),
  "normal of many": () => normal(G, floats(16), 0, -1),
  "uniform": () => uniform(G, floats(3), 1, 0),
  "uniform too wide": () => uniform(G, floats(3), -3e38, 3e38),
  "exponential": () => exponential(G, floats(3), -1),
  "geometric 0": () => geometric(G, floats(3), 0),
  "geometric 1": () => geometric(G, floats(3), 1),
  "cauchy": () => cauchy(G, floats(3), 0, 0),
  "logNormal": () => logNormal(G, floats(3), 0, 0),
  "bernoulli": () => bernoulli(G, floats(3), 1.5),
  "dropout": () => dropout(G, floats(3), 1.5),
  "randint": () => randint(G, ints(3), 3, 3),
  "randint int": () => randint(G, ints(3), 0, 2 ** 33),
  "multinomial negative": () => multinomial(G, new Float32Array([1, -1]), 1),
  "multinomial nan": () => multinomial(G, new Float32Array([1, NaN]), 1),
  "multinomial zero": () => multinomial(G, new Float32Array([0, 0]), 1),
  "multinomial's second row": () => multinomial(G, new Float32Array([1, 2, 1, -1]), 1, { rows: 2 }),
  "multinomial many": () => multinomial(G, new Float32Array([1, 2]), 3),
  "multinomial none": () => multinomial(G, new Float32Array([1, 2]), 0),
  "replacement negative": () => multinomial(G, new Float32Array([1, -1]), 1, { replacement: true }),
  "replacement nan": () => multinomial(G, new Float32Array([1, NaN]), 1, { replacement: true }),
  "replacement infinite": () =>
    multinomial(G, new Float32Array([1, Infinity]), 1, { replacement: true }),
  "replacement zero": () => multinomial(G, new Float32Array([0, 0]), 1, { replacement: true }),
  "seed": () => G.manualSeed(2n ** 64n),
  "seed negative": () => G.manualSeed(-(2n ** 63n) - 1n),
  "state": () => G.setState(new Uint8Array(5056)),
  "state past its end": () => {
    const saved = new Generator(1).getState();
    saved.set([0, 0, 0, 0], 8);
    saved.set([0x71, 2, 0, 0], 16);
    G.setState(saved);
  },
};

Deno.test("what cannot be drawn is refused in PyTorch's words, and nothing is drawn", () => {
  assertEquals(Object.keys(REJECTED), Object.keys(goldens.errors));
  for (const [name, words] of Object.entries(goldens.errors)) {
    G.manualSeed(137);
    assertThrows(REJECTED[name], RangeError, words, name);
    assertEquals(G.engine.next(), 4053805790, name);
  }
});

Deno.test("what PyTorch refuses elsewhere, or in no useful words, is refused in ours", () => {
  assertThrows(() => G.setState(new Uint8Array(4)), RangeError, "5056");
  assertThrows(() => G.manualSeed(NaN), RangeError, "expected an integer");
  assertThrows(() => G.manualSeed(2 ** 53), RangeError, "pass a bigint: 9007199254740992n");
  const torn = new Generator(1).getState();
  torn.set([3, 0, 0, 0], 16); // three words used, and as many left as at the beginning
  assertThrows(() => G.setState(torn), RangeError, "Invalid mt19937 state");
  // deno-lint-ignore no-explicit-any -- as torch.Generator(device="cpu") is written by habit
  for (const seed of [{ device: "cpu" }, "cpu", [1, 2], null] as any[]) {
    assertThrows(() => new Generator(seed), TypeError, "write new Generator(42)");
  }
  assertEquals(new Generator("42" as never).initialSeed(), 42n); // as in PyTorch
  assertThrows(() => truncNormal(G, floats(3), { std: 0 }), RangeError, "std=0");
  const two = new Float32Array([0.5, 2]);
  assertThrows(() => bernoulli(G, floats(2), two), RangeError, "p=2");
  assertThrows(() => bernoulli(G, floats(2), NaN), RangeError, "p=NaN");
  assertThrows(() => bernoulli(G, floats(3), two), RangeError, "2 probabilities for 3 coins");
});

Deno.test("a coin is decided by all 53 bits of its double, to the last", () => {
  const doubles = new Generator(53);
  for (let i = 0; i < 100; i++) {
    const u = doubles.engine.nextDouble();
    for (const coins of [100, 5000]) { // the many are drawn in vectors
      const coin = (p: number) => bernoulli(new Generator(53), new Uint8Array(coins), p)[i];
      assertEquals([coin(u), coin(u + 2 ** -53)], [0, 1], `coin ${i} of ${coins}, ${u}`);
      if (u < 0.5) assertEquals(coin(u + 2 ** -54), 1); // between two doubles that may be drawn
    }
  }
});
