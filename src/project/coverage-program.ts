/** Matches c8 or nyc at the beginning of a step, up to the measured program; we measure coverage ourselves. */
export const coverageProgram =
  /^((?:\S+=\S*\s+|cross-env\s+)*)(?:npx\s+)?(?:c8|nyc)(?:\s+(?:--(?:lines|branches|functions|statements|reporter|reports?-dir|temp-dir(?:ectory)?|include|exclude|extension|src|config|nycrc-path|cwd|require)|-[rnxoeci])\s+[^-\s]\S*|\s+-\S+)*\s+/;

/** A command without c8 or nyc in front of its steps. */
export function withoutMeasuring(command: string): string {
  return command
    .split(/(\s*&&\s*)/)
    .map((step) => step.replace(coverageProgram, "$1"))
    .join("");
}
