/*
 * Files that torch.save wrote (tests/goldens/torch_file.py), read without running anything in them; and what is
 * refused: classes, damage, other formats.
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  load,
  type Loaded,
  loadTensors,
  nn,
  openSafetensors,
  saveTensors,
  Tensor,
  tensor,
} from "#lib";
import { unpickle } from "../lib/data/pickle.ts";
import { unzip } from "../lib/data/unzip.ts";
import goldens from "./goldens/torch_file.json" with { type: "json" };
import { needing } from "./support/needing.ts";

const folder = new URL("fixtures/torch/", import.meta.url).pathname;
const { ignore, because } = needing("read", "write");
const test = (name: string, fn: () => void | Promise<void>) =>
  Deno.test({ name: name + because, ignore, fn });

/** As the goldens' script writes it. */
async function plain(value: Loaded): Promise<unknown> {
  if (value instanceof Tensor) {
    const numbers = Array.from(await value.float().data());
    const words = numbers.map((v) =>
      Number.isNaN(v) ? "nan" : Number.isFinite(v) ? v : v < 0 ? "-inf" : "inf"
    );
    return { tensor: words, shape: value.shape };
  }
  if (value instanceof Map) {
    const pairs: unknown[] = [];
    for (const [key, each] of value) pairs.push([await plain(key), await plain(each)]);
    return { pairs };
  }
  if (Array.isArray(value)) return Promise.all(value.map(plain));
  return typeof value === "bigint" ? { whole: String(value) } : value;
}

for (const [name, want] of Object.entries(goldens.files)) {
  test(`load: ${name}.pt holds what PyTorch ${goldens.torch} put there`, async () => {
    assertEquals(await plain(load(`${folder}${name}.pt`)), want);
  });
}

test("load: a state dict goes into a model, and dtypes are those that there are", async () => {
  const model = new nn.Sequential(new nn.Linear(3, 2), new nn.BatchNorm1d(2));
  const state = load(`${folder}state_dict.pt`) as Map<string, Tensor>;
  model.loadStateDict(state);
  const { weight } = model.at(0) as nn.Linear;
  assertEquals(await weight.tolist(), await state.get("0.weight")!.tolist());
  const dtypes = load(`${folder}dtypes.pt`) as Map<string, Tensor>;
  assertEquals(
    Object.fromEntries(Array.from(dtypes, ([name, x]) => [name, x.dtype])),
    {
      float64: "float32",
      float16: "float32",
      bfloat16: "float32",
      int64: "int64",
      int32: "int64",
      uint8: "int64",
      bool: "bool",
      parameter: "float32",
    },
  );
});

test("load: a class of somebody's own is not made, a file of another kind is named", () => {
  const error = assertThrows(() => load(`${folder}whole.pt`), TypeError);
  assert(/__main__\.Own/.test(error.message), error.message);
  assert(error.message.includes("torch.save(model.state_dict(), path)"), error.message);
  assertThrows(() => load(`${folder}old.pt`), RangeError, "of PyTorch 1.6 or later");
  assertThrows(() => load(`${folder}missing.pt`), Error);
  // deno-lint-ignore no-explicit-any
  const unsafe = { weightsOnly: false } as any;
  assertThrows(() => load(`${folder}tensor.pt`, unsafe), TypeError, "ever run");
});

test("load: a file that was cut off, or is damaged, is an error and no wrong number", async () => {
  const whole = await Deno.readFile(`${folder}views.pt`);
  const path = await Deno.makeTempFile({ suffix: ".pt" });
  try {
    for (const length of [4, 100, whole.length >> 1, whole.length - 30, whole.length - 1]) {
      await Deno.writeFile(path, whole.subarray(0, length));
      assertThrows(() => load(path), RangeError);
    }
  } finally {
    await Deno.remove(path);
  }
  // A byte of the pickle that is another one is read, or refused; nothing else happens.
  const pickle = unzip(whole).get("views/data.pkl")!;
  let refused = 0;
  for (let at = 0; at < pickle.length; at++) {
    const other = pickle.slice();
    other[at] ^= 0x55;
    try {
      unpickle(other, { global: () => () => new Map(), persistent: () => [] });
    } catch (error) {
      assert(error instanceof RangeError || error instanceof TypeError, String(error));
      refused++;
    }
  }
  assert(refused > 20, `${refused} refused`);
});

test("saveTensors: floats are stored in two bytes, with PyTorch's bits", async () => {
  const { values, F16, BF16 } = goldens.bits;
  const x = tensor(values.map((v) => v === "inf" ? Infinity : Number(v)));
  const path = await Deno.makeTempFile({ suffix: ".safetensors" });
  try {
    for (
      const [dtype, kind, want] of [["float16", "F16", F16], ["bfloat16", "BF16", BF16]] as const
    ) {
      await saveTensors(path, { x, ids: tensor([3, 4]) }, undefined, { dtype });
      using file = openSafetensors(path);
      const read = file.read("x");
      assertEquals([read.dtype, file.read("ids").dtype], [kind, "I64"]);
      assertEquals(Array.from(new Uint16Array(read.data.buffer, 0, want.length)), want);
      assertEquals(loadTensors(path).get("x")!.dtype, "float32");
    }
    // deno-lint-ignore no-explicit-any
    const wrong = { dtype: "half" } as any;
    await assertRejects(() => saveTensors(path, { x }, undefined, wrong), TypeError, "bfloat16");
  } finally {
    await Deno.remove(path);
  }
});
