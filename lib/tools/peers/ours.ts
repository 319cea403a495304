/*
 * The works in this library, written as in a lesson.
 */
import "../../lesson/adapter.ts";
import {
  defaultDevice,
  GPT2,
  KeyValueCache,
  matmul,
  nn,
  noGrad,
  optim,
  sample,
  stack,
  tensor,
} from "../../mod.ts";
import { fromValues, type Tensor } from "../../tensor/tensor.ts";
import { firstOf, release } from "../bench/limits.ts";
import { passing } from "../../models/generate.ts";
import { fillWeight } from "../../models/weights.ts";
import { GPT, MLP } from "../bench/models.ts";
import { adamw, type Library } from "./library.ts";
import { numbers, type Spec, type Work } from "./works.ts";

/** This library, on the adapter that `--adapter` names. */
export function ours(): Required<Library> {
  const given = (spec: Spec) => fromValues(numbers(spec), spec.shape, "float32");

  /** One number of a tensor, or all of them; the tensor is freed. */
  const read = async (out: Tensor, all: boolean): Promise<ArrayLike<number>> => {
    const values = all ? await out.data() : [await firstOf(out)];
    release(out);
    return values;
  };

  /** Copies the numbers of its tensors into a model. */
  const filled = <M extends nn.Module>(model: M, tensors: readonly Spec[]): M => {
    const state = model.stateDict();
    for (const spec of tensors) {
      const { storage, device } = state.get(spec.name)!;
      device.launcher.upload(storage, numbers(spec));
    }
    return model;
  };

  const sizesOf = ({ tensors, ids, heads }: Work) => {
    const shapeOf = (name: string) => tensors.find((spec) => spec.name === name)?.shape;
    const [vocab, embed] = shapeOf("tokens.weight")!;
    const [context] = shapeOf("places.weight") ?? [ids[0][0].length];
    const layers = tensors.filter(({ name }) => name.endsWith("query.weight")).length;
    return { vocab, context, embed, heads, layers };
  };

  /** Training steps: the losses, read together. */
  const learning = (work: Work, empty: MLP | GPT) => {
    const model = filled(empty, work.tensors);
    const { lr, beta1, beta2, eps, decay } = adamw;
    const options = { lr, betas: [beta1, beta2] as [number, number], eps, weightDecay: decay };
    const optimizer = new optim.AdamW(model.parameters(), options);
    const ids = work.ids.map((rows) => tensor(rows));
    const targets = work.targets.map((row) => tensor(row));
    return async () => {
      const losses = ids.map((_, i) => {
        const logits = model.forward(ids[i]); // (B, vocab) or (B, T, vocab)
        const rows = logits.view(-1, logits.shape.at(-1)!);
        const loss = nn.functional.crossEntropy(rows, targets[i]);
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        return loss;
      });
      const values = await read(noGrad(() => stack(losses)), true);
      losses.forEach(release);
      return values;
    };
  };

  return {
    about: `this library, ${defaultDevice}`,
    tiny: async () => await tensor([1, 2, 3]).mul(2).sum().item(),

    matmul({ tensors }) {
      const [a, b] = tensors.map(given);
      return (all) => read(matmul(a, b), all);
    },

    linear({ tensors: [a, b] }) {
      const x = given(a);
      const [out, into] = b.shape;
      const layer = filled(new nn.Linear(into, out, { bias: false }), [{ ...b, name: "weight" }]);
      return (all) => read(noGrad(() => layer.forward(x)), all);
    },

    training(work) {
      const [[vocab, embed], [hidden]] = work.tensors.map(({ shape }) => shape);
      const context = work.ids[0][0].length;
      return learning(work, new MLP({ vocab, context, embed, hidden }));
    },

    gptTraining(work) {
      return learning(work, new GPT({ ...sizesOf(work), rotary: true }));
    },

    forward(work) {
      const model = filled(new GPT(sizesOf(work)).eval(), work.tensors);
      const ids = tensor(work.ids[0]);
      return (all) => read(noGrad(() => model.forward(ids)), all);
    },

    writing(work) {
      const [[vocabSize, nEmbd], [nPositions]] = work.tensors.map(({ shape }) => shape);
      const nLayer = work.tensors.filter(({ name }) => name.endsWith("query.weight")).length;
      const config = { vocabSize, nPositions, nEmbd, nLayer, nHead: work.heads };
      const untied = { ...config, tieWordEmbeddings: false };
      const model = nn.init.skipInit(() => new GPT2(untied)).eval();
      const parts = Object.groupBy(work.tensors, ({ name }) => inGPT2(name));
      for (const [name, x] of model.stateDict()) {
        const all = new Float32Array(x.numel());
        let at = 0;
        for (const spec of parts[name] ?? []) { // three layers are one, and its bias stays 0
          const own = numbers(spec);
          all.set(own, at);
          at += own.length;
        }
        fillWeight(name, x, all);
      }
      const [ids] = work.ids[0];
      const half = ids.length / 2;
      const cache = new KeyValueCache(config, { capacity: ids.length });
      const step = (from: number, to: number) =>
        passing(() => {
          cache.length = from;
          const hidden = model.hidden(tensor([ids.slice(from, to)]), { cache });
          return model.logits(hidden.narrow(1, to - from - 1, 1));
        });
      release(step(0, half));
      return async () => {
        let logits = new Float32Array();
        for (let at = half; at < ids.length; at++) {
          const scores = step(at, at + 1);
          logits = await scores.data() as Float32Array<ArrayBuffer>;
          release(scores);
          sample(logits, { temperature: 0 });
        }
        return logits;
      };
    },
  };
}

/** A tensor's name in GPT-2, where the layers of queries, keys and values are one. */
function inGPT2(name: string): string {
  const inBlock = name.replace("blocks.", "h.").replace(/norm(\d)/, "ln_$1")
    .replace(/query|key|value/, "attn.c_attn").replace(".out.", ".attn.c_proj.")
    .replace(".up.", ".mlp.c_fc.").replace(".down.", ".mlp.c_proj.");
  return inBlock.replace(/^tokens/, "wte").replace(/^places/, "wpe")
    .replace(/^norm/, "ln_f").replace(/^head/, "lm_head");
}
