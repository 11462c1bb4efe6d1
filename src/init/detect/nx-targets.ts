import { posix } from "node:path";
import { parseYaml, recordOf } from "../../project/parsers/loose-values.ts";
import type { ProjectFiles } from "../../project/project-files.ts";

/** A command that a workspace's task runner runs for one of its projects. */
export interface WorkspaceCommand {
  /** What its tasks are called there, such as `test`. */
  readonly name: string;
  readonly text: string;
  /** Where it runs, relative to the repo's root. */
  readonly root: string;
  readonly file: string;
}

/**
 * The commands of nx's targets, `project.json` in each project. Those of executors are left out: what they run is found where
 * it is configured. nx starts a command in the workspace's root where nothing else is said.
 */
export function nxCommands(project: ProjectFiles): WorkspaceCommand[] {
  if (!project.has("nx.json")) return [];
  return project.paths
    .filter((path) => posix.basename(path) === "project.json")
    .flatMap((file) => {
      const { targets } = recordOf(parseYaml(project.read(file) ?? ""));
      return Object.entries(recordOf(targets)).flatMap(([name, target]) => commandsOf(name, target, file));
    });
}

function commandsOf(name: string, target: unknown, file: string): WorkspaceCommand[] {
  const { command: short, executor, options } = recordOf(target);
  if (executor !== undefined && !/:run-commands$/.test(String(executor))) return [];
  const { command = short, commands, cwd, args } = recordOf(options);
  const [only, ...others] = Array.isArray(commands) ? commands : [command];
  const written = typeof only === "string" ? only : recordOf(only).command;
  // Several may run at once, or one after another.
  if (typeof written !== "string" || others.length > 0) return [];
  const filled = (text: string): string =>
    text.replaceAll("{projectRoot}", posix.dirname(file)).replaceAll("{workspaceRoot}/", "");
  const words = [written, ...(Array.isArray(args) ? args : [args ?? ""])].map(String).join(" ").trim();
  const [, inner = ".", text = filled(words)] = /^cd\s+([\w./-]+)\s*&&\s*(.+)$/.exec(filled(words)) ?? [];
  const root = posix.join(".", typeof cwd === "string" ? filled(cwd) : ".", inner).replace(/\/$/, "");
  // From elsewhere it may run the tests of any project.
  return root === posix.dirname(file) ? [{ name, text, root, file }] : [];
}
