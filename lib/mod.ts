/*
 * The library and its table of contents, from the GPU upwards.
 */

/** The GPU, and what it holds. */
export { type AdapterName, adapterNames } from "./gpu/adapter.ts";
export { defaultDevice, setDefaultDevice } from "./gpu/default.ts";
export { type Device, openDevice } from "./gpu/device.ts";
export type { Gpu, Limits } from "./gpu/gpu.ts";
export type { MemoryUse } from "./gpu/memory.ts";

/** PyTorch's random numbers: a seed means the same here as there. */
export {
  defaultGenerator,
  Generator,
  getRngState,
  initialSeed,
  manualSeed,
  seed,
  setRngState,
} from "./random/mod.ts";

/** Tensors, their dtypes and their gradients. */
export { type BackwardOptions, type Nested, type Node, Size, Tensor } from "./tensor/tensor.ts";
export {
  bfloat16,
  type DType,
  float16,
  float32,
  float64,
  int32,
  int64,
  uint8,
  type Values,
} from "./tensor/dtype.ts";
export { finfo, type FloatInfo, iinfo, inf, type IntInfo, nan, pi } from "./tensor/numbers.ts";
export type { NoneBelowZero, Shape } from "./tensor/shape.ts";
export type { Begun, Full, Given, Sizes } from "./python/arguments.ts";
export { enableGrad, isGradEnabled, noGrad } from "./tensor/autograd.ts";
export type { GradHook, HookHandle } from "./tensor/hooks.ts";
/** Gradients that are returned, and not added to `grad`. */
export * as autograd from "./tensor/grad.ts";
export { type PrintOptions, printOptions, setPrintOptions } from "./python/tensor.ts";

/** What can be computed with tensors; most of it is also a method of Tensor. */
export * from "./ops/mod.ts";

/** Layers, their initializers and their functional forms. */
export * as nn from "./nn/mod.ts";

/** Optimizers, and schedules for the learning rate. */
export * as optim from "./optim/mod.ts";

/** Tokenizers; each adds one idea. */
export * from "./text/mod.ts";

/** Datasets, from the Hugging Face Hub and from files; tensors in files. */
export * from "./data/mod.ts";

/** Models with published weights, loaded from their folders, and text generation. */
export * from "./models/mod.ts";

/** Batches. */
export { type Samples, type Stacked, TensorDataset } from "./data/samples.ts";
export { DataLoader, type LoaderOptions } from "./data/loader.ts";
export {
  RandomSampler,
  type RandomSamplerOptions,
  SequentialSampler,
  type Sized,
  SubsetRandomSampler,
  WeightedRandomSampler,
  type WeightedRandomSamplerOptions,
} from "./data/sampler.ts";
export { ConcatDataset, randomSplit, type RandomSplitOptions, Subset } from "./data/subset.ts";

/** Tensors in a file by name, as Python's save_file and load_file keep them. */
export {
  loadTensors,
  saveTensors,
  type SaveTensorsOptions,
  type Tensors,
  toFloat32,
} from "./data/tensors.ts";

/** What `torch.save` wrote. */
export { load, type Loaded, type TorchFileOptions } from "./data/torch_file.ts";

/** The whole state of a run in such a file, to resume from. */
export {
  type About,
  type Checkpoint,
  loadCheckpoint,
  note,
  type Parts,
  readCheckpoint,
  saveCheckpoint,
  type Stateful,
} from "./data/checkpoint.ts";
export { type Run, type SavedRun, savedRun, type SavedRunOptions } from "./data/saved_run.ts";
export { fingerprint } from "./data/crc32.ts";

/** Progress of long work, and pictures of numbers. */
export { type Progress, progress, type ProgressOptions } from "./lesson/progress.ts";
export { Chart, chart, type ChartOptions, type Point, type Series } from "./lesson/chart.ts";
export {
  type Training,
  training,
  type TrainingOptions,
  type TrainingState,
} from "./lesson/training.ts";
export { HeatMap, heatMap, type HeatMapOptions, type Matrix } from "./lesson/picture.ts";
export {
  display,
  fixed,
  type Float as PyFloat,
  float as pyFloat,
  type Plain,
  repr,
  size,
  tuple,
} from "./python/repr.ts";
