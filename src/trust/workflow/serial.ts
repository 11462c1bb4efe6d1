import { posix } from "node:path";
import { parseToml, recordOf } from "../../project/parsers/loose-values.ts";
import { type ProjectFiles, upwards, within } from "../../project/project-files.ts";
import { pytestSettings } from "../../project/pytest-configuration.ts";
import { commandsOf } from "./commands.ts";
import type { Change, Finding } from "./finding.ts";
import type { Step, Workflow } from "./github.ts";
import type { YamlSource } from "./yaml-source.ts";

const pytestCall =
  /^((?:\w+=\S*\s+)*(?:(uv|poetry|pdm|pipenv)\s+run\s+(?:--?[\w-]+\s+)*)?(?:python[\d.]*\s+-m\s+)?(?:pytest|py\.test))(?=\s|$)(.*)$/;
/** Arguments with which pytest runs in parallel already, or must not. */
const decided =
  /(^|\s)(-n|-n\S+|--numprocesses\S*|--dist\S*|--tx\S*|--pdb|--trace|-s|--capture=no|--lf|--ff|--sw|--stepwise|-p\s*no:xdist)(?=\s|$|=)/;

/**
 * Pytest suites that run in one process although pytest-xdist is installed for them and the project's own tests are
 * ready for it: their conftest tells workers apart, or another script runs them in parallel.
 */
export function findSerial(
  { source, jobs }: Workflow,
  project: ProjectFiles,
): { readonly finding: Finding; readonly change: Change | null }[] {
  return jobs.flatMap((job) =>
    job.steps.flatMap((step, index) => {
      const commands = step.run === null ? [] : (commandsOf(step.run) ?? []);
      const found = commands.flatMap((command) => {
        const call = pytestCall.exec(command);
        if (call === null || decided.test(call[3] ?? "") || step.directory.includes("${{")) return [];
        const proof = parallelProof(project, step.directory);
        const isInstalled = installsXdist(job.steps.slice(0, index + 1), call[2], step.directory, project);
        return proof !== null && isInstalled ? [{ command, start: call[1] ?? "", proof }] : [];
      });
      return found.map(({ command, start, proof }) => {
        const change = insertion(source, step, command, start);
        const finding: Finding = {
          kind: "serial",
          file: source.file,
          place: step.place,
          text: `${step.label} runs \`${command}\` in one process, though pytest-xdist is installed for it and ${proof}`,
          doubt: change === null ? "the command could not be found in the step's text for certain" : null,
          step: null,
          gate: null,
        };
        return { finding, change: change === null ? null : { ...change, finding } };
      });
    }),
  );
}

/** What shows that the tests may run in parallel, as a phrase; null where nothing does, or a setting speaks against it. */
function parallelProof(project: ProjectFiles, directory: string): string | null {
  for (const place of upwards(directory)) {
    const options = pytestSettings(project, place)?.get("addopts") ?? "";
    if (decided.test(options.replace(/["'[\],]/g, " "))) return null;
  }
  const conftest = project.paths.find(
    (path) =>
      posix.basename(path) === "conftest.py" &&
      (directory === "." || path.startsWith(`${directory}/`)) &&
      /\bworker_id\b|PYTEST_XDIST_WORKER|\bworkerinput\b/.test(project.read(path) ?? ""),
  );
  return conftest === undefined ? null : `${conftest} gives each of its workers what it needs`;
}

/** Whether the steps up to the suite install pytest-xdist for certain. */
function installsXdist(
  steps: readonly Step[],
  manager: string | undefined,
  directory: string,
  project: ProjectFiles,
): boolean {
  const text = steps.map(({ run }) => run ?? "").join("\n");
  if (/\bpip3?\s+install\b[^\n]*\bpytest-xdist\b/.test(text)) return true;
  const lists = [...text.matchAll(/\bpip3?\s+install\b[^\n]*?(?:-r|--requirement)[ =]?([\w./-]+)/g)].map(
    ([, list = ""]) => list,
  );
  if (lists.some((list) => [".", directory].some((place) => namesXdist(project.read(within(place, list)) ?? ""))))
    return true;
  if (manager === undefined) return false;
  const settings = parseToml(project.read(within(directory, "pyproject.toml")) ?? project.read("pyproject.toml") ?? "");
  const { uv, poetry, pdm } = recordOf(settings.tool);
  // Only what these managers install without being asked for more.
  const always = [
    recordOf(settings.project).dependencies,
    recordOf(settings["dependency-groups"]).dev,
    recordOf(uv)["dev-dependencies"],
    Object.keys(recordOf(recordOf(poetry).dependencies)),
    Object.keys(recordOf(recordOf(poetry)["dev-dependencies"])),
    ...Object.values(recordOf(recordOf(poetry).group))
      .filter((group) => recordOf(group).optional !== true)
      .map((group) => Object.keys(recordOf(recordOf(group).dependencies))),
    Object.values(recordOf(recordOf(pdm)["dev-dependencies"])).flat(),
  ];
  const isNarrowed = /--no-dev|--only|--without|--no-group|--only-group|--prod/.test(text);
  return !isNarrowed && always.some((list) => Array.isArray(list) && list.some((one) => namesXdist(String(one))));
}

function namesXdist(text: string): boolean {
  return /^\s*pytest[-_.]xdist\b/im.test(text);
}

/** The edit that adds `-n auto`; null where the command does not stand in the step's text exactly once. */
function insertion(source: YamlSource, step: Step, command: string, start: string): Omit<Change, "finding"> | null {
  const node = source.document.getIn([...step.path, "run"], true) as
    | { range?: readonly [number, number, number] }
    | undefined;
  if (node?.range === undefined) return null;
  const [from, to] = node.range;
  const text = source.text.slice(from, to);
  const at = text.indexOf(command);
  if (at === -1 || text.indexOf(command, at + 1) !== -1) return null;
  const offset = from + at + start.length;
  const value = (step.run ?? "").replace(command, () => `${start} -n auto${command.slice(start.length)}`);
  return {
    edits: [{ start: offset, end: offset, text: " -n auto" }],
    action: `adds \`-n auto\` to \`${command}\``,
    values: [{ path: [...step.path, "run"], value }],
  };
}
