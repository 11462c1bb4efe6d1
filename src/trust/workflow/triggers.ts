import { recordOf } from "../../project/parsers/loose-values.ts";

/** The filters of one event that starts a workflow. */
export interface Filter {
  /** Null where every branch counts. */
  readonly branches: readonly string[] | null;
  readonly ignoredBranches: readonly string[];
  readonly hasPaths: boolean;
  readonly hasTags: boolean;
  /** Null for GitHub's default types. */
  readonly types: readonly string[] | null;
}

/** The events that start a workflow. */
export type Triggers = ReadonlyMap<string, Filter>;

/** Reads `on` of a workflow, in any of its three forms. */
export function readTriggers(on: unknown): Triggers {
  if (typeof on === "string") return new Map([[on, filterOf(null)]]);
  if (Array.isArray(on)) return new Map(on.map((event) => [String(event), filterOf(null)]));
  return new Map(Object.entries(recordOf(on)).map(([event, written]) => [event, filterOf(written)]));
}

function filterOf(written: unknown): Filter {
  const filter = recordOf(written);
  return {
    branches: filter.branches === undefined ? null : listOf(filter.branches),
    ignoredBranches: listOf(filter["branches-ignore"]),
    hasPaths: filter.paths !== undefined || filter["paths-ignore"] !== undefined,
    hasTags: filter.tags !== undefined || filter["tags-ignore"] !== undefined,
    types: filter.types === undefined ? null : listOf(filter.types),
  };
}

/** A text or a list of texts as a list. */
export function listOf(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  return (Array.isArray(value) ? value : [value]).map(String);
}

/** The branches whose pushes alone start a workflow; null where they are not named one by one. */
export function namedBranches(push: Filter): readonly string[] | null {
  const { branches, hasTags } = push;
  if (branches === null || branches.length === 0 || hasTags) return null;
  return branches.every((branch) => /^[\w./-]+$/.test(branch)) ? branches : null;
}

/** Whether an event happens for every commit of a branch; false where a filter cannot be read for certain. */
export function meetsEvery(filter: Filter | undefined, branch: string): boolean {
  if (filter === undefined || filter.hasPaths) return false;
  const { branches, ignoredBranches, hasTags, types } = filter;
  if (types !== null && !["opened", "synchronize"].every((type) => types.includes(type))) return false;
  // A filter for tags alone lets no branch through.
  if (branches === null && hasTags) return false;
  if (ignoredBranches.some((name) => !/^[\w./-]+$/.test(name) || name === branch)) return false;
  if (branches === null) return true;
  if (branches.some((name) => name.startsWith("!"))) return false;
  return branches.some((name) => name === branch || name === "**" || (name === "*" && !branch.includes("/")));
}
