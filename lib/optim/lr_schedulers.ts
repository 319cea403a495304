/*
 * Learning rates that change: the surface of `lrScheduler`, as `torch.optim.lr_scheduler` lays it out.
 */

/** By a rule from epoch to epoch. */
export {
  type Constants,
  CosineAnnealingLR,
  LambdaLR,
  LinearLR,
  type LinearOptions,
  LRScheduler,
  type SchedulerState,
  StepLR,
} from "./lr_scheduler.ts";
export {
  ConstantLR,
  type ConstantOptions,
  CosineAnnealingWarmRestarts,
  ExponentialLR,
  MultiStepLR,
  type MultiStepOptions,
  type RestartOptions,
} from "./schedules.ts";
export { OneCycleLR, type OneCycleOptions } from "./one_cycle.ts";
export { SequentialLR } from "./sequential.ts";
/** By how the loss goes. */
export { type PlateauOptions, type PlateauState, ReduceLROnPlateau } from "./plateau.ts";
