/*
 * What modules say to somebody who knows PyTorch, as lib/tensor/habits.ts has it of tensors.
 */
import { answering, isPlace } from "../python/habits.ts";
import { ModuleDict, ModuleList, Sequential } from "./container.ts";
import { Module } from "./module.ts";

const LEFT_OUT: Record<string, string> = {
  ...Object.fromEntries(["to", "cpu", "cuda"].map((name) => [name, "there is one device"])),
  ...Object.fromEntries(
    ["half", "bfloat16", "double", "float"].map((name) => [name, "all is float32"]),
  ),
  compile: "kernels are compiled when they are needed",
};
const REGISTERED = "registering is assigning: write model.name = …";
const SAID: Record<string, string> = {
  ...Object.fromEntries(
    Object.entries(LEFT_OUT).map(([name, why]) => [name, `${why}: leave .${name}() out`]),
  ),
  ...Object.fromEntries(
    ["addModule", "registerModule", "registerParameter"].map((name) => [name, REGISTERED]),
  ),
};
answering(
  Module.prototype,
  (key, _, assigned) =>
    typeof key === "string" && Object.hasOwn(SAID, key) && !assigned ? SAID[key] : undefined,
);

const WALKS = [
  ...["parameters", "namedParameters", "buffers", "namedBuffers"] as const,
  ...["children", "namedChildren", "modules", "namedModules"] as const,
];
for (const name of WALKS) {
  answering(
    Module.prototype[name].prototype,
    (key) =>
      isPlace(key) || key === "length"
        ? `a walk has no places: write [...model.${name}()]`
        : undefined,
  );
}

/** Answers `layers[0]`, and `layers[0] = layer`. */
const answeringPlaces = (prototype: object, read: string, write: string, part: string) =>
  answering(prototype, (key, _, assigned) => {
    if (key === "slice") return `write ${part}`;
    if (!isPlace(key)) return undefined;
    return `modules are not indexed by brackets; write ${assigned ? write : read}`;
  });
answeringPlaces(
  Sequential.prototype,
  "model.at(0)",
  "model.set(0, layer)",
  "new nn.Sequential(...[...model].slice(0, 2)) for model[:2]",
);
answeringPlaces(
  ModuleList.prototype,
  "layers.at(0)",
  "layers.set(0, layer)",
  "[...layers].slice(0, 2) for layers[:2]",
);
answering(ModuleDict.prototype, (key, self, assigned) => {
  const known = typeof key === "string" && self instanceof ModuleDict && self.has(key);
  if (!known) return undefined;
  return assigned
    ? `write modules.set("${key}", module)`
    : `write modules.get("${key}") for modules["${key}"]`;
});
