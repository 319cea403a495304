/*
 * What the head of a dataset's README says about its files: the `configs` in its YAML. Anything that is not a list of
 * configurations is refused, since half a list of files would be a wrong dataset.
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
 * The configurations that a README describes; an empty list if it describes none.
 *
 * @throws {SyntaxError} if the head is not YAML, or its configurations have another form
 */
export async function cardConfigs(readme: string): Promise<CardConfig[]> {
  const head = /^---\r?\n([\s\S]*?)\r?\n---/.exec(readme)?.[1] ?? "";
  if (!/^["']?configs\b/m.test(head)) return [];
  const { parse } = await yamlPackage();
  let configs: unknown;
  try {
    // The failsafe schema keeps every value as text, so a split may be called 1 or no.
    configs = parse(head, { schema: "failsafe", logLevel: "error" })?.configs;
  } catch (error) {
    throw refused((error as Error).message.split("\n")[0]);
  }
  if (!Array.isArray(configs) || !configs.every(isConfig)) {
    throw refused("its configs are not a list of names and files");
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
