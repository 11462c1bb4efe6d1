#!/usr/bin/env node
import { runCommandLine } from "./cli.ts";
import { exitCodes } from "./errors.ts";

const interruption = new AbortController();
let interruptions = 0;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    interruptions += 1;
    // The first asks everything to end in order; whoever insists is let go, and the next run sweeps up.
    if (interruptions > 2) process.exit(exitCodes.interrupted);
    interruption.abort();
  });
}
// Whoever read our output may have gone (a closed pager, a git push that was ended): the verification goes on.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

process.exitCode = await runCommandLine(process.argv.slice(2), {
  directory: process.cwd(),
  environment: process.env,
  input: process.stdin,
  output: process.stdout,
  errors: process.stderr,
  signal: interruption.signal,
});
