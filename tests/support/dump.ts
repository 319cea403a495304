/*
 * Writes, as JSON, every sample of every op with the numbers drawn for it: what tests/goldens/ops.py computes
 * again in PyTorch. That script runs this one; there is no need to do so by hand.
 */
import { drawnOf } from "./drawn.ts";
import { ops } from "./ops.ts";

if (import.meta.main) console.log(JSON.stringify([...ops.values()].map(drawnOf)));
