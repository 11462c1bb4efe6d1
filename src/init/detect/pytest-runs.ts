import { posix } from "node:path";
import type { ScriptLine } from "./script-lines.ts";
import { droppedNotes, withoutDatabaseVariables } from "./script-variables.ts";

/** How a script runs pytest. */
export interface PytestRun {
  readonly line: ScriptLine;
  /** Where pytest is started, relative to the repo's root. */
  readonly directory: string;
  /** `NAME=value ` for each variable that it sets. */
  readonly variables: string;
  /** What stands in front of `pytest`, such as `uv run ` or `python -m `. */
  readonly launcher: string;
  /** What it tells pytest, without what is added from outside; null where that cannot be copied. */
  readonly args: readonly string[] | null;
  /** What `--cov` or coverage's `--source` names. */
  readonly source: readonly string[];
  /** `--cov-fail-under`, in percent. */
  readonly failUnder: number | null;
  /** What of it was left out and should be known. */
  readonly notes: readonly string[];
}

const launchers =
  /^(?:(?:uv|poetry|pdm|pipenv|hatch|rye|pixi)\s+run(?:\s+-\S+)*\s+)?(?:coverage\s+run\s+(?:-\S+\s+)*-m\s+|python[\d.]*\s+(?:-\w\s+)*-m\s+(?:coverage\s+run\s+(?:-\S+\s+)*-m\s+)?)?/;
/** Flags that say nothing of which tests run and how: what is shown, and what is written where. */
const shown =
  /^(-v+|-q+|-x|--verbose|--quiet|--exitfirst|-r[a-zA-Z]+|--no-header|--no-summary|--no-cov|--cov-append|--self-contained-html|--(maxfail|tb|color|durations(-min)?|show-capture|junit-?xml|html|cov-report|cov-fail-under|cov|benchmark-json|log-cli-level|verbosity)(=.*)?|--show-locals|-l)$/;
const shownWithValue =
  /^--(maxfail|tb|color|durations(-min)?|show-capture|junit-?xml|html|cov-report|cov-fail-under|benchmark-json|log-cli-level|verbosity)$/;
const withValue =
  /^(-[mkpncoW]|--(ignore(-glob)?|deselect|rootdir|confcutdir|import-mode|dist|ds|cov-config|numprocesses|override-ini))$/;
/** Arguments that whoever calls the script adds, and none by default. */
const callersArguments =
  /^["']?(\$[@*]|\$\{?\w*(args|opts|options|flags)\w*\}?|\$\(\w*(args|opts|options|flags)\w*\)|\{\{\s*\w+\s*\}\}|\{posargs:?\}|\{args:?\})["']?$/i;

/** The run of pytest in a line of a script; null where there is none. */
export function pytestRun(line: ScriptLine): PytestRun | null {
  let directory = line.directory;
  const exported: string[] = [];
  for (const step of line.command.split(/\s*(?:&&|\|\||[;|])\s*/)) {
    const place = /^\(?\s*cd\s+([\w./-]+)$/.exec(step)?.[1];
    if (place !== undefined) directory = posix.join(directory, place).replace(/\/$/, "");
    exported.push(...(/^export\s+([A-Za-z_]\w*=(?:"[^"]*"|'[^']*'|\S+))$/.exec(step)?.slice(1) ?? []));
    const found = runOf(
      step.replace(/[)\s]+$/, (end) => (step.startsWith("(") ? "" : end)),
      { ...line, environment: [...line.environment, ...exported] },
      directory,
    );
    if (found !== null) return found;
  }
  return null;
}

function runOf(step: string, line: ScriptLine, directory: string): PytestRun | null {
  const { text, dropped } = withoutDatabaseVariables([...line.environment, step.trim()].join(" "));
  const variables = /^(?:env\s+)?((?:[A-Za-z_]\w*=(?:"[^"]*"|'[^']*'|\S*)\s+)*)/.exec(text)?.[1] ?? "";
  const rest = withPlainPython(text.slice(text.indexOf(variables) + variables.length));
  const launcher = launchers.exec(rest)?.[0] ?? "";
  const called = /^(?:\S*\/)?(?:pytest|py\.test)(?=\s|$)(.*)$/.exec(rest.slice(launcher.length));
  if (called === null) return null;
  const args = wordsOf((called[1] ?? "").replace(/\s\d?>.*$/, ""));
  const sources = /--source[= ]([\w.,/-]+)/.exec(launcher)?.[1]?.split(",") ?? [];
  const isReadable = args !== null && !/[$`{]/.test(variables);
  return {
    line,
    directory,
    variables: withSearchPath(variables),
    // coverage is added from outside; what `-m` does to sys.path stays.
    launcher: launcher.replace(/(?:python[\d.]*\s+(?:-\w\s+)*-m\s+)?coverage\s+run\s+(?:-\S+\s+)*-m\s+/, "python3 -m "),
    args: isReadable ? kept(args) : null,
    source: [...sources, ...(args ?? []).flatMap((word) => /^--cov=([\w./-]+)$/.exec(word)?.[1] ?? [])],
    failUnder: failUnderOf(args ?? []),
    notes: droppedNotes(dropped),
  };
}

/** A call whose Python is the one on PATH, where a variable or a path says which: the project's own is first there. */
function withPlainPython(call: string): string {
  return call
    .replace(/^\$(?:\{\w+\}|\(\w+\))\/?(?=(?:pytest|py\.test|coverage)\s)/, "")
    .replace(/^(?:\$[({]\w+[)}](?:python[\d.]*)?|\{envpython\}|\S+\/python[\d.]*)\s+(?=-m\s)/, "python3 ")
    .replace(/^(?:\$[({]\w+[)}]\s+)+/, "");
}

/** What is added to Python's search path from outside comes behind what a script sets. */
function withSearchPath(variables: string): string {
  return variables.replace(/(^|\s)PYTHONPATH=(["']?)([^"'\s]*)\2/, "$1PYTHONPATH=$3:$PYTHONPATH");
}

/** The words of a command line, quotes kept; null where one of them is worked out when it runs. */
function wordsOf(text: string): string[] | null {
  const all = text.match(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'])+/g) ?? [];
  const args = all
    .filter((word) => !callersArguments.test(word))
    .map((word) => word.replace(/^\{(?:posargs|args):([^}]*)\}$/, "$1"));
  return args.some((word) => /[$`{}]/.test(word)) ? null : args;
}

function kept(args: readonly string[]): string[] | null {
  const result: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index] ?? "";
    const next = args[index + 1];
    if (/^--(lf|ff|sw|last-failed|failed-first|stepwise|testmon|picked)\b/.test(word)) return null;
    if (shownWithValue.test(word)) index += 1;
    else if (word === "--cov" && next !== undefined && !next.startsWith("-") && /^[\w.]+$/.test(next)) continue;
    else if (shown.test(word)) continue;
    else if (withValue.test(word) && next !== undefined) {
      result.push(word, requoted(next));
      index += 1;
    } else result.push(requoted(word));
  }
  return result;
}

/** A word with the double quotes that we write, where it has any or needs them. */
function requoted(word: string): string {
  const bare = word
    .replace(/\\"/g, '"')
    .replace(/^(["'])(.*)\1$/, "$2")
    .trim();
  return /^[\w./:=,@%+-]+$/.test(bare) || /["']/.test(bare) ? bare : `"${bare}"`;
}

function failUnderOf(args: readonly string[]): number | null {
  const index = args.findIndex((word) => /^--cov-fail-under(=|$)/.test(word));
  if (index === -1) return null;
  const value = args[index]?.split("=")[1] ?? args[index + 1] ?? "";
  return /^\d+(\.\d+)?$/.test(value) ? Number(value) : null;
}
