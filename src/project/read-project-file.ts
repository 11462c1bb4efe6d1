import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The text of a file in an absolute directory, or null where it cannot be read. */
export function readProjectFile(directory: string, name: string): string | null {
  try {
    return readFileSync(join(directory, name), "utf8");
  } catch {
    return null;
  }
}
