/*
 * `--adapter NAME` on the command line of a lesson or a benchmark. It is read when this is imported, which must be
 * before the first tensor. An unknown name is reported later, with all other mistakes.
 */
import { isAdapterName, wantAdapter } from "../gpu/adapter.ts";
import { host } from "../host/mod.ts";

const { args } = host;
const flag = args.findIndex((arg) => arg === "--adapter" || arg.startsWith("--adapter="));
const name = flag < 0 ? undefined : args[flag].split("=")[1] ?? args[flag + 1];
if (name !== undefined && isAdapterName(name)) wantAdapter(name);
