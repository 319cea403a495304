/*
 * What a tensor says to somebody who knows PyTorch and writes what JavaScript would take without a word and without an
 * effect, or refuse without saying what to write.
 */
import { camelCase } from "../python/arguments.ts";
import { answering, isPlace } from "../python/habits.ts";
import { Size, Tensor } from "./tensor.ts";

const NO_BRACKETS =
  'a Tensor is not indexed by brackets; write x.index(0) for x[0], x.index(":", -1) for x[:, -1], and ' +
  "x.indexPut_([0], value) for x[0] = value";

/** What there is in PyTorch, and what to write here. */
const OTHERWISE: Record<string, string> = {
  length: "a Tensor has no length: write x.size(0) for len(x), x.numel() for all its elements",
  numpy: "the numbers are read with await: write await x.data(), or await x.tolist() for lists",
  ...Object.fromEntries(
    ["cpu", "cuda"].map((name) => [name, `there is one device: leave .${name}() out`]),
  ),
  ...Object.fromEntries(
    ["double", "half", "bfloat16"].map((name) => [name, "all floats are float32: write x.float()"]),
  ),
  int: "integers are int64: write x.long()",
  ...Object.fromEntries(
    ["elementSize", "nbytes"].map((name) => [name, "an element has 4 bytes: write 4 * x.numel()"]),
  ),
  ...Object.fromEntries(
    Object.entries({ multiply: "mul", divide: "div", subtract: "sub", negative: "neg" })
      .map(([name, ours]) => [name, `write x.${ours}(…)`]),
  ),
  logaddexp: "write stack([x, y]).logsumexp(0)",
  random_: "write x.copy_(randint(0, 10, x.shape))",
  tan: "write x.sin().div(x.cos())",
  absolute: "write x.abs()",
  broadcastTo: "write x.expand(size)",
  clampMax: "write x.clamp({ max })",
  clampMin: "write x.clamp({ min })",
  clip: "write x.clamp(min, max)",
  countNonzero: "write x.ne(0).sum()",
  fillDiagonal_: "write x.diagonal().fill_(v)",
  isFloatingPoint: 'write x.dtype === "float32"',
  floorDivide: 'write x.div(y, { roundingMode: "floor" })',
  fliplr: "write x.flip(1)",
  flipud: "write x.flip(0)",
  logcumsumexp: "write x.exp().cumsum(dim).log()",
  maskedScatter: "write x.indexPut((await mask.nonzero()).unbind(1), values)",
  nelement: "write x.numel()",
  ravel: "write x.flatten()",
  stride: "write x.strides",
  tile: "write x.repeat(2, 1)",
  type: 'write x.to("int64"), or x.typeAs(y)',
};
answering(Tensor.prototype, (key) => {
  if (key === Symbol.iterator) return "a Tensor is not walked over; write x.unbind(), its rows";
  if (isPlace(key)) return NO_BRACKETS;
  if (typeof key !== "string") return undefined;
  const name = camelCase(key);
  if (Object.hasOwn(OTHERWISE, name)) return OTHERWISE[name];
  const plain = name.slice(0, -1);
  return name.endsWith("_") && plain in Tensor.prototype
    ? `there is no ${key}: write x.copy_(x.${plain}(…)), or x = x.${plain}(…) where the shape changes`
    : undefined;
});

/*
 * PyTorch's `p.data` is the tensor outside of its graph. What is written to it would be lost on the method, and what is
 * put in its place would take the method away.
 */
const { data } = Tensor.prototype;
answering(
  data,
  (key) =>
    key in Tensor.prototype ? "x.data() reads the numbers; write p.detach() for p.data" : undefined,
);
Object.defineProperty(Tensor.prototype, "data", {
  get: () => data,
  set() {
    throw new TypeError(
      "x.data() reads the numbers; write p.copy_(value) within noGrad for p.data = value",
    );
  },
});

answering(
  Size.prototype,
  (key) =>
    isPlace(key) && String(key).startsWith("-")
      ? "a list has no place below 0: write x.size(-1), or .at(-1)"
      : undefined,
);
