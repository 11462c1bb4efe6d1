import { isUnder, type ProjectFiles, upwards } from "../../project/project-files.ts";
import { pythonLauncher } from "../../project/python-launcher.ts";
import { djangoCommand, djangoSettings } from "./django-tests.ts";
import { type PytestRun, pytestRun } from "./pytest-runs.ts";
import { scriptLines, workflowLines } from "./script-lines.ts";

/** The command that runs a suite, and where it was read. */
export interface PytestCommand {
  readonly text: string;
  readonly notes: readonly string[];
  /** The script that it came from; null where no script says it. */
  readonly run: PytestRun | null;
}

/**
 * The command that runs the suite, as the project itself runs it: its scripts say it before CI does, and of several the one
 * that is called a test. Where they do not agree, everything runs: a guess that leaves tests out would call something
 * verified that was not run. Scripts above the suite's root count where it is the only pytest suite. `testFiles` are those that
 * pytest would find by itself; empty where its configuration says where tests lie.
 */
export function pytestCommand(
  project: ProjectFiles,
  root: string,
  isOnlySuite: boolean,
  testFiles: readonly string[],
): PytestCommand {
  const launcher = pythonLauncher(project, root);
  const directories = isOnlySuite ? upwards(root) : [root];
  const scripts = directories.flatMap((directory) => scriptLines(project, directory));
  const all = [...scripts, ...workflowLines(project)].flatMap((line) => {
    const run = pytestRun(line);
    return run !== null && (run.directory === root || isOnlySuite) ? [run] : [];
  });
  const left = benchmarkDirectories(root, testFiles);
  const settings = djangoSettings(project, root);
  const plain = {
    text: [
      settings === null ? `${launcher}pytest` : djangoCommand(settings, launcher),
      ...left.map((directory) => `--ignore=${directory}`),
    ].join(" "),
    notes: [
      ...(settings === null ? [] : ["runs what `manage.py test` runs, by pytest-django"]),
      ...(left.length === 0 ? [] : [`without ${left.join(", ")}, as benchmarks time code and do not test it`]),
    ],
    run: null,
  };
  for (const runs of [all.filter(({ line }) => !line.isCi), all.filter(({ line }) => line.isCi)]) {
    const candidates = main(runs);
    const [first] = candidates;
    if (first === undefined) continue;
    const known = new Set(candidates.map((run) => textOf(run, root, "")));
    if (known.size > 1 || first.words === null) {
      // What is worked out when it runs cannot be copied.
      const isShared = candidates.every(({ variables }) => variables === first.variables && !/[$`{]/.test(variables));
      const variables = isShared ? first.variables : "";
      return { ...plain, text: `${variables}${plain.text}`, notes: [...doubt(candidates, root), ...plain.notes] };
    }
    return { text: textOf(first, root, launcher), notes: notesOn(first, root), run: first };
  }
  return plain;
}

/** From the plainest name of a test to those that still say it. */
const mainNames: readonly RegExp[] = [
  /^(unit[-_]?)?(tests?|pytest)$|^testenv$/i,
  /^(test[-_:]?(all|py|python|unit|units|suite|api|backend|cov|coverage)|(py|python|unit|backend|api|all)[-_:]?tests?|all|ci|check|cov|coverage|build|python)$/i,
  // Of one script for each kind of database, that of ours.
  /^tests?[-_:](postgres(ql)?|pg)$/i,
];
const benchmarks = /bench|perf|profil|stress/i;
const special =
  /e2e|end.?to.?end|lint|doc|slow|nightly|smoke|fast|quick|watch|debug|snapshot|mutat|update|type|mypy|failed|integration|functional|live|load|min(imal|imum)?([-_]|$)|compat|upstream|release|publish|wheel|dev([-_]|$)/i;

/**
 * The runs of the scripts that are called a test most plainly; where none is, all of them, of which one for something
 * special alone is no choice.
 */
function main(runs: readonly PytestRun[]): PytestRun[] {
  const tests = runs.filter(({ line }) => !benchmarks.test(line.name) && !(line.isCi && benchmarks.test(line.file)));
  const ordinary = tests.filter(({ line }) => !special.test(line.name));
  for (const name of mainNames) {
    const found = ordinary.filter(({ line }) => name.test(line.name));
    if (found.length > 0) return found;
  }
  return ordinary.length === 0 ? [] : tests;
}

/** What a run comes to in the suite's root; paths mean something else from another directory. */
function textOf(run: PytestRun, root: string, launcher: string): string {
  if (run.words === null) return `? ${run.line.command}`;
  const words = run.directory === root ? run.words : withoutPaths(run.words);
  // What a script starts pytest with is the project's; what CI does, is made for its machines.
  const isStarted = /^\w+\s+run\s/.test(run.launcher);
  const own = run.launcher.replace(/^\w+\s+run\s+(?:-\S+\s+)*/, "");
  const prefix = isStarted && !run.line.isCi ? run.launcher : `${launcher}${own}`;
  return [`${run.variables}${prefix}pytest`, ...words].join(" ");
}

function withoutPaths(words: readonly string[]): string[] {
  return words.filter(
    (word, index) =>
      word.startsWith("-") || /^-[mkpncoW]$|^--(dist|import-mode|ds|numprocesses)$/.test(words[index - 1] ?? ""),
  );
}

function notesOn(run: PytestRun, root: string): string[] {
  const { file, name, isCi } = run.line;
  const where = isCi ? `the job "${name}" of ${file}` : `"${name}" in ${file}`;
  const isPlain = /^(\w+ run )?pytest$/.test(textOf(run, root, ""));
  return [...(isPlain ? [] : [`runs what ${where} runs`]), ...run.notes];
}

/** The directories of benchmarks beside the tests: they need what nobody installs for a test, and no script says that they run. */
function benchmarkDirectories(root: string, testFiles: readonly string[]): string[] {
  const tops = testFiles
    .filter((file) => isUnder(root, file))
    .map((file) => (root === "." ? file : file.slice(root.length + 1)).split("/"))
    .map(([top = "", ...rest]) => (rest.length === 0 ? "" : top));
  const found = [...new Set(tops)].filter((top) => /^(bench(mark(s|ing)?)?|perf(ormance)?)$/i.test(top));
  return tops.every((top) => found.includes(top)) ? [] : found;
}

function doubt(runs: readonly PytestRun[], root: string): string[] {
  if (runs.every(({ words }) => words === null)) return [];
  const choices = [...new Map(runs.map((run) => [textOf(run, root, ""), run]))].map(
    ([, run]) =>
      `\`pytest${(run.words ?? ["…"]).map((word) => ` ${word}`).join("")}\` in ${run.line.file} (${run.line.name})`,
  );
  return [`runs every test: the scripts differ, ${choices.join(", ")}; add what you want to "command"`];
}
