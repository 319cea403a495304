/*
 * A transformer encoder that classifies sequences of unequal length: padded batches, masks, one cycle of the rate.
 */
import {
  arange,
  cos,
  DataLoader,
  exp,
  Generator,
  manualSeed,
  nn,
  noGrad,
  optim,
  randint,
  randomSplit,
  sin,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/mod.ts";
import type { Say } from "./said.ts";

type Sample = [Tensor, number];

/** More small numbers than large ones, or not. */
class Sequences {
  constructor(readonly rows: Tensor[], readonly labels: number[]) {}

  static async make(n: number): Promise<Sequences> {
    const generator = new Generator().manualSeed(7);
    const lengths = await randint(3, 9, [n], { generator }).tolist() as number[];
    const rows = lengths.map((length) => randint(1, 20, [length], { generator }));
    const small = await Promise.all(rows.map((row) => row.lt(10).sum().item()));
    return new Sequences(rows, small.map((n, i) => Number(n * 2 > lengths[i])));
  }

  get length(): number {
    return this.rows.length;
  }

  at(i: number): Sample {
    return [this.rows[i], this.labels[i]];
  }
}

function collate(batch: Sample[]): [Tensor, Tensor, Tensor] {
  const rows = batch.map(([row]) => row);
  const padded = nn.utils.rnn.padSequence(rows, { batchFirst: true, paddingValue: 0 });
  return [padded, padded.eq(0), tensor(batch.map(([, label]) => label))];
}

class PositionalEncoding extends nn.Module {
  declare pe: Tensor;

  constructor(dModel: number, maxLen = 32) {
    super();
    const position = arange(maxLen).unsqueeze(1);
    const divTerm = exp(arange(0, dModel, 2).mul(-Math.log(10000) / dModel));
    const pe = zeros(maxLen, dModel);
    pe.indexPut_([":", "0::2"], sin(position.mul(divTerm)));
    pe.indexPut_([":", "1::2"], cos(position.mul(divTerm)));
    this.registerBuffer("pe", pe);
  }

  forward(x: Tensor): Tensor {
    return x.add(this.pe.index(`:${x.size(1)}`));
  }
}

class Classifier extends nn.Module {
  embed = new nn.Embedding(20, 16, { paddingIdx: 0 });
  pos = new PositionalEncoding(16);
  encoder: nn.TransformerEncoder;
  head: nn.Linear;

  constructor() {
    super();
    const layer = new nn.TransformerEncoderLayer(16, 2, {
      dimFeedforward: 32,
      dropout: 0.1,
      activation: "gelu",
      batchFirst: true,
    });
    this.encoder = new nn.TransformerEncoder(layer, { numLayers: 2 });
    this.head = new nn.Linear(16, 2);
  }

  forward(x: Tensor, padding: Tensor): Tensor {
    const h = this.encoder.forward(this.pos.forward(this.embed.forward(x)), {
      srcKeyPaddingMask: padding,
    });
    const keep = padding.logicalNot().unsqueeze(-1).float();
    return this.head.forward(h.mul(keep).sum(1).div(keep.sum(1)));
  }
}

export default async function classifier(say: Say): Promise<void> {
  manualSeed(0);
  const all = await Sequences.make(60);
  const [train, test] = randomSplit(all, [0.8, 0.2], { generator: new Generator().manualSeed(42) });
  await say(train.length, test.length, test.indices);
  const loader = new DataLoader(train, {
    batchSize: 12,
    shuffle: true,
    collateFn: collate,
    dropLast: true,
  });
  const model = new Classifier();
  await say(String(model));
  const optimizer = new optim.AdamW(model.parameters(), { lr: 3e-3 });
  const scheduler = new optim.lrScheduler.OneCycleLR(optimizer, {
    maxLr: 1e-2,
    stepsPerEpoch: loader.length,
    epochs: 6,
  });
  const criterion = new nn.CrossEntropyLoss({ labelSmoothing: 0.1 });
  for (let epoch = 0; epoch < 6; epoch++) {
    model.train();
    let loss: Tensor, norm: Tensor;
    for (const [x, padding, labels] of loader) {
      optimizer.zeroGrad();
      loss = criterion.forward(model.forward(x, padding), labels);
      loss.backward();
      norm = nn.utils.clipGradNorm_(model.parameters(), 1.0);
      optimizer.step();
      scheduler.step();
    }
    await say(`epoch ${epoch}`, loss!, norm!, scheduler.getLastLr());
  }
  model.eval();
  const [[x, padding, labels]] = new DataLoader(test, {
    batchSize: test.length,
    collateFn: collate,
  });
  const logits = noGrad(() => model.forward(x, padding));
  await say(logits, logits.argmax(1).eq(labels).float().mean());
  const names = [...model.stateDict().keys()];
  await say(
    model.pos.pe.index(3, ":6"),
    model.embed.weight.index(0).abs().sum(),
    names.slice(0, 3),
  );
}
