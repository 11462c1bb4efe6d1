import { percentOf, recordOf } from "../../project/parsers/loose-values.ts";
import { parseYaml } from "../../project/parsers/yaml.ts";
import type { ProjectFiles } from "../../project/project-files.ts";
import type { FoundThresholds } from "./found.ts";

const places = ["", ".github/", "dev/"].flatMap((directory) =>
  ["codecov.yml", ".codecov.yml", "codecov.yaml", ".codecov.yaml"].map((name) => `${directory}${name}`),
);

/** The targets of statuses in codecov.yml: project, then patch; empty without any. */
export function codecovThresholds(project: ProjectFiles): FoundThresholds[] {
  const file = places.find((path) => project.has(path));
  if (file === undefined) return [];
  const { status } = recordOf(recordOf(parseYaml(project.read(file) ?? "")).coverage);
  return (["project", "patch"] as const).map((kind) => {
    const written = recordOf(status)[kind];
    const { target, notes } = statusOf(written);
    const share = percentOf(target);
    const place = `${file} (coverage.status.${kind})`;
    if (kind === "project") {
      return { place, figures: share === null ? {} : { lines: share }, ratchet: target === "auto", notes };
    }
    const automatic = target === "auto" ? ['the target "auto" of a patch names no figure: not taken over'] : [];
    return { place, figures: {}, ...(share === null ? {} : { changedLines: share }), notes: [...notes, ...automatic] };
  });
}

interface Status {
  /** A percentage, "auto", or null without a target. */
  readonly target: unknown;
  readonly notes: readonly string[];
}

/** A kind's default status, in short or long form. */
function statusOf(written: unknown): Status {
  if (isOn(written)) return { target: "auto", notes: [] };
  const statuses = recordOf(written);
  const parts = Object.keys(statuses).filter((name) => name !== "default" || isPart(statuses.default));
  const notes =
    parts.length === 0 ? [] : [`not taken over, as they are about parts of the repository: ${parts.join(", ")}`];
  if (!("default" in statuses) || isOff(statuses.default)) return { target: null, notes };
  const { target = "auto", threshold, informational, enabled } = recordOf(statuses.default);
  if (isOff(enabled) || parts.includes("default")) return { target: null, notes };
  if (isOn(informational))
    return { target: null, notes: ["informational there, so it stops nothing: not taken over", ...notes] };
  const slack = Number.parseFloat(String(threshold));
  const missed = slack > 0 ? [`the ${slack} % by which it may be missed there are not taken over`] : [];
  return { target, notes: [...missed, ...notes] };
}

/** Whether an enabled status is limited to paths or flags. */
function isPart(status: unknown): boolean {
  const { paths, flags, enabled } = recordOf(status);
  return !isOff(enabled) && [paths, flags].some((limit) => [limit].flat().some((entry) => (entry ?? "") !== ""));
}

function isOn(value: unknown): boolean {
  return value === true || /^(on|yes|true)$/i.test(String(value));
}

function isOff(value: unknown): boolean {
  return value === false || /^(off|no|false)$/i.test(String(value));
}
