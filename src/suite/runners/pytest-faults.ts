import { addPythonPackages } from "../../project/packages/add-python-packages.ts";
import { additionText } from "../../project/packages/additions.ts";
import { RequestError, UnavailableError } from "../../shared/errors.ts";
import { sqlAlchemyDriverHint } from "../hints/sqlalchemy-driver.ts";
import { CollectionMismatchError, collectionMismatchAdvice, NoWorkersError } from "../results/collection-mismatch.ts";
import type { TestCase } from "../results/junit.ts";
import { couldNotRun } from "../results/results.ts";
import { plugin, workersPackage } from "./pytest-files.ts";
import type { EndedProcess, SuiteRun } from "./runner.ts";

/** Throws UnavailableError, or NoWorkersError where only xdist is missing, with the command that installs what is not there. */
export function refuseMissingParts(run: SuiteRun, ended: EndedProcess): void {
  const missing = [...ended.reported.missing];
  if (ended.reported.root === null && missing.length === 0) {
    const noPytest =
      ended.exitCode === 127 ||
      /No module named (?:pytest|'pytest')(?![\w'.])|pytest: (command )?not found/.test(ended.tail);
    if (noPytest) missing.push("pytest", workersPackage, "pytest-cov");
  }
  if (missing.length === 0) return;
  const Kind = missing.every((name) => name === workersPackage) ? NoWorkersError : UnavailableError;
  throw new Kind(
    `${run.suite.name}: ${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} not installed where \`${run.suite.command}\` runs. Install with: ${additionText(addPythonPackages(run, missing))}`,
  );
}

/** Throws UnavailableError where pytest did not get our environment: its workers would share a database. */
export function refuseOtherEnvironment({ suite }: SuiteRun, { reported, tail }: EndedProcess): void {
  const [refusal] = reported.refusals;
  if (refusal !== undefined) {
    const advice = refusal.includes("PYTEST_ADDOPTS")
      ? ` Put what \`${suite.command}\` says there on the command line, or in addopts of pytest's configuration.`
      : "";
    throw new RequestError(`${suite.name}: ${refusal}.${advice}`);
  }
  const ranWithoutUs = /^=* ?(?:\d+ \w+, )*\d+ (?:passed|failed|errors?|skipped)\b.* in [\d.]+s/m.test(tail);
  const lostPath = new RegExp(`Error importing plugin "${plugin}"|No module named '${plugin}'`).test(tail);
  if (reported.connectedRunners > 0 || !(ranWithoutUs || lostPath)) return;
  throw new UnavailableError(
    `${suite.name}: pytest ran without what was added to it: does \`${suite.command}\` replace the environment? Let it pass PYTEST_*, PYTHONPATH, COVERAGE_* and VERIFY_* on (tox: pass_env), or give the command that it runs.`,
  );
}

/** Why a pytest that broke down has no results, with advice where SQLAlchemy found no driver. */
export function brokenDown(run: SuiteRun, ended: EndedProcess): UnavailableError {
  const error = couldNotRun(run, ended);
  const [own = {}] = Object.values(run.workerEnvironments);
  const urls = Object.entries(own).filter(([, value]) => value.startsWith("postgresql://"));
  const hint = sqlAlchemyDriverHint(run.suite.name, ended.reported.sqlAlchemyWithoutDriver, {
    text: ended.tail,
    variables: Object.fromEntries(urls.map(([name]) => [name, "postgresql"])),
  });
  return hint === null ? error : new UnavailableError(`${error.message}\n${hint}`);
}

/** xdist stops where its workers collected different tests, usually because an id differs by worker. */
export function differentTests(run: SuiteRun, { details }: TestCase): CollectionMismatchError {
  const difference = details.split("\n").filter((line) => /^[+-](?![+-])/.test(line));
  return new CollectionMismatchError(
    `${run.suite.name}: the workers collected different tests, so none ran. ${collectionMismatchAdvice}\n${difference.slice(0, 6).join("\n")}`,
  );
}
