/*
 * Lines about layers, as rows.ts.
 */
import type { Row } from "./setting.ts";

// deno-fmt-ignore
export const rows: Row[] = [
];
