import { posix } from "node:path";
import { recordOf } from "../../project/parsers/loose-values.ts";
import { parseYaml } from "../../project/parsers/yaml.ts";
import type { ProjectFiles } from "../../project/project-files.ts";

/** A command that a workspace's task runner runs for a project. */
export interface WorkspaceCommand {
  /** Its task's name, such as `test`. */
  readonly name: string;
  readonly text: string;
  /** Its directory, relative to the repository's root. */
  readonly root: string;
  readonly file: string;
}

/**
 * The commands of nx targets in each `project.json`. Targets with executors are left out: their tests are found by the
 * runner's configuration. nx runs commands in the workspace's root by default.
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
  // Several commands may run in parallel or in sequence.
  if (typeof written !== "string" || others.length > 0) return [];
  const filled = (text: string): string =>
    text.replaceAll("{projectRoot}", posix.dirname(file)).replaceAll("{workspaceRoot}/", "");
  const words = [written, ...(Array.isArray(args) ? args : [args ?? ""])].map(String).join(" ").trim();
  const [, inner = ".", text = filled(words)] = /^cd\s+([\w./-]+)\s*&&\s*(.+)$/.exec(filled(words)) ?? [];
  const root = posix.join(".", typeof cwd === "string" ? filled(cwd) : ".", inner).replace(/\/$/, "");
  // From another directory it may run any project's tests.
  return root === posix.dirname(file) ? [{ name, text, root, file }] : [];
}
