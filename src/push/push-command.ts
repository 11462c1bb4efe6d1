import { basename } from "node:path";

/** A `git push` command line. */
export interface PushCommand {
  /** Configuration before `push`: `-c`, `KEY=VALUE`, … */
  readonly settings: readonly string[];
  /** The arguments after `push`. */
  readonly args: readonly string[];
}

// Options that git has already applied, or passed to hooks by environment; they are not repeated.
const withValue = /^(-C|--git-dir|--work-tree|--namespace|--attr-source|--super-prefix|--shallow-file)$/;
const alone =
  /^(-p|-P|--paginate|--no-pager|--bare|--no-replace-objects|--no-optional-locks|--no-lazy-fetch|--no-advice|--(literal|no-literal|glob|noglob|icase)-pathspecs|--(exec-path|git-dir|work-tree|namespace|attr-source|super-prefix)=.*)$/s;

/** Parses a command line such as `git -c core.x=y push origin main`; null for everything else. */
export function parsePush([program = "", ...args]: readonly string[]): PushCommand | null {
  if (basename(program) !== "git") return null;
  const settings: string[] = [];
  let position = 0;
  for (; args[position]?.startsWith("-"); position++) {
    const word = args[position] ?? "";
    if (word === "-c" || word === "--config-env") settings.push(word, args[++position] ?? "");
    else if (word.startsWith("--config-env=")) settings.push(word);
    else if (withValue.test(word)) position += 1;
    else if (!alone.test(word)) return null;
  }
  return args[position] === "push" ? { settings, args: args.slice(position + 1) } : null;
}

/** Whether a push with these arguments only says what it would do. */
export function isDryRun({ args }: Pick<PushCommand, "args">): boolean {
  const separator = args.indexOf("--");
  const options = separator < 0 ? args : args.slice(0, separator);
  // Short options can be joined, and git takes unique beginnings of long ones.
  return options.some((word) => /^--dry?(-(r(un?)?)?)?$/.test(word) || /^-[dfquv46]*n/.test(word));
}

/**
 * The arguments that repeat a push without sending anything. Ours come last, so that no user option overrides them, and
 * also first, where they cannot be taken for an option's value. No hook runs.
 */
export function dryRunOf({ settings, args }: PushCommand): string[] {
  const ours = ["--dry-run", "--porcelain", "--no-quiet", "--no-verify", "--recurse-submodules=no"];
  const separator = args.indexOf("--");
  const end = separator < 0 ? args.length : separator;
  const command = [...settings, "-c", "core.hooksPath=/dev/null", "push", "--dry-run"];
  return [...command, ...args.slice(0, end), ...ours, ...args.slice(end)];
}
