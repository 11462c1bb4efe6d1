import * as z from "zod";
import { repeatedKeys } from "../../config/repeated-keys.ts";
import { messageOf, UntrustedReceiptError } from "../../shared/errors.ts";

/** An in-toto Statement, see https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md. */
const statementType = "https://in-toto.io/Statement/v1";
/** See https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md. */
const predicateType = "https://in-toto.io/attestation/test-result/v0.1";

/**
 * The name of the field that holds our own predicate, which the test result has no place for. A URI of ours, as in-toto
 * 1.0 asks of extension fields, without the dots that in-toto 1.1 advises against.
 */
const verificationField = "pkg:npm/pushproof#verification/v1";

const whole = z.int().nonnegative();
const count = z.object({ covered: whole, total: whole });
/** SHA-1, or SHA-256 in a repository of that object format: in-toto's `gitTree` and `gitBlob` are either. */
const objectId = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const nonEmpty = z.string().min(1);
const moment = z.iso.datetime({ precision: 3 });

/** What a verification did; `dist/receipt.schema.json` is made from this. Fields may be added but not changed. */
export const verificationSchema = z.object({
  schema: z.literal(1),
  repository: z.object({
    root: objectId.describe("The first commit of the history, by first parents: clones and forks share it."),
  }),
  commit: objectId.describe("The commit whose files were verified; the receipt stands for its tree."),
  branch: nonEmpty.nullable().describe("The branch it was pushed from or to."),
  configuration: z.object({
    file: nonEmpty.describe("Where it is, relative to the repository's root."),
    digest: z.object({ sha256 }).describe("Of the settings with their defaults, keys sorted, without a server's URL."),
  }),
  version: nonEmpty.describe("The version of pushproof."),
  environment: z.object({
    os: nonEmpty.describe("Such as linux x64."),
    release: nonEmpty.describe("Of the operating system's kernel."),
    runtimes: z.array(nonEmpty).describe("Such as node 20.20.2."),
    postgres: nonEmpty.nullable().describe("Such as embedded Postgres 17.10; null where no suite used a database."),
    isCallersServer: z
      .boolean()
      .describe("Whether an option or the environment chose the server, not the configuration."),
  }),
  mode: z
    .enum(["complete", "incremental"])
    .describe("complete: every test ran; incremental: some results were reused."),
  restsOn: z
    .array(z.object({ commit: objectId, tree: objectId, startedAt: moment }))
    .optional()
    .describe("The runs in which the reused results were found, the oldest first; left out for a complete run."),
  suites: z
    .array(
      z.object({
        name: nonEmpty,
        runner: nonEmpty,
        command: nonEmpty.describe("As configured, with secrets replaced by ***."),
        workers: z.int().positive(),
        files: whole.describe("How many test files ran."),
        tests: z.object({
          total: whole,
          passed: z.int().positive(),
          skipped: whole,
          flaky: whole.describe("How many of the passed ones passed only when the runner tried again."),
        }),
        keptSchema: whole
          .optional()
          .describe(
            "How often rows went instead of the tables (database.schema); left out where tables were not kept.",
          ),
        names: z.object({ sha256 }).describe("Of the tests: a line `FILE TAB NAME TAB OUTCOME` each, sorted by bytes."),
      }),
    )
    .min(1),
  checks: z.array(z.object({ name: nonEmpty, command: nonEmpty })),
  coverage: z.object({
    lines: count,
    branches: count.optional(),
    functions: count.optional(),
    changedLines: count.optional(),
    gates: z
      .array(
        z.object({
          metric: z.enum(["lines", "branches", "functions", "changedLines", "files", "ratchet"]),
          suite: nonEmpty.optional().describe("Left out where it is the gate of all suites together."),
          threshold: z
            .number()
            .nullable()
            .describe("In percent; null for ratchet, which compares with the base branch."),
          covered: whole,
          total: whole,
        }),
      )
      .describe("Every gate that was held, all of them passed."),
  }),
  against: nonEmpty
    .nullable()
    .describe("The state of the base branch that gates were compared with; null where none depends on it."),
  leftOut: z.object({
    skippedTests: whole,
    excludedFiles: whole.describe("Measured files that coverage.exclude leaves out."),
    emptySubmodules: whole.describe("Submodules that were not initialized, so their files were missing."),
    newExclusions: whole.describe("Comments that exclude code from coverage, added since the merge base."),
  }),
  startedAt: moment,
  endedAt: moment,
});

/** Our own predicate: everything that is claimed about the run. */
export type Verification = z.output<typeof verificationSchema>;

const statementSchema = z.object({
  _type: z.literal(statementType),
  subject: z.tuple([z.object({ digest: z.strictObject({ gitTree: objectId }) })]),
  predicateType: z.literal(predicateType),
  predicate: z.object({
    result: z.literal("PASSED"),
    configuration: z.tuple([z.object({ name: nonEmpty, digest: z.object({ gitBlob: objectId }) })]),
    passedTests: z.array(nonEmpty),
    [verificationField]: verificationSchema,
  }),
});

/** The in-toto statement of a receipt, as it is signed. */
export type Statement = z.output<typeof statementSchema>;

/** What a statement claims, in our own words. */
export interface Claim {
  /** The full id of the tree. */
  readonly tree: string;
  /** The id of the configuration file's blob in that tree. */
  readonly configurationBlob: string;
  readonly verification: Verification;
}

/**
 * The bytes of a claim's statement. `passedTests` names suites and checks, as the specification's own example names jobs:
 * twenty thousand tests would make megabytes of every receipt. Counts and a digest of their names are in our predicate.
 */
export function writeStatement({ tree, configurationBlob, verification }: Claim): Buffer {
  const { suites, checks, configuration } = verification;
  const statement: Statement = {
    _type: statementType,
    subject: [{ digest: { gitTree: tree } }],
    predicateType,
    predicate: {
      result: "PASSED",
      configuration: [{ name: configuration.file, digest: { gitBlob: configurationBlob } }],
      passedTests: [...suites.map(({ name }) => `suite/${name}`), ...checks.map(({ name }) => `check/${name}`)],
      [verificationField]: verification,
    },
  };
  return Buffer.from(JSON.stringify(statementSchema.parse(statement)));
}

/**
 * Reads the claim of a statement. Call it only with bytes whose signature is verified. Throws UntrustedReceiptError for
 * everything that is not exactly one statement of ours: other types, several subjects, keys that are there twice.
 */
export function readStatement(bytes: Uint8Array): Claim {
  const parsed = statementSchema.safeParse(parseStrictJson(bytes, "Its payload"));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = issue?.path.join(".") || "the whole";
    throw new UntrustedReceiptError(`Its statement is not one of a receipt: ${place}: ${issue?.message}.`);
  }
  const { subject, predicate } = parsed.data;
  return {
    tree: subject[0].digest.gitTree,
    configurationBlob: predicate.configuration[0].digest.gitBlob,
    verification: predicate[verificationField],
  };
}

/**
 * Parses JSON in UTF-8 that has no key twice in an object, of which readers would take different ones. `what` begins the
 * message of the UntrustedReceiptError that is thrown otherwise.
 */
export function parseStrictJson(bytes: Uint8Array, what: string): unknown {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (error) {
    throw new UntrustedReceiptError(`${what} is not JSON: ${messageOf(error).split("\n")[0]}.`);
  }
  const [twice] = repeatedKeys(text);
  if (twice !== undefined) throw new UntrustedReceiptError(`${what} has the key "${twice.join(".")}" twice.`);
  return value;
}
