/*
 * Lays grids out in two dimensions, as adapters want where one would hold too many workgroups, so that few suffice to
 * show whether a kernel finds its place by both.
 */
import { defaultDevice } from "../../lib/gpu/default.ts";

/** From now on what is more than two workgroups lies in two rows, of which the second may be one longer than needed. */
export function inTwoRows({ launcher } = defaultDevice): void {
  const { launch } = launcher;
  launcher.launch = (pipeline, buffers, params, groups, reads) => {
    const grid = typeof groups === "number" && groups > 2
      ? [Math.ceil(groups / 2), 2, 1] as const
      : groups;
    launch.call(launcher, pipeline, buffers, params, grid, reads);
  };
}
