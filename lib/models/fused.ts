/*
 * What a model does faster with a linear layer than the layer itself does, unless that is another module, or has hooks:
 * then it is called.
 */
import { copy_ } from "../ops/copy.ts";
import { add_ } from "../ops/inplace.ts";
import { linearInto } from "../ops/matmul/linear.ts";
import { linearActivated } from "../ops/matmul/linear_then.ts";
import { type ActivationName, isFused } from "../ops/activation.ts";
import { activated } from "../ops/unary.ts";
import { isPlain } from "../nn/hooks.ts";
import { Linear } from "../nn/layers.ts";
import type { Module } from "../nn/module.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** x through a layer and an activation, in one kernel where there is one for both. */
export const wide = (layer: Module, x: Tensor, activation: ActivationName): Tensor =>
  isPlain(layer, Linear) && isFused(activation)
    ? linearActivated(x, layer.weight, layer.bias, activation)
    : activated(layer.forward(x), activation);

/** Writes x through a layer over `out`. */
export const writtenInto = (out: Tensor, layer: Module, x: Tensor): Tensor =>
  isPlain(layer, Linear)
    ? linearInto(out, x, layer.weight, layer.bias)
    : copy_(out, layer.forward(x));

/** Adds x through a layer to `out`. */
export const addedTo = (out: Tensor, layer: Module, x: Tensor): Tensor =>
  isPlain(layer, Linear)
    ? linearInto(out, x, layer.weight, layer.bias, { accumulate: true })
    : add_(out, layer.forward(x));
