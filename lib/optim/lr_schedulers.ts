/*
 * Learning rates that change: the surface of `lrScheduler`, as `torch.optim.lr_scheduler` lays it out.
 */

/** By a rule from epoch to epoch. */
export { type Constants, LRScheduler, type SchedulerState } from "./lr_scheduler.ts";
export {
  ConstantLR,
  type ConstantOptions,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  type LinearOptions,
  MultiStepLR,
  type MultiStepOptions,
  StepLR,
} from "./schedules.ts";
export { CosineAnnealingLR, CosineAnnealingWarmRestarts, type RestartOptions } from "./cosine.ts";
export { OneCycleLR, type OneCycleOptions } from "./one_cycle.ts";
export { SequentialLR } from "./sequential.ts";
/** By how the loss goes. */
export { type PlateauOptions, type PlateauState, ReduceLROnPlateau } from "./plateau.ts";
