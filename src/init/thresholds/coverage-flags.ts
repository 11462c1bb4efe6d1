import { readPackageFile } from "../../project/package-file.ts";
import { computed } from "../../project/parsers/loose-values.ts";
import { type ProjectFiles, within } from "../../project/project-files.ts";
import type { DetectedSuite } from "../detect/detected-suite.ts";
import { isScriptRunner, scriptCommand } from "../detect/script-command.ts";

/** Threshold flags for c8 or nyc in the script of a suite's command. */
export interface CoverageFlags {
  /** For people: `package.json (script "test")`. */
  readonly place: string;
  /** Under the names of the configuration file's settings. */
  readonly settings: Readonly<Record<string, unknown>>;
}

const share = /^--(lines|branches|functions|statements)(?:=(.*))?$/;
const toggle = /^--(no-)?(check-?coverage|per-?file|100)(?:=(true|false))?$/i;
const names: Readonly<Record<string, string>> = { checkcoverage: "check-coverage", perfile: "per-file" };

/** The threshold flags with which a suite's own script starts c8 or nyc; null without any. */
export function coverageFlags(
  project: ProjectFiles,
  { root, runner, command }: Pick<DetectedSuite, "root" | "runner" | "command">,
): CoverageFlags | null {
  if (!isScriptRunner(runner)) return null;
  const own = scriptCommand(readPackageFile(project, root), runner);
  // The command may come from another source, such as a moon task.
  if (own === null || own.text !== command) return null;
  const settings = settingsOf(own.measuring.split(/\s+/));
  if (Object.keys(settings).length === 0) return null;
  return { place: `${within(root, "package.json")} (script "${own.script}")`, settings };
}

function settingsOf(args: readonly string[]): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const [index, flag] of args.entries()) {
    const [, metric, written = args[index + 1] ?? ""] = share.exec(flag) ?? [];
    const number = written.replace(/^(["'])(.*)\1$/, "$2");
    if (metric !== undefined) settings[metric] = /^\d+(\.\d+)?$/.test(number) ? Number(number) : computed;
    const [, not, name, value] = toggle.exec(flag) ?? [];
    if (name !== undefined)
      settings[names[name.toLowerCase().replace("-", "")] ?? name] = (value !== "false") === (not === undefined);
  }
  return settings;
}
