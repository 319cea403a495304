/*
 * `deno task lessons`: the table of contents.
 */
import type { Row } from "../../lessons/contents.ts";
import { common, readArgs } from "../lesson/args.ts";
import { program } from "../lesson/ending.ts";
import { headOf } from "../lesson/source.ts";
import { fill } from "../lesson/reader.ts";
import { bold, dim, proseColumns, write } from "../host/terminal.ts";
import { checkDeno } from "./version.ts";

/** The table as it is printed; each notebook is named once, above its lessons. */
export function table(rows: readonly Row[]): string {
  const groups = [...Map.groupBy(rows, ({ notebook }) => notebook)];
  return groups.map(([notebook, rows]) => [bold(notebook), ...rows.map(entry)].join("\n"))
    .join("\n\n") + "\n";
}

const INDENT = "\n      ";

function entry({ number, section, written }: Row): string {
  const start = String(number).padStart(4);
  if (!written) return dim(`${start}  ${section} (planned)`);
  const { title, summary, network } = headOf(written.source);
  const filled = (text: string) => fill(text, proseColumns() - INDENT.length + 1).split("\n");
  return [
    `${start}  ${bold(title)}`,
    ...filled(summary),
    ...filled(`deno task lesson-${number} · needs the network: ${network}`),
  ].join(INDENT);
}

if (import.meta.main) {
  await program(async () => {
    checkDeno();
    const { contents } = await import("../../lessons/contents.ts");
    const { help } = readArgs(Deno.args, { help: common.help });
    write(help ? "deno task lessons   prints the table of contents\n" : table(contents));
  });
}
