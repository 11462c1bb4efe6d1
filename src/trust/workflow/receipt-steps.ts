import { posix } from "node:path";
import type { Config } from "../../config/schema.ts";
import { commandsOf } from "./commands.ts";
import { insertBefore } from "./edits.ts";
import type { Change, Finding } from "./finding.ts";
import type { Job, Step, Workflow } from "./github.ts";
import { isShared, nodeAt } from "./yaml-source.ts";

/** What a trusted receipt proves: the configured suites and checks. */
export type Proven = Pick<Config, "suites" | "checks">;

/** A finding with the change that answers it, if there is one. */
interface Judged {
  readonly finding: Finding;
  readonly change: Change | null;
}

/**
 * Steps that run what the suites and checks of the configuration run, although a trusted receipt would do: for repositories with a
 * policy, whose pushes bring receipts.
 */
export function findReceiptSteps({ source, triggers, jobs }: Workflow, proven: Proven): Judged[] {
  if (!triggers.has("push") && !triggers.has("pull_request")) return [];
  return jobs.flatMap((job) =>
    job.steps.flatMap((step): Judged[] => {
      const name = provenBy(step, proven);
      const checks = job.steps.slice(0, job.steps.indexOf(step)).filter(asksForReceipt);
      if (name === null || isConditional(step, job)) return [];
      const check = checks.at(-1);
      const place = { kind: "receipt" as const, file: source.file, place: step.place, gate: null };
      const text = `${step.label} runs ${name}, which a trusted receipt makes unnecessary`;
      const timed = { job: job.name, name: step.shownName, commands: commandsOf(step.run ?? "") ?? [] };
      if (check === undefined) {
        const finding = {
          ...place,
          text,
          doubt: "the job does not ask for one before it, as the workflow of `npx verify init --ci github` does",
          step: timed,
        };
        return [{ finding, change: null }];
      }
      const doubt = conditionDoubt(step, check);
      const key = Object.keys((nodeAt(source, step.path) as { toJSON(): object } | null)?.toJSON() ?? {}).find(
        (one) => one === "run",
      );
      const edit =
        doubt !== null || key === undefined || isShared(source, step.path)
          ? null
          : insertBefore(source, [...step.path, key], conditionOn(check));
      const finding: Finding = {
        ...place,
        text: `${text}: ${check.label} asks for one before it`,
        doubt: edit === null ? (doubt ?? "the step shares its lines with others") : null,
        step: timed,
      };
      const change =
        edit === null
          ? null
          : {
              finding,
              edits: [edit],
              action: `adds \`${conditionOn(check)}\` to ${step.label}`,
              values: [{ path: [...step.path, "if"], value: conditionOn(check).slice("if: ".length) }],
            };
      return [{ finding, change }];
    }),
  );
}

function conditionOn({ id }: Step): string {
  return `if: steps.${id}.outputs.verified != 'true'`;
}

/** The suites and checks that a step runs, for people; null where it does more or less than run them. */
function provenBy(step: Step, { suites, checks }: Proven): string | null {
  const commands = step.run === null ? null : commandsOf(step.run);
  if (commands === null || commands.length === 0) return null;
  const names = commands.map((command) => {
    if (/^(?:npx |pnpm exec |yarn |bunx )?(?:verify|pushproof)$/.test(command) && step.directory === ".")
      return "`npx verify`";
    const suite = suites.find(
      (one) =>
        one.command.replace(/\s+/g, " ") === command &&
        posix.normalize(one.root).replace(/(?<=.)\/$/, "") === step.directory,
    );
    if (suite !== undefined) return `the suite "${suite.name}"`;
    const check = Object.entries(checks).find(
      ([, one]) => one.replace(/\s+/g, " ") === command && step.directory === ".",
    );
    return check === undefined ? null : `the check "${check[0]}"`;
  });
  return names.every((name) => name !== null) ? [...new Set(names)].join(" and ") : null;
}

function asksForReceipt({ run, uses }: Step): boolean {
  return /\b(?:verify|pushproof)(?:@\S+)?\s+check\b/.test(run ?? "") || /\/pushproof(?:@|$)/.test(uses ?? "");
}

/** Whether a step or its job already depends on what a check said. */
function isConditional({ condition }: Step, job: Job): boolean {
  return /\.verified\b/.test(`${condition ?? ""} ${job.condition ?? ""}`);
}

/** Why no condition is added, as a phrase; null where one is. */
function conditionDoubt(step: Step, check: Step): string | null {
  if (check.id === null) return `${check.label} has no id by which its answer could be read`;
  if (check.condition !== null) return `${check.label} has a condition of its own`;
  return step.condition === null ? null : `it has a condition of its own, \`if: ${step.condition}\``;
}
