import { askGh } from "./ask-gh.ts";
import type { Run } from "./run.ts";

/** The part that matters of what GitHub tells of a branch. */
interface Branch {
  readonly protection?: { readonly required_status_checks?: { readonly contexts?: readonly string[] } };
}

/** The part that matters of what GitHub tells of the rules that hold for a branch. */
interface Rule {
  readonly type: string;
  readonly parameters?: { readonly required_status_checks?: readonly { readonly context: string }[] };
}

/**
 * The names of the checks that GitHub requires before a branch takes a commit; null where gh is not there, not logged
 * in, or gets no answer.
 */
export async function requiredChecks(run: Run, branch: string): Promise<readonly string[] | null> {
  const name = encodeURIComponent(branch);
  const [protectedBranch, rules] = await Promise.all([
    askGh<Branch>(run, ["api", `repos/{owner}/{repo}/branches/${name}`]),
    askGh<readonly Rule[]>(run, ["api", `repos/{owner}/{repo}/rules/branches/${name}`]),
  ]);
  if (protectedBranch === null || rules === null) return null;
  const ruled = rules.filter(({ type }) => type === "required_status_checks");
  return [
    ...(protectedBranch.protection?.required_status_checks?.contexts ?? []),
    ...ruled.flatMap(({ parameters }) => (parameters?.required_status_checks ?? []).map(({ context }) => context)),
  ];
}
