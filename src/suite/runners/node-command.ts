import { quote } from "../../shared/shell.ts";

/** A command that calls `node --test` itself, taken apart. */
export interface NodeCommand {
  /** All up to `--test`, that word included. */
  readonly head: string;
  /** Options behind it, with their values. */
  readonly options: readonly string[];
  /** The files and globs that it names. */
  readonly patterns: readonly string[];
}

/** Options whose value may be a word of its own. */
const valued =
  /^(-r|--require|--import|--loader|--experimental-loader|-C|--conditions|--env-file|--test-(reporter|reporter-destination|name-pattern|skip-pattern|concurrency|timeout|shard))$/;

/** Takes a command apart; null where `node --test` is hidden in a script, or something else follows it. */
export function parseNodeCommand(command: string): NodeCommand | null {
  const [, head, tail] = /^(.*\bnode\b[^;&|]*?\s--test)(?=\s|$)([^;&|<>`$]*)$/.exec(command.trim()) ?? [];
  if (head === undefined || tail === undefined) return null;
  const args = tail.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  const options: string[] = [];
  const patterns: string[] = [];
  for (let place = 0; place < args.length; place++) {
    const word = args[place] ?? "";
    if (!word.startsWith("-")) patterns.push(word.replace(/^(["'])(.*)\1$/, "$2"));
    else if (valued.test(word)) options.push(word, args[++place] ?? "");
    else options.push(word);
  }
  return { head, options, patterns };
}

/** The command again, with further options and these files in place of its own. */
export function writeNodeCommand(
  { head, options, patterns }: NodeCommand,
  more: readonly string[],
  files: readonly string[] | null,
): string {
  const named = files === null ? patterns.map(glob) : files.map(quote);
  return [head, ...more.map(quote), ...options, ...named].join(" ");
}

/** What the shell, or node itself, is to expand stays as it is. */
function glob(pattern: string): string {
  return /[\s'"()]/.test(pattern) ? quote(pattern) : pattern;
}
