import { readPackageFile } from "../../project/package-file.ts";
import { computed } from "../../project/parsers/loose-values.ts";
import { type ProjectFiles, within } from "../../project/project-files.ts";
import type { DetectedSuite } from "../detect/detected-suite.ts";
import { isScriptRunner, scriptCommand } from "../detect/script-command.ts";

/** What the script that a suite's command came from tells c8 or nyc about thresholds. */
export interface CoverageFlags {
  /** For people to read: `package.json (script "test")`. */
  readonly place: string;
  /** By the names that a configuration has them under. */
  readonly settings: Readonly<Record<string, unknown>>;
}

const share = /^--(lines|branches|functions|statements)(?:=(.*))?$/;
const toggle = /^--(no-)?(check-?coverage|per-?file|100)(?:=(true|false))?$/i;
const names: Readonly<Record<string, string>> = { checkcoverage: "check-coverage", perfile: "per-file" };

/** The flags about thresholds with which a suite's own script starts c8 or nyc; null where there are none. */
export function coverageFlags(
  project: ProjectFiles,
  { root, runner, command }: Pick<DetectedSuite, "root" | "runner" | "command">,
): CoverageFlags | null {
  if (!isScriptRunner(runner)) return null;
  const own = scriptCommand(readPackageFile(project, root), runner);
  // The command may have come from elsewhere, a moon task for one.
  if (own === null || own.text !== command) return null;
  const settings = settingsOf(own.measuring.split(/\s+/));
  if (Object.keys(settings).length === 0) return null;
  return { place: `${within(root, "package.json")} (script "${own.script}")`, settings };
}

function settingsOf(words: readonly string[]): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const [index, flag] of words.entries()) {
    const [, metric, written = words[index + 1] ?? ""] = share.exec(flag) ?? [];
    const number = written.replace(/^(["'])(.*)\1$/, "$2");
    if (metric !== undefined) settings[metric] = /^\d+(\.\d+)?$/.test(number) ? Number(number) : computed;
    const [, not, name, value] = toggle.exec(flag) ?? [];
    if (name !== undefined)
      settings[names[name.toLowerCase().replace("-", "")] ?? name] = (value !== "false") === (not === undefined);
  }
  return settings;
}
