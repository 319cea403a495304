/*
 * The help of a lesson, from its text alone. A lesson may import earlier ones, which compute when they are loaded;
 * whoever asks for help should not wait for that, nor need an adapter.
 */
import { bold } from "../host/terminal.ts";
import { describeOptions, type Options } from "./args.ts";
import { headOf } from "./source.ts";

/** What `--help` prints: the lesson's head, if its text may be read, and its options. */
export function help(source: string | undefined, options: Options): string {
  const list = `Options, after \`--\`:\n\n${describeOptions(options)}\n`;
  if (!source) return list;
  const { number, title, summary, network } = headOf(source);
  return [
    bold(`Lesson ${number}: ${title}`),
    summary,
    `Needs the network: ${network}.`,
    `deno task lesson-${number} -- [options]`,
    list,
  ].join("\n\n");
}

/**
 * The options that a lesson's text declares. They are written out where `lesson` is called, but for `data`, which is
 * exported by the lesson that declares it.
 *
 * @param read gives the text of a lesson by its name, such as `./10-dataset.ts`
 */
export function optionsIn(source: string, read: (name: string) => string): Options {
  const literal = /\blesson\(import\.meta, (\{[^]*?\})\);/.exec(source)?.[1] ?? "{}";
  const from = /^import \{ data\b[^}]*\} from ['"](.+)['"];$/m.exec(source)?.[1];
  const data = /^export const data = (\{[^]*?\}) as const;/m.exec(from ? read(from) : source)?.[1];
  return new Function(`const data = ${data}; return ${literal};`)();
}
