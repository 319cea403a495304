/*
# Exercises of lesson 2

The embedding layer.
*/
import { arange, kernel, nn, sum, type Tensor, tensor } from "#lib";
import type { Checks } from "../../lib/lesson/exercise.ts";

/*
## 1. Predict

The ids 0, 0 and 4 are looked up, and the loss is the sum of all values that come
out. What is the gradient of each value in row 0?
*/

export const gradientOfRow0 = /* your answer */ 2;

/*
## 2. Look up without an embedding

`table` is (V, D), `ids` is (T). Return the rows, (T, D), with a product of
matrices.
*/

export function lookUp(table: Tensor, ids: Tensor): Tensor {
  // your code
  const classes = arange(table.shape[0]); // (V)
  return ids.unsqueeze(1).eq(classes).float().matmul(table);
  // end
}

/*
## 3. Write a kernel

As in lesson 2, each invocation of the kernel computes one element of the result, the
one at `id.x`. Write the WGSL expression for `out[id.x]`: the square of the element
of `x` at `id.x`.
*/

export const expression: string = /* your answer */ "x[id.x] * x[id.x]";

// ---- checks ----

import { wrongNumber, wrongTensor } from "../../lib/lesson/exercise.ts";

export const checks: Checks = {
  gradientOfRow0: {
    hint: "Each time that a row is looked up adds 1.",
    async wrong(given: number) {
      const { weight } = new nn.Embedding(5, 3);
      sum(nn.functional.embedding(tensor([0, 0, 4]), weight)).backward();
      return wrongNumber(given, await weight.grad!.index(0, 0).item());
    },
  },
  lookUp: {
    hint: "One-hot vectors: ids.unsqueeze(1).eq(classes).float() is (T, V).",
    wrong(given: typeof lookUp) {
      const table = arange(12).float().view(4, 3);
      return wrongTensor(
        given(table, tensor([3, 0, 3])),
        table.index(tensor([3, 0, 3])),
      );
    },
  },
  expression: {
    hint: "x[id.x] is the element of this invocation.",
    wrong(given: string) {
      const text = `
        @group(0) @binding(0) var<storage, read> x: array<f32>;
        @group(0) @binding(1) var<storage, read_write> out: array<f32>;

        @compute @workgroup_size(64)
        fn main(@builtin(global_invocation_id) id: vec3<u32>) {
          if (id.x < arrayLength(&out)) { out[id.x] = ${given}; }
        }`;
      const x = tensor([1.5, -2, 3]);
      return wrongTensor(kernel(text, { x }, [3]), x.square());
    },
  },
};
