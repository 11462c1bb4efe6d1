import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findOnPath } from "../../project/launchers.ts";
import { withoutAssignments } from "../../project/package-script.ts";
import { readProjectFile } from "../../project/read-project-file.ts";
import { quote } from "../../shared/shell.ts";
import type { Environment } from "../../shared/world.ts";

/** The Python of a pytest command, as a shell word; null where the command does not show it. */
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
 * Uses `python -m pytest` where the first virtual environment on PATH has access to system packages but no pytest
 * script: the script found later on PATH would use another Python without the project's packages. Other commands are
 * unchanged.
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

/** The interpreter in the first lines of a Python script, else the Python next to it, else the first on PATH. */
function pythonOfScript(script: string): string {
  const [first = "", second = ""] = readFileSync(script, "latin1").slice(0, 1000).split("\n");
  // A path too long for a shebang is in the second line, as `'''exec' …`.
  const named =
    /^#!\s*(\S*\/python[\d.]*)/.exec(first)?.[1] ?? /^'''exec' "?([^"]+?\/python[\d.]*)"? /.exec(second)?.[1];
  const beside = join(dirname(script), "python3");
  return named ?? (existsSync(beside) ? beside : "python3");
}
