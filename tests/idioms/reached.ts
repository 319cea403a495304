/*
 * What code one step outside the lessons reaches for: samplers, rewards, experts, masks, models of other families.
 */
import * as lib from "#lib";
import { b, ids, mask, node, type Row, seeded, slope, t, told, v, w, x, y, z } from "./setting.ts";

const { finfo, nn, tensor } = lib;
const F = nn.functional;

const upTo = tensor([1, 3, 5]).float();
const pairs = tensor([[1, 3, 5], [2, 4, 6]]);
const asked = tensor([[3, 6], [4, 4]]);

/** A module that keeps tensors. */
function kept() {
  class Kept extends nn.Module {
    a = new nn.Buffer(w.clone());
    b = new nn.Buffer(x.clone(), { persistent: false });
    override forward() {}
  }
  return new Kept();
}

// deno-fmt-ignore
export const rows: Row[] = [
  ["f = torch.finfo(torch.float32); torch.tensor([f.min, f.max, f.eps, f.tiny, f.smallest_normal, f.resolution, f.bits])", () => { const f = finfo("float32"); return tensor([f.min, f.max, f.eps, f.tiny, f.smallestNormal, f.resolution, f.bits]); }],
  ["f'{torch.finfo().dtype} {torch.finfo(x.dtype).bits}'", () => `${finfo().dtype} ${finfo(x.dtype).bits}`],
  ["x.masked_fill(mask, torch.finfo(x.dtype).min).softmax(1)", () => x.maskedFill(mask, finfo(x.dtype).min).softmax(1)],
  ["'floating point input type' in told(lambda: torch.finfo(v.dtype))", () => told(() => finfo(v.dtype)).includes("floating point input type")],
  ["'integer input type' in told(lambda: torch.iinfo(x.dtype))", () => told(() => lib.iinfo(x.dtype)).includes("integer input type")],
  ["told(lambda: torch.iinfo(torch.bool))", () => told(() => lib.iinfo("bool"))],
  ["torch.iinfo(torch.int32).max", () => lib.iinfo(v.dtype).max],
  ["x.clamp(-torch.inf, torch.pi)", () => x.clamp(-lib.inf, lib.pi)],
  ["torch.full((2,), torch.nan)", () => lib.full([2], lib.nan)],
  ["torch.as_tensor(x) is x", () => lib.asTensor(x) === x],
  ["torch.as_tensor(v, dtype=torch.float32)", () => lib.asTensor(v, { dtype: "float32" })],
  ["torch.as_tensor([1, 2.5])", () => lib.asTensor([1, 2.5])],
  ["torch.as_tensor(3)", () => lib.asTensor(3)],
  ["torch.as_tensor([[1, 2]], dtype=torch.float32)", () => lib.asTensor([[1, 2]], "float32")],

  ["x.nonzero(as_tuple=True)", () => x.nonzero({ asTuple: true })],
  ["torch.where(mask)", () => lib.nonzero(mask, { asTuple: true })],
  ["torch.nonzero(v > 1, as_tuple=True)[0]", async () => (await lib.nonzero(v.gt(1), { asTuple: true }))[0]],
  ["torch.tensor(3).nonzero(as_tuple=True)", () => tensor(3).nonzero({ asTuple: true })],
  ["torch.zeros(0, 2).nonzero(as_tuple=True)", () => lib.zeros(0, 2).nonzero({ asTuple: true })],
  ["x[torch.where(mask)]", async () => x.index(...await mask.nonzero({ asTuple: true }))],
  ["v.nonzero(as_tuple=False)", () => v.nonzero({ asTuple: false })],
  ["x.where(mask, 0)", () => x.where(mask, 0)],
  ["x.where(mask, v)", () => x.where(mask, v)],
  ["slope(lambda x: x.where(mask, other=y), x)", () => slope((x) => x.where({ condition: mask, other: y }), x)],

  ["z.nansum()", () => z.nansum()],
  ["torch.nansum(z, dim=1, keepdim=True)", () => lib.nansum(z, { dim: 1, keepdim: true })],
  ["torch.nansum(v)", () => lib.nansum(v)],
  ["mask.nansum(0)", () => mask.nansum(0)],
  ["z[0].nansum(dtype=torch.int64)", () => z.index(0).nansum({ dtype: "int64" })],
  ["torch.nansum(torch.zeros(0))", () => lib.nansum(lib.zeros(0))],
  ["z.nanmean(0)", () => z.nanmean(0)],
  ["torch.nanmean(z[:, 1:])", () => lib.nanmean(z.index(":", "1:"))],
  ["torch.nanmean(z, 1, True)", () => lib.nanmean(z, 1, true)],
  ["torch.nanmean(torch.zeros(2, 0), 1)", () => lib.nanmean(lib.zeros(2, 0), 1)],
  ["told(lambda: v.nanmean())", () => told(() => v.nanmean())],
  ["slope(lambda z: z.nansum(1), z)", () => slope((z) => z.nansum(1), z)],
  ["slope(lambda z: z.nanmean(), z)", () => slope((z) => z.nanmean(), z)],
  ["node(lambda x: x.nansum())", () => node((x) => x.nansum())],
  ["node(lambda x: x.nanmean())", () => node((x) => x.nanmean())],

  ["torch.isin(ids, t)", () => lib.isin(ids, t)],
  ["torch.isin(x, torch.tensor([float('nan'), 5, -2]))", () => lib.isin(x, tensor([NaN, 5, -2]))],
  ["torch.isin(z, z)", () => lib.isin(z, z)],
  ["torch.isin(v, 2)", () => lib.isin(v, 2)],
  ["torch.isin(v, 2, invert=True)", () => lib.isin(v, 2, { invert: true })],
  ["torch.isin(3, v)", () => lib.isin(3, v)],
  ["torch.isin(v, torch.tensor([1.5, 2]))", () => lib.isin(v, tensor([1.5, 2]))],
  ["torch.isin(v, torch.tensor([], dtype=torch.int64))", () => lib.isin(v, tensor([], { dtype: "int64" }))],
  ["torch.isin(elements=v, test_elements=ids, assume_unique=True)", () => lib.isin({ elements: v, testElements: ids, assumeUnique: true })],
  ["told(lambda: torch.isin(mask, v))", () => told(() => lib.isin(mask, v))],
  ["torch.searchsorted(torch.tensor([1., 3, 5]), torch.tensor([0, 3, 9, float('nan')]))", () => lib.searchsorted(upTo, tensor([0, 3, 9, NaN]))],
  ["torch.searchsorted(torch.tensor([1., 3, 5]), 3, right=True)", () => lib.searchsorted(upTo, 3, { right: true })],
  ["torch.searchsorted(torch.tensor([1, 3, 5]), 3.5)", () => lib.searchsorted(tensor([1, 3, 5]), 3.5)],
  ["torch.searchsorted(torch.tensor([[1, 3, 5], [2, 4, 6]]), torch.tensor([[3, 6], [4, 4]]), side='right')", () => lib.searchsorted(pairs, asked, { side: "right" })],
  ["torch.searchsorted(torch.tensor([5., 1, 3]), torch.tensor([[3.], [4.]]), sorter=torch.tensor([1, 2, 0]))", () => lib.searchsorted(tensor([5, 1, 3]).float(), tensor([[3], [4]]).float(), { sorter: tensor([1, 2, 0]) })],
  ["torch.searchsorted(torch.zeros(0), x)", () => lib.searchsorted(lib.zeros(0), x)],
  ["torch.searchsorted(torch.tensor([1., 3]), torch.zeros(0, 2))", () => lib.searchsorted(tensor([1, 3]).float(), lib.zeros(0, 2))],
  ["p = torch.tensor([[0.5, 0.25, 0.25], [0, 1, 0]]); torch.searchsorted(p.cumsum(-1), torch.tensor([[0.6], [0.2]]))", () => { const p = tensor([[0.5, 0.25, 0.25], [0, 1, 0]]); return lib.searchsorted(p.cumsum(-1), tensor([[0.6], [0.2]])); }],
  ["told(lambda: torch.searchsorted(x[:1], w))", () => told(() => lib.searchsorted(x.index(":1"), w))],
  ["told(lambda: torch.searchsorted(w, w, side='left', right=True))", () => told(() => lib.searchsorted(w, w, { side: "left", right: true }))],
  ["torch.bucketize(torch.tensor([[3, 6, 9], [3, 6, 9]]), torch.tensor([1, 3, 5, 7, 9]))", () => lib.bucketize(tensor([[3, 6, 9], [3, 6, 9]]), tensor([1, 3, 5, 7, 9]))],
  ["torch.bucketize(x, torch.tensor([-2., 0, 3]), right=True)", () => lib.bucketize(x, tensor([-2, 0, 3]).float(), { right: true })],
  ["torch.bucketize(3, torch.tensor([1, 3, 5]))", () => lib.bucketize(3, tensor([1, 3, 5]))],
  ["told(lambda: torch.bucketize(x, y))", () => told(() => lib.bucketize(x, y))],

  ["F.rms_norm(x, (3,))", () => F.rmsNorm(x, [3])],
  ["F.rms_norm(x, x.shape[-1:], w)", () => F.rmsNorm(x, x.shape.slice(-1), w)],
  ["F.rms_norm(x, [2, 3], eps=1e-6)", () => F.rmsNorm(x, [2, 3], { eps: 1e-6 })],
  ["slope(lambda x: F.rms_norm(x, (3,), w), x)", () => slope((x) => F.rmsNorm(x, [3], w), x)],
  ["slope(lambda w: F.rms_norm(x, (3,), w), w)", () => slope((w) => F.rmsNorm(x, [3], w), w)],
  ["node(lambda x: F.rms_norm(x, (3,)))", () => node((x) => F.rmsNorm(x, [3]))],
  ["node(lambda x: nn.RMSNorm(3)(x))", () => node((x) => new nn.RMSNorm(3).forward(x))],
  ["told(lambda: F.rms_norm(x, (3,), torch.ones(2)))", () => told(() => F.rmsNorm(x, [3], lib.ones(2)))],
  ["told(lambda: F.rms_norm(x, []))", () => told(() => F.rmsNorm(x, []))],
  ["'normalized_shape=[4]' in told(lambda: F.rms_norm(x, (4,)))", () => told(() => F.rmsNorm(x, [4])).includes("normalized_shape=[4]")],
  ["F.group_norm(b, 1)", () => F.groupNorm(b, 1)],
  ["F.group_norm(b, 2, torch.tensor([0.5, 2]), torch.tensor([1., 0]), 1e-3)", () => F.groupNorm(b, 2, tensor([0.5, 2]), tensor([1, 0]).float(), 1e-3)],
  ["F.group_norm(x.t(), 2, eps=0.1)", () => F.groupNorm(x.t(), 2, { eps: 0.1 })],
  ["F.group_norm(torch.zeros(2, 4, 0), 2)", () => F.groupNorm(lib.zeros(2, 4, 0), 2)],
  ["slope(lambda b: F.group_norm(b, 1, torch.tensor([0.5, 2])) / 9, b)", () => slope((b) => F.groupNorm(b, 1, tensor([0.5, 2])).div(9), b)],
  ["slope(lambda w: F.group_norm(b.transpose(1, 2), 3, w, w), w)", () => slope((w) => F.groupNorm(b.transpose(1, 2), 3, w, w), w)],
  ["node(lambda x: F.group_norm(x, 3))", () => node((x) => F.groupNorm(x, 3))],
  ["told(lambda: F.group_norm(x, 2))", () => told(() => F.groupNorm(x, 2))],
  ["told(lambda: F.group_norm(w, 1))", () => told(() => F.groupNorm(w, 1))],
  ["told(lambda: F.group_norm(x, 1, x))", () => told(() => F.groupNorm(x, 1, x))],
  ["str(nn.GroupNorm(2, 4, eps=1e-6, bias=False))", () => String(new nn.GroupNorm(2, 4, { eps: 1e-6, bias: false }))],
  ["nn.GroupNorm(1, 2)(b)", () => new nn.GroupNorm(1, 2).forward(b)],
  ["list(nn.GroupNorm(1, 2).state_dict())", () => [...new nn.GroupNorm(1, 2).stateDict().keys()]],
  ["len(nn.GroupNorm(1, 2, affine=False).state_dict())", () => new nn.GroupNorm(1, 2, { affine: false }).stateDict().size],
  ["told(lambda: nn.GroupNorm(2, 3))", () => told(() => new nn.GroupNorm(2, 3))],
  ["nn.SmoothL1Loss(beta=0.5)(x, y)", () => new nn.SmoothL1Loss({ beta: 0.5 }).forward(x, y)],
  ["nn.SmoothL1Loss(reduction='none')(x, y)", () => new nn.SmoothL1Loss({ reduction: "none" }).forward(x, y)],
  ["seeded(lambda: F.gumbel_softmax(x))", () => seeded(() => F.gumbelSoftmax(x))],
  ["seeded(lambda: F.gumbel_softmax(x, tau=0.5, hard=True))", () => seeded(() => F.gumbelSoftmax(x, { tau: 0.5, hard: true }))],
  ["seeded(lambda: F.gumbel_softmax(x, 2, dim=0))", () => seeded(() => F.gumbelSoftmax(x, 2, { dim: 0 }))],
  ["slope(lambda x: seeded(lambda: F.gumbel_softmax(x, hard=True)), x)", () => slope((x) => seeded(() => F.gumbelSoftmax(x, { hard: true })), x)],
  ["node(lambda x: F.gumbel_softmax(x, hard=True))", () => node((x) => F.gumbelSoftmax(x, { hard: true }))],
  ["list(kept().state_dict())", () => [...kept().stateDict().keys()]],
  ["[n for n, _ in kept().named_buffers()]", () => Array.from(kept().namedBuffers(), ([name]) => name)],
  ["m = kept(); m.load_state_dict({'a': w + 1}, strict=False); m.a", () => { const m = kept(); m.loadStateDict(new Map([["a", w.add(1)]]), { strict: false }); return m.a; }],
  ["len(list(kept().parameters()))", () => [...kept().parameters()].length],
];
