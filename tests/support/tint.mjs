/*
 * Compiles WGSL with Tint: npm's `webgpu` is Dawn, whose null backend needs no GPU. A process of its own, as a fault
 * in Dawn's binding ends it. Texts come in as JSON, complaints go out as JSON.
 */
// Named at run time, so that nobody fetches its 130 MB, or holds it in the lock, who does not run this.
const PACKAGE = "npm:webgpu@0.6.2";
const { create } = await import(PACKAGE);

const gpu = create(["backend=null"]); // held to the end: what is collected takes its devices with it
const adapter = await gpu.requestAdapter();
const device = await adapter.requestDevice({ requiredFeatures: ["subgroups"] });
const complaints = [];
const texts = JSON.parse(await new Response(Deno.stdin.readable).text());
for (const { label, code, constants } of texts) {
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ code });
  device.createComputePipeline({ layout: "auto", compute: { module, constants } });
  const error = await device.popErrorScope();
  // The optimizers bind as many buffers as the adapter at hand can; this one has the fewest that WebGPU promises.
  if (error && !error.message.includes("exceeds the maximum per-stage limit")) {
    complaints.push(`${label}: ${error.message.slice(0, 400)}`);
  }
}
console.log(JSON.stringify(complaints));
Deno.exit(gpu ? 0 : 1);
