import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import type { Redact } from "../redact.ts";

const tailLines = 40;
/**
 * How long to wait for remaining output after the command ended, in milliseconds: a process that left the group may
 * keep the output open.
 * group may keep the output open forever.
 */
const drain = 300;

export interface Recording {
  /**
   * Stops recording at the end of the output, or shortly after, and returns the last lines. Throws the error of writing
   * the log. Can be called twice.
   * written. May be called twice.
   */
  finish(): Promise<string>;
}

/** Writes lines of several streams to a log, without secrets and colors; calls back where writing fails. */
export function recordOutput(
  log: NodeJS.WritableStream,
  redact: Redact,
  streams: readonly Readable[],
  onFailure: () => void,
): Recording {
  const tail: string[] = [];
  let failure: Error | undefined;
  log.on("error", (error: Error) => {
    failure ??= error;
    onFailure();
  });
  const write = (line: string): void => {
    const clean = redact(stripVTControlCharacters(line));
    if (!failure) log.write(`${clean}\n`);
    tail.push(clean);
    if (tail.length > tailLines) tail.shift();
  };
  const flushes = streams.map((stream) => readLines(stream, write));
  const ended = Promise.all(streams.map((stream) => finished(stream).catch(() => {})));
  const finish = async (): Promise<string> => {
    const waiting = new AbortController();
    await Promise.race([ended, sleep(drain, undefined, { signal: waiting.signal }).catch(() => {})]);
    waiting.abort();
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
 * Splits a stream into lines, so that secrets are not cut by chunk borders. The returned function flushes the last
 * line, which has no line break.
 * which no line break ends.
 */
function readLines(stream: Readable, write: (line: string) => void): () => void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    rest += chunk;
    if (!/[\n\r]/.test(chunk)) return;
    // A final carriage return may be half of a line break.
    const lines = rest.split(/\r?\n|\r(?!\n|$)/);
    rest = lines.pop() ?? "";
    lines.forEach(write);
  });
  return () => {
    if (rest !== "") write(rest);
    rest = "";
  };
}
