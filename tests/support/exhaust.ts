/*
 * A program whose memory runs out: it makes tensors of one size and keeps them, until it is told that there is no more
 * memory. Then it reads some of those it has, frees them, and computes once more. Prints what it saw.
 *
 * Arguments: the size of a tensor; the most tensors to make.
 */
import { ones, type Tensor } from "#lib";

const [size, most] = Deno.args.map(Number);
let kept: Tensor[] = [];
let said = "nothing";
for (let i = 0; i < most; i++) {
  try {
    kept.push(ones([size]).mul(i));
    if (i % 500 === 499) await kept[i].sum().item();
  } catch (error) {
    said = (error as Error).message;
    break;
  }
}
const made = kept.length;
let wrong = 0;
for (let i = 0; i < made; i += Math.ceil(made / 50)) {
  const data = await kept[i].data();
  if (data.length !== size || data.some((x) => x !== i)) wrong++;
}
kept = [];
const { collect } = await import("./collect.ts");
await collect();
const after = await ones([size]).mul(7).sum().item();
console.log(JSON.stringify({ said, made, wrong, after }));
