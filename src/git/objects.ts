import type { Environment } from "../shared/world.ts";
import { gitEnvironment } from "./client.ts";

/** What a name leads to. */
export interface GitObject {
  /** Its full id. */
  readonly id: string;
  readonly type: string;
}

/**
 * What names such as `v1^{commit}` lead to, in their order, all asked of one git; null for those that lead nowhere. A name
 * may not hold a line end.
 */
export async function readObjects(
  directory: string,
  environment: Environment,
  names: readonly string[],
): Promise<(GitObject | null)[]> {
  if (names.length === 0) return [];
  // Imported lazily: whoever asks for HEAD alone needs none of it.
  const { runProgram } = await import("../shared/exec/run-program.ts");
  const place = { directory, environment: gitEnvironment(environment), input: `${names.join("\n")}\n` };
  const { stdout } = await runProgram(["git", "cat-file", "--batch-check=%(objectname) %(objecttype)"], place);
  const lines = stdout.split("\n");
  return names.map((_, index) => {
    const [, id, type] = /^([0-9a-f]{40,64}) (commit|tree|blob|tag)$/.exec(lines[index] ?? "") ?? [];
    return id === undefined || type === undefined ? null : { id, type };
  });
}
