import { type Addition, additionText } from "../project/packages/additions.ts";

/** The result of a check: ok, a remark, or a problem that prevents verification. */
export interface Finding {
  readonly level: "ok" | "remark" | "problem";
  /** What was checked: "git", "hook", "backend". */
  readonly subject: string;
  /** The result, a phrase or a sentence. */
  readonly text: string;
  /** How to fix it. */
  readonly remedy?: string;
  /** A shell command for the repository's root that installs missing packages. */
  readonly install?: string;
}

/** Everything is fine. */
export function ok(subject: string, text: string): Finding {
  return { level: "ok", subject, text };
}

/** Information that prevents nothing. */
export function remark(subject: string, text: string, remedy?: string): Finding {
  return { level: "remark", subject, text, ...(remedy === undefined ? {} : { remedy }) };
}

/** A problem that prevents verification, with its remedy. */
export function problem(subject: string, text: string, remedy?: string): Finding {
  return { level: "problem", subject, text, ...(remedy === undefined ? {} : { remedy }) };
}

/** Missing packages, with the command that installs them. */
export function missing(subject: string, text: string, addition: Addition): Finding {
  return { level: "problem", subject, text, remedy: `Run: ${additionText(addition)}`, install: addition.command };
}
