/*
 * Optimizers and learning-rate schedules: the surface of `optim`, as `torch.optim` lays it out.
 */

/** What all optimizers share, and what is saved of one. */
export {
  type GroupInit,
  Optimizer,
  type OptimizerState,
  type ParamGroup,
  type Params,
  type ParamState,
  type Rated,
} from "./optimizer.ts";
/** The optimizers. */
export { SGD, type SGDOptions, type SGDState } from "./sgd.ts";
export { Adam, type AdamOptions, type AdamState, AdamW } from "./adam.ts";
export {
  Adagrad,
  type AdagradOptions,
  type AdagradState,
  RMSprop,
  type RMSpropOptions,
  type RMSpropState,
} from "./rmsprop.ts";
/** Learning rates that change. */
export * as lrScheduler from "./lr_schedulers.ts";
