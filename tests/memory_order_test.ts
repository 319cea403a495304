/*
 * In which order results lie in memory, and in which order numbers are drawn: in that of memory, where a tensor is a
 * transpose or another view that does not lie row by row. Each is compared with PyTorch 2.13
 * (tests/goldens/memory_order.py); what a draw leaves in the generator too.
 */
import { assert, assertEquals } from "@std/assert";
import * as lib from "#lib";
import { arange, nn, ones, type Tensor, tensor } from "#lib";
import { oneByOne } from "../lib/ops/tuning.ts";
import goldens from "./goldens/memory_order.json" with { type: "json" };

const F = nn.functional;

/** Numbers in (0, 1] that go up from row to row. */
function counted(...shape: number[]): Tensor {
  const n = shape.reduce((a, b) => a * b);
  return arange(1, n + 1).view(...shape).div(n);
}

const layouts: Record<string, () => Tensor> = {
  "every second of a line": () => counted(40).index("::2"),
  "every second column": () => counted(4, 10).index(":", "::2"),
  "a transpose": () => counted(3, 8).t(),
  "a small transpose": () => counted(3, 4).t(),
  "rows of a transpose": () => counted(4, 7).t().narrow(0, 1, 5),
  "every second row of a transpose": () => counted(5, 8).t().index("::2"),
  "permute(2, 0, 1)": () => counted(2, 3, 4).permute(2, 0, 1),
  "permute(1, 2, 0)": () => counted(2, 3, 4).permute(1, 2, 0),
  "transpose(0, 1)": () => counted(2, 3, 4).transpose(0, 1),
  "a part of transpose(0, 2)": () =>
    counted(4, 3, 5).transpose(0, 2).narrow(0, 1, 3).narrow(1, 0, 2),
  "heads": () => counted(2, 3, 2, 4).transpose(1, 2),
  "permute(0, 3, 1, 2)": () => counted(2, 3, 2, 4).permute(0, 3, 1, 2),
  "a size of 1": () => counted(3, 1, 6).permute(2, 1, 0),
  "rows repeated": () => counted(1, 5).expand(4, 5),
  "columns repeated": () => counted(6, 1).expand(6, 3),
  "the middle repeated": () => counted(2, 1, 3).expand(2, 4, 3),
  "a transpose repeated": () => counted(3, 2).t().expand(4, 2, 3),
  "repeated and transposed": () => counted(5, 1).expand(5, 4).t(),
};

const draws: Record<string, (x: Tensor) => Tensor | Promise<Tensor>> = {
  dropout: (x) => F.dropout(x, 0.5),
  "dropout, a gradient wanted": (x) => F.dropout(x.detach().requiresGrad_(), 0.3).detach(),
  "dropout of twice": (x) => F.dropout(x.mul(2).add(1), 0.5),
  "dropout twice": (x) => F.dropout(F.dropout(x, 0.2), 0.2),
  randLike: (x) => lib.randLike(x),
  randnLike: (x) => lib.randnLike(x),
  bernoulli: (x) => lib.bernoulli(x),
  multinomial: (x) => lib.multinomial(x, 2),
  "multinomial, one": (x) => lib.multinomial(x, 1),
  "multinomial, replacement": (x) => lib.multinomial(x, 4, true),
  "zerosLike, then normal_": (x) => lib.zerosLike(x).normal_(),
  "clone, then uniform_": (x) => x.clone().uniform_(),
  uniform_: (x) => x.uniform_(-1, 2),
  normal_: (x) => x.normal_(1, 2),
  bernoulli_: (x) => x.bernoulli_(0.3),
  exponential_: (x) => x.exponential_(),
  geometric_: (x) => x.geometric_(0.4),
  logNormal_: (x) => x.logNormal_(),
  cauchy_: (x) => x.cauchy_(),
  "init.normal_": (x) => nn.init.normal_(x),
  "init.xavierUniform_": (x) => nn.init.xavierUniform_(x),
  "init.truncNormal_": (x) => nn.init.truncNormal_(x),
};

/** Strides of dimensions of size 1 are left out, since nothing depends on them. */
const strided = ({ strides, shape }: Tensor) => strides.filter((_, d) => shape[d] !== 1);

interface Drawn {
  strides?: number[];
  values?: number[];
  next?: number;
  refused?: string;
}

/** Logarithms and sines in doubles may differ by a unit between C libraries. */
const near = (x: number, y: number) => Math.abs(x - y) <= 2 ** -22 * Math.max(Math.abs(y), 2 ** -6);

const firstWords = (sentence: string) => sentence.split(" ").slice(0, 4).join(" ");

/** What is drawn, or what is said instead. */
async function drawn(draw: () => Tensor | Promise<Tensor>): Promise<Tensor | Error> {
  try {
    return await draw();
  } catch (error) {
    return error as Error;
  }
}

for (const [layout, answers] of Object.entries<Record<string, Drawn>>(goldens.draws)) {
  Deno.test(`what is drawn for a tensor in memory as ${layout}`, async (t) => {
    assertEquals(Object.keys(draws), Object.keys(answers), "run tests/goldens/memory_order.py");
    for (const [name, golden] of Object.entries(answers)) {
      await t.step(name, async () => {
        lib.manualSeed(7);
        const made = await drawn(() => draws[name](layouts[layout]()));
        if (golden.refused) {
          assert(made instanceof Error, `PyTorch says ${golden.refused}`);
          return assertEquals(firstWords(made.message), firstWords(golden.refused));
        }
        if (made instanceof Error) throw made;
        assertEquals(strided(made), golden.strides, "strides");
        const values = [...await made.data()];
        const wrong = values.findIndex((v, i) => !near(v, golden.values![i]));
        assertEquals(values.length, golden.values!.length);
        assert(
          wrong < 0,
          `element ${wrong} is ${values[wrong]}, PyTorch's ${golden.values![wrong]}`,
        );
        assertEquals(await lib.rand(1).item(), golden.next, "the generator's next number");
      });
    }
  });
}

const [a, b, c] = [counted(3, 8).t(), counted(8, 3), counted(2, 3, 4).permute(2, 0, 1)];
const mask = b.gt(0.5);
const ids = tensor([2, 0, 1]);
const keepdim = { keepdim: true };

const results: Record<string, () => Tensor> = {
  "a * 2": () => a.mul(2),
  "2 / a": () => lib.div(2, a),
  "a + b": () => a.add(b),
  "b + a": () => b.add(a),
  "a + b[0]": () => a.add(b.select(0, 0)),
  "b[0] + a": () => b.select(0, 0).add(a),
  "a + a": () => a.add(a),
  "a - a.contiguous()": () => a.sub(a.contiguous()),
  "a ** 2": () => a.pow(2),
  "a > 0.5": () => a.gt(0.5),
  "a == b": () => a.eq(b),
  "torch.maximum(a, b)": () => lib.maximum(a, b),
  "torch.maximum(b, a)": () => lib.maximum(b, a),
  "a.exp()": () => a.exp(),
  "F.relu(a)": () => F.relu(a),
  "F.gelu(a)": () => F.gelu(a),
  "torch.tanh(a)": () => a.tanh(),
  "a.clamp(0.2, 0.7)": () => a.clamp(0.2, 0.7),
  "a.sigmoid()": () => a.sigmoid(),
  "F.silu(a)": () => F.silu(a),
  "F.softplus(a)": () => F.softplus(a),
  "F.leaky_relu(a)": () => F.leakyRelu(a),
  "F.elu(a)": () => F.elu(a),
  "-a": () => a.neg(),
  "a.abs()": () => a.abs(),
  "a.long()": () => a.long(),
  "a.long() + 1": () => a.long().add(1),
  "a.bool()": () => a.bool(),
  "~a.bool()": () => a.bool().logicalNot(),
  "a.isnan()": () => a.isnan(),
  "a.clone()": () => a.clone(),
  "a.contiguous()": () => a.contiguous(),
  "a.detach().clone()": () => a.detach().clone(),
  "torch.zeros_like(a)": () => lib.zerosLike(a),
  "torch.ones_like(a)": () => lib.onesLike(a),
  "torch.full_like(a, 2.0)": () => lib.fullLike(a, 2),
  "torch.where(a > 0.5, a, b)": () => lib.where(a.gt(0.5), a, b),
  "torch.where(mask, a, b)": () => lib.where(mask, a, b),
  "torch.where(mask, a, 0.0)": () => lib.where(mask, a, 0),
  "a.masked_fill(mask, 0)": () => a.maskedFill(mask, 0),
  "a.softmax(0)": () => a.softmax(0),
  "a.softmax(1)": () => a.softmax(1),
  "a.log_softmax(1)": () => a.logSoftmax(1),
  "a.cumsum(0)": () => a.cumsum(0),
  "a.tril()": () => a.tril(),
  "torch.cat([a, a])": () => lib.cat([a, a]),
  "torch.stack([a, a])": () => lib.stack([a, a]),
  "F.layer_norm(a, [3])": () => F.layerNorm(a, [3]),
  "a @ a.t()": () => a.matmul(a.t()),
  "a @ b.t()": () => a.matmul(b.t()),
  "F.linear(a, b)": () => F.linear(a, b),
  "F.linear(c, torch.ones(5, 3))": () => F.linear(c, ones(5, 3)),
  "c @ c.transpose(1, 2)": () => c.matmul(c.transpose(1, 2)),
  "a.sum(0, keepdim=True)": () => a.sum(0, keepdim),
  "c.sum(0)": () => c.sum(0),
  "c.mean(1)": () => c.mean(1),
  "c.max(0)[0]": () => c.max(0)[0],
  "c.argmax(0)": () => c.argmax(0),
  "c.std(0)": () => c.std(0),
  "a.index_select(0, ids)": () => a.indexSelect(0, ids),
  "a[ids]": () => a.index(ids),
  "a.gather(0, ids.view(1, 3))": () => a.gather(0, ids.view(1, 3)),
  "F.embedding(ids, a)": () => F.embedding(ids, a),
  "a.repeat(2, 1)": () => a.repeat(2, 1),
  "a.roll(1, 0)": () => a.roll(1, 0),
  "a.roll(1)": () => a.roll(1),
  "F.pad(a, (1, 1))": () => F.pad(a, [1, 1]),
  "a.topk(2, 0)[0]": () => a.topk(2, 0)[0],
  "torch.outer(a[0], b[0])": () => lib.outer(a.select(0, 0), b.select(0, 0)),
  "c * 2": () => c.mul(2),
  "c + c[0]": () => c.add(c.select(0, 0)),
  "c + torch.ones(4, 1, 1)": () => c.add(ones(4, 1, 1)),
  "c + torch.ones(1, 2, 1)": () => c.add(ones(1, 2, 1)),
  "torch.ones(3) + c": () => ones(3).add(c),
  "c.transpose(0, 1) + c.transpose(0, 1)": () => c.transpose(0, 1).add(c.transpose(0, 1)),
  "c.transpose(0, 2) + torch.ones(3, 2, 4)": () => c.transpose(0, 2).add(ones(3, 2, 4)),
  "torch.ones(3, 2, 4) + c.transpose(0, 2)": () => ones(3, 2, 4).add(c.transpose(0, 2)),
  "c[:, 0] * 2": () => c.select(1, 0).mul(2),
  "c[..., 1] * 2": () => c.select(2, 1).mul(2),
  "c[1:3] * 2": () => c.narrow(0, 1, 2).mul(2),
  "a[::2] * 2": () => a.index("::2").mul(2),
  "a.unsqueeze(0) * 2": () => a.unsqueeze(0).mul(2),
  "a[None, :, :] + c[:2, :1, :].sum()": () =>
    a.unsqueeze(0).add(c.narrow(0, 0, 2).narrow(1, 0, 1).sum()),
  "a.expand(2, 8, 3) * 2": () => a.expand(2, 8, 3).mul(2),
  "b[:1].expand(8, 3) * 2": () => b.narrow(0, 0, 1).expand(8, 3).mul(2),
  "b[:, :1].expand(8, 3) * 2": () => b.narrow(1, 0, 1).expand(8, 3).mul(2),
  "b[:, :1].expand(8, 3) + a": () => b.narrow(1, 0, 1).expand(8, 3).add(a),
  "(a * 2).reshape(4, 6)": () => a.mul(2).reshape(4, 6),
  "(a * 2).t()": () => a.mul(2).t(),
  "a.add(b, alpha=2)": () => a.add(b, { alpha: 2 }),
  "F.mse_loss(a, b, reduction='none')": () => F.mseLoss(a, b, { reduction: "none" }),
  "torch.flip(a, [0])": () => a.flip(0),
  "a.sort(0)[0]": () => a.sort(0)[0],
  "a.float()": () => a.float(),
  "F.one_hot(ids)": () => F.oneHot(ids, 3),
  "a.nan_to_num()": () => a.nanToNum(),
  "a / a.sum(1, keepdim=True)": () => a.div(a.sum(1, keepdim)),
  "a.unflatten(1, (1, 3)) * 2": () => a.view(8, 1, 3).mul(2),
  "a % 0.3": () => a.remainder(0.3),
  "a.round()": () => a.round(),
  "a.norm(dim=1)": () => a.norm({ dim: 1 }),
  "a.var(1)": () => a.var(1),
  "torch.logical_and(a > 0.2, b > 0.2)": () => lib.logicalAnd(a.gt(0.2), b.gt(0.2)),
  "(a > 0.2) & (b > 0.2)": () => a.gt(0.2).mul(b.gt(0.2)),
  "a.square()": () => a.square(),
  "a.rsqrt()": () => a.rsqrt(),
  "F.glu(torch.ones(3, 4, 2).transpose(0, 1))": () => F.glu(ones(3, 4, 2).transpose(0, 1)),
  "F.hardtanh(a)": () => F.hardtanh(a),
  "a.erf()": () => a.erf(),
};

Deno.test("results lie in memory as PyTorch's do", async (t) => {
  assertEquals(Object.keys(results), Object.keys(goldens.results));
  for (const [line, wanted] of Object.entries<number[]>(goldens.results)) {
    await t.step(line, () => assertEquals(strided(results[line]()), wanted));
  }
});

Deno.test("operands are found in their places, however long their rows are", async () => {
  const { upTo } = oneByOne;
  try {
    for (oneByOne.upTo of [0, upTo]) {
      for (const columns of [1, 2, 6, 7, 8, 9, 12, 16, 33, 40, 96]) {
        const x = arange(4 * 3 * columns).view(4, 3, columns);
        const [y, row] = [x.transpose(0, 1), arange(columns).mul(1000)]; // (3, 4, columns)
        const at = (i: number, j: number, k: number) => (j * 3 + i) * columns + k;
        const wanted = (f: (i: number, j: number, k: number) => number) =>
          Array.from(
            { length: 3 },
            (_, i) =>
              Array.from({ length: 4 }, (_, j) =>
                Array.from({ length: columns }, (_, k) => f(i, j, k))),
          );
        const what = `${columns} columns, above ${oneByOne.upTo} in fours`;
        assertEquals(await y.contiguous().tolist(), wanted(at), what);
        assertEquals(await y.add(row).tolist(), wanted((...i) => at(...i) + 1000 * i[2]), what);
        const part = y.narrow(0, 1, 2);
        assertEquals(await part.neg().tolist(), wanted((...i) => -at(...i)).slice(1), what);
        assertEquals(
          await y.add(x.narrow(0, 0, 3).narrow(1, 0, 1)).tolist(),
          wanted((...i) => at(...i) + i[0] * 3 * columns + i[2]),
          what,
        );
      }
    }
  } finally {
    oneByOne.upTo = upTo;
  }
});
