/*
 * A user's mistake gives a sentence, never a stack: what was given, what is wanted, what to do next.
 */
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { arange, chart, Generator, manualSeed, songs, split, tensor, zeros } from "#lib";
import { contents } from "../lessons/contents.ts";
import { hubConfig } from "../lib/hub/config.ts";
import { refusal } from "../lib/hub/errors.ts";
import { UsageError } from "../lib/host/mistake.ts";
import { readArgs } from "../lib/lesson/args.ts";
import { sentence } from "../lib/lesson/ending.ts";
import { withData } from "../lib/tools/lesson.ts";
import { withEnvironment } from "./support/environment.ts";
import { needing } from "./support/needing.ts";

const onDisk = needing("read", "write");
const running = needing("read", "write", "run", "env");

Deno.test("a number on the command line is a count or a seed, where the lesson's is", () => {
  const options = {
    steps: { value: 10, help: "" },
    seed: { value: 4273904858, help: "" },
    rate: { value: 0.5, help: "" },
  };
  const mistake = (...args: string[]) =>
    assertThrows(() => readArgs(args, options), UsageError).message;
  const whole = (name: string, such: number, given: string) =>
    `--${name} wants a whole number, 0 or more, such as ${such}, not ${given}`;
  assertEquals(mistake("--steps=-1"), whole("steps", 10, "-1"));
  assertEquals(mistake("--steps", "1.5"), whole("steps", 10, "1.5"));
  assertEquals(mistake("--seed=-1"), whole("seed", 4273904858, "-1"));
  assertMatch(
    mistake("--seed", "9007199254740993"),
    /^--seed 9007199254740993: past 900719.*smaller/,
  );
  assertMatch(mistake("--steps", "1e400"), /wants a number, such as 10; "1e400" is not a number/);
  assertMatch(mistake("--steps", " "), /wants a number/);
  assertEquals(mistake("--steps", "-1"), whole("steps", 10, "-1"));
  assertEquals(readArgs(["--rate", "-1.5", "--steps", "1e3"], options), {
    steps: 1000,
    seed: 4273904858,
    rate: -1.5,
  });
});

Deno.test("what no tensor can be made of is said, not run into", () => {
  // deno-lint-ignore no-explicit-any
  const wrong = (make: () => any) => {
    const error = assertThrows(make, Error);
    assert(
      !(error.message.includes("Maximum call stack") || /undefined \(reading/.test(error.message)),
    );
    return error.message;
  };
  // deno-lint-ignore no-explicit-any
  const odd = (data: unknown) => () => tensor(data as any);
  assertEquals(
    wrong(odd(["x"])),
    'tensor: "x" is not a number; give numbers, booleans, or lists of them',
  );
  assertMatch(wrong(odd([1, "x"])), /^tensor: "x" is not a number/);
  assertMatch(wrong(odd([null])), /^tensor: null is not a number/);
  assertMatch(wrong(odd([undefined])), /^tensor: undefined is not a number/);
  assertMatch(wrong(odd([1n])), /^tensor: 1 is not a number/);
  assertMatch(
    wrong(() => tensor([NaN], { dtype: "int64" })),
    /cannot convert float NaN to integer/,
  );
  assertMatch(wrong(() => tensor([Infinity], { dtype: "int64" })), /Infinity does not fit/);
  assertMatch(wrong(() => zeros([2, undefined as never])), /sizes are whole numbers/);
  assertMatch(wrong(() => arange(6).topk(NaN)), /k must be a whole number, but is NaN/);
  assertMatch(wrong(() => arange(6).narrow(0, 1.5, 1)), /start must be a whole number, but is 1.5/);
  assertMatch(wrong(() => arange(6).split(1.5)), /splitSize must be a dimension or a list of them/);
  assertMatch(wrong(() => split(arange(6), 0)), /split_size be positive .*split_size=0/);
  assertEquals(split(zeros([0]), 0).length, 1);
  for (const make of [manualSeed, (seed: number) => new Generator(seed)]) {
    assertMatch(wrong(() => make(2 ** 53)), /pass a bigint: 9007199254740992n/);
  }
});

Deno.test("a chart of the largest numbers that there are is drawn", () => {
  const largest = Number.MAX_VALUE;
  const ends = [[0, 1e308], [1, -1e308], [2, largest], [3, -largest]] as const;
  for (const points of [ends, ends.map(([x, y]) => [y, x] as const), [[0, largest]] as const]) {
    const drawn = chart([{ name: "a", points }]);
    assertMatch(drawn.text(), /[\u2801-\u28ff]/);
    assert(!/NaN|Infinity/.test(drawn.text() + drawn.svg()));
  }
});

/** The sentence for texts that can't be had, and that it is one. */
async function dataMistake(data: string): Promise<string> {
  const { message } = await assertRejects(
    () => songs({ data, timeout: 500, retries: 0 }),
    UsageError,
  );
  assert(!message.includes("\n"), message);
  assert(message.startsWith(`--data ${data}: `), message);
  return message.slice(`--data ${data}: `.length);
}

Deno.test(
  `--data says which file, which line, and where it looked${onDisk.because}`,
  onDisk,
  async () => {
    const folder = await Deno.makeTempDir();
    const at = async (name: string, text: string) => {
      await Deno.writeTextFile(`${folder}/${name}`, text);
      return `${folder}/${name}`;
    };
    const empty = "it is empty; give one with texts in it";
    for (const name of ["empty.txt", "empty.csv", "empty.jsonl"]) {
      assertEquals(await dataMistake(await at(name, "")), empty);
    }
    assertEquals(await dataMistake(await at("empty.json", "[]")), empty);
    const broken = await at("broken.parquet", "PAR1 and no more PAR1");
    assertMatch(
      await dataMistake(broken),
      /^read \S+broken.parquet: .*; is it whole, and a Parquet file\?$/,
    );
    const rows = await at("rows.jsonl", '{"text": "a"}\n5\n');
    assertEquals(
      await dataMistake(rows),
      `read ${rows}, line 2: 5 is not a row; a row is an object or a text`,
    );
    const list = await at("rows.json", '[{"text": "a"}, [1]]');
    assertEquals(
      await dataMistake(list),
      `read ${list}, row 1: [1] is not a row; a row is an object or a text`,
    );
    assertEquals(
      await dataMistake("none.txt"),
      `there is no file none.txt in ${Deno.cwd()}; a dataset of the Hub is called owner/name`,
    );
    const odd = await at("songs.text", "la");
    assertMatch(await dataMistake(odd), /its ending does not name a format/);
    // A path counts from where the user stands, not from where the task runs.
    const mine = await at("mine.txt", "la");
    assertEquals(withData(["--data", "mine.txt"], folder), ["--data", mine]);
    assertEquals(withData(["--data", ""], folder), ["--data", ""]);
    assertEquals(withData(["--data=mine.txt"], folder), [`--data=${mine}`]);
    assertEquals(withData(["--data", "other.txt"], folder), ["--data", "other.txt"]);
  },
);

Deno.test(
  `--data without the Hub says which ways there are${running.because}`,
  running,
  async () => {
    await withEnvironment({ HF_ENDPOINT: "http://127.0.0.1:9" }, async () => {
      assertMatch(
        await dataMistake("owner/name"),
        /gave no answer .*; without the Hub, use --data shipped .* or a file of your own$/,
      );
    });
  },
);

Deno.test("the advice fits the Hub's status, and a wait is said as long as it is", async () => {
  const config = hubConfig({ endpoint: "https://hub.test", token: undefined });
  const said = async (status: number, wait?: number) => {
    const answer = new Response(null, { status });
    Object.defineProperty(answer, "url", { value: "https://hub.test/x" });
    return (await refusal("find x", answer, config, wait)).message;
  };
  for (const status of [304, 400, 416, 418]) {
    assertMatch(
      await said(status),
      /answered \d+; this is not a valid answer; run this again/,
    );
    assert(!(await said(status)).includes("log in"));
  }
  for (const status of [401, 403]) assertMatch(await said(status), /log in on the Hub/);
  assertMatch(await said(429, 40_000), /; wait 40 s, then run this again, or log in/);
  assertMatch(await said(429, 700_000), /; wait 12 min, then/);
  assertMatch(await said(429, 7_200_000), /; wait 2 h, then/);
});

/** Runs a lesson with a text of its own. */
async function lesson(number: number, args: string[], env: Record<string, string> = {}) {
  const { written } = contents[number - 1];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-all", written!.url, "--quiet", ...args],
    env: { NO_COLOR: "1", DEBUG: "", ...env },
    stdin: "null",
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out, err };
}

Deno.test(
  `a text too small for lesson 13 is refused, one too monotonous is learned${running.because}`,
  running,
  async () => {
    const folder = await Deno.makeTempDir();
    const learn = (text: string) => {
      Deno.writeTextFileSync(`${folder}/x.txt`, text);
      const short = ["--steps", "2", "--evals", "1", "--out", `${folder}/run`, "--overwrite"];
      return lesson(13, ["--data", `${folder}/x.txt`, ...short]);
    };
    const small = await learn("one\n\ntwo\n\nthree four\n");
    assertEquals(small.code, 1);
    assertMatch(
      small.err,
      /^Dataset: \S+, 3 texts: that is too little text to learn from\n\(lessons\/11-tokenizer.ts, line \d+; DEBUG=1 shows the whole stack\)\n$/,
    );
    const monotonous = await learn("la la la\n\n".repeat(300));
    assertEquals([monotonous.code, monotonous.err], [0, ""]);
  },
);

Deno.test(`DEBUG=1 shows the stack, and nothing else does${running.because}`, running, async () => {
  const wrong = ["--data", "none.txt"];
  const plain = await lesson(12, wrong);
  assertEquals([plain.code, plain.out], [2, ""]);
  assertMatch(plain.err, /^--data none.txt: there is no file none.txt in .*\n$/);
  const debug = await lesson(12, wrong, { DEBUG: "1" });
  assertEquals(debug.code, 2);
  assertMatch(debug.err, /^UsageError: --data none.txt.*\n +at .*\n[^]*Caused by: RangeError: /);
});

Deno.test("an error is a sentence with the line outside of the library on which it happened", () => {
  const error = assertThrows(() => arange(6).narrow(0, 4, 4), Error);
  const [first, second, ...rest] = sentence(error).split("\n");
  assertEquals(first, error.message);
  assertMatch(second, /\(tests\/mistakes_test.ts, line \d+; DEBUG=1 shows the whole stack\)/);
  assertEquals(rest, []);
  assertEquals(sentence(new UsageError("--x is no option")), "--x is no option");
  assertEquals(sentence("a text that was thrown"), "a text that was thrown");
});
