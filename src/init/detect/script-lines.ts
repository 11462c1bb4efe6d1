import { posix } from "node:path";
import { parseToml, recordOf } from "../../project/parsers/loose-values.ts";
import { readSections } from "../../project/parsers/sections.ts";
import { parseYaml } from "../../project/parsers/yaml.ts";
import { entriesOf, type ProjectFiles, within } from "../../project/project-files.ts";

/** A shell command of the project. */
export interface ScriptLine {
  readonly file: string;
  /** The name of its target, script, task or job. */
  readonly name: string;
  /** Its directory, relative to the repository's root. */
  readonly directory: string;
  readonly command: string;
  /** Variables that the script sets for it, as shell text. */
  readonly environment: readonly string[];
  /** Whether it is part of CI. */
  readonly isCi: boolean;
}

type Found = Pick<ScriptLine, "name" | "command"> & Partial<Pick<ScriptLine, "environment" | "directory">>;
type Reader = (text: string, file: string) => Found[];

/** The commands of a directory's scripts: make and just targets, tasks of Python tools, test scripts. */
export function scriptLines(project: ProjectFiles, directory: string): ScriptLine[] {
  const readers: readonly (readonly [RegExp, Reader])[] = [
    [/^(GNU)?[Mm]akefile$|^\.?[Jj]ustfile$/, targets],
    [/^package\.json$/, packageScripts],
    [/^tox\.ini$/, toxCommands],
    [/^noxfile\.py$/, noxSessions],
    [/^(pyproject|hatch)\.toml$/, tomlTasks],
    [/^(run[-_]?)?tests?\.(sh|bash)$/, shellLines],
  ];
  const own = entriesOf(project, directory).flatMap((name) => {
    const reader = readers.find(([pattern]) => pattern.test(name))?.[1];
    return reader === undefined ? [] : linesOf(project, within(directory, name), directory, reader);
  });
  const scripts = ["scripts", "script", "bin", "ci"].flatMap((place) =>
    entriesOf(project, within(directory, place))
      .filter((name) => /^(run[-_]?)?tests?([-_.][\w.-]*)?$/.test(name) && !/\.(py|[cm]?[jt]s)$/.test(name))
      .flatMap((name) => linesOf(project, within(directory, `${place}/${name}`), directory, shellLines)),
  );
  return [...own, ...scripts];
}

/** The commands of GitHub workflows, by job. */
export function workflowLines(project: ProjectFiles): ScriptLine[] {
  return entriesOf(project, ".github/workflows")
    .filter((name) => /\.ya?ml$/.test(name))
    .flatMap((name) => {
      const file = `.github/workflows/${name}`;
      const workflow = recordOf(parseYaml(project.read(file) ?? ""));
      return Object.entries(recordOf(workflow.jobs)).flatMap(([job, written]) => {
        const { steps } = recordOf(written);
        const usual = usualDirectory(written) ?? usualDirectory(workflow);
        return (Array.isArray(steps) ? steps : []).flatMap((step): ScriptLine[] => {
          const { run, "working-directory": place = usual } = recordOf(step);
          const directory = typeof place === "string" ? posix.join(".", place).replace(/\/$/, "") : ".";
          return joined(typeof run === "string" ? run : "").map((command) => ({
            ...{ file, name: job, directory, command, environment: [], isCi: true },
          }));
        });
      });
    });
}

/** `defaults.run.working-directory` of a workflow or job. */
function usualDirectory(written: unknown): unknown {
  return recordOf(recordOf(recordOf(written).defaults).run)["working-directory"];
}

function linesOf(project: ProjectFiles, file: string, directory: string, reader: Reader): ScriptLine[] {
  return reader(project.read(file) ?? "", file).map((found) => ({
    ...{ file, directory, environment: [], isCi: false },
    ...found,
  }));
}

/** The lines of a text; continued lines are joined. */
function joined(text: string): string[] {
  return text.replace(/\\\r?\n\s*/g, " ").split(/\r?\n/);
}

/** The commands of recipes, with variables exported globally or for the target. */
function targets(text: string): Found[] {
  const lines = joined(text);
  const environment = lines.filter((line) => /^export\b/.test(line)).flatMap(exportedIn);
  const own = (name: string): string[] =>
    lines.flatMap((line) => (line.startsWith(`${name}:`) ? exportedIn(line.slice(name.length + 1)) : []));
  let name = "";
  return lines.flatMap((line) => {
    const target = /^([\w.-]+)[^:=]*:(?!=)/.exec(line)?.[1];
    if (target !== undefined) name = target;
    if (!/^\s+\S/.test(line)) return [];
    return [{ name, command: line.trim().replace(/^[@-]+\s*/, ""), environment: [...environment, ...own(name)] }];
  });
}

function packageScripts(text: string): Found[] {
  const { scripts } = recordOf(parseYaml(text));
  return Object.entries(recordOf(scripts)).map(([name, command]) => ({ name, command: String(command) }));
}

function toxCommands(text: string): Found[] {
  return [...readSections(text, "ini")].flatMap(([section, values]) => {
    const name = /^testenv(?::(.+))?$/.exec(section);
    if (name === null) return [];
    const set = joined(values.get("set_env") ?? values.get("setenv") ?? "").flatMap(
      (line) => /^\s*([A-Za-z_]\w*)\s*=\s*([\w./:@-]+)\s*$/.exec(line)?.slice(1, 3).join("=") ?? [],
    );
    return joined(values.get("commands") ?? "").map((command) => ({
      name: name[1] ?? "testenv",
      command: command.trim().replace(/^-\s*/, "").replaceAll("{toxinidir}", "."),
      environment: set,
    }));
  });
}

function noxSessions(text: string): Found[] {
  return text.split(/^def\s+/m).flatMap((body) => {
    const name = /^\w+/.exec(body)?.[0] ?? "";
    return [...body.matchAll(/\bsession\.run(?:_always)?\(([^)]*)\)/g)].map(([, call = ""]) => {
      const [words = "", env = ""] = call.split(/\benv\s*=/);
      const set = [...env.matchAll(/["'](\w+)["']\s*:\s*["']([\w./:@-]+)["']/g)];
      return {
        name,
        command: literals(words).map(shellWord).join(" "),
        environment: set.map(([, variable, value]) => `${variable}=${value}`),
      };
    });
  });
}

/** Tasks of poe, pdm, hatch and taskipy. */
function tomlTasks(text: string): Found[] {
  const settings = parseToml(text);
  const { poe, pdm, taskipy, hatch } = recordOf(settings.tool);
  const environments = [recordOf(hatch).envs, settings.envs].flatMap((envs) => Object.values(recordOf(envs)));
  const tables = [
    recordOf(poe).tasks,
    recordOf(pdm).scripts,
    recordOf(taskipy).tasks,
    ...environments.map((environment) => recordOf(environment).scripts),
  ];
  return tables.flatMap((tasks) => Object.entries(recordOf(tasks)).flatMap(([name, task]) => taskOf(name, task)));
}

/** A task is a command, a list of commands or of one command's words, or a table with one of these. */
function taskOf(name: string, task: unknown): Found[] {
  if (typeof task === "string") return [{ name, command: task }];
  if (Array.isArray(task)) {
    const isOneCommand = /^(pytest|python3?|uv|coverage)$/.test(String(task[0]));
    return isOneCommand
      ? [{ name, command: task.map((word) => shellWord(String(word))).join(" ") }]
      : task.flatMap((one) => taskOf(name, one));
  }
  const { cmd, shell, script, env } = recordOf(task);
  const set = Object.entries(recordOf(env)).flatMap(([variable, value]) =>
    typeof value === "string" && /^[\w./:@-]+$/.test(value) ? [`${variable}=${value}`] : [],
  );
  const commands = [cmd, shell, script].filter((one) => one !== undefined);
  return commands.flatMap((one) => taskOf(name, one)).map((found) => ({ ...found, environment: set }));
}

/** The lines of a shell script, with variables that earlier lines export unconditionally. */
function shellLines(text: string, file: string): Found[] {
  // "scripts/run-tests.sh" runs all tests, "scripts/test-postgres" some of them.
  const name = posix.basename(file).replace(/^run[-_]?(?=test)|\.(sh|bash)$/g, "");
  const environment: string[] = [];
  const isForItself = (word: string): boolean =>
    new RegExp(`\\$\\{?${word.replace(/=[\s\S]*$/, "")}\\b`).test(text) || word.endsWith("=");
  return joined(text).flatMap((line) => {
    if (/^\s*#/.test(line)) return [];
    const exported = exportedIn(line);
    if (!/^\s/.test(line)) environment.push(...exported.filter((word) => !isForItself(word)));
    const command = line.trim().replace(/^exec\s+/, "");
    return exported.length > 0 ? [] : [{ name, command, environment: [...environment] }];
  });
}

/** `NAME=value` for a line of a shell script or makefile that only exports. */
function exportedIn(line: string): string[] {
  const [, name, written] = /^\s*export\s+([A-Za-z_]\w*)\s*[:?]?=\s*(.*?)\s*(?:#.*)?$/.exec(line) ?? [];
  const value = written?.replace(/^(["'])(.*)\1$/, "$2");
  if (name === undefined || value === undefined || !/^[\w ./:@,+-]*$/.test(value)) return [];
  return [`${name}=${value.includes(" ") ? `"${value}"` : value}`];
}

function literals(text: string): string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g)].map(([, double, single = ""]) =>
    double === undefined ? single : double.replace(/\\(["\\])/g, "$1"),
  );
}

function shellWord(word: string): string {
  return /^[^\s"'()$&|;<>*?]+$/.test(word) ? word : `"${word}"`;
}
