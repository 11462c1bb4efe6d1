import { resolve } from "node:path";
import { defaultOptions } from "../config/request.ts";
import { reportsDirectory } from "../project/reports-directory.ts";
import type { ExitCode } from "../shared/errors.ts";
import type { World } from "../shared/world.ts";
import { verify } from "../verify.ts";

/**
 * Judges all shards of a run of HEAD together: reports and a receipt as if they had run here. `places` are files and
 * directories, by default the directory of reports. Returns the exit code, throws as `verify` does.
 */
export async function merge(
  places: readonly string[],
  { json = false }: { json?: boolean },
  world: World,
): Promise<ExitCode> {
  const merge = (places.length === 0 ? [reportsDirectory] : places).map((place) => resolve(world.directory, place));
  return await verify(
    { subject: { kind: "revision", revision: "HEAD" }, options: { ...defaultOptions, json }, merge },
    world,
  );
}
