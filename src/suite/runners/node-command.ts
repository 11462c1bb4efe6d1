import { quote } from "../../shared/shell.ts";

/** A parsed `node --test` command. */
export interface NodeCommand {
  /** Everything up to and including `--test`. */
  readonly head: string;
  /** Options after `--test`, with their values. */
  readonly options: readonly string[];
  /** The files and globs after the options, without quotes. */
  readonly patterns: readonly string[];
  /** The same as they are written: a glob in quotes is node's to expand, and a shell's `**` is only `*`. */
  readonly written: readonly string[];
}

/** Options that take their value as a separate argument. */
const valued =
  /^(-r|--require|--import|--loader|--experimental-loader|-C|--conditions|--env-file|--test-(reporter|reporter-destination|name-pattern|skip-pattern|concurrency|timeout|shard))$/;

/** Parses a command; null where `node --test` is hidden in a script or is followed by another command. */
export function parseNodeCommand(command: string): NodeCommand | null {
  const [, head, tail] = /^(.*\bnode\b[^;&|]*?\s--test)(?=\s|$)([^;&|<>`$]*)$/.exec(command.trim()) ?? [];
  if (head === undefined || tail === undefined) return null;
  const args = tail.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  const options: string[] = [];
  const written: string[] = [];
  for (let place = 0; place < args.length; place++) {
    const word = args[place] ?? "";
    if (!word.startsWith("-")) written.push(word);
    else if (valued.test(word)) options.push(word, args[++place] ?? "");
    else options.push(word);
  }
  const patterns = written.map((word) => word.replace(/^(["'])(.*)\1$/, "$2"));
  return { head, options, patterns, written };
}

/** The command with more options, and with these files instead of its own. */
export function writeNodeCommand(
  { head, options, written }: NodeCommand,
  more: readonly string[],
  files: readonly string[] | null,
): string {
  const named = files === null ? written : files.map(quote);
  return [head, ...more.map(quote), ...options, ...named].join(" ");
}
