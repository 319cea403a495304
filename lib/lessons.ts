/*
 * What a lesson imports as "#lib": the whole library, and what makes a lesson speak. The library itself has no command
 * line. A lesson has one, which is read here: which adapter to use, and whether to show where the GPU's time goes.
 */
import "./lesson/adapter.ts"; // first, since the next line opens the adapter
import { defaultDevice } from "./gpu/default.ts";
import { profile } from "./gpu/profile.ts";
import { host } from "./host/mod.ts";

export * from "./mod.ts";
export { beside, type Diagram, diagram, grid } from "./lesson/diagram.ts";
export { lesson } from "./lesson/show.ts";

if (host.args.includes("--profile")) profile(defaultDevice);
