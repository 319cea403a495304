/*
 * The kernels of attention, by their names.
 */
import type { Kernel } from "../../gpu/wgsl.ts";
import forwardSource from "../../../kernels/attention.wgsl" with { type: "text" };
import deltaSource from "../../../kernels/attention_delta.wgsl" with { type: "text" };
import gradSource from "../../../kernels/attention_grad.wgsl" with { type: "text" };
import gradTilesSource from "../../../kernels/attention_grad_tiles.wgsl" with { type: "text" };
import mergeSource from "../../../kernels/attention_merge.wgsl" with { type: "text" };
import partSource from "../../../kernels/attention_part.wgsl" with { type: "text" };
import rowSource from "../../../kernels/attention_row.wgsl" with { type: "text" };
import tilesSource from "../../../kernels/attention_tiles.wgsl" with { type: "text" };
import { declared } from "../declare.ts";

/** An invocation owns four queries of a head. */
export const forwardKernel: Kernel = declared("attention", forwardSource);
/** An invocation owns a head with a single query. */
export const rowKernel: Kernel = declared("attention_row", rowSource);
/** A workgroup owns a query of a head and a part of the keys. */
export const partKernel: Kernel = declared("attention_part", partSource, "as a tree");
/** The parts' results, made into one. */
export const mergeKernel: Kernel = declared("attention_merge", mergeSource);
/** A workgroup owns 32 queries of a head. */
export const tilesKernel: Kernel = declared("attention_tiles", tilesSource);
/** What all slopes of a row of scores share. */
export const deltaKernel: Kernel = declared("attention_delta", deltaSource);
/** An invocation owns four queries, or four keys, of a head. */
export const gradKernel: Kernel = declared("attention_grad", gradSource);
/** A workgroup owns 32 queries, or 32 keys, of a head. */
export const gradTilesKernel: Kernel = declared("attention_grad_tiles", gradTilesSource);
