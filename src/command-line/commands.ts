import { type Command, Option } from "commander";
import type { CheckOptions } from "../commands/check.ts";
import type { InitOptions } from "../commands/init.ts";
import type { PullRequestOptions } from "../commands/pr.ts";
import type { WorkflowsOptions } from "../commands/workflows.ts";
import { RequestError } from "../shared/errors.ts";
import type { World } from "../shared/world.ts";
import { databaseUrlOption, shardsOption } from "./options.ts";

/** What a command line brings besides its options. */
export interface CommandLine {
  readonly world: World;
  /** The world with the environment as it was, git's variables for a hook included. */
  readonly outer: World;
  /** The arguments after `--`. */
  readonly rest: readonly string[];
  /** Takes the exit code. */
  readonly finish: (code: number) => void;
}

/** Adds every command but `verify` itself. Each is imported when it is called, as the hook starts often. */
export function addCommands(program: Command, { world, outer, rest, finish }: CommandLine): void {
  program
    .command("init")
    .description("detect the suites, write verify.config.json, install the pre-push hook; safe to run twice")
    .option("--install", "install what the suites lack, with the project's own package managers")
    .addOption(
      new Option("--ci <service>", "also write a workflow that asks for a receipt before it runs the suites").choices([
        "github",
        "gitlab",
        "kubernetes",
      ]),
    )
    .option("--shards <N>", "with --ci: divide the suites among so many machines", shardsOption)
    .action(async (options: InitOptions) =>
      finish(await (await import("../commands/init.ts")).init(world, undefined, options)),
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
      finish(await (await import("../commands/pr.ts")).pullRequest(options, world)),
    );
  program
    .command("status")
    .description("show whether HEAD is verified, the last verified trees, and the last runs with their trends")
    .action(async () => finish(await (await import("../commands/status.ts")).status(world)));
  program
    .command("affected")
    .description("where the configuration is incremental: which test file the files as they lie would run, and why")
    .option("--json", "the answer as JSON")
    .action(async (options: { json?: boolean }) =>
      finish(await (await import("../commands/affected.ts")).affected(options, world)),
    );
  program
    .command("why <test-file>")
    .description("which change reaches a test file, and by which way, or what its results are reused from")
    .action(async (file: string) => finish(await (await import("../commands/affected.ts")).why(file, world)));
  const receipts = program
    .command("receipts")
    .description("show, prune or send receipts: what is proven, here and on the remote");
  receipts
    .command("list")
    .description("show tree, commit, age and signer of the receipts here and on the remote")
    .argument("[remote]", "a remote's name or URL (default: where the branch is pushed)")
    .action(async (remote?: string) =>
      finish(await (await import("../commands/receipts.ts")).listReceipts(remote, world)),
    );
  receipts
    .command("prune")
    .description("remove expired receipts")
    .option("--remote [name]", "on the remote too")
    .action(async ({ remote }: { remote?: string | true }) =>
      finish(await (await import("../commands/receipts.ts")).pruneReceipts(remote, world)),
    );
  receipts
    .command("push")
    .description("send the signed receipt of HEAD, and those that a push could not send, and wait for it")
    .argument("[remote]", "a remote's name or URL (default: where the branch is pushed)")
    .action(async (remote?: string) =>
      finish(await (await import("../commands/receipts.ts")).pushReceipts(remote, world)),
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
      finish(await (await import("../commands/check.ts")).check({ ...options, revision }, world)),
    );
  program
    .command("repeat <order>")
    .description("run the tests before a flaky failure again, in the same order: a file of .verify/orders")
    .action(async (file: string) => finish(await (await import("../commands/repeat.ts")).repeat(file, world)));
  program
    .command("merge [places...]")
    .description("judge all shards of a run together: files of `verify --shard`, or directories that hold them")
    .option("--json", "print the summary as JSON on standard output, the display on standard error")
    .action(async (places: readonly string[], options: { json?: true }) =>
      finish(await (await import("../commands/merge.ts")).merge(places, options, world)),
    );
  const history = program
    .command("history")
    .description("take durations, earlier runs and what shards can reuse from machine to machine, as by a CI cache");
  history
    .command("export")
    .description("write them to a file, or to standard output for -")
    .argument("<file>")
    .action(async (file: string) => finish(await (await import("../commands/history.ts")).exportHistory(file, world)));
  history
    .command("import")
    .description(
      "take over what such a file holds, records of shards in place of those here; a missing one is no error",
    )
    .argument("<file>")
    .action(async (file: string) => finish(await (await import("../commands/history.ts")).importHistory(file, world)));
  program
    .command("workflows")
    .description("find verification that CI repeats, what is left over when it goes, and mistakes in CI files")
    .option("--fix", "make the edits that are certain, and show them")
    .option("--json", "print what was found as JSON")
    .action(async (options: WorkflowsOptions) =>
      finish(await (await import("../commands/workflows.ts")).workflows(options, world)),
    );
  program
    .command("doctor")
    .description("check git, hook, runners, coverage, Postgres and permissions; every problem with its remedy")
    .action(async () => finish(await (await import("../commands/doctor.ts")).doctor(world)));
  program
    .command("exec")
    .description("run one command with an isolated database of its own in its environment")
    .usage("-- COMMAND")
    .argument("[words...]")
    .allowUnknownOption()
    .action(async (args: readonly string[]) => {
      if (args.length > 0)
        throw new RequestError(`Put \`--\` before the command: \`verify exec -- ${args.join(" ")}\`.`);
      finish(await (await import("../commands/exec.ts")).exec(rest, outer));
    });
  program
    .command("push")
    .description("verify what `git push` with these arguments would send, then run it: no connection waits")
    .usage("[arguments of git push]")
    .argument("[arguments...]")
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (args: readonly string[]) =>
      finish(await (await import("../commands/push.ts")).push(withRest(args, rest), world, outer.environment)),
    );
  program
    .command("clean")
    .description("remove whatever killed runs left: servers, databases, worktrees, temporary files")
    .addOption(databaseUrlOption())
    .option("--cache", "empty the caches of clusters, templates and binaries too")
    .action(async (options) => finish(await (await import("../commands/db.ts")).cleanDatabases(options, world)));
  const databases = program.command("db").description("list or remove the databases of runs, killed ones included");
  databases
    .command("list")
    .description("show name, worker, owner run, age, size, live or not")
    .option("--json", "the list as JSON")
    .option("--all", "other repositories' runs too")
    .addOption(databaseUrlOption())
    .action(async (options) => finish(await (await import("../commands/db.ts")).listDatabases(options, world)));
  databases
    .command("clean")
    .description("the same as `verify clean`")
    .addOption(databaseUrlOption())
    .option("--cache", "empty the caches of clusters, templates and binaries too")
    .action(async (options) => finish(await (await import("../commands/db.ts")).cleanDatabases(options, world)));
  program
    .command("prepare", { hidden: true })
    .description("what the prepare script of package.json runs: puts the hook where git runs it")
    .action(async () => finish(await (await import("../commands/prepare.ts")).prepare(world)));
  program
    .command("pre-push", { hidden: true })
    .description("what hooks/pre-push starts")
    .action(async () => {
      const { prePush } = await import("../commands/pre-push.ts");
      finish(await prePush({ remote: rest[0] ?? "", url: rest[1] ?? "" }, world, outer.environment));
    });
  program
    .command("send-receipts", { hidden: true })
    .description("what the hook leaves running beside a push")
    .action(async () => {
      const { sendInBackground } = await import("../commands/send-receipts.ts");
      finish(await sendInBackground(rest, world, outer.environment));
    });
  program
    .command("pre-receive", { hidden: true })
    .description("what hooks/pre-receive starts")
    .action(async () => {
      const { preReceive } = await import("../commands/pre-receive.ts");
      finish(await preReceive(rest, world, outer.environment));
    });
}

/** Arguments as they were given, with `--` and what is after it. */
function withRest(args: readonly string[], rest: readonly string[]): string[] {
  return rest.length === 0 ? [...args] : [...args, "--", ...rest];
}

const checkFooter = `
Exit codes: 0 a receipt proves it, 1 none does (it says why), 2 the request or
the policy is wrong, 3 the remote could not be asked. On GitHub Actions it sets
the outputs \`verified\` and \`reason\`. The policy is .verify-policy.json in the
base branch, as the remote has it. Runs no program of the checkout.`;
