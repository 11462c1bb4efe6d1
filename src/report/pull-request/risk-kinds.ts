import { isTestFile } from "../../coverage/files/file-kinds.ts";
import type { FileChange } from "../../model/summary.ts";

/** A kind of file whose changes deserve attention. */
export interface RiskKind {
  /** At the beginning of a line. */
  readonly name: string;
  readonly isMet: (file: string) => boolean;
}

const migration =
  /(?:^|\/)(?:alembic\/versions|migrations?|db\/migrate|knex|flyway)\/|(?:^|\/)[VUR]\d*[\d._]*__[^/]+\.(?:sql|java|kt)$|\.sql$/i;
const prose = /\.(?:md|rst|txt|adoc)$/i;
const lockFile =
  /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|deno\.lock|(?:uv|poetry|pdm|Pipfile|Gemfile|composer)\.lock|Cargo\.lock|go\.sum)$/;
const manifest =
  /(?:^|\/)(?:package\.json|pnpm-workspace\.yaml|pyproject\.toml|setup\.py|Pipfile|Gemfile|Cargo\.toml|go\.mod|composer\.json|(?:requirements|constraints)[^/]*\.(?:txt|in))$|(?:^|\/)requirements\/[^/]+\.(?:txt|in)$/;
const pipeline =
  /^(?:\.github\/(?:workflows|actions)|\.circleci|\.husky|\.ci|\.buildkite|\.gitlab\/ci)\/|(?:^|\/)(?:\.gitlab-ci\.ya?ml|Jenkinsfile|azure-pipelines\.ya?ml|bitbucket-pipelines\.yml|\.travis\.yml|\.pre-commit-config\.yaml|\.?lefthook\.ya?ml|verify\.config\.(?:json|ya?ml|js|mjs|ts))$/;

export const riskKinds: readonly RiskKind[] = [
  {
    name: "Database migrations and SQL",
    isMet: (file) => migration.test(file) && !prose.test(file) && !isTestFile(file),
  },
  {
    name: "Lock files and dependency manifests",
    isMet: (file) => isLockFile(file) || manifest.test(file),
  },
  { name: "CI, hooks and their configuration", isMet: (file) => pipeline.test(file) },
];

/** Whether a package manager writes the file, so that its lines need no review. */
export function isLockFile(file: string): boolean {
  return lockFile.test(file);
}

/**
 * Whether the changes remove tests: a deleted test file, one renamed to something else, or one that lost more lines
 * than it gained.
 */
export function losesTests({ file, from = file, deleted, added, removed }: FileChange): boolean {
  if (!isTestFile(from)) return false;
  return deleted === true || !isTestFile(file) || (removed ?? 0) > (added ?? 0);
}
