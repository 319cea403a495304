/*
 * What the head of a dataset's README says about its files: `configs` of its YAML. What is no list of configurations
 * is refused, since half of a list of files would be a wrong dataset.
 */
import { yamlPackage } from "../host/packages.ts";

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

/**
 * The configurations that a README describes; none where it says nothing.
 *
 * @throws {SyntaxError} for a head that is no YAML, and for configurations of another form
 */
export async function cardConfigs(readme: string): Promise<CardConfig[]> {
  const head = /^---\r?\n([\s\S]*?)\r?\n---/.exec(readme)?.[1] ?? "";
  if (!/^["']?configs\b/m.test(head)) return [];
  const { parse } = await yamlPackage();
  let configs: unknown;
  try {
    // Failsafe: every value stays the text that it is, a split called 1 as well as one called no.
    configs = parse(head, { schema: "failsafe", logLevel: "error" })?.configs;
  } catch (error) {
    throw refused((error as Error).message.split("\n")[0]);
  }
  if (!Array.isArray(configs) || !configs.every(isConfig)) {
    throw refused("its configs are no list of names and files");
  }
  return configs;
}

const isText = (value: unknown) => value === undefined || typeof value === "string";
const isConfig = (value: unknown): value is CardConfig => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { config_name, data_dir, default: standard } = value as Record<string, unknown>;
  return [config_name, data_dir, standard].every(isText);
};

const refused = (why: string) =>
  new SyntaxError(`reading the dataset's card: ${why}; name the files as dataFiles`);
