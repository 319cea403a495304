/*
 * The surface of `autograd`, as `torch.autograd` lays it out.
 */
export { grad, type GradOptions } from "./autograd.ts";
export { Function, type FunctionContext, type Returned } from "./function.ts";
