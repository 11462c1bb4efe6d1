import { percentOf } from "../../project/parsers/loose-values.ts";
import { readSections, type Sections } from "../../project/parsers/sections.ts";
import { type ProjectFiles, upwards, within } from "../../project/project-files.ts";
import { pytestConfiguration } from "../../project/pytest-configuration.ts";
import type { DetectedSuite } from "../detect/detected-suite.ts";
import type { FoundThresholds } from "./found.ts";

/** A configuration file of coverage.py: its name, its section prefix, and whether it has no other purpose. */
type CoverageFile = readonly [name: string, prefixes: readonly string[], isOwn: boolean];

/** In coverage.py's order: only the first that configures it counts. */
const coverageFiles: readonly CoverageFile[] = [
  [".coveragerc", ["", "coverage:"], true],
  [".coveragerc.toml", ["", "tool.coverage."], true],
  ["setup.cfg", ["coverage:"], false],
  ["tox.ini", ["coverage:"], false],
  ["pyproject.toml", ["tool.coverage."], false],
];

/** The thresholds of coverage.py and pytest-cov in a directory; null without any. */
export function pythonThresholds(
  project: ProjectFiles,
  root: string,
  { failUnder: script }: Pick<DetectedSuite, "failUnder"> = {},
): FoundThresholds | null {
  const pytest = upwards(root).flatMap((directory) => pytestConfiguration(project, directory) ?? [])[0];
  const options = pytest?.settings.get("addopts") ?? "";
  const settings = coverageSettings(project, root, optionOf(options, "--cov-config"));
  // As in pytest-cov, its option overrides coverage.py's setting.
  const option = percentOf(script?.share ?? optionOf(options, "--cov-fail-under"));
  const share = option ?? percentOf(settings?.failUnder);
  // 0 is the default and requires nothing.
  if (share === null || share === 0) return null;
  const measuresBranches = settings?.measuresBranches === true || /(^|[\s"',[])--cov-branch\b/.test(options);
  const optionPlace = script ? `${script.place}, --cov-fail-under` : `${pytest?.file} (--cov-fail-under in addopts)`;
  return {
    place: option === null ? (settings?.place ?? "") : optionPlace,
    figures: { lines: share },
    notes: measuresBranches
      ? ["applied to lines; with branch coverage on there, coverage.py's total mixes lines and branches"]
      : [],
  };
}

/** The value of an option in a command line, or in a TOML list of arguments. */
function optionOf(options: string, name: string): string | undefined {
  return new RegExp(`(?:^|[\\s"',[])${name}(?:=|["',\\s]+)([^\\s"',\\]]+)`).exec(options)?.[1];
}

interface CoverageSettings {
  readonly place: string;
  readonly failUnder: string | undefined;
  readonly measuresBranches: boolean;
}

function coverageSettings(project: ProjectFiles, root: string, named: string | undefined): CoverageSettings | null {
  const ownFile = (name: string): CoverageFile => [name, ["", "coverage:", "tool.coverage."], true];
  for (const [name, prefixes, isOwn] of named === undefined ? coverageFiles : [ownFile(named), ...coverageFiles]) {
    const file = within(root, name);
    const text = project.read(file);
    if (text === null) continue;
    const sections = readSections(text, name.endsWith(".toml") ? "toml" : "ini");
    // Dotted keys in `[tool.coverage]` also configure it.
    const isHeld = (section: string): boolean =>
      prefixes.some((prefix) => `${section}${prefix.slice(-1)}`.startsWith(prefix));
    if (!isOwn && ![...sections.keys()].some(isHeld)) continue;
    const setting = (section: string, key: string): readonly [string, string] | null | undefined =>
      prefixes.map((prefix) => settingOf(sections, `${prefix}${section}`, key)).find((found) => found !== null);
    const [place, failUnder] = setting("report", "fail_under") ?? [];
    const [, branch = ""] = setting("run", "branch") ?? [];
    return {
      place: `${file} (${place})`,
      failUnder: failUnder?.replace(/["']|\s#.*$/g, ""),
      measuresBranches: /^["']?(true|yes|on|1)\b/i.test(branch),
    };
  }
  return null;
}

/** The place and value of a setting, also as a dotted key: `report.fail_under`. */
function settingOf(sections: Sections, section: string, key: string): [string, string] | null {
  const value = sections.get(section)?.get(key);
  return value === undefined ? null : [`[${section}] ${key}`, value];
}
