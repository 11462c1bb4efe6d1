import type { ProjectFiles } from "../../project/project-files.ts";
import { cutLines, type LineRange, linesOfEntry } from "./edits.ts";
import { effectOf } from "./effects.ts";
import type { Change, Finding, Remark } from "./finding.ts";
import type { Workflow } from "./github.ts";
import { findLeftovers, type Leftover } from "./leftovers.ts";
import type { Repeat } from "./repeats.ts";
import { isShared, keyPlace, type Path, type YamlSource } from "./yaml-source.ts";

/** A finding for each repeated step of a workflow, and the changes that remove those that can be. */
export function repeatChanges(
  workflow: Workflow,
  repeats: readonly Repeat[],
  root: string,
  project: ProjectFiles,
): {
  readonly findings: readonly Finding[];
  readonly changes: readonly Change[];
  readonly leftovers: readonly Remark[];
} {
  const { source } = workflow;
  const gone = new Set(repeats.map(({ later }) => later.site.step));
  const judged = repeats.map((repeat) => {
    const { site } = repeat.later;
    const doubt = effectOf(repeat.later, gone, root, project) ?? layoutDoubt(source, site.step.path);
    return {
      repeat,
      finding: findingOf(repeat, doubt),
      lines: doubt === null ? linesOfEntry(source, site.step.path) : null,
    };
  });
  const removed = judged.filter(({ lines }) => lines !== null);
  const leftovers = findLeftovers(
    workflow,
    removed.map(({ repeat }) => ({ site: repeat.later.site, earlier: repeat.earlier.site })),
    project,
  );
  const [first] = removed;
  const cut = first === undefined ? [] : cutLeftovers(source, first.finding, leftovers);
  return {
    findings: judged.map(({ finding }) => finding),
    changes: [
      ...removed.map(({ repeat, finding, lines }) =>
        removal(source, finding, lines as LineRange, repeat.later.site.step.path, repeat),
      ),
      ...cut,
    ],
    leftovers: leftovers.flatMap(({ name, doubt, path }) =>
      doubt === null
        ? []
        : [{ file: source.file, place: keyPlace(source, path), text: `${name} may be left over, and stays: ${doubt}` }],
    ),
  };
}

function findingOf({ later, earlier, branches }: Repeat, doubt: string | null): Finding {
  const { workflow, job, step } = later.site;
  const other = earlier.site;
  const commands = later.commands.map((command) => `\`${command}\``).join(", ");
  const where = `${other.workflow.source.file}:${other.step.place.line}`;
  const why =
    branches === null
      ? `the job ${job.id} begins only after the job ${other.job.id} passed it (${where})`
      : `the job ${other.job.id} of ${where} runs it on every pull request to ${branches.join(", ")} and on ${branches.join(", ")} itself`;
  return {
    kind: "repeat",
    file: workflow.source.file,
    place: step.place,
    text: `${step.label} runs ${commands} again: ${why}`,
    doubt,
    step: { job: job.name, name: step.shownName, commands: later.commands },
    gate: branches === null ? null : { branches, check: other.job.name },
  };
}

function layoutDoubt(source: YamlSource, path: Path): string | null {
  if (isShared(source, path)) return "its lines are shared by an anchor";
  return linesOfEntry(source, path) === null ? "it shares its lines with others" : null;
}

function removal(source: YamlSource, finding: Finding, lines: LineRange, path: Path, { later }: Repeat): Change {
  const names = Object.keys(later.site.step.variables);
  const own = names.length === 0 ? "" : `, with ${names.join(", ")}`;
  return {
    finding,
    edits: [cutLines(source, lines)],
    action: `removes ${spanText(lines)}, the step ${later.site.step.label}${own}${commentAbove(source, lines)}`,
    values: [{ path }],
  };
}

/** A comment above a step may be about more than the step, so it stays: a clause that says so; empty without one. */
function commentAbove({ text }: YamlSource, { first }: LineRange): string {
  const above = text.split("\n")[first - 2] ?? "";
  return above.trimStart().startsWith("#") ? `; the comment above it stays (line ${first - 1})` : "";
}

function spanText({ first, last }: LineRange): string {
  return first === last ? `line ${first}` : `lines ${first} to ${last}`;
}

/** Removes variables and services that only removed steps used; a map of which all goes goes as a whole. */
function cutLeftovers(source: YamlSource, finding: Finding, leftovers: readonly Leftover[]): Change[] {
  const cut = leftovers.filter(({ doubt }) => doubt === null);
  const maps = new Map<string, Leftover[]>();
  for (const one of cut) {
    const key = JSON.stringify(one.path.slice(0, -1));
    maps.set(key, [...(maps.get(key) ?? []), one]);
  }
  return [...maps.values()].flatMap((group) => {
    const [one] = group;
    if (one === undefined) return [];
    const map = one.path.slice(0, -1);
    const all = Object.keys(recordAt(source.value, map));
    const isWhole = all.length === group.length;
    const paths = isWhole ? [map] : group.map(({ path }) => path);
    return paths.flatMap((path): Change[] => {
      const lines = isShared(source, path) ? null : linesOfEntry(source, path);
      if (lines === null) return [];
      const names = isWhole ? group.map(({ name }) => name).join(", ") : String(path.at(-1));
      const kind = one.kind === "variable" ? "which only it used" : "a service that only it used";
      return [
        {
          finding,
          edits: [cutLines(source, lines)],
          action: `removes ${spanText(lines)}, ${names}: ${kind}`,
          values: [{ path }],
        },
      ];
    });
  });
}

function recordAt(value: unknown, path: Path): object {
  return path.reduce((inner, key) => (inner as Record<string, unknown>)[String(key)], value) as object;
}
