import type { Environment } from "./world.ts";

/**
 * A text that a CI service prints and takes for no command: GitHub Actions, and what follows it, obeys lines that begin with
 * `::`; it and Azure Pipelines, as TeamCity, obey `##[…]`, `##vso[…]` and their like anywhere in a line. The names and the
 * output of tests come from whoever wrote the commit. Looks the same, due to a zero-width space.
 */
export function withoutCommands(text: string, environment: Environment): string {
  if (environment.GITHUB_ACTIONS !== "true" && !environment.TF_BUILD && !environment.TEAMCITY_VERSION) return text;
  return text.replace(/^(\s*:)(?=:)/gm, "$1\u200B").replace(/#(?=#\w*\[)/g, "#\u200B");
}
