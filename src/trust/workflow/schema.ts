import type { Place, YamlSource } from "./yaml-source.ts";

/** A mistake in a file. */
export interface Mistake {
  readonly file: string;
  readonly place: Place;
  /** A sentence without its full stop. */
  readonly text: string;
}

/** Mistakes in a file's YAML. */
export function yamlMistakes(source: YamlSource): Mistake[] {
  return source.document.errors.map(({ message, pos }) => ({
    file: source.file,
    place: source.placeOf(pos[0]),
    text: (message.split("\n")[0] ?? "").replace(/ at line \d+, column \d+:?$/, ""),
  }));
}

/**
 * Mistakes by GitHub's own schema of workflows or actions, and in their expressions. The parser is loaded here, as few
 * commands need it.
 */
export async function githubMistakes(source: YamlSource, kind: "workflow" | "action"): Promise<Mistake[]> {
  const { NoOperationTraceWriter, parseWorkflow } = await import("@actions/workflow-parser");
  const { parseAction } = await import("@actions/workflow-parser/actions/action-parser");
  const parse = kind === "workflow" ? parseWorkflow : parseAction;
  const { context } = parse({ name: source.file, content: source.text }, new NoOperationTraceWriter());
  return context.errors.getErrors().map(({ rawMessage, range }) => ({
    file: source.file,
    place: range === undefined ? { line: 1, column: 1 } : { line: range.start.line, column: range.start.column },
    text: (rawMessage.split("\n")[0] ?? "").replace(/\.$/, ""),
  }));
}
