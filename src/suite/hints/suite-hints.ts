import type { Failure, SuiteSummary } from "../../model/summary.ts";
import { filesUnder } from "../../project/checkout-files.ts";
import { readProjectFile } from "../../project/read-project-file.ts";
import type { PlannedSuite } from "../plan/plan.ts";
import { projectEnvironment } from "../plan/project-environment.ts";
import type { ReportedFacts } from "../progress/facts.ts";
import type { RunContext } from "../run-context.ts";
import { failureHints, lackingDatabaseHints } from "./failure-hints.ts";
import { sqlAlchemyDriverHint } from "./sqlalchemy-driver.ts";
import { unusedDatabaseNote } from "./unused-database.ts";

/** Notes about tests that ran without opening the database they were given. */
export async function unusedNotes(
  { suite, directory }: PlannedSuite,
  { passed, failed }: SuiteSummary["tests"],
  triedOthers: boolean,
  { checkout, database, environment }: RunContext,
): Promise<string[]> {
  if (passed + failed === 0 || database === false) return [];
  const project = filesUnder(checkout.root, [...(await checkout.trackedFiles())]);
  const unused = {
    suite: suite.name,
    runner: suite.runner,
    command: suite.command,
    variables: database.variables,
    triedOthers,
    readFile: (name: string) => readProjectFile(directory, name),
    hasFailed: failed > 0,
  };
  return [await unusedDatabaseNote(unused, project, projectEnvironment(checkout, [directory], environment))];
}

/** Suggestions for settings that failures show to be missing. */
export async function hintsFor(
  planned: PlannedSuite,
  failures: readonly Failure[],
  { sqlAlchemyWithoutDriver }: Pick<ReportedFacts, "sqlAlchemyWithoutDriver">,
  { checkout, database }: RunContext,
): Promise<string[]> {
  if (failures.length === 0) return [];
  if (database === false) return lackingDatabaseHints(planned.suite, failures, "everywhere");
  if (!planned.usesDatabase) return lackingDatabaseHints(planned.suite, failures, "here");
  const tracked = [...(await checkout.trackedFiles())];
  const driver = sqlAlchemyDriverHint(planned.suite.name, sqlAlchemyWithoutDriver, {
    text: failures.map(({ message }) => message).join("\n"),
    variables: database.variables,
  });
  return [
    ...(driver === null ? [] : [driver]),
    ...failureHints({ planned, failures, database }, () => filesUnder(checkout.root, tracked)),
  ];
}
