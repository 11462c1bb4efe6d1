import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { closest, distance } from "fastest-levenshtein";
import type { CheckOptions } from "./commands/check.ts";
import type { InitOptions } from "./commands/init.ts";
import type { PullRequestOptions } from "./commands/pr.ts";
import type { WorkflowsOptions } from "./commands/workflows.ts";
import { mostWorkers, type Subject, type VerifyOptions } from "./config/request.ts";
import { scrubEnvironment } from "./git/environment.ts";
import { durationSeconds } from "./shared/duration.ts";
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
    const wrap = wrapFor(world.errors, world.environment);
    return explainError(error, world, (line) => wrap(line, 0));
  }
}

/** The commands, beside `verify` itself, that take what is after `--`. */
const takeRest = new Set(["exec", "pre-push", "pre-receive", "send-receipts"]);

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
    .option("--workers <N|auto>", "how many workers run side by side", workersOption)
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
    .addOption(new Option("--serial", "one worker, on the database of the base name").conflicts("workers"))
    .action(async (revision: string | undefined, options: ParsedOptions) => {
      const request = { subject: subjectOf(revision, options), options: verifyOptions(options, rest) };
      finish(
        await (await import("./verify.ts"))
          .verify(request, world)
          .catch((error: unknown) => Promise.reject(withCommand(error, revision, program))),
      );
    });
  program
    .command("init")
    .description("detect the suites, write verify.config.json, install the pre-push hook; safe to run twice")
    .option("--install", "install what the suites lack, with the project's own package managers")
    .addOption(
      new Option("--ci <service>", "also write a workflow that asks for a receipt before it runs the suites").choices([
        "github",
        "gitlab",
      ]),
    )
    // Imported lazily, as the hook starts often.
    .action(async (options: InitOptions) =>
      finish(await (await import("./commands/init.ts")).init(world, undefined, options)),
    );
  program
    .command("pr")
    .description("print the pull-request body of HEAD from its last verification, or open the pull request")
    .option("--base <branch>", "the branch the pull request goes to")
    .option("--create", "open it, or update it if it is open: with gh, glab or a push")
    .option("--draft", "with --create: as a draft, which need not be verified")
    .option("--web", "with --create: in the browser")
    .option("--force", "with --create: replace what somebody changed in our part of the description")
    .action(async (options: PullRequestOptions) =>
      finish(await (await import("./commands/pr.ts")).pullRequest(options, world)),
    );
  program
    .command("status")
    .description("show whether HEAD is verified, the last verified trees, and the last runs with their trends")
    .action(async () => finish(await (await import("./commands/status.ts")).status(world)));
  program
    .command("affected")
    .description("where the configuration is incremental: which test files the files as they lie would run, and why")
    .option("--json", "the answer as JSON")
    .action(async (options: { json?: boolean }) =>
      finish(await (await import("./commands/affected.ts")).affected(options, world)),
    );
  program
    .command("why <test-file>")
    .description("which change reaches a test file, and by which way, or what its results are reused from")
    .action(async (file: string) => finish(await (await import("./commands/affected.ts")).why(file, world)));
  const receipts = program
    .command("receipts")
    .description("show, prune or send receipts: what is proven, here and on the remote");
  receipts
    .command("list")
    .description("show tree, commit, age and signer of the receipts here and on the remote")
    .argument("[remote]", "a remote's name or URL (default: where the branch is pushed)")
    .action(async (remote?: string) =>
      finish(await (await import("./commands/receipts.ts")).listReceipts(remote, world)),
    );
  receipts
    .command("prune")
    .description("remove expired receipts")
    .option("--remote [name]", "on the remote too")
    .action(async ({ remote }: { remote?: string | true }) =>
      finish(await (await import("./commands/receipts.ts")).pruneReceipts(remote, world)),
    );
  receipts
    .command("push")
    .description("send the signed receipt of HEAD, and those that a push could not send, and wait for it")
    .argument("[remote]", "a remote's name or URL (default: where the branch is pushed)")
    .action(async (remote?: string) =>
      finish(await (await import("./commands/receipts.ts")).pushReceipts(remote, world)),
    );
  program
    .command("check [commit]")
    .description("for CI: whether a trusted receipt proves a commit's tree, by the policy of the base branch")
    .option("-C, --directory <path>", "the checkout (default: the current directory)")
    .option(
      "--base <branch>",
      "the branch whose policy counts (default: what CI names, and the remote's default branch)",
    )
    .option("--remote <name>", "the remote that has receipts and policy (default: origin, or the only one)")
    .option("--json", "the answer as JSON")
    .addHelpText("after", checkFooter)
    .action(async (revision: string | undefined, options: Omit<CheckOptions, "revision">) =>
      finish(await (await import("./commands/check.ts")).check({ ...options, revision }, world)),
    );
  program
    .command("repeat <order>")
    .description("run the tests before a flaky failure again, in the same order: a file of .verify/orders")
    .action(async (file: string) => finish(await (await import("./commands/repeat.ts")).repeat(file, world)));
  program
    .command("workflows")
    .description("find verification that CI repeats, what is left over when it goes, and mistakes in CI files")
    .option("--fix", "make the edits that are certain, and show them")
    .option("--json", "print what was found as JSON")
    .action(async (options: WorkflowsOptions) =>
      finish(await (await import("./commands/workflows.ts")).workflows(options, world)),
    );
  program
    .command("doctor")
    .description("check git, hook, runners, coverage, Postgres and permissions; every problem with its remedy")
    .action(async () => finish(await (await import("./commands/doctor.ts")).doctor(world)));
  program
    .command("exec")
    .description("run one command with an isolated database of its own in its environment")
    .usage("-- COMMAND")
    .argument("[words...]")
    .allowUnknownOption()
    .action(async (args: readonly string[]) => {
      if (args.length > 0)
        throw new RequestError(`Put \`--\` before the command: \`verify exec -- ${args.join(" ")}\`.`);
      finish(await (await import("./commands/exec.ts")).exec(rest, outer));
    });
  program
    .command("clean")
    .description("remove whatever killed runs left: servers, databases, worktrees, temporary files")
    .addOption(databaseUrlOption())
    .option("--cache", "empty the caches of clusters, templates and binaries too")
    .action(async (options) => finish(await (await import("./commands/db.ts")).cleanDatabases(options, world)));
  const databases = program.command("db").description("list or remove the databases of runs, killed ones included");
  databases
    .command("list")
    .description("show name, worker, owner run, age, size, live or not")
    .option("--json", "the list as JSON")
    .option("--all", "other repositories' runs too")
    .addOption(databaseUrlOption())
    .action(async (options) => finish(await (await import("./commands/db.ts")).listDatabases(options, world)));
  databases
    .command("clean")
    .description("the same as `verify clean`")
    .addOption(databaseUrlOption())
    .option("--cache", "empty the caches of clusters, templates and binaries too")
    .action(async (options) => finish(await (await import("./commands/db.ts")).cleanDatabases(options, world)));
  program
    .command("prepare", { hidden: true })
    .description("what the prepare script of package.json runs: puts the hook where git runs it")
    .action(async () => finish(await (await import("./commands/prepare.ts")).prepare(world)));
  program
    .command("pre-push", { hidden: true })
    .description("what hooks/pre-push starts")
    .action(async () => {
      const { prePush } = await import("./commands/pre-push.ts");
      finish(await prePush({ remote: rest[0] ?? "", url: rest[1] ?? "" }, world, outer.environment));
    });
  program
    .command("send-receipts", { hidden: true })
    .description("what the hook leaves running beside a push")
    .action(async () => {
      const { sendInBackground } = await import("./commands/send-receipts.ts");
      finish(await sendInBackground(rest, world, outer.environment));
    });
  program
    .command("pre-receive", { hidden: true })
    .description("what hooks/pre-receive starts")
    .action(async () => {
      const { preReceive } = await import("./commands/pre-receive.ts");
      finish(await preReceive(rest, world, outer.environment));
    });
  program.addHelpText("after", helpFooter);
  // Whatever is not taken must not be dropped: `verify check -- COMMIT` would answer for HEAD.
  program.hook("preAction", (_program, command) => {
    if (rest.length === 0 || command === program || takeRest.has(command.name())) return;
    const words = command.parent === program ? [] : [command.parent?.name()];
    const name = ["verify", ...words, command.name()].join(" ");
    throw new RequestError(`\`${name}\` takes nothing after \`--\`: put ${rest.join(" ")} before it.`);
  });
  return program;
}

function databaseUrlOption(): Option {
  return new Option("--database-url <url>", "use this Postgres server instead of the embedded one");
}

const checkFooter = `
Exit codes: 0 a receipt proves it, 1 none does (it says why), 2 the request or
the policy is wrong, 3 the remote could not be asked. On GitHub Actions it sets
the outputs \`verified\` and \`reason\`. The policy is .verify-policy.json in the
base branch, as the remote has it. Runs no program of the checkout.`;

const helpFooter = `
Exit codes: 0 verified, 1 not verified, 2 the request or the configuration is
wrong, 3 could not be done, 130 interrupted.
VERIFY_DATABASE_URL names a Postgres server as --database-url does. Reports are
written to .verify/.`;

function subjectOf(revision: string | undefined, { workingTree }: ParsedOptions): Subject {
  if (!workingTree) return { kind: "revision", revision: revision ?? "HEAD" };
  if (revision === undefined) return { kind: "working tree" };
  throw new RequestError(`--working-tree verifies the working tree, not ${revision}: leave one of the two out.`);
}

/** An unknown revision may be a misspelled command. */
function withCommand(error: unknown, revision: string | undefined, program: Command): unknown {
  if (!(error instanceof UnknownRevisionError) || revision === undefined) return error;
  const command = closest(
    revision,
    program.commands.map((known) => known.name()),
  );
  if (distance(revision, command) > 2) return error;
  return new RequestError(`${error.message} Did you mean the command \`verify ${command}\`?`);
}

/** The options as commander parses them. */
interface ParsedOptions {
  readonly workingTree?: true;
  readonly workers?: number | "auto";
  readonly suite?: readonly string[];
  readonly coverage?: number;
  readonly fresh?: true;
  readonly full?: true;
  readonly json?: true;
  readonly databaseUrl?: string;
  readonly timeout?: number;
  readonly serial?: true;
}

function verifyOptions(parsed: ParsedOptions, rest: readonly string[]): VerifyOptions {
  return {
    workers: parsed.workers,
    suites: parsed.suite ?? [],
    coverage: parsed.coverage,
    fresh: parsed.fresh ?? false,
    full: parsed.full ?? false,
    json: parsed.json ?? false,
    databaseUrl: parsed.databaseUrl,
    timeoutSeconds: parsed.timeout,
    serial: parsed.serial ?? false,
    arguments: rest,
  };
}

function workersOption(text: string): number | "auto" {
  if (text === "auto") return text;
  if (!/^[1-9]\d{0,3}$/.test(text) || Number(text) > mostWorkers)
    throw new InvalidArgumentError(`Expected a whole number from 1 to ${mostWorkers}, or auto.`);
  return Number(text);
}

function percentOption(text: string): number {
  const percent = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || percent > 100)
    throw new InvalidArgumentError("Expected a percentage from 0 to 100.");
  return percent;
}

function durationOption(text: string): number {
  const seconds = durationSeconds(text);
  if (seconds === null || seconds === 0) throw new InvalidArgumentError("Expected a duration such as 90s, 30m or 2h.");
  return seconds;
}
