import type { ProjectFiles } from "../../project/project-files.ts";

const codeFile = /\.(py|[cm]?[jt]sx?)$/;

/**
 * Whether the code goes through the list that a variable holds: by a loop, or as the parameters of tests. One that only takes
 * a list's first entry is served with one.
 */
export function goesThroughList(project: ProjectFiles, variable: string): boolean {
  const texts = project.paths.filter((path) => codeFile.test(path)).flatMap((path) => project.read(path) ?? []);
  const readers = texts.filter((text) => text.includes(variable));
  const names = new Set(readers.flatMap((text) => namesOf(text, variable)));
  // A loop over the variable itself, not the part of an expression that only takes the list apart.
  const loop = new RegExp(`^\\s*(?:async )?for\\b[^\\n]*\\b${variable}\\b`, "m");
  return (
    readers.some((text) => loop.test(text)) || [...names].some((name) => texts.some((text) => isLooped(text, name)))
  );
}

/** The names that code gives to what a variable holds. */
function namesOf(text: string, variable: string): string[] {
  const assigned = new RegExp(
    `^[ \\t]*(?:export )?(?:const |let |var )?(\\w+)(?:\\s*:[^=\\n]+)?\\s*=[^=][^\\n]*\\b${variable}\\b`,
    "gm",
  );
  return [...text.matchAll(assigned)].map(([, name = ""]) => name);
}

function isLooped(text: string, name: string): boolean {
  const uses = [
    `\\b(?:in|of)\\s+${name}\\b(?!\\s*[.[])`,
    `\\bparametrize\\([^)]*\\b${name}\\b`,
    `\\bparams\\s*=\\s*${name}\\b`,
    `\\beach\\(\\s*${name}\\b`,
    `\\b${name}\\s*\\.\\s*(?:map|flatMap|forEach|filter)\\(`,
  ];
  return uses.some((use) => new RegExp(use).test(text));
}
