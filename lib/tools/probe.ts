/*
 * Asks for an adapter, opens it and prints what it is, or exits with 1. `ready` runs this once for each backend.
 */
import { adapterName, isSoftware } from "../gpu/adapter.ts";

const adapter = await navigator.gpu?.requestAdapter();
const device = await adapter?.requestDevice();
if (!adapter || !device) Deno.exit(1);
console.log(
  JSON.stringify({ adapter: adapterName(adapter.info), software: isSoftware(adapter.info) }),
);
device.destroy();
