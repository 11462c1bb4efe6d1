import { readPackageFile } from "../../project/package-file.ts";
import { computed, recordOf } from "../../project/parsers/loose-values.ts";
import { exportedLiteral } from "../../project/parsers/object-literal.ts";
import { parseYaml } from "../../project/parsers/yaml.ts";
import { type ProjectFiles, within } from "../../project/project-files.ts";
import type { DetectedSuite } from "../detect/detected-suite.ts";
import { coverageFlags } from "./coverage-flags.ts";
import { allCovered, type FoundThresholds, readFigures } from "./found.ts";

const names = [".c8rc", ".c8rc.json", ".nycrc", ".nycrc.json", ".nycrc.yml", ".nycrc.yaml", "nyc.config.js"];

/**
 * The thresholds of nyc or c8 in a directory: from flags in the suite's script, else from the first configuration file
 * with any; null without any.
 */
export function nycThresholds(
  project: ProjectFiles,
  root: string,
  suite: Pick<DetectedSuite, "runner" | "command">,
): FoundThresholds | null {
  const flags = coverageFlags(project, { ...suite, root });
  for (const [place, written] of configurations(project, root)) {
    const found = written === computed ? null : offered(recordOf(written), place);
    if (found === null) continue;
    // As in both tools, flags override the file.
    return flags === null ? found : offered({ ...recordOf(written), ...flags.settings }, `${flags.place} and ${place}`);
  }
  return flags === null ? null : offered(flags.settings, flags.place);
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
  // Both tools require 90 % of lines by default.
  const isDefault = isOn && written.lines === undefined;
  const { figures, notes } = asksAll ? allCovered : readFigures(isDefault ? { ...written, lines: 90 } : written);
  return {
    place,
    figures,
    ...(isPerFile && figures.lines !== undefined ? { eachFile: figures.lines } : {}),
    notes: [
      ...notes,
      ...(isDefault && !asksAll ? ["lines 90 is check-coverage's own default"] : []),
      ...(isOn || asksAll ? [] : ["check-coverage is not on in that file, so there these figures may not hold yet"]),
      ...(isPerFile && (figures.branches ?? figures.functions) !== undefined
        ? ["branches and functions are held per file there, and for all files together here"]
        : []),
    ],
  };
}
