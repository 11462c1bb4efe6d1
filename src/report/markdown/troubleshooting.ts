import type { Failure, Summary } from "../../model/summary.ts";
import { allFailures } from "../verdict.ts";

/** A problem and its remedy. */
export interface Remedy {
  readonly what: string;
  readonly help: readonly string[];
}

/** Remedies for the problems of this run only. */
export function troubleshooting(summary: Summary): Remedy[] {
  const kinds = new Set(allFailures(summary).map(({ kind }) => kind));
  return [...kinds].flatMap((kind) => kindRemedies[kind] ?? []).concat(gateRemedies(summary), runRemedies(summary));
}

const kindRemedies: Readonly<Record<Failure["kind"], Remedy | null>> = {
  failure: null,
  race: {
    what: "A flaky test: it fails among others and passes alone",
    help: [
      "Something that tests share is left changed: a module's state, an environment variable, a file, a port, a row that a fixture does not take back.",
      "The order that led there can be run again (see the test above); leaving files out of it, half at a time, finds the one that leaves it.",
      'Until it is fixed, `"races": "warn"` lets it pass, marked.',
    ],
  },
  crash: {
    what: "A worker crashed",
    help: [
      "Its log says in which test; a call that ends the process (process.exit, os._exit), a native extension, a signal, or too little memory are the usual causes (`dmesg | grep -i kill` shows the last).",
      "`npx verify --workers 1` shows whether it also crashes without other workers.",
    ],
  },
  timeout: {
    what: "A test or a suite timed out",
    help: [
      "The test named is the last one that began: most often it waits for a lock, a port or a service.",
      '`"timeout"` in the configuration, or `--timeout 60m` for once, gives a suite more time.',
    ],
  },
  collection: {
    what: "A test file could not be loaded",
    help: [
      "What it imports is missing or broken in the files of this commit: is it committed, installed, generated beforehand?",
      "A clean checkout has what git ignores; a worktree does not: `npx verify doctor` shows which of the two is verified.",
    ],
  },
};

function gateRemedies({ coverage }: Summary): Remedy[] {
  const closed = (coverage?.gates ?? []).filter(({ passed }) => !passed);
  if (closed.length === 0) return [];
  const help = [
    "The lines named above are the shortest way to pass: write tests that run them.",
    ...((coverage?.unloaded?.length ?? 0) > 0
      ? ["A file that no suite loads and that is not to be tested can be named in `coverage.exclude`."]
      : []),
  ];
  return [{ what: "The coverage gate failed", help }];
}

function runRemedies({ reasons, verdict }: Summary): Remedy[] {
  const says = (pattern: RegExp): boolean => reasons.some((reason) => pattern.test(reason));
  return [
    ...(says(/^There is no coverage data/)
      ? [
          {
            what: "There is no coverage data",
            help: [
              "`npx verify doctor` shows whether the runner's coverage provider is installed, and how to install it.",
            ],
          },
        ]
      : []),
    ...(says(/^The checkout changed while it was verified/)
      ? [
          {
            what: "The checkout changed while it was verified",
            help: [
              "An editor, a formatter or the suite itself wrote to tracked files: `git status` shows which. Run again without that.",
            ],
          },
        ]
      : []),
    ...(verdict === "error" && says(/Postgres|database|server/i)
      ? [
          {
            what: "The database server",
            help: [
              "`npx verify db list` shows what is there, `npx verify clean` removes what no run owns, `npx verify doctor` checks the rest.",
            ],
          },
        ]
      : []),
  ];
}
