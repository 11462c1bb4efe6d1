// These packages declare no types.
declare module "c8/lib/report.js" {
  import type { CoverageMap } from "istanbul-lib-coverage";

  interface Report {
    exclude: unknown;
    getCoverageMapFromAllCoverageFiles(): Promise<CoverageMap>;
  }
  /** The converter of V8's files, see `c8 report --help` for its options. */
  export default function createReport(options: object): Report;
}
declare module "istanbul-reports/lib/lcovonly/index.js" {
  import type { Context } from "istanbul-lib-report";

  export default class LcovOnlyReport {
    constructor(options: { projectRoot: string });
    execute(context: Context): void;
  }
}
declare module "test-exclude" {
  export default class TestExclude {
    constructor(rules: object);
    shouldInstrument(file: string): boolean;
  }
}
