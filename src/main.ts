#!/usr/bin/env node
import { writeSync } from "node:fs";
import { exitCodes } from "./shared/errors.ts";
import { explainError } from "./shared/explain-error.ts";
import type { World } from "./shared/world.ts";

// Success must be set by a verdict: if the program ends early, it has failed.
process.exitCode = exitCodes.unavailable;

const interruption = new AbortController();
let interruptions = 0;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    interruptions += 1;
    // The first signal ends everything in order; a second one exits at once, and the next run cleans up.
    if (interruptions > 2) process.exit(exitCodes.interrupted);
    interruption.abort(signal);
  });
}
// The reader of our output may be gone (a closed pager, an ended git push); the verification continues.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

// Node's own answer is a stack and exit code 1, which says that something was verified and failed.
process.on("uncaughtException", (error) => process.exit(explainError(error, world)));

const world: World = {
  directory: process.cwd(),
  environment: process.env,
  // Opened lazily, as in `verify exec` it belongs to the command.
  get input() {
    return process.stdin;
  },
  output: process.stdout,
  errors: process.stderr,
  signal: interruption.signal,
};

/**
 * Imports only what the arguments need: a test runner may start `verify exec` for every test, and the hook starts at
 * every push.
 */
async function run([command, separator, ...rest]: readonly string[]): Promise<number> {
  if (command !== "exec" || separator !== "--") {
    return await (await import("./cli.ts")).runCommandLine(process.argv.slice(2), world);
  }
  const { exec } = await import("./commands/exec.ts");
  return await exec(rest, world).catch((error: unknown) => explainError(error, world));
}

const args = process.argv.slice(2);
const code = await run(args).catch((error: unknown) => explainError(error, world));
if ((args[0] === "pre-push" || args[0] === "pre-receive") && code === exitCodes.verified) tellHook();
process.exitCode = code;

/** Tells our hook that there is a verdict: exit code 0 alone does not let a push through. */
function tellHook(): void {
  const descriptor = Number(process.env.VERIFY_VERDICT_TO);
  if (Number.isInteger(descriptor) && descriptor > 2) writeSync(descriptor, "verified\n");
}
