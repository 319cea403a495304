/*
 * `deno task bench -- --report`: a block of text that a reader with a GPU can paste into an issue: the adapter and its
 * limits, every work, and for every product the kernels that can compute it, the one chosen by the table in
 * lib/ops/tuning.ts, and what the best one would save.
 */
import { adapterName } from "../../gpu/adapter.ts";
import type { Device } from "../../gpu/device.ts";
import type { FormResult } from "./matmul.ts";
import { digits, rateText, type Result } from "./measure.ts";

/** Limits that decide which kernels are used, or how work is divided. */
const named = [
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxStorageBuffersPerShaderStage",
  "maxStorageTexturesPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupsPerDimension",
] as const;

/** What a report says of the machine. */
export interface Machine {
  /** The adapter, its type, its limits and whether its kernels read buffers or images, one per line. */
  lines: string[];
}

/** This machine. */
export function machineOf(device: Device, versions: Record<string, string>): Machine {
  const { adapterInfo, software, imaging, limits, gpu } = device;
  const { vendor, architecture } = adapterInfo;
  const reads = imaging === "never" ? "buffers" : `buffers, and images ${imaging}`;
  return {
    lines: [
      `adapter: ${[adapterName(adapterInfo), vendor, architecture].filter(Boolean).join(", ")}`,
      `class: ${software ? "software" : "GPU"}; kernels read ${reads}`,
      `features: ${[...gpu.features].join(", ")}`,
      ...named.map((name) => `${name}: ${limits[name]}`),
      ...Object.entries(versions).map(([name, version]) => `${name}: ${version}`),
    ],
  };
}

const table = (head: readonly string[], rows: readonly string[][]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const percent = (share: number) => `${Math.round(100 * share)} %`;

/** The block of text, in Markdown. */
export function reportText(
  { lines }: Machine,
  works: readonly Result[],
  products: readonly (readonly FormResult[])[],
): string {
  const work = ({ name, ms, low, high, rate, unit, share }: Result) => [
    name,
    digits(ms),
    `${digits(low)}–${digits(high)}`,
    rate === undefined ? "" : rateText(rate, unit!),
    share === undefined ? "" : percent(share),
  ];
  const product = (forms: readonly FormResult[]) => {
    const best = forms.toSorted((a, b) => a.ms - b.ms)[0];
    const chosen = forms.find((form) => form.chosen);
    return [
      forms[0].name,
      chosen ? `${chosen.kernel}, ${digits(chosen.ms)}` : "one that was not measured",
      `${best.kernel}, ${digits(best.ms)}`,
      chosen ? `× ${(chosen.ms / best.ms).toFixed(2)}` : "",
      forms.filter((form) => form !== best && form !== chosen)
        .map(({ kernel, ms }) => `${kernel} ${digits(ms)}`).join(", "),
    ];
  };
  return [
    "<details><summary>deno task bench -- --report</summary>\n",
    ...lines.map((line) => `- ${line}`),
    "",
    table(["work", "ms", "range", "rate", "of the adapter's limit"], works.map(work)),
    "",
    table(
      ["product", "chosen, ms", "fastest, ms", "chosen to fastest", "others, ms"],
      products.map(product),
    ),
    "\n</details>\n",
  ].join("\n");
}
