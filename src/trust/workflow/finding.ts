import type { Edit } from "./edits.ts";
import type { Path, Place, YamlSource } from "./yaml-source.ts";

/** What the audit of a repository's CI found at a place. */
export interface Finding {
  readonly kind: "mistake" | "repeat" | "receipt" | "serial";
  /** Relative to the repository's root. */
  readonly file: string;
  readonly place: Place;
  /** A sentence without its full stop. */
  readonly text: string;
  /** Why `--fix` leaves it alone, as a phrase; null where it is fixed. */
  readonly doubt: string | null;
  /** The step whose time would be saved; null where none would. */
  readonly step: TimedStep | null;
  /** What must keep other commits out of the branches for the finding to hold; null where nothing has to. */
  readonly gate: Gate | null;
}

/** A check that pull requests to some branches have to pass. */
export interface Gate {
  readonly branches: readonly string[];
  /** Its name on a pull request. */
  readonly check: string;
}

/** A step by what its durations are recorded under. */
export interface TimedStep {
  /** The names of its job and its own on a run's page on GitHub. */
  readonly job: string;
  readonly name: string;
  readonly commands: readonly string[];
}

/** A place where something was left alone on purpose. */
export interface Remark {
  readonly file: string;
  readonly place: Place;
  readonly text: string;
}

/** A change of one place of a file, as text and as value: the second is what the first is checked against. */
export interface Change {
  readonly finding: Finding;
  readonly edits: readonly Edit[];
  /** What `--fix` does, for people: "removes lines 3 to 9". */
  readonly action: string;
  /** Removes what is at a path, or sets it. */
  readonly values: readonly { readonly path: Path; readonly value?: unknown }[];
}

/** What is found in one file, and what would be changed in it. */
export interface FileAudit {
  readonly source: YamlSource;
  readonly findings: readonly Finding[];
  readonly remarks: readonly Remark[];
  /** What the changes leave that nothing seems to use. */
  readonly leftovers: readonly Remark[];
  readonly changes: readonly Change[];
}
