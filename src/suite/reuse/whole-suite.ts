import { createHash } from "node:crypto";
import { join, posix } from "node:path";
import { existingSourcePlaces } from "../../coverage/files/source-places.ts";
import { speaks } from "../../coverage/files/tests-or-source.ts";
import { digestInputs } from "../../database/template/inputs.ts";
import { canonicalPath, isWithin, nameWithin } from "../../shared/within.ts";
import { digestFiles } from "./digest-files.ts";
import type { StoredOutcome } from "./stored-outcome.ts";
import { isForPeople, type Surroundings, type SurroundingsRequest } from "./surroundings.ts";

/** The key under which a suite's outcome is recorded; or why it has none, so that the suite always runs, a clause. */
export type SuiteKey = { readonly key: string } | { readonly why: string };

/** The key of a whole suite: its surroundings, the files it declares as inputs, and those whose lines it counts. */
export async function wholeSuiteKey(request: SurroundingsRequest, surroundings: Surroundings): Promise<SuiteKey> {
  const { planned, checkout } = request;
  const { name, inputs } = planned.suite;
  if ("why" in surroundings) return surroundings;
  if (inputs === undefined) return { why: 'it declares no "inputs"' };
  const setting = { name: `"inputs" of suite "${name}"`, dependent: "the suite" };
  const digest = createHash("sha256").update(`${surroundings.digest}\n`);
  digest.update(`${await digestInputs(checkout.root, inputs, setting)}\n`);
  digest.update(await digestFiles(checkout.root, countedFiles(request)));
  return { key: digest.digest("hex") };
}

/** The tracked files whose lines the suite counts, loaded or not: a new one changes its figures. */
function countedFiles({ planned, checkout, tracked }: SurroundingsRequest): string[] {
  const { suite, directory } = planned;
  const places = suite.source.flatMap((source) => existingSourcePlaces(directory, source)).map(canonicalPath);
  const root = canonicalPath(checkout.root);
  // A command without a source measures what it declares.
  if (places.length === 0 && suite.runner === "command") return [];
  const meant = places.length === 0 ? [canonicalPath(directory)] : places;
  const isCounted = (file: string): boolean =>
    speaks(suite.runner, file) && !isForPeople(file) && meant.some((place) => isWithin(join(root, file), place));
  return [...tracked].filter(isCounted).sort();
}

/**
 * A digest of the files that an outcome speaks of: those with covered lines and those with tests. They must be as they
 * were, whether "inputs" names them or not.
 */
export async function digestSpokenOf(
  { lcov, record }: Pick<StoredOutcome, "lcov" | "record">,
  root: string,
): Promise<string> {
  const measured = [...lcov.matchAll(/^SF:(.*)$/gm)].map(([, name]) =>
    Buffer.from(name ?? "", "latin1").toString("utf8"),
  );
  const names = new Set([...measured, ...record.tests.map(({ file }) => file)]);
  const inside = [...names].filter((name) => !posix.isAbsolute(name) || nameWithin(root, name) !== null);
  return await digestFiles(root, inside.sort());
}
