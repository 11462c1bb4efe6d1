import { isDeepStrictEqual } from "node:util";
import { applyEdits } from "./edits.ts";
import type { Change } from "./finding.ts";
import { readWorkflow } from "./github.ts";
import { danglingReferences } from "./references.ts";
import { githubMistakes, yamlMistakes } from "./schema.ts";
import { type Path, readYaml, type YamlSource } from "./yaml-source.ts";

/** A file with its changes applied, or why they are not, as a phrase. */
export type ChangedFile =
  | { readonly text: string; readonly doubt: null }
  | { readonly text: null; readonly doubt: string };

/**
 * Applies the changes of one file and checks what comes out: it parses, its value differs by exactly these changes, the
 * same jobs remain, nothing refers to what is gone, and no mistake is new.
 */
export async function applyChanges(source: YamlSource, changes: readonly Change[]): Promise<ChangedFile> {
  const refused = (doubt: string): ChangedFile => ({ text: null, doubt });
  const edits = changes.flatMap((change) => change.edits);
  const text = applyEdits(source.text, edits);
  if (text === null) return refused("two changes would overlap");
  const result = readYaml(source.file, text);
  const [mistake] = yamlMistakes(result);
  if (mistake !== undefined) return refused(`the result would be no YAML: ${mistake.text}`);
  const expected = withValues(
    source.value,
    changes.flatMap(({ values }) => values),
  );
  if (!isDeepStrictEqual(result.value, expected)) return refused("the result would differ in more than these changes");
  const [before, after] = [readWorkflow(source), readWorkflow(result)];
  if (before === null || after === null) return { text, doubt: null };
  const known = [...danglingReferences(before), ...(await githubMistakes(source, "workflow"))].map((one) => one.text);
  const all = [...danglingReferences(after), ...(await githubMistakes(result, "workflow"))];
  const added = all.find((one) => !known.includes(one.text));
  return added === undefined ? { text, doubt: null } : refused(`the result would have a mistake: ${added.text}`);
}

/** A copy of a value in which what is at some paths is set or removed; maps that get empty go as well. */
function withValues(value: unknown, values: Change["values"]): unknown {
  const copy = structuredClone(value);
  const removed = values.filter((one) => !("value" in one)).map(({ path }) => path);
  for (const { path, value: put } of values.filter((one) => "value" in one))
    containerAt(copy, path)[String(path.at(-1))] = put;
  for (const path of removed.filter((one) => typeof one.at(-1) === "string"))
    delete containerAt(copy, path)[String(path.at(-1))];
  // From the back, so that the indexes before stay right.
  const entries = removed.filter((one) => typeof one.at(-1) === "number");
  for (const path of entries.sort((left, right) => Number(right.at(-1)) - Number(left.at(-1)))) {
    (containerAt(copy, path) as unknown as unknown[]).splice(Number(path.at(-1)), 1);
  }
  return copy;
}

function containerAt(value: unknown, path: Path): Record<string, unknown> {
  return path.slice(0, -1).reduce((inner, key) => (inner as Record<string, unknown>)[String(key)], value) as Record<
    string,
    unknown
  >;
}
