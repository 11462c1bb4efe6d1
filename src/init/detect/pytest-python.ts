import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findOnPath } from "../../project/launchers.ts";
import { withoutAssignments } from "../../project/package-script.ts";
import { readProjectFile } from "../../project/read-project-file.ts";
import { quote } from "../../shared/shell.ts";
import type { Environment } from "../../shared/world.ts";

/** The Python that a command starts pytest with, as a shell reads it; null where the command does not show it. */
export function pytestPython(command: string, environment: Environment): string | null {
  const module = /^(.*\bpython[\d.]*)\s+-m\s+(?:coverage\s+run\s+-m\s+)?pytest\b/.exec(command);
  if (module?.[1] !== undefined) return module[1];
  const call = /^((?:.*\s)?)(\S*\/)?(?:pytest|py\.test)(?=\s|$)/.exec(command);
  if (call === null) return null;
  const [, prefix = "", place = ""] = call;
  if (/\b(make|tox|nox|moon|npm|hatch)\b/.test(prefix)) return null;
  if (!/^(pytest|py\.test)(?=\s|$)/.test(withoutAssignments(command))) return `${prefix}${place}python3`;
  const script = findOnPath("pytest", environment);
  return `${prefix}${script === null ? "python3" : quote(pythonOfScript(script))}`;
}

/**
 * The command with Python's `-m` before pytest, where the virtual environment that is first on PATH sees the system's packages
 * and has no script of pytest: one further behind belongs to another Python, without the project's packages. Every other
 * command as it is.
 */
export function withOwnPytest(command: string, environment: Environment): string {
  const call = withoutAssignments(command);
  const python = findOnPath("python3", environment);
  if (!/^pytest(?=\s|$)/.test(call) || python === null) return command;
  const settings = readProjectFile(join(dirname(python), ".."), "pyvenv.cfg") ?? "";
  const seesSystem = /^include-system-site-packages\s*=\s*true\s*$/im.test(settings);
  if (!seesSystem || findOnPath("pytest", { PATH: dirname(python) }) !== null) return command;
  return `${command.slice(0, command.length - call.length)}python3 -m ${call}`;
}

/** What the first lines of a script of Python's name, else the Python beside it, else the first one on PATH. */
function pythonOfScript(script: string): string {
  const [first = "", second = ""] = readFileSync(script, "latin1").slice(0, 1000).split("\n");
  // A path that is too long for the first line stands in the second, as `'''exec' …`.
  const named =
    /^#!\s*(\S*\/python[\d.]*)/.exec(first)?.[1] ?? /^'''exec' "?([^"]+?\/python[\d.]*)"? /.exec(second)?.[1];
  const beside = join(dirname(script), "python3");
  return named ?? (existsSync(beside) ? beside : "python3");
}
