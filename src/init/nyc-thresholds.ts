import { readPackageFile } from "./detect-vitest.ts";
import { allCovered, type FoundThresholds, readFigures } from "./found-thresholds.ts";
import { parseYaml, recordOf } from "./loose-values.ts";
import { computed, exportedLiteral } from "./object-literal.ts";
import { type ProjectFiles, within } from "./project-files.ts";

const names = [".c8rc", ".c8rc.json", ".nycrc", ".nycrc.json", ".nycrc.yml", ".nycrc.yaml", "nyc.config.js"];

/** What the configuration of nyc or c8 in a directory asks for, of the first file that asks for anything; null where none does. */
export function nycThresholds(project: ProjectFiles, root: string): FoundThresholds | null {
  for (const [place, written] of configurations(project, root)) {
    const found = written === computed ? null : offered(recordOf(written), place);
    if (found !== null) return found;
  }
  return null;
}

function configurations(project: ProjectFiles, root: string): [string, unknown][] {
  const files = names.flatMap((name): [string, unknown][] => {
    const path = within(root, name);
    const text = project.read(path);
    if (text === null) return [];
    return [[path, /\.ya?ml$/.test(name) ? parseYaml(text) : exportedLiteral(text)]];
  });
  const fields = recordOf(readPackageFile(project, root));
  const packageFile = within(root, "package.json");
  return [...files, [`${packageFile} (c8)`, fields.c8], [`${packageFile} (nyc)`, fields.nyc]];
}

function offered(written: Readonly<Record<string, unknown>>, place: string): FoundThresholds | null {
  const setting = (dashed: string, joined: string): unknown => written[dashed] ?? written[joined];
  const isOn = setting("check-coverage", "checkCoverage") === true;
  const isPerFile = setting("per-file", "perFile") === true;
  const metrics = ["lines", "branches", "functions", "statements"];
  const asksAll = written["100"] === true;
  if (!isOn && !asksAll && metrics.every((metric) => written[metric] === undefined)) return null;
  // Where lines are not said, both tools ask for 90 % of them.
  const isDefault = isOn && written.lines === undefined;
  const { figures, notes } = asksAll ? allCovered : readFigures(isDefault ? { ...written, lines: 90 } : written);
  return {
    place,
    figures,
    ...(isPerFile && figures.lines !== undefined ? { eachFile: figures.lines } : {}),
    notes: [
      ...notes,
      ...(isDefault && !asksAll ? ["lines 90 is what check-coverage asks for where nothing else is said"] : []),
      ...(isOn || asksAll ? [] : ["check-coverage is not on in that file, so there these figures may not hold yet"]),
      ...(isPerFile && (figures.branches ?? figures.functions) !== undefined
        ? ["branches and functions are held per file there, and for all files together here"]
        : []),
    ],
  };
}
