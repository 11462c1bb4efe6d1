import createReport from "c8/lib/report.js";
import libReport from "istanbul-lib-report";
import LcovOnly from "istanbul-reports/lib/lcovonly/index.js";
import TestExclude from "test-exclude";
import { type C8Settings, readC8Settings } from "./c8-settings.ts";

/** What V8 measured, and what of it counts. */
export interface V8ReportRequest {
  /** The absolute directory where the suite runs. */
  readonly directory: string;
  /** Where V8 wrote its files; absolute. */
  readonly raw: string;
  /** The absolute directory that gets `lcov.info`. */
  readonly target: string;
  /** The directories and globs of the suite's `source`; empty where the c8 configuration says what counts. */
  readonly source: readonly { readonly place: string; readonly include: string }[];
  /** Absolute paths of the files to ask about. */
  readonly files: readonly string[];
}

/** Which of the files count. */
export interface V8Report {
  /** Those that count although no process loaded them; null where such files do not count. */
  readonly named: readonly string[] | null;
  /** Those that are source, and that the configuration leaves out. */
  readonly left: readonly string[];
}

/** Extensions that Node runs but c8 ignores by default. */
const moreExtensions = [".mts", ".cts"];
/** Those of @istanbuljs/schema, c8's default. */
const defaultExtensions = [".js", ".cjs", ".mjs", ".ts", ".tsx", ".jsx"];

/**
 * Writes an LCOV file, counted by c8 as the project's c8 configuration says. Throws an Error where that configuration
 * cannot be read.
 */
export async function reportV8({ directory, raw, target, source, files }: V8ReportRequest): Promise<V8Report> {
  const settings = readC8Settings(directory);
  const isOurs = source.length > 0;
  const rules = {
    ...rulesOf(settings),
    ...(isOurs ? { include: source.map(({ include }) => include) } : {}),
    cwd: directory,
  };
  const all = isOurs || (settings.all ?? false);
  const report = createReport({
    ...settings,
    ...rules,
    all,
    src: isOurs ? source.map(({ place }) => place) : (settings.src ?? directory),
    resolve: settings.resolve ?? "",
    omitRelative: settings.omitRelative ?? true,
    tempDirectory: raw,
  });
  // Its own goes by the working directory of the process.
  const isCounted = new TestExclude(rules);
  report.exclude = isCounted;
  const coverageMap = await report.getCoverageMapFromAllCoverageFiles();
  const context = libReport.createContext({ dir: target, coverageMap });
  new LcovOnly({ projectRoot: directory }).execute(context);

  // A project's own `include` leaves everything else out.
  const isMeant = new TestExclude({
    ...rules,
    include: isOurs ? rules.include : [],
    exclude: [],
    excludeNodeModules: false,
  });
  const counted = new Set(files.filter((file) => isCounted.shouldInstrument(file)));
  const left = files.filter((file) => !counted.has(file) && isMeant.shouldInstrument(file));
  return { named: all ? [...counted] : null, left };
}

/** The settings as the matcher of files takes them. */
function rulesOf({ include, exclude, extension, excludeNodeModules, allowExternal }: C8Settings) {
  return {
    include,
    exclude,
    extension: [...new Set([extension ?? defaultExtensions, moreExtensions].flat())],
    excludeNodeModules: excludeNodeModules ?? true,
    relativePath: !(allowExternal ?? false),
  };
}
