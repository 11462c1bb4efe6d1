import type { Colors } from "../../shared/colors.ts";
import { formatSeconds, plainLine, plural } from "../../shared/text.ts";
import type { ChangedFile } from "../../trust/workflow/changes.ts";
import type { FileAudit, Finding, Gate, Remark, TimedStep } from "../../trust/workflow/finding.ts";
import type { Wrap } from "./wrap-for.ts";

/** What was found in a file, and what becomes of it. */
export interface AuditedFile {
  readonly audit: FileAudit;
  /** Null where nothing would change. */
  readonly result: ChangedFile | null;
  /** The findings that `--fix` leaves alone, each with the reason as a phrase. */
  readonly refused: ReadonlyMap<Finding, string>;
}

/** How long a step usually takes: the median of so many runs. */
export interface SavedTime {
  readonly seconds: number;
  readonly runs: number;
  readonly where: "on GitHub" | "here";
}

type Times = ReadonlyMap<TimedStep, SavedTime>;

/** What else is known when an audit is printed. */
export interface AuditFacts {
  /** Whether the changes were made. */
  readonly isFixing: boolean;
  readonly times: Times;
  /** Whether GitHub itself said that the branches take only what passed. */
  readonly isProtected: boolean;
}

/** How lines are shown. */
interface Style {
  readonly colors: Colors;
  readonly wrap: Wrap;
}

/** What `verify workflows` prints: the findings, what was left alone, then what `--fix` does or did. */
export function auditLines(files: readonly AuditedFile[], facts: AuditFacts, style: Style): string[] {
  const { colors, wrap } = style;
  const { times } = facts;
  if (files.length === 0) return ["There are no CI files here: neither .github/workflows nor .gitlab-ci.yml."];
  const findings = files.flatMap(({ audit }) => audit.findings);
  const remarks = files.flatMap(remarksOf);
  const lines = [
    ...findings.flatMap((finding) => findingLines(finding, times, style)),
    ...remarks.flatMap((one) => wrap(plainLine(`· ${placeOf(one)} ${one.text}.`)).map((line) => colors.dim(line))),
  ];
  if (findings.length === 0) {
    const clean = `Nothing is verified twice for certain, and nothing is wrong, in ${plural(files.length, "CI file")}.`;
    return [...lines, ...(lines.length > 0 ? [""] : []), ...wrap(`${colors.green("✔")} ${clean}`)];
  }
  return [...lines, "", ...fixLines(files, facts, style)];
}

/** What was left alone on purpose, and what changes leave behind where they are made. */
function remarksOf({ audit, result }: AuditedFile): readonly Remark[] {
  return [...audit.remarks, ...(result?.text ? audit.leftovers : [])];
}

function placeOf({ file, place }: Pick<Finding, "file" | "place">): string {
  return `${file}:${place.line}:${place.column}`;
}

function findingLines(finding: Finding, times: Times, { colors, wrap }: Style): string[] {
  const mark = finding.kind === "mistake" ? colors.red("✘") : colors.yellow("!");
  const saved = finding.step === null ? undefined : times.get(finding.step);
  return [
    ...wrap(`${mark} ${colors.bold(placeOf(finding))} ${plainLine(finding.text)}.`),
    ...(saved === undefined ? [] : wrap(`    It takes ${formatSeconds(saved.seconds)}, ${runsText(saved)}.`)),
  ];
}

function runsText({ runs, where }: SavedTime): string {
  return runs === 1 ? `by the one run that is recorded ${where}` : `the median of ${runs} runs ${where}`;
}

function fixLines(
  files: readonly AuditedFile[],
  { isFixing, isProtected }: AuditFacts,
  { colors, wrap }: Style,
): string[] {
  const changed = files.filter(({ result }) => result?.text);
  const refused = files.flatMap((file) => [...file.refused]);
  const actions = changed.flatMap(({ audit }) => [
    `  ${audit.source.file}`,
    ...audit.changes.flatMap(({ action }) => wrap(`    ${plainLine(isFixing ? done(action) : action)}`)),
  ]);
  const title = isFixing ? `${colors.green("✔")} Done:` : "What `npx verify workflows --fix` does:";
  const none = isFixing ? "Nothing was changed." : "`npx verify workflows --fix` changes nothing here.";
  const gates = changed.flatMap(({ audit }) => audit.changes.flatMap(({ finding }) => finding.gate ?? []));
  const needed = isProtected ? null : relianceText(gates);
  return [
    ...(actions.length > 0 ? [title, ...actions] : [none]),
    ...(needed === null ? [] : wrap(`  ${needed}`)),
    ...(refused.length > 0 ? ["Left to you:"] : []),
    ...refused.flatMap(([finding, doubt]) => wrap(`  ${placeOf(finding)} ${plainLine(doubt)}`)),
  ];
}

/** An action that is over: "removes line 3" as "removed line 3". */
function done(action: string): string {
  return action.replace(/^(remove|add)s /, (_, verb: string) => `${verb}${verb.endsWith("e") ? "d" : "ed"} `);
}

/** What keeps unverified commits out once a step is gone, and no file shows; null where nothing has to. */
function relianceText([gate]: readonly Gate[]): string | null {
  if (gate === undefined) return null;
  const branches = gate.branches.join(", ");
  return `This holds where ${branches} takes only what passed "${gate.check}": let its branch protection require that check.`;
}

/** The same as data, for scripts. */
export function auditJson(files: readonly AuditedFile[], { isFixing, times }: AuditFacts): object {
  return {
    schema: 1,
    fixed: isFixing,
    findings: files.flatMap(({ audit, refused }) =>
      audit.findings.map((finding) => ({
        kind: finding.kind,
        file: finding.file,
        ...finding.place,
        text: finding.text,
        actions: audit.changes
          .filter((change) => change.finding === finding && !refused.has(finding))
          .map(({ action }) => action),
        refused: refused.get(finding) ?? null,
        seconds: (finding.step !== null && times.get(finding.step)?.seconds) || null,
      })),
    ),
    leftAlone: files.flatMap(remarksOf).map(({ file, place, text }) => ({ file, ...place, text })),
  };
}
