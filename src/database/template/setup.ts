import { requireLaunchers } from "../../project/launchers.ts";
import { ExpectedError, messageOf, UnavailableError } from "../../shared/errors.ts";
import { type CommandEnd, type CommandRequest, runCommand } from "../../shared/exec/process.ts";
import { redactor } from "../../shared/redact.ts";
import { formatSeconds } from "../../shared/text.ts";

const shownLines = 20;

/**
 * Runs `database.setup`. Throws UnavailableError with its last output and the hint for it where it fails or takes too
 * long; InterruptedError when aborted, after its process group was ended.
 */
export async function runSetup(setup: CommandRequest, hint: (output: string) => string | null): Promise<void> {
  requireLaunchers({ name: "database.setup", command: setup.command }, setup.directory, setup.environment);
  const end = await start(setup);
  if (end.exitCode === 0 && !end.timedOut) return;
  const lines = end.tail.split("\n").slice(-shownLines).join("\n");
  const advice = missingClient(end.tail) ?? hint(end.tail);
  const output = lines ? `Last output:\n${lines}` : "It wrote nothing.";
  throw failure(setup, `${ending(end, setup)}. ${output}${advice === null ? "" : `\n${advice}`}`);
}

/** Postgres client programs, which embedded servers do not include. */
const clientPrograms = "psql|pg_dump|pg_dumpall|pg_restore|createdb|dropdb|pg_isready";
const notFound = new RegExp(`\\b(${clientPrograms}): (?:command )?not found|command not found: (${clientPrograms})\\b`);

/** How to install a missing client program; null where none is missing. */
function missingClient(output: string): string | null {
  const [, ...names] = notFound.exec(output) ?? [];
  const program = names.find((name) => name !== undefined);
  if (program === undefined) return null;
  const remedy =
    process.platform === "darwin"
      ? "`brew install libpq && brew link --force libpq`"
      : "the package postgresql-client (Debian, Ubuntu), or postgresql (Fedora, Alpine: postgresql-client)";
  return `${program} is not installed here, and the embedded server does not include it: install ${remedy}.`;
}

async function start(setup: CommandRequest): Promise<CommandEnd> {
  try {
    return await runCommand(setup);
  } catch (error) {
    throw error instanceof ExpectedError ? error : failure(setup, `${messageOf(error)}.`);
  }
}

function ending({ exitCode, endedBy, timedOut }: CommandEnd, { timeoutSeconds }: CommandRequest): string {
  if (timedOut) return `ended because it took longer than ${formatSeconds(timeoutSeconds)} (timeout)`;
  return exitCode === null ? `ended by ${endedBy}` : `exit code ${exitCode}`;
}

function failure({ command, directory, secrets }: CommandRequest, why: string): UnavailableError {
  return new UnavailableError(`database.setup failed: \`${redactor(secrets)(command)}\` in ${directory}, ${why}`);
}
