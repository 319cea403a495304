/*
 * What a lesson imports as "#lib": the whole library, and what makes a lesson speak. The library itself has no command
 * line. A lesson has one, part of which is read here: whether to help, which adapter to use, and
 * whether to show where the GPU's time goes.
 */
import "./lesson/adapter.ts";
import { defaultAdapter, defaultDevice } from "./gpu/default.ts";
import { profile } from "./gpu/profile.ts";
import { host } from "./host/mod.ts";
import { beginWith, helpAtOnce } from "./lesson/show.ts";

export * from "./mod.ts";
export { beside, type Diagram, diagram, grid } from "./lesson/diagram.ts";
export { lesson } from "./lesson/show.ts";

helpAtOnce();
beginWith(defaultAdapter);
if (host.args.includes("--profile")) profile(defaultDevice);
