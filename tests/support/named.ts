/*
 * PyTorch's names for the arguments of each function that this library has too, and the calls in which they are given.
 * The tensors that a function works on, `input`, stand first: only functions that compare two take it by name too.
 */
import * as lib from "#lib";
import golden from "../goldens/names.json" with { type: "json" };

const { functional, init } = lib.nn;
type Names = Record<string, string[]>;
const torch: Record<string, Names> = golden.names;

/** Where functions are found, and how they are called. */
const places = {
  torch: { own: lib, called: "lib" },
  functional: { own: functional, called: "lib.nn.functional" },
  init: { own: init, called: "lib.nn.init" },
  Tensor: { own: lib.Tensor.prototype, called: "x" },
} as const;

const OLD = "PyTorch's own old name, for reduction";

/** What has no name here, and why: functions (or "*" for all), their arguments, the reason. */
const WITHOUT: readonly (readonly [functions: string, args: string, why: string])[] = [
  ["*", "inplace", "refused: a function returns a new tensor"],
  ["*", "sizeAverage", OLD],
  [
    "binaryCrossEntropy binaryCrossEntropyWithLogits cosineEmbeddingLoss crossEntropy hingeEmbeddingLoss klDiv " +
    "l1Loss marginRankingLoss mseLoss nllLoss smoothL1Loss tripletMarginLoss",
    "reduce",
    OLD,
  ],
  ["*", "sparse sparseGrad scaleGradByFreq maxNorm normType", "gradients are dense, tables plain"],
  ["*", "cudnnEnable computeMode outDtype implicit outputSize", "how PyTorch computes, not what"],
  ["trilIndices triuIndices", "dtype requiresGrad", "they are int64"],
  ["unique", "dim", "of all elements"],
  ["bincount", "weights", "counts alone"],
  ["histogram", "weight", "counts alone"],
  ["mseLoss l1Loss huberLoss", "weight", 'multiply the losses: reduction "none"'],
  ["to", "copy other", "x.clone(), x.typeAs(other)"],
  ["backward", "inputs", "autograd.grad"],
  ["bernoulli", "p", "a tensor of probabilities"],
];
/** Forms that are not here, and why. */
const APART: readonly (readonly [functions: string, form: RegExp, why: string])[] = [
  ["isin", /\belement |testElement( |$)/, "one number under the name of several"],
  ["load", /./, "is told the path alone"],
  ["manualSeed setRngState size requiresGrad_", /./, "one plain argument, in its place"],
  ["multiHeadAttentionForward", /./, "takes its weights as an object"],
  ["Tensor.index", /./, "is Python's x[…] here"],
  ["Tensor.view", /^dtype/, "bits are not read as another dtype"],
  ["torch.embedding", /./, "in the order of nn.functional, under its names"],
  ["torch.dropout", /./, "under the names of nn.functional"],
  ["torch.split", /./, "splitSize, as the method says"],
  ["torch.normal", /^mean std\??( \*|$)/, "of tensors: randn(…).mul(std).add(mean)"],
  ["torch.linspace", /steps\?/, "PyTorch's default is deprecated"],
  ["torch.where", /^condition$/, "mask.nonzero({ asTuple: true })"],
  ["histogram", /^input bins\?/, "the number of bins is told"],
  ["scatter scatter_", / reduce$/, "scatterAdd, scatterReduce"],
  ["repeatInterleave", /^repeats/, "repeats are one number"],
];

const within = (list: string, ...names: string[]) =>
  list === "*" || list.split(" ").some((each) => names.includes(each));

/** A form of a function of PyTorch, as far as it is here. */
export interface Form {
  readonly place: keyof typeof places;
  readonly name: string;
  /** As PyTorch has it. */
  readonly form: string;
  /** Its arguments in order; the first of them stands first, without a name, where `leads`. */
  readonly args: readonly { readonly name: string; readonly optional: boolean }[];
  readonly leads: boolean;
  /** As many as have a position. */
  readonly positions: number;
}

/** The rows of both lists that something was found for. */
const needed = new Set<unknown>();

/** The first row that a test finds. */
function found<Row>(rows: readonly Row[], test: (row: Row) => boolean): boolean {
  const row = rows.find(test);
  if (row) needed.add(row);
  return row !== undefined;
}

function read(place: keyof typeof places, name: string, form: string): Form | null {
  const full = `${place}.${name}`;
  if (found(APART, ([list, apart]) => within(list, name, full) && apart.test(form))) return null;
  // That a softmax finds its dimension itself is deprecated in PyTorch: here it is told.
  const kept = form.replace("dim? dtype?", "dim dtype?").split(" ").filter((each) =>
    !found(WITHOUT, ([list, args]) => within(list, name) && within(args, each.replace("?", "")))
  );
  if (kept.some((each) => /^\*\w/.test(each))) return null; // several numbers: by position alone
  const star = kept.indexOf("*");
  const args = kept.filter((each) => each !== "*")
    .map((each) => ({ name: each.replace("?", ""), optional: each.endsWith("?") }));
  const compared = /^(target|weight|normalizedShape)$/.test(args[1]?.name);
  const leads = place !== "Tensor" && within("input tensor tensors", args[0]?.name) &&
    (place === "init" || !compared);
  return { place, name, form, args, leads, positions: star < 0 ? args.length : star };
}

/** All forms of the functions and methods that this library has. */
export const forms: readonly Form[] = Object.entries(places).flatMap(([place, { own }]) =>
  Object.entries(torch[place]).flatMap(([name, all]) => {
    const found = Object.getOwnPropertyDescriptor(own, name);
    // A property of tensors can't be read here; what a bundle exports, as in a browser, is a property too.
    const value = place === "Tensor" ? found?.value : found?.get?.() ?? found?.value;
    if (typeof value !== "function") return [];
    return all.flatMap((form) => read(place as keyof typeof places, name, form) ?? []);
  })
);

/** The rows of those lists that stand there for nothing. */
export const needless: readonly string[] = [...WITHOUT, ...APART]
  .filter((row) => !needed.has(row)).map((row) => row.join(": "));

/** A call: so many arguments by position, these by name. */
export interface Call {
  readonly positional: readonly string[];
  readonly named: readonly string[];
}

/** The calls of a form in which each argument has its name once, and in which some have a position. */
export function callsOf({ args, leads, positions }: Form): Call[] {
  const names = args.map(({ name }) => name);
  const [lead, others] = leads ? [names.slice(0, 1), args.slice(1)] : [[], args];
  const required = others.filter(({ optional }) => !optional).map(({ name }) => name);
  const optional = others.filter(({ optional }) => optional).map(({ name }) => name);
  const inPlace = names.slice(0, positions);
  return [
    ...required.map((_, count) => ({
      positional: [...lead, ...required.slice(0, count)],
      named: required.slice(count),
    })),
    ...optional.map((name) => ({ positional: lead, named: [...required, name] })),
    ...names.slice(positions).map((name) => ({ positional: inPlace, named: [name] })),
  ].filter(({ positional }) => positional.every((name) => inPlace.includes(name)));
}

/** A call in TypeScript, of the Tensor `x` or the library `lib`; every argument is `value`. */
export function written({ place, name }: Form, { positional, named }: Call): string {
  const object = `{ ${named.map((each) => `${each}: value`).join(", ")} }`;
  return `${places[place].called}.${name}(${
    [...positional.map(() => "value"), object].join(", ")
  });`;
}
