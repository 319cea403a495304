/*
 * What must be known before the first tensor, so it is read when this is imported: `--adapter NAME` on the command line
 * of a lesson or a benchmark, and which kernels were measured to be the fastest. An unknown name is reported later,
 * with all other mistakes.
 */
import { isAdapterName, wantAdapter } from "../gpu/adapter.ts";
import { host } from "../host/mod.ts";
import { useMeasured } from "../ops/measured.ts";

const { args } = host;
const flag = args.findIndex((arg) => arg === "--adapter" || arg.startsWith("--adapter="));
const name = flag < 0 ? undefined : args[flag].split("=")[1] ?? args[flag + 1];
if (name !== undefined && isAdapterName(name)) wantAdapter(name);

// What `deno task bench -- --tune` measured; the tasks pass it on in a variable.
const measured = host.env("LESSONS_FORMS");
if (measured) useMeasured(JSON.parse(measured));
