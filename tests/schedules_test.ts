/*
 * Learning-rate schedules, compared with PyTorch's rates over sixty steps.
 */
import { assertEquals, assertThrows } from "@std/assert";
import { optim, zeros } from "#lib";
import goldens from "./goldens/optim.json" with { type: "json" };

// deno-lint-ignore no-explicit-any
type AnyOptimizer = optim.Optimizer<any, optim.ParamState>;

const { LambdaLR, StepLR, LinearLR, CosineAnnealingLR, SequentialLR } = optim.lrScheduler;
const { ConstantLR, CosineAnnealingWarmRestarts, ExponentialLR } = optim.lrScheduler;
const { MultiStepLR, OneCycleLR, ReduceLROnPlateau } = optim.lrScheduler;

/** Two groups with rates of their own. */
const twoGroups = () =>
  new optim.SGD([{ params: [zeros([1])] }, { params: [zeros([1])], lr: 0.3 }], { lr: 0.1 });

type Schedule = optim.lrScheduler.LRScheduler | optim.lrScheduler.SequentialLR;

const schedules: Record<string, (o: AnyOptimizer) => Schedule> = {
  StepLR: (o) => new StepLR(o, 7, { gamma: 0.3 }),
  LambdaLR: (o) => new LambdaLR(o, [(t) => Math.min(1, (t + 1) / 10), (t) => 0.9 ** t]),
  LinearLR: (o) => new LinearLR(o),
  "LinearLR, down": (o) => new LinearLR(o, { startFactor: 0.9, endFactor: 0.2, totalIters: 33 }),
  CosineAnnealingLR: (o) => new CosineAnnealingLR(o, 25),
  "CosineAnnealingLR, etaMin": (o) => new CosineAnnealingLR(o, 9, { etaMin: 0.01 }),
  SequentialLR: (o) =>
    new SequentialLR(o, [
      new LinearLR(o, { startFactor: 0.1, totalIters: 10 }),
      new CosineAnnealingLR(o, 30, { etaMin: 0.007 }),
      new StepLR(o, 4, { gamma: 0.5 }),
    ], [10, 42]),
  "SequentialLR, cosine first": (o) =>
    new SequentialLR(o, [
      new CosineAnnealingLR(o, 12, { etaMin: 0.007 }),
      new LambdaLR(o, (t) => 1 / (1 + t)),
    ], [20]),
  "SequentialLR, no warm-up": (o) =>
    new SequentialLR(
      o,
      [new LinearLR(o, { startFactor: 0.1 }), new CosineAnnealingLR(o, 10)],
      [0],
    ),
  ExponentialLR: (o) => new ExponentialLR(o, 0.9),
  MultiStepLR: (o) => new MultiStepLR(o, [5, 20, 20, 41], { gamma: 0.5 }),
  ConstantLR: (o) => new ConstantLR(o, { factor: 0.5, totalIters: 7 }),
  "ConstantLR, a third": (o) => new ConstantLR(o),
  CosineAnnealingWarmRestarts: (o) =>
    new CosineAnnealingWarmRestarts(o, 5, { tMult: 2, etaMin: 0.01 }),
  OneCycleLR: (o) => new OneCycleLR(o, 0.5, { totalSteps: 70 }),
  "OneCycleLR, linear, three phases": (o) =>
    new OneCycleLR(o, [0.5, 0.1], {
      epochs: 7,
      stepsPerEpoch: 10,
      pctStart: 0.4,
      annealStrategy: "linear",
      threePhase: true,
      divFactor: 10,
      finalDivFactor: 100,
    }),
};

Deno.test("schedules: warm restarts go to the epoch that is given, and on from there", () => {
  for (const { t0, tMult, seen } of goldens.restarted) {
    const optimizer = new optim.SGD([zeros([1])], { lr: 0.1 });
    const schedule = new CosineAnnealingWarmRestarts(optimizer, { t0, tMult });
    const got = goldens.epochs.map((epoch) => {
      schedule.step(epoch);
      return [schedule.lastEpoch, optimizer.paramGroups[0].lr];
    });
    assertEquals(got, seen);
  }
});

Deno.test("schedules: a group that is added later goes along where PyTorch's does, and is refused elsewhere", () => {
  const later = (make: (o: AnyOptimizer) => Schedule | optim.lrScheduler.ReduceLROnPlateau) => {
    const optimizer = new optim.SGD([zeros([1])], { lr: 1, momentum: 0.9 });
    const schedule = make(optimizer);
    optimizer.addParamGroup({ params: zeros([1]) });
    for (let i = 0; i < 3; i++) {
      if (schedule instanceof ReduceLROnPlateau) schedule.step(1);
      else schedule.step();
    }
    return optimizer.paramGroups.map(({ lr }) => lr);
  };
  const plateau = (minLr: number | number[]) =>
    later((o) => new ReduceLROnPlateau(o, { factor: 0.5, patience: 0, minLr }));
  assertEquals(plateau(0), [0.25, 0.25]);
  assertEquals(plateau(0.4), [0.4, 0.4]);
  assertEquals(later((o) => new StepLR(o, 1)), [0.0010000000000000002, 0.0010000000000000002]);
  assertEquals(later((o) => new LinearLR(o)), [0.7333333333333335, 2.2000000000000006]);
  assertEquals(
    later((o) => new CosineAnnealingLR(o, 10)),
    [0.7938926261462366, 0.7938926261462366],
  );
  for (
    const refused of [
      () => plateau([0.4]),
      () => later((o) => new CosineAnnealingWarmRestarts(o, 4)),
      () => later((o) => new LambdaLR(o, () => 1)),
      () => later((o) => new OneCycleLR(o, 0.1, 10)),
    ]
  ) assertThrows(refused, RangeError, "made for 1 groups of parameters");
});

for (const { options, rates } of goldens.plateaus) {
  Deno.test(`schedules: ReduceLROnPlateau with ${JSON.stringify(options)} gives PyTorch's rates`, () => {
    const made = (optimizer: AnyOptimizer) =>
      new ReduceLROnPlateau(optimizer, options as optim.lrScheduler.PlateauOptions);
    const optimizer = twoGroups();
    let schedule = made(optimizer);
    goldens.losses.forEach((loss, epoch) => {
      if (epoch === 11) {
        const state = JSON.parse(JSON.stringify(schedule.stateDict()));
        schedule = made(optimizer);
        schedule.loadStateDict(state);
      }
      schedule.step(loss);
      assertEquals(schedule.getLastLr(), rates[epoch], `epoch ${epoch}`);
    });
  });
}

for (const [kind, want] of Object.entries(goldens.cycles)) {
  Deno.test(`schedules: OneCycleLR moves rate and momentum of ${kind} as PyTorch's`, () => {
    const optimizer: AnyOptimizer = kind === "SGD"
      ? new optim.SGD([zeros([1])], { lr: 0.1, momentum: 0.9 })
      : new optim.AdamW([zeros([1])]);
    const schedule = new OneCycleLR(optimizer, { maxLr: 0.1, totalSteps: 12 });
    for (const pair of want) {
      const { lr, betas, momentum } = optimizer.paramGroups[0];
      assertEquals([lr, betas ? betas[0] : momentum], pair);
      schedule.step();
    }
    const over = new OneCycleLR(optimizer, 0.1, 2);
    over.step();
    over.step();
    assertThrows(() => over.step(), RangeError, "Tried to step 3 times. The specified number of");
  });
}

Deno.test("schedules: what makes no sense is refused in PyTorch's words", () => {
  const [one, two] = [twoGroups(), twoGroups()];
  const refused: [string, () => unknown][] = [
    ["You must define either total_steps OR", () => new OneCycleLR(twoGroups(), 0.1)],
    ["Expected 2 values for max_lr, but got 1", () => new OneCycleLR(twoGroups(), [0.1], 5)],
    ["Factor should be < 1.0.", () => new ReduceLROnPlateau(twoGroups(), { factor: 1 })],
    [
      "Expected positive integer T_0, but got 0",
      () => new CosineAnnealingWarmRestarts(twoGroups(), 0),
    ],
    ["expected to be between 0 and 1. It is 2", () => new ConstantLR(twoGroups(), 2)],
    ["greater than 0 and less or equal to 1. It is 0", () => new LinearLR(twoGroups(), 0)],
    ["at step 1 would be NaN; change", () => new ConstantLR(twoGroups(), 0, 1).step()],
    ["at step 1 would be NaN; change", () => new CosineAnnealingLR(twoGroups(), 0).step()],
    ["Sequential Schedulers expects", () => new SequentialLR(one, [new StepLR(one, 1)], [1])],
    ["stepSize must not be 0", () => new StepLR(twoGroups(), 0)],
    [
      "Expected non-negative epoch, but got -1",
      () => new CosineAnnealingWarmRestarts(twoGroups(), 4).step(-1),
    ],
    [
      "at step 0 would be NaN; change",
      () =>
        new OneCycleLR(twoGroups(), {
          maxLr: 0.1,
          totalSteps: 10,
          pctStart: 0.1,
          cycleMomentum: false,
        }),
    ],
    ["Expected 2 lr_lambdas, but got 0", () => new LambdaLR(twoGroups(), [])],
    ["Starting multiplicative factor expected", () => new LinearLR(one, { startFactor: 2 })],
  ];
  for (const [sentence, call] of refused) assertThrows(call, RangeError, sentence);
  assertThrows(
    // deno-lint-ignore no-explicit-any
    () => new ReduceLROnPlateau(twoGroups()).step(zeros([]) as any),
    TypeError,
    "step(await loss.item())",
  );
  // deno-lint-ignore no-explicit-any
  const inRow = (schedule: any) => () => new SequentialLR(one, [new StepLR(one, 1), schedule], [1]);
  const plateau = new ReduceLROnPlateau(one);
  assertThrows(inRow(plateau), TypeError, "does not support `ReduceLROnPlateau` scheduler");
  const nested = new SequentialLR(one, [new StepLR(one, 1)], []);
  assertThrows(inRow(nested), TypeError, "put its schedulers and milestones into this one's lists");
  assertThrows(
    () => new SequentialLR(one, [], []),
    RangeError,
    "expects at least one scheduler, but got no scheduler",
  );
  assertThrows(
    () => new SequentialLR(two, [new StepLR(one, 1)], []),
    Error,
    "belong to the same optimizer",
  );
  // deno-lint-ignore no-explicit-any
  const epoch = [3] as any as [];
  for (
    const step of [
      () => new StepLR(twoGroups(), 2).step(...epoch),
      () => new ReduceLROnPlateau(twoGroups()).step(1, ...epoch),
    ]
  ) assertThrows(step, TypeError, "epoch must be left out");
});

Deno.test("schedules: all that the goldens hold are tested", () => {
  assertEquals(Object.keys(schedules), Object.keys(goldens.schedules));
});

for (const [name, want] of Object.entries(goldens.schedules)) {
  Deno.test(`schedules: ${name} gives PyTorch's rates, and goes on where it was saved`, () => {
    const optimizer = twoGroups();
    let schedule = schedules[name](optimizer);
    want.forEach((rates, epoch) => {
      if (epoch === 17) schedule = resumed(name, schedule, optimizer);
      assertEquals(schedule.getLastLr(), rates, `epoch ${epoch}`);
      schedule.step();
    });
  });
}

/** A new schedule of a new optimizer, which go on where these are. */
function resumed(name: string, schedule: Schedule, optimizer: AnyOptimizer): Schedule {
  const other = twoGroups();
  const next = schedules[name](other);
  other.loadStateDict(JSON.parse(JSON.stringify(optimizer.stateDict())));
  next.loadStateDict(JSON.parse(JSON.stringify(schedule.stateDict())));
  return next;
}

Deno.test("warm restarts go on in their cycle at a later turn, as PyTorch's do", () => {
  const optimizer = new optim.SGD([zeros(1, { requiresGrad: true })], { lr: 1 });
  const { ConstantLR, CosineAnnealingWarmRestarts, SequentialLR } = optim.lrScheduler;
  const warm = new CosineAnnealingWarmRestarts(optimizer, 4);
  const between = new ConstantLR(optimizer, 0.5, 9);
  const schedule = new SequentialLR(optimizer, [warm, between, warm], [3, 5]);
  const rates: string[] = [];
  for (let i = 0; i < 8; i++, schedule.step()) rates.push(optimizer.paramGroups[0].lr.toFixed(4));
  // By PyTorch 2.13.
  const expected = ["1.0000", "0.8536", "0.5000", "0.5000", "0.5000", "0.5000", "0.1464", "1.0000"];
  assertEquals(rates, expected);
});
