/*
 * A run's results are not lost: checkpoints keep or refuse every value and notice every flipped bit, only one run at a
 * time saves to a path, and all the ways in which a program is asked to end.
 */
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import fc from "npm:fast-check@4.10.2";
import {
  fingerprint,
  loadCheckpoint,
  nn,
  openSafetensors,
  optim,
  saveCheckpoint,
  savedRun,
  tensor,
  training,
} from "#lib";
import { host, runsIn } from "../lib/host/mod.ts";
import { UsageError } from "../lib/host/mistake.ts";
import { at, holding } from "./support/holding.ts";
import { needing } from "./support/needing.ts";

const onDisk = needing("read", "write");
const running = needing("read", "write", "run", "env");

/** Saves a state and gives back what comes back. */
async function thereAndBack(state: unknown): Promise<unknown> {
  const path = await Deno.makeTempFile({ suffix: ".safetensors" });
  let back: unknown;
  const part = { stateDict: () => state, loadStateDict: (state: unknown) => back = state };
  await saveCheckpoint(path, { part });
  loadCheckpoint(path, { part });
  await Deno.remove(path);
  return back;
}

Deno.test(
  `any state of values that can be kept comes back as it was${onDisk.because}`,
  onDisk,
  async () => {
    const key = fc.oneof(
      fc.string(),
      fc.constantFrom("$", "a.b", "__proto__", "constructor", "path"),
    );
    const { state } = fc.letrec((tie) => ({
      state: fc.oneof(
        { depthSize: "small" },
        fc.double(),
        fc.string(),
        fc.boolean(),
        fc.bigInt(),
        fc.constantFrom(null, undefined),
        fc.uint8Array({ maxLength: 4 }),
        fc.array(tie("state"), { maxLength: 3 }),
        fc.dictionary(key, tie("state"), { maxKeys: 3, noNullPrototype: true }),
        fc.array(fc.tuple(fc.oneof(fc.string(), fc.integer()), tie("state")), { maxLength: 3 })
          .map((entries) => new Map(entries)),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(state, async (state) => assertEquals(await thereAndBack(state), state)),
      { numRuns: 200, seed: 907 },
    );
  },
);

Deno.test(
  `names that look like paths keep their own tensors${onDisk.because}`,
  onDisk,
  async () => {
    const state = { "a.b": tensor([1]), a: { b: tensor([2]), "b'": tensor([3]) } };
    const back = await thereAndBack(state) as typeof state;
    assertEquals(
      await Promise.all([back["a.b"], back.a.b, back.a["b'"]].map((x) => x.tolist())),
      [[1], [2], [3]],
    );
  },
);

Deno.test(
  `what would not come back as it was is refused by its path${onDisk.because}`,
  onDisk,
  async () => {
    class Own {}
    const circle: Record<string, unknown> = {};
    circle.again = [circle];
    for (
      const [value, says] of [
        [() => 1, "part.x is a function"],
        [Symbol("s"), "part.x is a symbol"],
        [new Set([1]), "part.x is a Set"],
        [new Date(0), "part.x is a Date"],
        [new Float32Array(2), "part.x is a Float32Array"],
        [new Int8Array(2), "part.x is an Int8Array"],
        [new Own(), "part.x is an Own"],
        [/a/, "part.x is a RegExp"],
        [Object(1), "part.x is a Number"],
        [{ [Symbol("s")]: 1 }, "part.x is an object with a symbol"],
        // deno-lint-ignore no-sparse-arrays
        [[1, , 2], "part.x is an array with holes"],
        [circle, "part.x.again.0 contains itself"],
      ] as [unknown, string][]
    ) {
      const error = await assertRejects(() => thereAndBack({ x: value }), TypeError);
      assertStringIncludes(error.message, says);
    }
  },
);

Deno.test(`every flipped bit of a checkpoint is noticed${onDisk.because}`, onDisk, async () => {
  const path = `${await Deno.makeTempDir()}/x.safetensors`;
  const model = new nn.Linear(2, 1);
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  const run = training(3);
  await saveCheckpoint(path, { model, optimizer, run }, { seed: 7 });
  const bytes = await Deno.readFile(path);
  let noticed = 0;
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3] ^= 1 << (bit & 7);
    Deno.writeFileSync(path, flipped);
    try {
      loadCheckpoint(path, { model, optimizer, run }, { seed: 7 });
    } catch {
      noticed++;
    }
  }
  assertEquals(noticed, 8 * bytes.length);
  bytes[bytes.length - 3] ^= 4;
  Deno.writeFileSync(path, bytes);
  assertThrows(() => loadCheckpoint(path, { model }), RangeError, "is damaged: its bytes are not");
});

Deno.test(
  `the state of another optimizer, or of another run, is refused by name${onDisk.because}`,
  onDisk,
  async () => {
    const path = `${await Deno.makeTempDir()}/x.safetensors`;
    const model = new nn.Linear(2, 1);
    const sgd = new optim.SGD(model.parameters(), { lr: 0.1 });
    const text = fingerprint("a song");
    await saveCheckpoint(path, { model, optimizer: sgd }, { seed: 7, text });
    const adamW = new optim.AdamW(model.parameters());
    const refused = (parts: Parameters<typeof loadCheckpoint>[1], about = {}) =>
      assertThrows(() => loadCheckpoint(path, parts, about), RangeError).message;
    assertStringIncludes(
      refused({ optimizer: adamW }),
      "holds the state of the optimizer SGD, but here it is AdamW",
    );
    assertStringIncludes(
      refused({ model: new nn.LayerNorm(2) }),
      "the model Linear, but here it is LayerNorm",
    );
    assertStringIncludes(
      refused({ model }, { text: fingerprint("another song") }),
      "another run, with the text 6 characters, crc32",
    );
  },
);

Deno.test(
  `saves to one place at a time leave one of them whole${onDisk.because}`,
  onDisk,
  async () => {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/x.safetensors`;
    const filled = (value: number) => {
      const model = new nn.Linear(64, 64);
      model.loadStateDict(
        new Map([...model.stateDict()].map(([name, x]) => [name, x.mul(0).add(value)])),
      );
      return model;
    };
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        [1, 2, 3, 4].map((seed) => saveCheckpoint(path, { model: filled(seed) }, { seed })),
      );
      using file = openSafetensors(path);
      const { about: { seed } } = JSON.parse(file.metadata.checkpoint);
      const model = new nn.Linear(64, 64);
      loadCheckpoint(path, { model }, { seed });
      assertEquals(new Set(await model.weight.data()), new Set([seed]));
    }
    assertEquals(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["x.safetensors"]);
  },
);

/** A run of so many steps, with all its parts. */
function parts(steps: number) {
  const model = new nn.Linear(2, 1);
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.1 });
  return { model, optimizer, run: training(steps) };
}

/** Makes a run up to a step, and saves it. */
async function made(out: string, steps: number, about = { seed: 7 }) {
  const all = parts(steps);
  const saved = await savedRun(all, about, { out, overwrite: true });
  all.run.step = steps;
  return await saved.save();
}

const refusal = async (make: () => Promise<unknown>) => {
  const { message } = await assertRejects(make, UsageError);
  assert(!message.includes("\n") && !/ at .*:\d+/.test(message), message);
  return message;
};

Deno.test(
  `--resume goes on with the same run, and says why where it can't${onDisk.because}`,
  onDisk,
  async () => {
    const out = `${await Deno.makeTempDir()}/deep/run`;
    const resume = (about: Record<string, number>, steps = 9, at = out) =>
      savedRun(parts(steps), about, { out: at, resume: true });
    assertEquals(
      await refusal(() => resume({ seed: 7 })),
      `--resume: there is nothing to resume, since ${out}.safetensors does not exist; ` +
        "start without --resume, or say with --out where the run is",
    );
    assertEquals(await made(out, 5), `saved to ${out}.safetensors; --resume continues from there`);
    const all = parts(9);
    await savedRun(all, { seed: 7 }, { out, resume: true });
    assertEquals(all.run.step, 5);
    assertMatch(
      await refusal(() => resume({ seed: 8 })),
      /^--resume: \S+ is from another run, with the seed 7, but here it is 8; use the same value, or start over$/,
    );
    assertMatch(
      await refusal(() => resume({ seed: 7 }, 3)),
      /is already at step 5; give --steps 5 or/,
    );
    await Deno.writeTextFile(`${out}.safetensors`, "no arrays");
    assertMatch(await refusal(() => resume({ seed: 7 })), /^--resume: .*header/);
  },
);

Deno.test(
  `a schedule that was changed since is refused by its constant${onDisk.because}`,
  onDisk,
  async () => {
    const { CosineAnnealingLR, LambdaLR, LinearLR, OneCycleLR, ReduceLROnPlateau, SequentialLR } =
      optim.lrScheduler;
    const warm = (optimizer: optim.AdamW, iters: number) =>
      new SequentialLR(optimizer, [
        new LinearLR(optimizer, { totalIters: iters }),
        new CosineAnnealingLR(optimizer, 90),
      ], [10]);
    type Make = (optimizer: optim.AdamW) => Parameters<typeof saveCheckpoint>[1][string];
    const changes: [was: Make, is: Make, says: string][] = [
      [
        (o) => new optim.lrScheduler.StepLR(o, 3),
        (o) => new optim.lrScheduler.StepLR(o, 3, { gamma: 0.2 }),
        "the schedule's gamma 0.1, but here it is 0.2",
      ],
      [
        (o) => new ReduceLROnPlateau(o, { patience: 3 }),
        (o) => new ReduceLROnPlateau(o, { patience: 4 }),
        "the schedule's patience 3, but here it is 4",
      ],
      [
        (o) => new OneCycleLR(o, { maxLr: 1e-4, totalSteps: 9, divFactor: 10 }),
        (o) => new OneCycleLR(o, { maxLr: 2e-4, totalSteps: 9, divFactor: 20 }),
        "the schedule's maxLr [0.0001], but here it is [0.0002]",
      ],
      [
        (o) => new LambdaLR(o, (t) => 0.9 ** t),
        (o) => new LambdaLR(o, (t) => 0.8 ** t),
        'the schedule\'s lrLambda "(t)=>0.9 ** t", but here it is "(t)=>0.8 ** t"',
      ],
      [(o) => warm(o, 10), (o) => warm(o, 11), '"totalIters":11'],
    ];
    const folder = await Deno.makeTempDir();
    for (const [i, [was, is, says]] of changes.entries()) {
      const out = `${folder}/run${i}`;
      const make = (schedule: Make) => {
        const { model, optimizer, run } = parts(9);
        return { model, optimizer, schedule: schedule(optimizer), run };
      };
      await (await savedRun(make(was), { seed: 7 }, { out })).save();
      await savedRun(make(was), { seed: 7 }, { out, resume: true });
      const refused = await refusal(() => savedRun(make(is), { seed: 7 }, { out, resume: true }));
      assertStringIncludes(refused, says);
    }
  },
);

Deno.test(
  `a learning rate that was changed since is not lost in silence${onDisk.because}`,
  onDisk,
  async () => {
    const out = `${await Deno.makeTempDir()}/run`;
    const make = (lr: number, bias = true) => {
      const model = new nn.Sequential(new nn.Linear(2, 2), new nn.Linear(2, 1, { bias }));
      return { model, optimizer: new optim.AdamW(model.parameters(), { lr }), run: training(9) };
    };
    const first = await savedRun(make(1e-3), { seed: 7 }, { out });
    await first.save();
    const resumed = (all: ReturnType<typeof make>) =>
      savedRun(all, { seed: 7 }, { out, resume: true });
    await resumed(make(1e-3));
    assertMatch(
      await refusal(() => resumed(make(1e-2))),
      /is from another run, with the optimizer's lr 0.001, but here it is 0.01; use the same/,
    );
    assertMatch(
      await refusal(() => resumed(make(1e-3, false))),
      /with the model's layers \(1\): Linear\(.*bias=True\), but here it is \(1\): Linear\(.*bias=False\)/,
    );
  },
);

Deno.test(
  `a run that got further is not written over without being told to${onDisk.because}`,
  onDisk,
  async () => {
    const folder = await Deno.makeTempDir();
    const out = `${folder}/run`;
    await made(out, 40);
    const long = await Deno.readFile(`${out}.safetensors`);
    const names = () => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
    assertEquals(
      await refusal(() => savedRun(parts(20), { seed: 7 }, { out })),
      `${out}.safetensors holds a run of 40 steps, but this run has only 20; --resume continues it, ` +
        "--overwrite starts over in its place, --out NAME leaves it alone",
    );
    const all = parts(60);
    const saved = await savedRun(all, { seed: 9 }, { out });
    all.run.step = 20;
    assertEquals(
      await saved.save(),
      `saved to ${out}-2.safetensors; --resume --out ${out}-2 continues from there`,
    );
    assertEquals(await Deno.readFile(`${out}.safetensors`), long);
    all.run.step = 50;
    await saved.save();
    assertEquals(names(), [".run.lock", "run.safetensors"]);
    assertEquals(
      JSON.parse(openSafetensors(`${out}.safetensors`).metadata.checkpoint).about.seed,
      9,
    );
    await made(out, 3);
    await Deno.writeTextFile(`${out}.safetensors`, "mine");
    assertMatch(
      await refusal(() => savedRun(parts(20), {}, { out })),
      /exists already, and it is not a checkpoint that can be read/,
    );
  },
);

Deno.test(
  `a place that can't be written is found out before the run${onDisk.because}`,
  onDisk,
  async () => {
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(`${folder}/file`, "");
    const at = (out: string) => savedRun(parts(3), {}, { out });
    assertMatch(
      await refusal(() => at(`${folder}/file/run`)),
      /^--out \S+: the run could not be saved there \(.*\); free some space, or give another place$/,
    );
    assertMatch(await refusal(() => at(`${folder}/`)), /is a folder; give a name in it/);
    // A disk that is full once the parameters are on it.
    const { files } = host;
    let room = 2000;
    runsIn({
      files: {
        ...files,
        open(path, purpose) {
          const file = files.open(path, purpose);
          const write = file.write.bind(file);
          file.write = (bytes) => {
            room -= bytes.length;
            if (room < 0) throw new Error("No space left on device (os error 28)");
            return write(bytes);
          };
          return file;
        },
      },
    });
    try {
      assertMatch(
        await refusal(() => at(`${folder}/run`)),
        /\(No space left on device\); free some space/,
      );
    } finally {
      runsIn({ files });
    }
    assertEquals(Array.from(Deno.readDirSync(folder), ({ name }) => name).sort(), [
      ".run.lock",
      "file",
    ]);
  },
);

const lesson13 = new URL("../lessons/13-mlp.ts", import.meta.url).pathname;

/** Runs lesson 13 for a while; `when` it has printed something, `act` is done. */
async function lesson(
  args: string[],
  when = "",
  act?: (child: Deno.ChildProcess) => unknown,
) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-all", lesson13, "--data", "shipped", "--evals", "1"]
      .concat("--quiet", args),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const err = new Response(child.stderr).text();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let out = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    out += value;
    if (!act || !out.includes(when)) continue;
    await act(child);
    act = undefined;
  }
  return { code: (await child.status).code, out, err: await err };
}

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  Deno.test(`${signal} saves what lesson 13 has learned${running.because}`, running, async () => {
    const out = `${await Deno.makeTempDir()}/run`;
    const ended = await lesson(
      ["--steps", "5000", "--out", out],
      "step 0:",
      (child) => child.kill(signal),
    );
    assertEquals(ended.code, code, ended.err);
    const [, step] = ended.err.match(
      /^Stopped before step (\d+); saved to \S+run.safetensors; --resume continues from there\n$/,
    )!;
    const { states } = JSON.parse(openSafetensors(`${out}.safetensors`).metadata.checkpoint);
    assertEquals(states.run.step, Number(step));
    const left = Array.from(Deno.readDirSync(out.replace(/\/run$/, "")), ({ name }) => name);
    assertEquals(left, ["run.safetensors"], "the lock is gone with the program");
  });
}

Deno.test(
  `a run that was killed leaves a lock that the next one takes over, and names${running.because}`,
  running,
  async () => {
    const folder = await Deno.makeTempDir();
    const out = `${folder}/run`;
    await using child = await holding(
      `import { savedRun, training } from ${at("lib/mod.ts")};
      await savedRun({ run: training(9) }, {}, { out: ${JSON.stringify(out)} });`,
    );
    const begin = () => savedRun({ run: training(9) }, {}, { out });
    const names = () => Array.from(Deno.readDirSync(folder), ({ name }) => name);
    assertMatch(
      await refusal(begin),
      new RegExp(
        `^--out ${out}: another run is saving there \\(\\S+/\\.run\\.lock: ` +
          `process ${child.pid} has held it for \\d+s\\); wait for it, or give this one another place$`,
      ),
    );
    await child.kill();
    assertEquals(names(), [".run.lock"]);
    const { errors } = host;
    let told = "";
    runsIn({ errors: { isTerminal: () => false, write: (text) => told += text } });
    try {
      await begin();
    } finally {
      runsIn({ errors });
    }
    assertMatch(
      told,
      new RegExp(`^The run .* ${out} before \\(process ${child.pid}, \\d+s ago\\)`),
    );
  },
);

Deno.test(
  `a reader that has gone ends a training, which saves first${running.because}`,
  running,
  async () => {
    const folder = await Deno.makeTempDir();
    const [program, kept] = [`${folder}/program.ts`, `${folder}/kept`];
    const at = (module: string) => JSON.stringify(new URL(module, import.meta.url).href);
    await Deno.writeTextFile(
      program,
      `import { training } from ${at("../lib/mod.ts")};
import { write } from ${at("../lib/host/terminal.ts")};
const save = () => {
  Deno.writeTextFileSync(${JSON.stringify(kept)}, String(run.step));
  return Promise.resolve("saved");
};
const run = training(1e9, { save });
for await (const step of run) {
  write("step " + step + "\\n");
  await new Promise((resolve) => setTimeout(resolve, 1));
}
`,
    );
    const config = new URL("../deno.json", import.meta.url).pathname;
    const command =
      `"${Deno.execPath()}" run --no-check --allow-all --config "${config}" "${program}" | head -n 3`;
    const { code, stdout, stderr } = await new Deno.Command("bash", {
      args: ["-o", "pipefail", "-c", command],
      stdin: "null",
    }).output();
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assertEquals([code, out], [0, "step 0\nstep 1\nstep 2\n"]);
    const [, step] = err.match(/^Stopped before step (\d+); saved\n$/)!;
    assertEquals(await Deno.readTextFile(kept), step);
  },
);

Deno.test(`two runs do not save to one place${running.because}`, running, async () => {
  const out = `${await Deno.makeTempDir()}/run`;
  let second: { code: number; err: string } | undefined;
  const first = await lesson(["--steps", "5000", "--out", out], "step 0:", async (child) => {
    child.kill("SIGSTOP"); // it would take the second one's cores
    second = await lesson(["--steps", "5000", "--out", out]);
    child.kill("SIGCONT");
    child.kill("SIGTERM");
  });
  assertEquals([first.code, second!.code], [143, 2]);
  assertMatch(second!.err, /^--out \S+: another run is saving there \(.*\); .* another place\n$/);
});
