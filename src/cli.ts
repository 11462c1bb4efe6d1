import { Command, CommanderError, Option } from "commander";
import { closest, distance } from "fastest-levenshtein";
import { addCommands } from "./command-line/commands.ts";
import {
  databaseUrlOption,
  durationOption,
  type ParsedOptions,
  percentOption,
  subjectOf,
  verifyOptions,
  workersOption,
} from "./command-line/options.ts";
import { scrubEnvironment } from "./git/environment.ts";
import { exitCodes, RequestError, UnknownRevisionError } from "./shared/errors.ts";
import { explainError } from "./shared/explain-error.ts";
import { version } from "./shared/version.ts";
import type { World } from "./shared/world.ts";

/**
 * Runs a command line, without the program's name, and returns the exit code. Errors are printed to the world's
 * standard error.
 */
export async function runCommandLine(args: readonly string[], outer: World): Promise<number> {
  const world: World = { ...outer, environment: scrubEnvironment(outer.environment) };
  // Arguments after `--` are for the suites and never a revision.
  const separator = args.indexOf("--");
  const own = separator < 0 ? args : args.slice(0, separator);
  const rest = separator < 0 ? [] : args.slice(separator + 1);
  let code: number = exitCodes.verified;
  const program = defineProgram(world, outer, rest, (result) => {
    code = result;
  });
  try {
    await program.parseAsync([...own], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.verified : exitCodes.badRequest;
    const { wrapFor } = await import("./report/terminal/wrap-for.ts");
    const wrap = await wrapFor(world.errors, world.environment);
    return explainError(error, world, (line) => wrap(line, 0));
  }
}

/** The commands, beside `verify` itself, that take what is after `--`. */
const takeRest = new Set(["exec", "push", "pre-push", "pre-receive", "send-receipts"]);

function defineProgram(world: World, outer: World, rest: readonly string[], finish: (code: number) => void): Command {
  const program = new Command("verify")
    .description(
      "Verifies a commit as a push of it would: its suites in parallel, a database per worker, a coverage gate.",
    )
    .usage("[options] [REF] [-- arguments for the suite's command]")
    .version(version, "--version")
    .helpOption("-h, --help", "show this")
    .helpCommand(false)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void world.output.write(text),
      writeErr: (text) => void world.errors.write(text),
    })
    .argument("[REF]", "the commit to verify (default: HEAD)")
    .option("--working-tree", "verify the working tree, uncommitted files included; keeps no receipt")
    .option("--workers <N|P%|auto>", "how many workers run side by side; P% of the cores", workersOption)
    .option("--suite <name>", "run only this suite (repeatable)", (name: string, names: string[] = []) => [
      ...names,
      name,
    ])
    .option("--coverage <percent>", "the percentage of lines that must be covered", percentOption)
    .option("--fresh", "run even if a receipt shows that the tree was verified")
    .option("--full", "run everything, where the configuration is incremental")
    .option("--json", "print the summary as JSON on standard output, the display on standard error")
    .addOption(databaseUrlOption())
    .option("--timeout <duration>", "how long one suite may take, such as 90s or 30m", durationOption)
    .option("--shard <I/N|auto>", "run one part of the test files, to be judged by `verify merge`")
    .addOption(new Option("--serial", "one worker, on the database of the base name").conflicts("workers"))
    .action(async (revision: string | undefined, options: ParsedOptions) => {
      const request = {
        subject: subjectOf(revision, options),
        options: verifyOptions(options, rest, world.environment),
      };
      finish(
        await (await import("./verify.ts"))
          .verify(request, world)
          .catch((error: unknown) => Promise.reject(withCommand(error, revision, program))),
      );
    });
  addCommands(program, { world, outer, rest, finish });
  program.addHelpText("after", helpFooter);
  // Whatever is not taken must not be dropped: `verify check -- COMMIT` would answer for HEAD.
  program.hook("preAction", (_program, command) => {
    const takesRest = command.parent === program && takeRest.has(command.name());
    if (rest.length === 0 || command === program || takesRest) return;
    const words = command.parent === program ? [] : [command.parent?.name()];
    const name = ["verify", ...words, command.name()].join(" ");
    throw new RequestError(`\`${name}\` takes nothing after \`--\`: put ${rest.join(" ")} before it.`);
  });
  return program;
}

const helpFooter = `
Exit codes: 0 verified, 1 not verified, 2 the request or the configuration is
wrong, 3 could not be done, 130 interrupted.
VERIFY_DATABASE_URL names a Postgres server as --database-url does. Reports are
written to .verify/.`;

/** An unknown revision may be a misspelled command. */
function withCommand(error: unknown, revision: string | undefined, program: Command): unknown {
  if (!(error instanceof UnknownRevisionError) || revision === undefined) return error;
  const command = closest(
    revision,
    program.commands.map((known) => known.name()),
  );
  if (distance(revision, command) > Math.min(2, command.length / 2)) return error;
  return new RequestError(`${error.message} Did you mean the command \`verify ${command}\`?`);
}
