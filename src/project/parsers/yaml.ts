import { parse } from "yaml";

/** Parses YAML; null where it is invalid. */
export function parseYaml(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return null;
  }
}
