/*
 * The works in jax-js, written as by someone who knows it well: whole functions under `jit`, weights in the layout that
 * its products prefer, losses read together at the end.
 *
 * In jax-js, passing an array to a function gives it away; `.ref` keeps it.
 */
import { adamw, anglesOf, type Foreign, type Library, load, type Run } from "./library.ts";
import { numbers, type Spec, type Work } from "./works.ts";

/** jax-js on one of its devices: `webgpu` or `wasm`. */
export async function jax(device: string): Promise<Library> {
  const { defaultDevice, init, jit, nn, numpy: np, tree, valueAndGrad } = await load("@jax-js/jax");
  await init(device);
  defaultDevice(device);

  const array = (values: Float32Array | Int32Array, shape: readonly number[]) =>
    np.array(values).reshape(shape);
  const given = (spec: Spec) => array(numbers(spec), spec.shape);
  const weights = ({ tensors }: Work): Record<string, Foreign> =>
    Object.fromEntries(tensors.map((spec) => [spec.name, given(spec)]));
  const indices = (rows: number[][]) =>
    array(Int32Array.from(rows.flat()), [rows.length, rows[0].length]);

  /** One number of an array, or all of them. */
  const read = async (out: Foreign, all: boolean): Promise<ArrayLike<number>> =>
    await (all ? out : np.ravel(out).slice([0, 1])).data();
  // A weight is stored (out, in): the other way round, odd numbers of columns take the wasm device 50 times as long.
  const product = (x: Foreign, weight: Foreign) => np.matmul(x, weight.transpose());
  const linear = (x: Foreign, w: Record<string, Foreign>, name: string) =>
    product(x, w[`${name}.weight`]).add(w[`${name}.bias`]);
  const norm = (x: Foreign, w: Record<string, Foreign>, name: string) =>
    nn.standardize(x).mul(w[`${name}.weight`]).add(w[`${name}.bias`]);

  // The gradient of `take` is a kernel that Deno's WebGPU refuses, and that jit cannot contain.
  const gpu = device === "webgpu";
  const look = (table: Foreign, ids: Foreign) =>
    gpu ? np.matmul(nn.oneHot(ids, table.shape[0]), table) : np.take(table, ids, 0);
  const crossEntropy = (logits: Foreign, targets: Foreign) => {
    const [rows, vocab] = logits.shape;
    return nn.logSoftmax(logits).mul(nn.oneHot(targets, vocab)).sum().mul(-1 / rows);
  };

  /** Training steps: the losses, read together. */
  const learning = (
    work: Work,
    lossOf: (w: Record<string, Foreign>, ids: Foreign, targets: Foreign) => Foreign,
  ): Run => {
    const gradient = gpu ? jit(valueAndGrad(lossOf)) : valueAndGrad(lossOf);
    const { lr, beta1, beta2, eps, decay } = adamw;
    const update = jit((w: Foreign, g: Foreign, m: Foreign, v: Foreign, corrections: Foreign) => {
      const [rate, root] = np.split(corrections, 2);
      const mean = m.mul(beta1).add(g.ref.mul(1 - beta1));
      const square = v.mul(beta2).add(np.square(g).mul(1 - beta2));
      const step = mean.ref.div(np.sqrt(square.ref).div(root).add(eps)).mul(rate);
      return [w.mul(1 - lr * decay).sub(step), mean, square];
    });
    let step = 0;
    let w = weights(work);
    const names = Object.keys(w);
    const moments = Object.fromEntries(
      names.map((name) => [name, [np.zeros(w[name].shape), np.zeros(w[name].shape)]]),
    );
    const ids = work.ids.map(indices);
    const targets = work.targets.map((row) => np.array(Int32Array.from(row)));
    return async () => {
      const losses: Foreign[] = [];
      for (let i = 0; i < ids.length; i++) {
        step++;
        const rates = [lr / (1 - beta1 ** step), Math.sqrt(1 - beta2 ** step)];
        const corrections = np.array(Float32Array.from(rates));
        const [loss, grads] = gradient(tree.ref(w), ids[i].ref, targets[i].ref);
        losses.push(loss);
        w = Object.fromEntries(names.map((name) => {
          const [mean, square] = moments[name];
          const [next, ...moved] = update(w[name], grads[name], mean, square, corrections.ref);
          moments[name] = moved;
          return [name, next];
        }));
        corrections.dispose();
      }
      return await read(np.stack(losses), true);
    };
  };

  return {
    about: `jax-js, ${device}`,
    tiny: async () => (await np.array([1, 2, 3]).mul(2).sum().data())[0],

    matmul({ tensors }) {
      const [a, b] = tensors.map(given);
      return (all) => read(np.matmul(a.ref, b.ref), all);
    },

    linear({ tensors }) {
      const [x, weight] = tensors.map(given);
      const layer = jit(product);
      return (all) => read(layer(x.ref, weight.ref), all);
    },

    training(work) {
      return learning(work, (w, ids, targets) => {
        const x = look(w["table.weight"], ids).reshape([ids.shape[0], -1]);
        return crossEntropy(linear(np.tanh(linear(x, w, "net.0")), w, "net.2"), targets);
      });
    },

    gptTraining(work) {
      const layers = work.tensors.filter(({ name }) => name.endsWith("query.weight")).length;
      const [length, [, embed]] = [work.ids[0][0].length, work.tensors[0].shape];
      const width = embed / work.heads;
      const { cos, sin } = anglesOf(length, width);
      const angles = (table: number[][]) =>
        array(Float32Array.from(table.flat()), [1, length, 1, width]);
      const turned = (x: Foreign) => { // (B, T, heads, width)
        const [a, b] = np.split(x.ref, 2, 3);
        return x.mul(angles(cos)).add(np.concatenate([b, a], 3).mul(angles(sin)));
      };
      return learning(work, (w, ids, targets) => {
        const shape = [ids.shape[0], length, work.heads, width];
        let x = look(w["tokens.weight"], ids);
        for (let i = 0; i < layers; i++) {
          const at = `blocks.${i}`;
          const h = norm(x.ref, w, `${at}.norm1`);
          const part = (name: string) => linear(h.ref, w, `${at}.${name}`).reshape(shape);
          const [q, k, v] = [turned(part("query")), turned(part("key")), part("value")];
          h.dispose();
          const found = nn.dotProductAttention(q, k, v, { isCausal: true });
          x = x.add(linear(found.reshape([shape[0], length, embed]), w, `${at}.out`));
          const up = nn.relu(linear(norm(x.ref, w, `${at}.norm2`), w, `${at}.up`));
          x = x.add(linear(up, w, `${at}.down`));
        }
        const logits = product(norm(x, w, "norm"), w["head.weight"]);
        return crossEntropy(logits.reshape([shape[0] * length, -1]), targets);
      });
    },

    forward(work) {
      const layers = work.tensors.filter(({ name }) => name.endsWith("query.weight")).length;
      const model = jit((w: Record<string, Foreign>, ids: Foreign) => {
        const [batch, length] = ids.shape;
        let x = np.take(w["tokens.weight"], ids, 0)
          .add(w["places.weight"].slice([0, length]));
        const embed = x.shape[2];
        const shape = [batch, length, work.heads, embed / work.heads];
        for (let i = 0; i < layers; i++) {
          const at = `blocks.${i}`;
          const h = norm(x.ref, w, `${at}.norm1`);
          const part = (name: string) => product(h.ref, w[`${at}.${name}.weight`]).reshape(shape);
          const found = nn.dotProductAttention(part("query"), part("key"), part("value"), {
            isCausal: true,
          });
          h.dispose();
          x = x.add(linear(found.reshape([batch, length, embed]), w, `${at}.out`));
          const up = linear(norm(x.ref, w, `${at}.norm2`), w, `${at}.up`);
          x = x.add(linear(nn.gelu(up), w, `${at}.down`));
        }
        return product(norm(x, w, "norm"), w["head.weight"]);
      });
      const w = weights(work);
      const ids = indices(work.ids[0]);
      return (all) => read(model(tree.ref(w), ids.ref), all);
    },
  };
}
