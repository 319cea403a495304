/*
 * What PyTorch's functions are asked besides: a quotient's rounding, decimals, the dtype of a result.
 */
import * as lib from "#lib";
import { mask, node, type Row, slope, t, told, v, w, x, y } from "./setting.ts";

const { div, nn, tensor } = lib;
const F = nn.functional;

const floor = { roundingMode: "floor" } as const;
const trunc = { roundingMode: "trunc" } as const;

// deno-fmt-ignore
export const rows: Row[] = [
  ["torch.div(v - 3, t[1], rounding_mode='floor')", () => div(v.sub(3), t.select(0, 1), floor)],
  ["torch.div(v - 3, 2, rounding_mode='trunc')", () => div(v.sub(3), 2, trunc)],
  ["torch.div(v, 2.5, rounding_mode='floor')", () => div(v, 2.5, floor)],
  ["7 // v", () => div(7, v, floor)],
  ["torch.div(mask, 2, rounding_mode='trunc')", () => div(mask, 2, trunc)],
  ["x // w", () => x.div(w, floor)],
  ["x // -0.0", () => x.div(-0, floor)],
  ["torch.div(x, y, rounding_mode=None)", () => div(x, y, { roundingMode: null })],
  ["a = v.clone(); a.div_(2, rounding_mode='floor')", () => v.clone().div_(2, floor)],
  ["told(lambda: v.clone().div_(2))", () => told(() => v.clone().div_(2))],
  ["told(lambda: v // 0)", () => told(() => v.div(0, floor))],
  ["told(lambda: torch.div(mask, mask, rounding_mode='floor')) != 'nothing'", () => told(() => div(mask, mask, floor)) !== "nothing"],
  ["slope(lambda w: torch.div(x, w, rounding_mode='trunc') + w, w)", () => slope((w) => div(x, w, trunc).add(w), w)],
  ["node(lambda x: torch.div(x, 2, rounding_mode='floor'))", () => node((x) => x.div(2, floor))],
  ["best = x.view(-1).argmax(); [best // 3, best % 3]", () => { const best = x.view(-1).argmax(); return [best.div(3, floor), best.remainder(3)]; }],
  ["torch.round(x / 3, decimals=2)", () => lib.round(x.div(3), { decimals: 2 })],
  ["(x * 100).round(decimals=-2)", () => x.mul(100).round({ decimals: -2 })],
  ["a = x / 7; a.round_(decimals=3); a", () => { const a = x.div(7); a.round_({ decimals: 3 }); return a; }],
  ["slope(lambda x: x.round(decimals=1) + x, x)", () => slope((x) => x.round({ decimals: 1 }).add(x), x)],
  ["node(lambda x: x.round(decimals=0))", () => node((x) => x.round({ decimals: 0 }))],
  ["told(lambda: v.round(decimals=1)) != 'nothing'", () => told(() => v.round({ decimals: 1 })) !== "nothing"],
  ["torch.trunc(x * 1.3)", () => lib.trunc(x.mul(1.3))],
  ["v.trunc()", () => v.trunc()],
  ["slope(lambda x: x.trunc() * x, x)", () => slope((x) => x.trunc().mul(x), x)],

  ["F.softmax(v, dim=-1, dtype=torch.float32)", () => F.softmax(v, { dim: -1, dtype: "float32" })],
  ["F.softmax(x, dim=-1, dtype=torch.float32).to(x.dtype)", () => F.softmax(x, { dim: -1, dtype: "float32" }).to(x.dtype)],
  ["mask.softmax(1, torch.float32)", () => mask.softmax(1, "float32")],
  ["F.log_softmax(v, 0, dtype=torch.float32)", () => F.logSoftmax(v, 0, { dtype: "float32" })],
  ["F.softmin(v, 0, dtype=torch.float32)", () => F.softmin(v, 0, "float32")],
  ["told(lambda: v.softmax(0)) != 'nothing'", () => told(() => v.softmax(0)) !== "nothing"],
  ["told(lambda: x.softmax(0, dtype=torch.int64)) != 'nothing'", () => told(() => x.softmax(0, { dtype: "int64" })) !== "nothing"],
  ["x.sum(dtype=torch.int64)", () => x.sum({ dtype: "int64" })],
  ["mask.sum(dtype=torch.float32)", () => mask.sum({ dtype: "float32" })],
  ["x.sum(1, True, dtype=torch.bool)", () => x.sum(1, true, { dtype: "bool" })],
  ["(x > 9).sum(0, dtype=torch.bool)", () => x.gt(9).sum(0, { dtype: "bool" })],
  ["slope(lambda x: x.sum(1, dtype=torch.float32), x)", () => slope((x) => x.sum(1, { dtype: "float32" }), x)],
  ["x.sum(dtype=torch.int64).requires_grad", () => x.clone().requiresGrad_().sum({ dtype: "int64" }).requiresGrad],
  ["mask.mean(dtype=torch.float32)", () => mask.mean({ dtype: "float32" })],
  ["torch.mean(v, dim=0, keepdim=True, dtype=torch.float32)", () => lib.mean(v, { dim: 0, keepdim: true, dtype: "float32" })],
  ["told(lambda: x.mean(dtype=torch.int64))", () => told(() => x.mean({ dtype: "int64" }))],
  ["told(lambda: mask.mean())", () => told(() => mask.mean())],
  ["(v - 2).prod(dtype=torch.float32)", () => v.sub(2).prod({ dtype: "float32" })],
  ["x.prod(1, dtype=torch.int64)", () => x.prod(1, { dtype: "int64" })],
  ["x.prod(1, dtype=torch.bool)", () => x.prod(1, { dtype: "bool" })],
  ["mask.cumsum(1, dtype=torch.float32)", () => mask.cumsum(1, { dtype: "float32" })],
  ["x.cumsum(dim=0, dtype=torch.int64)", () => x.cumsum({ dim: 0, dtype: "int64" })],
  ["v.cumprod(0, dtype=torch.float32)", () => v.cumprod(0, { dtype: "float32" })],
  ["told(lambda: x.cumsum(0, dtype=torch.bool)) != 'nothing'", () => told(() => x.cumsum(0, { dtype: "bool" })) !== "nothing"],
  ["torch.norm(x, dim=1, dtype=torch.float32)", () => lib.norm(x, { dim: 1, dtype: "float32" })],
  ["torch.tensor([3, 5]).sum(dtype=torch.float32) / 3", () => tensor([3, 5]).sum({ dtype: "float32" }).div(3)],
];
