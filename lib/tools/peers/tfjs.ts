/*
 * The works in TensorFlow.js, written as by someone who knows it well: fused products, everything in `tidy`, its own
 * Adam (preceded by the weight decay of AdamW), losses read together at the end.
 *
 * In Deno, its wasm backend uses only one thread.
 */
import {
  adamw,
  anglesOf,
  type Foreign,
  isMatrix,
  type Library,
  load,
  type Run,
  transposed,
} from "./library.ts";
import { numbers, type Spec, type Work } from "./works.ts";

/** TensorFlow.js on one of its backends: `webgpu` or `wasm`. */
export async function tfjs(backend: string): Promise<Library> {
  const core = "@tensorflow/tfjs-core", name = `@tensorflow/tfjs-backend-${backend}`;
  const [tf, own] = await Promise.all([load(core), load(name)]);
  own.setWasmPaths?.(new URL(".", import.meta.resolve(name)).href);
  await tf.setBackend(backend);
  await tf.ready();

  const given = (spec: Spec) => tf.tensor(numbers(spec), spec.shape);
  // A weight is stored (in, out): products with a transposed one take several times as long.
  const weight = (spec: Spec) =>
    tf.tensor(...(isMatrix(spec) ? transposed(spec) : [numbers(spec), spec.shape]));
  const weights = ({ tensors }: Work): Record<string, Foreign> =>
    Object.fromEntries(tensors.map((spec) => [spec.name, weight(spec)]));

  /** One number of a tensor, or all of them; the tensor is freed. */
  const read = async (out: Foreign, all: boolean): Promise<ArrayLike<number>> => {
    const some = all ? out : tf.tidy(() => tf.slice(tf.reshape(out, [-1]), [0], [1]));
    const values = await some.data();
    tf.dispose([out, some]);
    return values;
  };

  const linear = (x: Foreign, w: Record<string, Foreign>, name: string) =>
    tf.fused.matMul({ a: x, b: w[`${name}.weight`], bias: w[`${name}.bias`] });

  const norm = (x: Foreign, w: Record<string, Foreign>, name: string) => {
    const { mean, variance } = tf.moments(x, -1, true);
    const scaled = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5)));
    return tf.add(tf.mul(scaled, w[`${name}.weight`]), w[`${name}.bias`]);
  };

  const gelu = (x: Foreign) => {
    const cube = tf.mul(tf.mul(x, x), tf.mul(x, 0.044715));
    const share = tf.add(tf.tanh(tf.mul(tf.add(x, cube), Math.sqrt(2 / Math.PI))), 1);
    return tf.mul(tf.mul(x, 0.5), share);
  };

  /** The causal mask: hides from each position those after it. */
  const causal = (length: number) =>
    tf.tensor(
      Float32Array.from(
        { length: length ** 2 },
        (_, i) => i % length > Math.floor(i / length) ? -Infinity : 0,
      ),
      [length, length],
    );

  /** Training steps: the losses, read together. */
  const learning = async (
    work: Work,
    lossOf: (w: Record<string, Foreign>, ids: Foreign, targets: Foreign) => Foreign,
  ): Promise<Run> => {
    await load("@tensorflow/tfjs"); // the core alone has no gradients that Deno can load
    const { lr, beta1, beta2, eps, decay } = adamw;
    const w: Record<string, Foreign> = Object.fromEntries(
      Object.entries(weights(work)).map(([name, tensor]) => [name, tf.variable(tensor)]),
    );
    const optimizer = tf.train.adam(lr, beta1, beta2, eps);
    const ids = work.ids.map((rows) => tf.tensor1d(rows.flat(), "int32"));
    const targets = work.targets.map((row) => tf.tensor1d(row, "int32"));
    return async () => {
      const losses = ids.map((_, i) =>
        tf.tidy(() => {
          const { value, grads } = tf.variableGrads(() => lossOf(w, ids[i], targets[i]));
          for (const variable of Object.values(w)) {
            variable.assign(tf.mul(variable, 1 - lr * decay));
          }
          optimizer.applyGradients(grads);
          return value;
        })
      );
      const all = tf.stack(losses);
      tf.dispose(losses);
      return await read(all, true);
    };
  };

  // The wasm backend has no gradient of `gather`.
  const look = (table: Foreign, ids: Foreign) =>
    backend === "wasm"
      ? tf.matMul(tf.cast(tf.oneHot(ids, table.shape[0]), "float32"), table)
      : tf.gather(table, ids);
  const crossEntropy = (logits: Foreign, targets: Foreign) => {
    const [rows, vocab] = logits.shape;
    return tf.mul(tf.sum(tf.mul(tf.logSoftmax(logits), tf.oneHot(targets, vocab))), -1 / rows);
  };

  return {
    about: `TensorFlow.js ${tf.version_core}, ${backend}`,
    tiny: async () => (await tf.sum(tf.mul(tf.tensor1d([1, 2, 3]), 2)).data())[0],

    matmul({ tensors }) {
      const [a, b] = tensors.map(given);
      return (all) => read(tf.matMul(a, b), all);
    },

    linear({ tensors: [a, b] }) {
      const [x, w] = [given(a), tf.tensor(...transposed(b))];
      return (all) => read(tf.matMul(x, w), all);
    },

    training(work) {
      return learning(work, (w, ids, targets) => {
        const x = tf.reshape(look(w["table.weight"], ids), [targets.size, -1]);
        return crossEntropy(linear(tf.tanh(linear(x, w, "net.0")), w, "net.2"), targets);
      });
    },

    gptTraining(work) {
      const layers = work.tensors.filter(({ name }) => name.endsWith("query.weight")).length;
      const [batch, length] = [work.ids[0].length, work.ids[0][0].length];
      const [, embed] = work.tensors[0].shape;
      const shape = [batch, length, work.heads, embed / work.heads];
      const { cos, sin } = anglesOf(length, shape[3]);
      const [cosines, sines] = [tf.tensor2d(cos), tf.tensor2d(sin)];
      const turned = (x: Foreign) => { // (B, heads, T, width)
        const [a, b] = tf.split(x, 2, 3);
        return tf.add(tf.mul(x, cosines), tf.mul(tf.concat([b, a], 3), sines));
      };
      const mask = causal(length);
      return learning(work, (w, ids, targets) => {
        let x = look(w["tokens.weight"], ids); // (B · T, C)
        for (let i = 0; i < layers; i++) {
          const at = `blocks.${i}`;
          const y = norm(x, w, `${at}.norm1`);
          const [q, k, v] = ["query", "key", "value"].map((name) =>
            tf.transpose(tf.reshape(linear(y, w, `${at}.${name}`), shape), [0, 2, 1, 3])
          );
          const scores = tf.matMul(turned(q), turned(k), false, true);
          const weights = tf.softmax(tf.add(tf.mul(scores, 1 / Math.sqrt(shape[3])), mask));
          const found = tf.transpose(tf.matMul(weights, v), [0, 2, 1, 3]);
          x = tf.add(x, linear(tf.reshape(found, [batch * length, embed]), w, `${at}.out`));
          const up = tf.relu(linear(norm(x, w, `${at}.norm2`), w, `${at}.up`));
          x = tf.add(x, linear(up, w, `${at}.down`));
        }
        return crossEntropy(tf.matMul(norm(x, w, "norm"), w["head.weight"]), targets);
      });
    },

    forward(work) {
      const [rows] = work.ids;
      const [batch, length] = [rows.length, rows[0].length];
      const ids = tf.tensor1d(rows.flat(), "int32");
      const w = weights(work);
      const embed = work.tensors[0].shape[1];
      const layers = work.tensors.filter(({ name }) => name.endsWith("query.weight")).length;
      const places = tf.tile(tf.slice(w["places.weight"], [0, 0], [length, embed]), [batch, 1]);
      const mask = causal(length);
      const shape = [batch, length, work.heads, embed / work.heads];
      const attention = (x: Foreign, at: string) => {
        const [q, k, v] = ["query", "key", "value"].map((name) =>
          tf.transpose(tf.reshape(tf.matMul(x, w[`${at}.${name}.weight`]), shape), [0, 2, 1, 3])
        );
        const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(shape[3]));
        const shares = tf.softmax(tf.add(scores, mask));
        const found = tf.transpose(tf.matMul(shares, v), [0, 2, 1, 3]);
        return linear(tf.reshape(found, [batch * length, embed]), w, `${at}.out`);
      };
      const block = (x: Foreign, at: string) => {
        const y = tf.add(x, attention(norm(x, w, `${at}.norm1`), at));
        const up = gelu(linear(norm(y, w, `${at}.norm2`), w, `${at}.up`));
        return tf.add(y, linear(up, w, `${at}.down`));
      };
      const model = () => {
        let x = tf.add(tf.gather(w["tokens.weight"], ids), places);
        for (let i = 0; i < layers; i++) x = tf.tidy(() => block(x, `blocks.${i}`));
        return tf.matMul(norm(x, w, "norm"), w["head.weight"]);
      };
      return (all) => read(tf.tidy(model), all);
    },
  };
}
