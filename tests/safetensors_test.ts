/*
 * Safetensors compared with files that Python's safetensors wrote (goldens/data.py).
 */
import { assertEquals, assertThrows } from "@std/assert";
import fc from "npm:fast-check@4.10.2";
import {
  decodeSafetensors,
  encodeSafetensors,
  openSafetensors,
  type SafeTensor,
  saveSafetensors,
} from "../lib/data/safetensors.ts";
import { toFloat32 } from "../lib/data/tensors.ts";
import { withFiles } from "./fake_hub.ts";
import golden from "./goldens/data.json" with { type: "json" };

const bytesOf = (base64: string) => Uint8Array.fromBase64(base64);
const python = bytesOf(golden.safetensors.bytes);

Deno.test("Python's file is read, every dtype, and written again byte for byte", () => {
  const { tensors, metadata } = decodeSafetensors(python);
  assertEquals(metadata, { format: "pt" });
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    if (name !== dtype.toLowerCase()) continue;
    assertEquals(shape, [2, 3]);
    const count = dtype === "BOOL" ? [0, 1, 1, 1, 1, 1] : [0, 1, 2, 3, 4, 5];
    assertEquals(Array.from(data as Iterable<number | bigint>, Number), count);
  }
  assertEquals(Object.keys(tensors).length, 16);
  assertEquals(tensors["a.weight"].data, Float32Array.of(0.1, -2.5));
  assertEquals(tensors.scalar, { dtype: "F32", shape: [], data: Float32Array.of(3) });
  assertEquals(tensors.empty, { dtype: "F32", shape: [0, 3], data: new Float32Array() });
  assertEquals(encodeSafetensors(tensors, metadata), python);
  const reversed = Object.fromEntries(Object.entries(tensors).reverse());
  assertEquals(encodeSafetensors(reversed, metadata), python);
  const bare = bytesOf(golden.safetensors.without);
  const ones = { a: { dtype: "U8", shape: [3], data: Uint8Array.of(1, 1, 1) } } as const;
  assertEquals(encodeSafetensors(ones), bare);
  assertEquals(decodeSafetensors(bare), { tensors: ones, metadata: {} });
});

Deno.test("names stand in the order of their bytes, numbers among them, as Python writes them", () => {
  const one = (dtype: "F32" | "U8") =>
    ({
      dtype,
      shape: [1],
      data: dtype === "F32" ? Float32Array.of(1) : Uint8Array.of(1),
    }) as SafeTensor;
  const names = ["a", "10", "2", "\uffff", "😀"];
  const tensors = { ...Object.fromEntries(names.map((name) => [name, one("F32")])), 1: one("U8") };
  const bytes = encodeSafetensors(tensors);
  const header = new TextDecoder().decode(bytes.subarray(8, 8 + bytes[0] + 256 * bytes[1]));
  assertEquals(
    [...header.matchAll(/"([^"]+)":\{/g)].map(([, name]) => name),
    ["10", "2", "a", "\uffff", "😀", "1"],
  );
});

Deno.test("data that starts at any byte, in a file whose header is not padded", () => {
  const header =
    '{"b":{"dtype":"F32","shape":[2],"data_offsets":[3,11]},"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}';
  for (const spaces of ["", " ", "   "]) {
    const text = header + spaces;
    const bytes = new Uint8Array(8 + text.length + 11);
    bytes.set(new TextEncoder().encode(text), 8);
    bytes[0] = text.length;
    bytes.set([1, 2, 3], 8 + text.length);
    bytes.set(new Uint8Array(Float32Array.of(1.5, -2).buffer), 8 + text.length + 3);
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    const { tensors } = decodeSafetensors(shifted.subarray(1));
    assertEquals(tensors.a.data, Uint8Array.of(1, 2, 3));
    assertEquals(tensors.b.data, Float32Array.of(1.5, -2));
  }
});

Deno.test("what was written is read, whatever the names, shapes and bits", () => {
  const tensor = fc.uint8Array({ maxLength: 40 }).chain((bytes) =>
    fc.constantFrom<SafeTensor>(
      { dtype: "U8", shape: [bytes.length], data: new Uint8Array(bytes) },
      {
        dtype: "BF16",
        shape: [1, bytes.length >> 1],
        data: new Uint16Array(bytes.slice(0, bytes.length & ~1).buffer),
      },
      {
        dtype: "I32",
        shape: [bytes.length >> 2, 1],
        data: new Int32Array(bytes.slice(0, bytes.length & ~3).buffer),
      },
    )
  );
  const names = fc.string({ unit: "grapheme" }).filter((name) =>
    !/^(__metadata__|__proto__)$/.test(name)
  );
  fc.assert(
    fc.property(
      fc.dictionary(names, tensor),
      fc.dictionary(names, fc.string()),
      (tensors, metadata) => {
        const bytes = encodeSafetensors({ ...tensors }, { ...metadata });
        assertEquals(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8, 0);
        const back = decodeSafetensors(bytes);
        assertEquals(back.tensors, { ...tensors });
        assertEquals(back.metadata, { ...metadata });
      },
    ),
    { numRuns: 300, seed: 79 },
  );
});

Deno.test("every file that is cut short or lies is refused with a reason", () => {
  for (let length = 0; length < python.length; length++) {
    assertThrows(
      () => decodeSafetensors(python.subarray(0, length)),
      RangeError,
      "read safetensors: ",
    );
  }
  const file = (header: string, data = 8) => {
    const bytes = new Uint8Array(8 + header.length + data);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
    bytes.set(new TextEncoder().encode(header), 8);
    return bytes;
  };
  const one = (dtype: string, shape: number[], from: number, to: number) =>
    file(JSON.stringify({ a: { dtype, shape, data_offsets: [from, to] } }));
  assertEquals(decodeSafetensors(one("F32", [2], 0, 8)).tensors.a.shape, [2]);
  const lies: [Uint8Array, string][] = [
    [one("F32", [2], 0, 4), "for tensor a: bytes 0 to 4 for F32 [2]"],
    [one("F32", [3], 0, 8), "invalid shape, data type, or offset"],
    [one("F32", [1], 4, 8), "invalid shape, data type, or offset"],
    [one("F32", [1], 0, 4), "promises 4 bytes of data, but there are 8"],
    [one("F99", [2], 0, 8), "of dtype F99"],
    [file("{]"), "invalid JSON"],
    [file("\xff".repeat(3)), "invalid JSON"],
    [file("null"), "invalid header"],
    [file("[1]"), "invalid header"],
    [file('{"a":{"dtype":"F32"}}'), "invalid"],
    [new Uint8Array(8).fill(255), "header too large"],
  ];
  for (const [bytes, words] of lies) {
    assertThrows(() => decodeSafetensors(bytes), RangeError, words);
  }
  const wrong = { a: { dtype: "F32", shape: [2, 2], data: new Float32Array(3) } } as const;
  assertThrows(() => encodeSafetensors(wrong), RangeError, "a has shape [2,2] and 3 values");
});

Deno.test("half and brain floats become floats as PyTorch makes them", () => {
  const bits = Uint16Array.of(0x3f80, 0xc020, 0x7f80, 0x0001, 0x8000);
  const brain = { dtype: "BF16", shape: [5], data: bits } as const;
  assertEquals(toFloat32(brain), Float32Array.of(1, -2.5, Infinity, 2 ** -133, -0));
  const half = { dtype: "F16", shape: [2], data: Float16Array.of(0.1, -3) } as const;
  assertEquals(toFloat32(half), Float32Array.of(0.0999755859375, -3));
  const long = { dtype: "I64", shape: [1], data: BigInt64Array.of(-7n) } as const;
  assertEquals(toFloat32(long), Float32Array.of(-7));
});

withFiles("a file gives one array at a time, and is there as a whole or not at all", {
  "python.safetensors": python,
  "cut.safetensors": python.slice(0, -1),
}, async (folder) => {
  {
    using file = openSafetensors(`${folder}/python.safetensors`);
    const { tensors } = decodeSafetensors(python);
    assertEquals(file.names.toSorted(), Object.keys(tensors).sort());
    assertEquals(file.metadata, { format: "pt" });
    for (const name of file.names) assertEquals(file.read(name), tensors[name]);
    assertEquals(file.info("empty"), { dtype: "F32", shape: [0, 3] });
    assertThrows(() => file.read("b"), RangeError, "File does not contain tensor b: ");
    await saveSafetensors(`${folder}/ours.safetensors`, tensors, file.metadata);
  }
  assertEquals(await Deno.readFile(`${folder}/ours.safetensors`), python);
  const files = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
  assertEquals(files, ["cut.safetensors", "ours.safetensors", "python.safetensors"]);
  assertThrows(
    () => openSafetensors(`${folder}/cut.safetensors`),
    RangeError,
    "cut.safetensors: read safetensors",
  );
});
