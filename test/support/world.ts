import { PassThrough, Readable } from "node:stream";
import type { Environment, World } from "../../src/shared/world.ts";

export interface CapturedWorld {
  readonly world: World;
  /** All that was written to standard output so far. */
  output(): string;
  /** All that was written to standard error so far. */
  errors(): string;
  /** As Ctrl-C does. */
  interrupt(): void;
}

/** A world for running a command inside the test's own process. */
export function captureWorld(
  options: { directory: string; environment?: Environment; input?: string } & Pick<World, "now" | "random">,
): CapturedWorld {
  const controller = new AbortController();
  const output = collect();
  const errors = collect();
  return {
    world: {
      directory: options.directory,
      environment: options.environment ?? process.env,
      input: Readable.from([options.input ?? ""]),
      output: output.stream,
      errors: errors.stream,
      signal: controller.signal,
      ...(options.now && { now: options.now }),
      ...(options.random && { random: options.random }),
    },
    output: output.text,
    errors: errors.text,
    interrupt: () => controller.abort(),
  };
}

function collect(): { stream: PassThrough; text: () => string } {
  const chunks: Buffer[] = [];
  const stream = new PassThrough();
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return { stream, text: () => Buffer.concat(chunks).toString("utf8") };
}
