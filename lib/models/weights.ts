/*
 * The names in a file of weights, and how they map to those of the models here.
 *
 * There are two layouts of GPT-2. transformers puts the parts under `transformer.`; in the files of 2019 they are at
 * the top level, with the causal mask of each block beside them. In both, OpenAI's matrices are (in, out), while a
 * linear layer's weight is (out, in). In a GPT-NeoX the parts are under `gpt_neox.`, except the head.
 */
import { openSafetensors, type SafetensorsFile } from "../data/safetensors.ts";
import { toFloat32 } from "../data/tensors.ts";
import type { DownloadListener } from "../hub/config.ts";
import { skipInit } from "../nn/init.ts";
import { Linear } from "../nn/layers.ts";
import { copy_ } from "../ops/copy.ts";
import { type Filling, fillSettled, settles } from "../ops/settle.ts";
import { LARGE_MATRIX } from "../ops/tuning.ts";
import { t } from "../ops/views.ts";
import { noGrad } from "../tensor/autograd.ts";
import { shapeText } from "../tensor/shape.ts";
import { allocateForUpload, type Tensor } from "../tensor/tensor.ts";
import { GPT2 } from "./gpt2.ts";
import type { GPTNeoX } from "./gpt_neox.ts";

/** Whether a parameter is transposed in the file: the matrices that OpenAI wrote as convolutions of width 1. */
export const isTransposed = (name: string): boolean => /\.c_(attn|proj|fc)\.weight$/.test(name);

/** The parameters of a GPT-2 as in its published file: the names, and matrices (in, out). */
export const publishedState = (model: GPT2): Map<string, Tensor> =>
  new Map([...model.stateDict()].map(([name, x]) => [name, isTransposed(name) ? t(x) : x]));

/** The parameters of a model as transformers saves them today. */
export function savedState(model: GPT2 | GPTNeoX): Map<string, Tensor> {
  const [state, prefix, head] = model instanceof GPT2
    ? [publishedState(model), "transformer.", "lm_head."]
    : [model.stateDict(), "gpt_neox.", "embed_out."];
  return new Map([...state].map(([name, x]) => [name.startsWith(head) ? name : prefix + name, x]));
}

/** What a file may hold besides the weights: masks and angles, which the code computes. */
const followsFromCode = (name: string): boolean =>
  /^h\.\d+\.attn\.(masked_)?bias$/.test(name) ||
  /^layers\.\d+\.attention\.((masked_)?bias|rotary_emb\.inv_freq)$/.test(name);

/** Some of the names, for an error. */
const few = (names: readonly string[]) =>
  names.slice(0, 4).join(", ") + (names.length > 4 ? ` and ${names.length - 4} more` : "");

/** Where a tensor lies. */
interface Place {
  file: SafetensorsFile;
  name: string;
}
/** The place of each tensor, by its name without `transformer.` or `gpt_neox.`. */
type Places = Map<string, Place>;

/**
 * Fills a model from files of weights, tensor by tensor, so that they are in memory only once. Before anything is
 * loaded, all tensors are checked: each is used once, none is missing, the shapes are equal.
 *
 * @param half whether numbers are rounded to 16 bits, and large matrices keep only these
 * @throws {RangeError} that names the tensors that are missing, repeated, unknown or of the wrong shape
 */
export function loadWeights(
  model: GPT2 | GPTNeoX,
  paths: readonly string[],
  folder: string,
  { half, listener }: { half: boolean; listener?: DownloadListener },
): void {
  using files = new DisposableStack();
  const open = paths.map((path) => files.use(openSafetensors(path)));
  const places = placesIn(open, folder);
  if (model instanceof GPT2 && !model.lmHead) headOf(model, places);
  const wanted = new Map(model.namedParameters());
  check(wanted, places, folder);
  const bytes = ({ storage }: Tensor) => storage.byteLength;
  const total = wanted.values().reduce((sum, parameter) => sum + bytes(parameter), 0);
  let done = 0;
  let room = new ArrayBuffer(0);
  noGrad(() => {
    for (const [name, parameter] of wanted) {
      const { file, name: stored } = places.get(name)!;
      const transposed = isTransposed(name);
      if (hasHome(name, parameter, half)) {
        room = roomFor(bytes(parameter), room);
        loadHome(parameter, file, stored, { transposed, half, room });
      } else if (transposed) loadTransposed(parameter, file, stored, half);
      else load(parameter, file, stored, half);
      parameter.device.launcher.flush();
      done += bytes(parameter);
      listener?.progress({ name: "loading the weights", done, total });
    }
  });
  room.transfer(0);
  listener?.end();
}

/**
 * A tied head may lie in the file beside the token embedding, or in its place. Where the two differ, they are not tied,
 * whatever `config.json` says: as in transformers, the model gets a head of its own.
 */
function headOf(model: GPT2, places: Places): void {
  const head = places.get("lm_head.weight"), table = places.get("wte.weight");
  if (!head) return;
  if (table && !isSame(table, head)) {
    const { nEmbd, vocabSize } = model.config;
    model.lmHead = skipInit(() => new Linear(nEmbd, vocabSize, { bias: false }));
    model.config.tieWordEmbeddings = false;
    return;
  }
  places.set("wte.weight", table ?? head);
  places.delete("lm_head.weight");
}

/** Whether two tensors hold the same numbers. */
function isSame(a: Place, b: Place): boolean {
  if (shapeText(a.file.info(a.name).shape) !== shapeText(b.file.info(b.name).shape)) return false;
  const others = b.file.pieces(b.name);
  for (const { piece } of a.file.pieces(a.name)) {
    const numbers = piece.data.slice(); // the next piece of this file comes to the same memory
    const other: ArrayLike<number | bigint> = others.next().value!.piece.data;
    if (numbers.length !== other.length || numbers.some((v, i) => v !== other[i])) return false;
  }
  return true;
}

function placesIn(files: readonly SafetensorsFile[], folder: string): Places {
  const places: Places = new Map();
  for (const file of files) {
    for (const name of file.names) {
      const bare = name.replace(/^(transformer|gpt_neox)\./, "");
      if (followsFromCode(bare)) continue;
      if (places.has(bare)) {
        throw new RangeError(
          `${folder}: ${bare} appears twice, the second time as ${name}; keep one of them`,
        );
      }
      places.set(bare, { file, name });
    }
  }
  return places;
}

function check(wanted: ReadonlyMap<string, Tensor>, places: Places, folder: string): void {
  const missing = [...wanted.keys()].filter((name) => !places.has(name));
  const foreign = [...places.keys()].filter((name) => !wanted.has(name));
  if (missing.length > 0) {
    throw new RangeError(
      `${folder}: its weights lack ${few(missing)}; ` +
        "is it the folder of a model with the sizes of its config.json?",
    );
  }
  if (foreign.length > 0) {
    throw new RangeError(
      `${folder}: its weights hold ${few(foreign)}, which a model with the sizes of its ` +
        "config.json does not have; save the model again without them",
    );
  }
  for (const [name, { shape }] of wanted) {
    const { file, name: stored } = places.get(name)!;
    const { shape: found, dtype } = file.info(stored);
    const own = isTransposed(name) ? shape.toReversed() : shape;
    if (shapeText(found) !== shapeText(own)) {
      throw new RangeError(
        `${folder}: ${stored} is ${shapeText(found)}, and by config.json it is ${shapeText(own)}`,
      );
    }
    if (!/^(F|BF)/.test(dtype)) {
      throw new RangeError(
        `${folder}: ${stored} is of dtype ${dtype}; weights are floats: F64, F32, F16 or BF16`,
      );
    }
  }
}

/** Fills a parameter from the file, piece by piece. */
function load(
  { device, storage, offset }: Tensor,
  file: SafetensorsFile,
  name: string,
  half: boolean,
): void {
  for (const { start, piece } of file.pieces(name)) {
    const numbers = toFloat32(piece);
    const rounded = half ? Float32Array.from(new Float16Array(numbers)) : numbers;
    device.launcher.upload(storage, rounded, 4 * (offset + start));
  }
}

/** Whether a parameter gets a home of its own: a large matrix. Positions are added, and no product reads them. */
const hasHome = (name: string, x: Tensor, half: boolean): boolean =>
  x.storage.byteLength >= LARGE_MATRIX && name !== "wpe.weight" && settles(x, half);

/** Fills a parameter with numbers, row by row, as one that is loaded from a file. */
export function fillWeight(
  name: string,
  x: Tensor,
  numbers: Float32Array<ArrayBuffer>,
  half = false,
): void {
  if (hasHome(name, x, half)) fillSettled(x, numbers, { half });
  else x.device.launcher.upload(x.storage, numbers);
}

/** Memory for so many bytes: that of the matrix before, or new memory. What is not used is freed at once. */
function roomFor(bytes: number, last: ArrayBuffer): ArrayBuffer {
  if (last.byteLength >= bytes && last.byteLength <= 4 * bytes) return last;
  last.transfer(0);
  return new ArrayBuffer(bytes);
}

/** Fills a matrix in the image where it will live, by way of `room`. */
function loadHome(
  x: Tensor,
  file: SafetensorsFile,
  name: string,
  { room, ...filling }: Filling & { room: ArrayBuffer },
): void {
  const all = new Float32Array(room, 0, x.numel());
  for (const { start, piece } of file.pieces(name)) all.set(toFloat32(piece), start);
  fillSettled(x, all, filling);
}

/** Fills a parameter (out, in) from a matrix (in, out). */
function loadTransposed(
  parameter: Tensor,
  file: SafetensorsFile,
  name: string,
  half: boolean,
): void {
  const { shape, dtype, device } = parameter;
  const stored = allocateForUpload(shape.toReversed(), dtype, device);
  load(stored, file, name, half);
  copy_(parameter, t(stored));
  stored.storage.release("after it was copied");
}
