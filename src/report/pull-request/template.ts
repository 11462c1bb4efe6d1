import type { SimpleGit } from "simple-git";
import { type ChosenTemplate, chooseTemplate } from "./choose-template.ts";
import { appended, blockIn } from "./merged-body.ts";

/** A pull-request template of the repository, and the others. */
export interface PullRequestTemplate extends ChosenTemplate {
  readonly text: string;
}

/** The template of a commit; null where there is none, or it is unreadable. */
export async function readPullRequestTemplate(git: SimpleGit, commit: string): Promise<PullRequestTemplate | null> {
  try {
    const files = await listFiles(git, commit);
    const chosen = chooseTemplate([...files.keys()]);
    if (chosen === null) return null;
    const text = await git.raw(["cat-file", "blob", files.get(chosen.file) ?? ""]);
    return text.trim() === "" ? null : { ...chosen, text };
  } catch {
    return null;
  }
}

/** Root entries that may be or contain a template; others are not listed, as a repository may be huge. */
const templatePlace = /^(?:\.github|\.gitlab|docs|pull_request_template.*)$/i;

/** The objects of possible template files; links and submodules are skipped. */
async function listFiles(git: SimpleGit, commit: string): Promise<Map<string, string>> {
  const names = await git.raw(["ls-tree", "--name-only", "-z", "--full-tree", commit]);
  const places = names.split("\0").filter((name) => templatePlace.test(name));
  if (places.length === 0) return new Map();
  const output = await git.raw(["ls-tree", "-r", "-z", "--full-tree", commit, "--", ...places]);
  return new Map(
    output.split("\0").flatMap((entry): [string, string][] => {
      const [, object = "", name = ""] = /^100\d{3} blob (\S+)\t(.*)$/s.exec(entry) ?? [];
      return name === "" ? [] : [[name, object]];
    }),
  );
}

/** A single first marker also shows where our part goes. */
const loneMarker = /<!--[ \t]*pushproof:begin\b[^>]*-->/;

/** The template, unchanged, with our block at its markers or at the end. Checkboxes stay unticked. */
export function filledTemplate(template: string, block: string): string {
  const place = blockIn(template);
  if (place === "broken") {
    const lone = loneMarker.exec(template);
    if (lone !== null && !template.includes("pushproof:end"))
      return template.slice(0, lone.index) + block + template.slice(lone.index + lone[0].length);
  } else if (place !== null) return template.slice(0, place.start) + block + template.slice(place.end);
  return appended(template, block);
}
