import { createReadStream } from "node:fs";

/** A connection event in a server's log. */
export type LogEntry = Refused | Admitted | Crashed;

/** The access rules rejected a connection. */
export interface Refused {
  readonly kind: "refused";
  readonly role: string;
  readonly database: string;
  readonly at: Date;
}

/** A role connected to a database. */
export interface Admitted {
  readonly kind: "admitted";
  readonly role: string;
  /** The database's name, followed by the rest of the line. */
  readonly database: string;
}

/** A server process crashed, which ended every session. */
export interface Crashed {
  readonly kind: "crashed";
  /** The message in the log. */
  readonly text: string;
}

const refusal =
  /^(\d+\.\d+) 28000 FATAL: {2}pg_hba\.conf rejects connection for host "[^"[]*", user "(.*?)", database "(.*)", \w+ encryption$/;
const admission = /^\d+\.\d+ 00000 LOG: {2}connection authorized: user=(.*?) database=(.*)$/;
const death = /^\d+\.\d+ \w{5} LOG: {2}(.* \(PID \d+\) (?:was terminated by|exited with) .*)$/;
const loss = /^\d+\.\d+ \w{5} LOG: {2}terminating any other active server processes$/;
const connectionNoise = /LOG: {2}(connection (received|authenticated|authorized)|disconnection):/;

/** Reads a growing server log; each line once. */
export interface ServerLog {
  /** The entries since the last call, oldest first. */
  next(): Promise<LogEntry[]>;
}

/** Opens the log at that absolute path, whose lines begin with milliseconds since 1970 and an SQLSTATE. */
export function openServerLog(path: string): ServerLog {
  let offset = 0;
  let lastDeath = "";
  const entryOf = (line: string): LogEntry | undefined => {
    lastDeath = death.exec(line)?.[1] ?? lastDeath;
    return loss.test(line) ? { kind: "crashed", text: lastDeath } : readEntry(line);
  };
  return {
    next: async () => {
      const entries: LogEntry[] = [];
      let rest = Buffer.alloc(0);
      // In chunks: a suite that logs every statement may fill a gigabyte.
      for await (const chunk of createReadStream(path, { start: offset })) {
        const bytes = Buffer.concat([rest, chunk as Buffer]);
        const end = bytes.lastIndexOf("\n") + 1;
        rest = bytes.subarray(end);
        offset += end;
        const lines = bytes.toString("utf8", 0, end).split("\n");
        entries.push(...lines.map(entryOf).filter((entry) => entry !== undefined));
      }
      return entries;
    },
  };
}

function readEntry(line: string): LogEntry | undefined {
  const [, role, database] = admission.exec(line) ?? [];
  if (role !== undefined && database !== undefined) return { kind: "admitted", role, database };
  const [, seconds, refused, name] = refusal.exec(line) ?? [];
  if (refused === undefined || name === undefined) return undefined;
  return { kind: "refused", role: refused, database: name, at: new Date(Number(seconds) * 1_000) };
}

/** The last lines of a log for people: without connection messages and line prefixes. */
export function lastLogLines(log: string, count = 5): string {
  const lines = log.split("\n").filter((line) => line.trim() !== "" && !connectionNoise.test(line));
  return (
    lines
      .slice(-count)
      .map((line) => line.replace(/^\d+\.\d+ \w{5} /, ""))
      .join("\n") || "none"
  );
}
