/*
 * Calls that go element by element.
 */
import * as lib from "#lib";
import type { Tensor } from "#lib";
import {
  any,
  binary,
  broadcasts,
  type Call,
  float,
  given,
  one,
  place,
  real,
  unary,
} from "./picks.ts";

export const unaries: Record<string, Call> = {
  neg: unary(lib.neg, "-i[0]"),
  abs: unary(lib.abs, "i[0].abs()"),
  sign: unary(lib.sign, "i[0].sign()"),
  exp: unary(lib.exp, "i[0].exp()"),
  expm1: unary(lib.expm1, "i[0].expm1()"),
  log1p: unary(lib.log1p, "i[0].log1p()"),
  log: unary(lib.log, "i[0].log()"),
  sqrt: unary(lib.sqrt, "i[0].sqrt()"),
  rsqrt: unary(lib.rsqrt, "i[0].rsqrt()"),
  reciprocal: unary(lib.reciprocal, "i[0].reciprocal()"),
  square: unary(lib.square, "i[0].square()"),
  sin: unary(lib.sin, "i[0].sin()"),
  cos: unary(lib.cos, "i[0].cos()"),
  floor: unary(lib.floor, "i[0].floor()"),
  ceil: unary(lib.ceil, "i[0].ceil()"),
  round: unary(lib.round, "i[0].round()"),
  erf: unary(lib.erf, "i[0].erf()"),
  tanh: unary(lib.tanh, "i[0].tanh()"),
  sigmoid: unary(lib.sigmoid, "i[0].sigmoid()"),
  relu: unary(lib.relu, "F.relu(i[0])"),
  silu: unary(lib.silu, "F.silu(i[0])", float),
  gelu: unary(lib.gelu, "F.gelu(i[0])", float),
  geluTanh: unary(
    (x) => lib.gelu(x, { approximate: "tanh" }),
    "F.gelu(i[0], approximate='tanh')",
    float,
  ),
  log2: unary(lib.log2, "i[0].log2()"),
  log10: unary(lib.log10, "i[0].log10()"),
  leakyRelu: unary(lib.leakyRelu, "F.leaky_relu(i[0])", float),
  elu: unary(lib.elu, "elu(i[0])", float),
  softplus: unary(lib.softplus, "F.softplus(i[0])", float),
  isnan: unary(lib.isnan, "i[0].isnan()"),
  isinf: unary(lib.isinf, "i[0].isinf()"),
  isfinite: unary(lib.isfinite, "i[0].isfinite()"),
  nanToNum: unary((x) => lib.nanToNum(x, 0, 9, -9), "i[0].nan_to_num(0, 9, -9)"),
  logicalNot: unary(lib.logicalNot, "i[0].logical_not()"),
  clone: unary(lib.clone, "i[0].clone()"),
  contiguous: unary(lib.contiguous, "i[0].contiguous()"),
  float: unary(lib.float, "i[0].to(REAL)"),
  long: unary(lib.long, "whole(i[0])"),
  bool: unary(lib.bool, "i[0].bool()"),
  detach: unary((x) => x.detach(), "i[0].detach()"),
};

export const binaries: Record<string, Call> = {
  add: binary(lib.add, "i[0] + y"),
  sub: binary(lib.sub, "i[0] - y"),
  mul: binary(lib.mul, "i[0] * y"),
  div: binary(lib.div, "i[0] / y"),
  pow: binary(lib.pow, "i[0] ** y"),
  remainder: binary(lib.remainder, "i[0] % y"),
  maximum: binary(lib.maximum, "torch.maximum(i[0], i[1])", any, []),
  minimum: binary(lib.minimum, "torch.minimum(i[0], i[1])", any, []),
  eq: binary(lib.eq, "i[0] == y"),
  ne: binary(lib.ne, "i[0] != y"),
  lt: binary(lib.lt, "i[0] < y"),
  le: binary(lib.le, "i[0] <= y"),
  gt: binary(lib.gt, "i[0] > y"),
  ge: binary(lib.ge, "i[0] >= y"),
  logicalAnd: binary((x, y) => lib.logicalAnd(x, y as Tensor), "i[0].logical_and(i[1])", any, []),
  logicalOr: binary((x, y) => lib.logicalOr(x, y as Tensor), "i[0].logical_or(i[1])", any, []),
  logicalXor: binary((x, y) => lib.logicalXor(x, y as Tensor), "i[0].logical_xor(i[1])", any, []),
  addAlpha: binary((x, y) => lib.add(x, y, { alpha: 2 }), "torch.add(i[0], y, alpha=2)", real),
  reversedSub: {
    torch: "a['other'] - i[0]",
    ours: ([x], a) => lib.sub(a.other, x),
    pick: one(any, (_, draw) => ({ other: [1, 0.5][draw(2)] })),
  },
  reversedDiv: {
    torch: "a['other'] / i[0]",
    ours: ([x], a) => lib.div(a.other, x),
    pick: one(any, (_, draw) => ({ other: [1, 0.5][draw(2)] })),
  },
  reversedPow: {
    torch: "a['other'] ** i[0]",
    ours: ([x], a) => lib.pow(a.other, x),
    pick: one(any, (_, draw) => ({ other: [2, 0.5, 0][draw(3)] })),
  },
  clamp: {
    torch: "i[0].clamp(a.get('min'), a.get('max'))",
    ours: ([x], a) => lib.clamp(x, a),
    pick: one(
      any,
      (_, draw) => [{ min: -1, max: 1 }, { min: 0 }, { max: 0.5 }, { min: 1, max: -1 }][draw(4)],
    ),
  },
  where: {
    torch: "torch.where(i[0], i[1], i[2])",
    ours: ([mask, x, y]) => lib.where(mask, x, y),
    pick(pool, draw) {
      const at = place(pool, draw, (x) => x.dtype === "bool");
      if (at < 0) return null;
      const fits = broadcasts(pool[at]);
      const x = place(pool, draw, fits);
      if (x < 0) return null;
      const both = broadcasts(pool[x]);
      return given([at, x, place(pool, draw, (y) => fits(y) && both(y))]);
    },
  },
  maskedFill: {
    torch: "i[0].masked_fill(i[1], a['value'])",
    ours: ([x, mask], a) => lib.maskedFill(x, mask, a.value),
    pick(pool, draw) {
      const at = place(pool, draw);
      const fits = broadcasts(pool[at]);
      const mask = place(
        pool,
        draw,
        (y) => y.dtype === "bool" && y.ndim <= pool[at].ndim && fits(y),
      );
      return given([at, mask], { value: [0, 2, -Infinity][draw(float(pool[at]) ? 3 : 2)] });
    },
  },
};
