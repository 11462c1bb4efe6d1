import { posix } from "node:path";
import type { ScriptLine } from "./script-lines.ts";
import { droppedNotes, withoutDatabaseVariables } from "./script-variables.ts";

/** A pytest call in a script. */
export interface PytestRun {
  readonly line: ScriptLine;
  /** The directory of the call, relative to the repository's root. */
  readonly directory: string;
  /** `NAME=value ` for each variable it sets. */
  readonly variables: string;
  /** The text before `pytest`, such as `uv run ` or `python -m `. */
  readonly launcher: string;
  /** Its arguments, without those that callers add; null where they cannot be copied. */
  readonly args: readonly string[] | null;
  /** The value of `--cov` or coverage's `--source`. */
  readonly source: readonly string[];
  /** `--cov-fail-under`, in percent. */
  readonly failUnder: number | null;
  /** Notes on what was dropped. */
  readonly notes: readonly string[];
}

const launchers =
  /^(?:(?:uv|poetry|pdm|pipenv|hatch|rye|pixi)\s+run(?:\s+-\S+)*\s+)?(?:coverage\s+run\s+(?:-\S+\s+)*-m\s+|python[\d.]*\s+(?:-\w\s+)*-m\s+(?:coverage\s+run\s+(?:-\S+\s+)*-m\s+)?)?/;
/** Flags that only affect output. */
const shown =
  /^(-v+|-q+|-x|--verbose|--quiet|--exitfirst|-r[a-zA-Z]+|--no-header|--no-summary|--no-cov|--cov-append|--self-contained-html|--(maxfail|tb|color|durations(-min)?|show-capture|junit-?xml|html|cov-report|cov-fail-under|cov|benchmark-json|log-cli-level|verbosity)(=.*)?|--show-locals|-l)$/;
const shownWithValue =
  /^--(maxfail|tb|color|durations(-min)?|show-capture|junit-?xml|html|cov-report|cov-fail-under|benchmark-json|log-cli-level|verbosity)$/;
const withValue =
  /^(-[mkpncoW]|--(ignore(-glob)?|deselect|rootdir|confcutdir|import-mode|dist|ds|cov-config|numprocesses|override-ini))$/;
/** Placeholders for callers' arguments, which are empty by default. */
const callersArguments =
  /^["']?(\$[@*]|\$\{?\w*(args|opts|options|flags)\w*\}?|\$\(\w*(args|opts|options|flags)\w*\)|\{\{\s*\w+\s*\}\}|\{posargs:?\}|\{args:?\})["']?$/i;

/** The pytest call in a script line; null where there is none. */
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
    // Coverage is added by us; `-m` stays, as it changes sys.path.
    launcher: launcher.replace(/(?:python[\d.]*\s+(?:-\w\s+)*-m\s+)?coverage\s+run\s+(?:-\S+\s+)*-m\s+/, "python3 -m "),
    args: isReadable ? kept(args) : null,
    source: [...sources, ...(args ?? []).flatMap((word) => /^--cov=([\w./-]+)$/.exec(word)?.[1] ?? [])],
    failUnder: failUnderOf(args ?? []),
    notes: droppedNotes(dropped),
  };
}

/** Replaces a Python given by variable or path by the one on PATH, where the project's own comes first. */
function withPlainPython(call: string): string {
  return call
    .replace(/^\$(?:\{\w+\}|\(\w+\))\/?(?=(?:pytest|py\.test|coverage)\s)/, "")
    .replace(/^(?:\$[({]\w+[)}](?:python[\d.]*)?|\{envpython\}|\S+\/python[\d.]*)\s+(?=-m\s)/, "python3 ")
    .replace(/^(?:\$[({]\w+[)}]\s+)+/, "");
}

/** Keeps an inherited PYTHONPATH, which comes after what the script sets. */
function withSearchPath(variables: string): string {
  return variables.replace(/(^|\s)PYTHONPATH=(["']?)([^"'\s]*)\2/, "$1PYTHONPATH=$3:$PYTHONPATH");
}

/** The words of a command line, with quotes; null where one is computed. */
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

/** A word with double quotes, if needed. */
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
