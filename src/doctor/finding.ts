import { type Addition, additionText } from "../project/packages/additions.ts";

/** What an examination found: all well, something to know, or something that keeps a verification from working. */
export interface Finding {
  readonly level: "ok" | "remark" | "problem";
  /** What was examined: "git", "hook", "backend". */
  readonly subject: string;
  /** What is so, a phrase or a sentence. */
  readonly text: string;
  /** What to do about it. */
  readonly remedy?: string;
  /** The shell command that does it in the repo's root, where it is one that adds or installs packages. */
  readonly install?: string;
}

/** All is well. */
export function ok(subject: string, text: string): Finding {
  return { level: "ok", subject, text };
}

/** Something to know, which stops nothing. */
export function remark(subject: string, text: string, remedy?: string): Finding {
  return { level: "remark", subject, text, ...(remedy === undefined ? {} : { remedy }) };
}

/** Something that keeps a verification from working, and what to do. */
export function problem(subject: string, text: string, remedy?: string): Finding {
  return { level: "problem", subject, text, ...(remedy === undefined ? {} : { remedy }) };
}

/** Packages that are missing, with the command that brings them. */
export function missing(subject: string, text: string, addition: Addition): Finding {
  return { level: "problem", subject, text, remedy: `Run: ${additionText(addition)}`, install: addition.command };
}
