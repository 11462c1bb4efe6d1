import { posix } from "node:path";
import type { RunnerName } from "../../config/runner-facts.ts";
import { recordOf } from "../../project/parsers/loose-values.ts";
import { parseYaml } from "../../project/parsers/yaml.ts";
import { type ProjectFiles, within } from "../../project/project-files.ts";
import type { DetectedSuite } from "./detected-suite.ts";
import { nxCommands, type WorkspaceCommand } from "./nx-targets.ts";

/** A moon task or nx target that runs tests. */
interface WorkspaceTask extends WorkspaceCommand {
  readonly runner: RunnerName;
}

const runs: readonly (readonly [RunnerName, RegExp])[] = [
  ["pytest", /(^|[\s/])(pytest|py\.test)(?=\s|$)/],
  ["vitest", /(^|[\s/])vitest(?=\s|$)/],
  ["jest", /(^|[\s/])jest(?=\s|$)/],
  ["mocha", /(^|[\s/])mocha(?=\s|$)/],
  ["node", /(^|\s)node\b.*\s--test(?=\s|$)/],
];

/**
 * Uses the commands of moon tasks (`moon.yml`) or nx targets for the suites they run, as they are what the team runs,
 * including markers. A task that runs an unknown suite adds one.
 */
export function withWorkspaceTasks(project: ProjectFiles, suites: readonly DetectedSuite[]): DetectedSuite[] {
  const commands = project.paths
    .filter((path) => posix.basename(path) === "moon.yml")
    .flatMap((file) => moonCommands(project, file));
  const tasks = [...commands, ...nxCommands(project)].flatMap((command): WorkspaceTask[] => {
    const runner = runs.find(([, pattern]) => pattern.test(command.text))?.[0];
    return runner === undefined ? [] : [{ ...command, runner }];
  });
  const changed = suites.map((suite) => {
    const own = preferred(tasks.filter(({ root, runner }) => root === suite.root && runner === suite.runner));
    // With several suites of one runner, a task cannot be assigned.
    return own === null || suite.label !== undefined
      ? suite
      : { ...suite, command: own.task.text, notes: [...suite.notes.filter(saysNoCommand), ...own.notes] };
  });
  const places = new Set(suites.map(placeOf));
  const missing = [...new Set(tasks.map(placeOf))].filter((place) => !places.has(place));
  const added = missing.flatMap((place) => {
    const own = preferred(tasks.filter((task) => placeOf(task) === place));
    if (own === null) return [];
    const { root, runner, text } = own.task;
    return [{ root, runner, command: text, source: [], projectName: posix.basename(root), notes: own.notes }];
  });
  return [...changed, ...added];
}

function placeOf({ root, runner }: Pick<DetectedSuite, "root" | "runner">): string {
  return `${runner} ${root}`;
}

/** Notes about the suite's own script no longer apply. */
function saysNoCommand(note: string): boolean {
  return !/^(runs|without) /.test(note);
}

/** Of several tasks for the same suite, the first that is named like a test. */
function preferred(tasks: readonly WorkspaceTask[]): { readonly task: WorkspaceTask; readonly notes: string[] } | null {
  const task = tasks.find(({ name }) => /^(unit-?)?tests?([-_:]|$)/.test(name)) ?? tasks[0];
  if (task === undefined) return null;
  const others = tasks.filter((other) => other !== task).map(({ name }) => name);
  const left =
    others.length === 0
      ? []
      : [`${others.join(", ")} in ${task.file} run it too: make another suite of what is missing`];
  return { task, notes: [`runs what the task "${task.name}" of ${task.file} runs`, ...left] };
}

function moonCommands(project: ProjectFiles, file: string): WorkspaceCommand[] {
  const directory = posix.dirname(file);
  return Object.entries(recordOf(recordOf(parseYaml(project.read(file) ?? "")).tasks)).flatMap(([name, written]) => {
    const { command, args, script, options } = recordOf(written);
    const text = [textOf(script), textOf(command), textOf(args)].filter((part) => part !== "").join(" ");
    // Tokens that only moon can expand.
    if (/\$(project|workspaceRoot|task|target)|@(files|group|in|out)\b/.test(text)) return [];
    const root = recordOf(options).runFromWorkspaceRoot === true ? "." : directory;
    return [{ name, text, root: within(".", root), file }];
  });
}

/** A list of arguments as a shell command. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value.trim();
  if (!Array.isArray(value)) return "";
  return value
    .map((word) =>
      /^[\w@%+=:,./-]+$/.test(String(word)) ? String(word) : `"${String(word).replace(/(["\\$`])/g, "\\$1")}"`,
    )
    .join(" ");
}
