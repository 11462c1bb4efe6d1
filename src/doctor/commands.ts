import { join } from "node:path";
import type { Config } from "../config/schema.ts";
import type { Repository } from "../git/repository.ts";
import { launcherRemedy, missingLauncher, missingLauncherText } from "../project/launchers.ts";
import type { World } from "../shared/world.ts";
import { projectEnvironment } from "../suite/plan/project-environment.ts";
import { type Finding, problem } from "./finding.ts";

/** The package managers and task runners that the commands beside the suites need and that are not there. */
export function examineCommands({ checks, database, suites }: Config, { root }: Repository, world: World): Finding[] {
  const setup = database === false ? undefined : database.setup;
  const place = (database !== false && database.root) || suites[0]?.root || ".";
  const commands = [
    ...Object.entries(checks).map(([name, command]) => ({ subject: `check ${name}`, command, directory: root })),
    ...(setup === undefined ? [] : [{ subject: "database.setup", command: setup, directory: join(root, place) }]),
  ];
  return commands.flatMap(({ subject, command, directory }) => {
    const environment = projectEnvironment({ kind: "working tree", root }, [directory], world.environment);
    const launcher = missingLauncher(command, directory, environment);
    if (launcher === null) return [];
    return [problem(subject, missingLauncherText(launcher, command), launcherRemedy(launcher))];
  });
}
