import type { Readable, Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import type { Redact } from "../redact.ts";

const tailLines = 40;
/** A longer line is broken, as nothing may grow with what a command prints; in characters. */
const longestLine = 1 << 20;
/** How much of a broken line is held back for its next part, so that no secret is cut: far more than any is long. */
const heldBack = 1 << 14;
/** How much of a line is among the last ones, which are shown; in characters. */
const longestTailLine = 4_000;
/**
 * How long to wait for more output after the command ended, in milliseconds: a process that left the group may keep the
 * output open for ever.
 */
const drain = 300;

export interface Recording {
  /**
   * Stops recording at the end of the output, or shortly after the last of it, and returns the last lines. Throws the
   * error of writing the log. Can be called twice.
   */
  finish(): Promise<string>;
}

/**
 * Writes lines of several streams to a log, without secrets and colors, no faster than the log takes them; calls back
 * where writing fails.
 */
export function recordOutput(
  log: Writable,
  redact: Redact,
  streams: readonly Readable[],
  onFailure: () => void,
): Recording {
  const tail: string[] = [];
  let failure: Error | undefined;
  let lastOutput = performance.now();
  log.on("error", (error: Error) => {
    failure ??= error;
    for (const stream of streams) stream.resume();
    onFailure();
  });
  const clean = (text: string): string => redact(stripVTControlCharacters(text));
  const write = (line: string): void => {
    if (!failure && !log.write(`${line}\n`)) for (const stream of streams) stream.pause();
    tail.push(line.length > longestTailLine ? `…${line.slice(-longestTailLine)}` : line);
    if (tail.length > tailLines) tail.shift();
  };
  log.on("drain", () => {
    lastOutput = performance.now();
    for (const stream of streams) stream.resume();
  });
  const flushes = streams.map((stream) => readLines(stream, clean, write));
  for (const stream of streams) stream.on("data", () => (lastOutput = performance.now()));
  const ended = Promise.all(streams.map((stream) => finished(stream).catch(() => {}))).then(() => true);
  const finish = async (): Promise<string> => {
    const isQuiet = (): boolean => !log.writableNeedDrain && performance.now() - lastOutput >= drain;
    const started = performance.now();
    while (!(await Promise.race([ended, sleep(drain / 6, false)]))) {
      if (isQuiet() && performance.now() - started >= drain) break;
    }
    for (const stream of streams) stream.destroy();
    for (const flush of flushes) flush();
    log.end();
    await finished(log).catch(() => {});
    if (failure) throw failure;
    return tail.join("\n").trim();
  };
  let finishing: Promise<string> | undefined;
  return { finish: () => (finishing ??= finish()) };
}

/**
 * Splits a stream into clean lines, so that secrets are not cut by chunk borders. The returned function flushes the last
 * line, which has no line break.
 */
function readLines(stream: Readable, clean: (text: string) => string, write: (line: string) => void): () => void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    rest += chunk;
    if (/[\n\r]/.test(chunk)) {
      // A final carriage return may be half of a line break.
      const lines = rest.split(/\r?\n|\r(?!\n|$)/);
      rest = lines.pop() ?? "";
      for (const line of lines) write(clean(line));
    }
    if (rest.length <= longestLine) return;
    // What is held back is clean already, but for a secret that it may begin.
    const text = clean(rest);
    const end = Math.max(0, text.length - heldBack);
    write(text.slice(0, end));
    rest = text.slice(end);
  });
  return () => {
    if (rest !== "") write(clean(rest));
    rest = "";
  };
}
