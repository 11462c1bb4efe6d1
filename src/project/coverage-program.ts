/** How a step begins that c8 or nyc measures, up to the program that it measures: coverage is measured from outside. */
export const coverageProgram =
  /^((?:\S+=\S*\s+|cross-env\s+)*)(?:npx\s+)?(?:c8|nyc)(?:\s+(?:--(?:lines|branches|functions|statements|reporter|reports?-dir|temp-dir(?:ectory)?|include|exclude|extension|src|config|nycrc-path|cwd|require)|-[rnxoeci])\s+[^-\s]\S*|\s+-\S+)*\s+/;

/** A command whose steps are run without the c8 or nyc that stands in front of them. */
export function withoutMeasuring(command: string): string {
  return command
    .split(/(\s*&&\s*)/)
    .map((step) => step.replace(coverageProgram, "$1"))
    .join("");
}
