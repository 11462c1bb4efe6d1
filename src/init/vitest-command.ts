import type { PackageFile } from "./detect-vitest.ts";

/** A command, and what a reader should know about it. */
export interface FoundCommand {
  readonly text: string;
  readonly notes: readonly string[];
}

const call =
  /^((?:.*?\s)??)(?:npx\s+|bunx\s+|(?:pnpm|yarn)\s+(?:exec\s+)?)?vitest(?:\s+(?:run|watch|dev))?(?=\s|$)(.*)$/;
/** Flags that are added from outside, or that would keep the run from ending. */
const dropped = /\s(?:--watch|-w|--ui|--coverage(?:\.\S+)?|--run|--passWithNoTests|--pass-with-no-tests)(?=\s|$)/g;

/**
 * How vitest is started: as the `test` script does, without the package manager in between. What the script does before
 * stays in front of it, since the arguments that are appended must reach vitest.
 */
export function vitestCommand(file: PackageFile): FoundCommand {
  for (const script of ["test", "test:unit"]) {
    const written = file.scripts?.[script]?.trim();
    if (written === undefined) continue;
    const steps = written.split(/\s*&&\s*/);
    const last = steps.at(-1) ?? "";
    const found = call.exec(last);
    if (found === null || /[;|]|\bvitest\s+(bench|related|list|init)\b/.test(last)) continue;
    const vitest = `${found[1] ?? ""}vitest run${(found[2] ?? "").replace(dropped, "")}`.trimEnd();
    const text = [...steps.slice(0, -1), vitest].join(" && ");
    return { text, notes: text === "vitest run" ? [] : [`runs what the script "${script}" of package.json runs`] };
  }
  return { text: "vitest run", notes: [] };
}
