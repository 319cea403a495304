/*
 * What the head of a dataset's README says about its files: the block `configs:` of its YAML, and of YAML only
 * what stands there: maps and lists by indentation, and plain or quoted texts. Anything else is refused
 * aloud, since half of a list of files would be a wrong dataset.
 */
/** What a dataset's card says of one configuration. */
export interface CardConfig {
  config_name?: string;
  data_dir?: string;
  data_files?: string | string[] | Record<string, string | string[]> | {
    split: string;
    path: string | string[];
  }[];
  default?: string;
}

type Yaml = string | Yaml[] | { [key: string]: Yaml };
interface Line {
  indent: number;
  text: string;
}

/** The configurations that a README describes; none where it says nothing. */
export function cardConfigs(readme: string): CardConfig[] {
  const head = /^---\r?\n([\s\S]*?)\r?\n---/.exec(readme)?.[1] ?? "";
  const block = /^configs:[ \t]*\r?\n((?:(?:[ \t-].*)?\r?\n?)*)/m.exec(head)?.[1] ?? "";
  const lines = block.split(/\r?\n/).filter((line) => /^\s*[^\s#]/.test(line)).map((line) => ({
    indent: /^ */.exec(line)![0].length,
    text: line.trim(),
  }));
  if (lines.length === 0) return [];
  const configs = value(lines);
  if (lines.length > 0 || !Array.isArray(configs)) throw strange(lines[0]?.text ?? block);
  return configs as unknown as CardConfig[];
}

/** Takes the value that begins at the first line, with everything that is indented like it. */
function value(lines: Line[]): Yaml {
  const { indent, text } = lines[0];
  return /^-(\s|$)/.test(text) ? list(lines, indent) : map(lines, indent);
}

function list(lines: Line[], indent: number): Yaml[] {
  const items: Yaml[] = [];
  while (lines[0]?.indent === indent && /^-(\s|$)/.test(lines[0].text)) {
    const inside = lines[0].text.replace(/^-\s*/, "");
    if (inside === "" || /^[\w-]+:(\s|$)/.test(inside)) {
      // What follows the dash stands as deep as the dash and its spaces are wide.
      const width = lines[0].text.length - inside.length;
      if (inside === "") lines.shift();
      else lines[0] = { indent: indent + width, text: inside };
      items.push(value(lines));
    } else {
      items.push(scalar(inside));
      lines.shift();
    }
  }
  return items;
}

function map(lines: Line[], indent: number): Yaml {
  const entries: Record<string, Yaml> = {};
  while (lines[0]?.indent === indent && !lines[0].text.startsWith("- ")) {
    const [, key, rest] = /^["']?([\w-]+)["']?:(?:\s+(.*))?$/.exec(lines[0].text) ?? [];
    if (key === undefined) throw strange(lines[0].text);
    lines.shift();
    const below = lines[0];
    const nested = below &&
      (below.indent > indent || (below.indent === indent && /^-/.test(below.text)));
    entries[key] = rest ? scalar(rest) : nested ? value(lines) : "";
  }
  return entries;
}

function scalar(text: string): Yaml {
  if (/^[[{&*|>!]/.test(text)) throw strange(text);
  const [, quoted] = /^(?:"([^"\\]*)"|'[^']*')\s*(?:#.*)?$/.exec(text) ?? [];
  if (quoted !== undefined) return quoted;
  return text.startsWith("'") ? text.slice(1, text.indexOf("'", 1)) : text.replace(/\s+#.*$/, "");
}

const strange = (text: string) =>
  new SyntaxError(
    `read the dataset's card: "${text}" is YAML of a kind that is not read here; name the files as dataFiles`,
  );
