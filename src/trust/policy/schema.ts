import * as z from "zod";
import { ageSeconds } from "../../shared/duration.ts";

const nonEmpty = z.string().min(1);

/** A path in a commit: relative to the root, with forward slashes, without parts that lead elsewhere. */
const committedPath = nonEmpty.refine(
  (path) => path.split("/").every((part) => part !== "" && part !== "." && part !== ".."),
  "expected a path in the same commit, relative to the root and without . and ..",
);

/** What a base branch asks of a receipt, as written in `.verify-policy.json`. */
export const policySchema = z.strictObject({
  $schema: z.string().optional().describe("For editors; ignored."),
  repository: z
    .string()
    .regex(
      /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/,
      "expected the full id of the first commit: `git rev-list --max-parents=0 --first-parent HEAD` prints it",
    )
    .describe(
      "The id of the repository's first commit: `git rev-list --max-parents=0 --first-parent HEAD` prints it. A receipt of another repository does not count.",
    ),
  allowedSigners: committedPath.describe(
    "The file of the people whose receipts count, see ALLOWED SIGNERS in ssh-keygen(1). It is read from the base branch.",
  ),
  revokedKeys: committedPath
    .optional()
    .describe("The file of keys that no longer count: public keys, a line each. It is read from the base branch."),
  maximumAge: z
    .string()
    .refine((text) => (ageSeconds(text) ?? 0) > 0, 'expected a duration such as "12h" or "7d"')
    .default("7d")
    .describe('How long a receipt counts after its run began: "12h", "7d".'),
  minimumCoverage: z
    .number()
    .min(0)
    .max(100)
    .optional()
    .describe("The percentage of lines that the run must have covered, whatever its own gate was."),
  suites: z.array(nonEmpty).default([]).describe("The names of the suites that must have run."),
  freshPaths: z
    .array(
      nonEmpty.refine(
        (glob) => !/^(?:!|\.{0,2}\/)/.test(glob),
        "expected a path or a glob relative to the repository's root, such as migrations or **/*.sql",
      ),
    )
    .default([])
    .describe(
      "Paths or globs: where a file there, or a link on the way to it, differs from the base branch, no receipt counts.",
    ),
  incremental: z.boolean().default(false).describe("Whether runs that reused earlier results count."),
  versions: z
    .array(nonEmpty)
    .default([])
    .describe("The versions of pushproof whose receipts count; empty: only the version that checks."),
  configuration: z
    .array(
      z.union([
        z.literal("base"),
        z.string().regex(/^[0-9a-f]{64}$/, 'expected "base" or the SHA-256 digest of a configuration'),
      ]),
    )
    .min(1)
    .default(["base"])
    .describe(
      'The configurations whose receipts count: "base" is the base branch\'s own; a SHA-256 digest names another, as the refusal of a receipt shows it.',
    ),
});

/** A policy with its defaults. */
export type Policy = z.output<typeof policySchema>;
