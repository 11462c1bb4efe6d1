import { createHash } from "node:crypto";
import { readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Summary } from "../../model/summary.ts";
import { replaceFile } from "../../shared/files.ts";
import { lineEnds, longestBody, pullRequestBlock, pullRequestBody, subjectAttribute, titleLine } from "./body.ts";
import { aroundBlock, blockIn, digestOf, mergedBody } from "./merged-body.ts";
import type { PullRequestTemplate } from "./template.ts";

const fileName = "pull-request.md";
/** The file for our text, where the author's is kept. */
const newName = "pull-request.new.md";

/**
 * Writes `pull-request.md` into the absolute directory of reports. Keeps the author's edits for the same branch: the
 * title and all text around our block, or the whole file where the block itself was edited; ours then goes to
 * `pull-request.new.md`. A file for another branch is set aside and restored with that branch. Returns notes for the
 * author, one sentence each.
 */
export async function writePullRequest(
  directory: string,
  summary: Summary,
  template: PullRequestTemplate | null,
): Promise<readonly string[]> {
  const path = join(directory, fileName);
  const { present, notes } = await presentFile(directory, summary, template);
  if (present === null) {
    await replaceFile(path, pullRequestBody(summary, template?.text));
    await rm(join(directory, newName), { force: true });
    return [...notes, ...otherTemplates(template)];
  }
  const { title, text } = split(present);
  const own = pullRequestBlock(summary, longestBody - title.length - aroundBlock(text).length - lineEnds);
  const { body, isEdited } = mergedBody(text, `\n${own}\n`);
  if (isEdited) {
    await replaceFile(join(directory, newName), pullRequestBody(summary, template?.text));
    return [
      ...notes,
      `.verify/${fileName} is left as it is, as somebody edited our part of it: this run's text is in .verify/${newName}.`,
    ];
  }
  const kept = hasOwnTitle(present) ? titleLine(summary) : title;
  await replaceFile(path, `${kept === "" ? titleLine(summary) : kept}\n${title === "" ? "\n" : ""}${body}`);
  await rm(join(directory, newName), { force: true });
  return notes;
}

/**
 * The text for opening the pull request: `pull-request.md` including the author's edits; only ours where our block was
 * edited, as it may describe another run.
 */
export async function pullRequestToSend(
  directory: string,
  summary: Summary,
  template: PullRequestTemplate | null,
): Promise<string> {
  await writePullRequest(directory, summary, template);
  const text = await readFile(join(directory, fileName), "utf8");
  const block = blockIn(text);
  const isOurs = block !== null && block !== "broken" && !block.isEdited;
  return isOurs ? text : pullRequestBody(summary, template?.text);
}

interface Present {
  /** What the author may have written for this branch; null where there is nothing. */
  readonly present: string | null;
  readonly notes: readonly string[];
}

/** The present file, or the one that was set aside when another branch's replaced it. */
async function presentFile(
  directory: string,
  summary: Summary,
  template: PullRequestTemplate | null,
): Promise<Present> {
  const path = join(directory, fileName);
  const lying = await readFile(path, "utf8").catch(() => null);
  const wanted = JSON.stringify(subjectAttribute(summary));
  if (lying !== null && lying.trim() !== "") {
    const subject = subjectOf(lying) ?? (isOfEarlierVersion(lying) ? "{}" : wanted);
    if (subject === wanted) return { present: lying, notes: [] };
    const notes = hasAuthorsText(lying, template) ? [await putAside(directory, subject)] : [];
    return { present: await bringBack(directory, wanted), notes };
  }
  return { present: await bringBack(directory, wanted), notes: [] };
}

async function putAside(directory: string, subject: string): Promise<string> {
  const name = keptName(subject);
  await rename(join(directory, fileName), join(directory, name));
  const whose = Object.values<string>(JSON.parse(subject))[0];
  return `What you wrote into .verify/${fileName}${whose === undefined ? "" : ` for ${whose}`} is kept in .verify/${name}.`;
}

async function bringBack(directory: string, subject: string): Promise<string | null> {
  const path = join(directory, keptName(subject));
  const kept = await readFile(path, "utf8").catch(() => null);
  // Renamed, not written anew: at no time is there no file that holds it.
  if (kept !== null) await rename(path, join(directory, fileName));
  return kept;
}

/** The digest tells apart what is alike but for characters that not every file system takes, or tells apart. */
function keptName(subject: string): string {
  const words = Object.values<string>(JSON.parse(subject)).join("-");
  const readable = words.replace(/[^A-Za-z0-9._-]+/g, "-").slice(0, 80) || "earlier";
  return `pull-request.${readable}-${createHash("sha256").update(subject).digest("hex").slice(0, 8)}.md`;
}

/** What our marker says that the file is about; null where it says nothing. */
function subjectOf(present: string): string | null {
  const [, attributes = ""] = /<!--[ \t]*pushproof:begin\b([^>]*)-->/.exec(present) ?? [];
  const [, name, value] = /\b(branch|commit)=(\S+)/.exec(attributes) ?? [];
  if (name === undefined || value === undefined) return null;
  try {
    return JSON.stringify({ [name]: decodeURIComponent(value) });
  } catch {
    return null;
  }
}

/** Before 0.5 there were no markers, and each run wrote the file anew. */
function isOfEarlierVersion(present: string): boolean {
  return (
    blockIn(present) === null && present.includes("\n## Verification\n\n| What | Result |\n| --- | --- |\n| Verdict |")
  );
}

/** Whether anything there is not as we wrote it. What was another template at that time counts, too: nothing is lost by it. */
function hasAuthorsText(present: string, template: PullRequestTemplate | null): boolean {
  const { text } = split(present);
  const block = blockIn(text);
  if (block === null || block === "broken" || block.isEdited || !hasOwnTitle(present)) return true;
  return digestOf(aroundBlock(text)) !== digestOf(aroundBlock(template?.text ?? ""));
}

function hasOwnTitle(present: string): boolean {
  const { title, text } = split(present);
  const block = blockIn(text);
  return block !== null && block !== "broken" && block.attributes.title === digestOf(title);
}

/** The first line where it is a title, and the rest; byte for byte, but for the title's line end. */
function split(present: string): { readonly title: string; readonly text: string } {
  const [line = "", title = ""] = /^\uFEFF?(# [^\n]*?)\r?\n/.exec(present) ?? [];
  return title === "" ? { title, text: present } : { title, text: present.slice(line.length) };
}

function otherTemplates(template: PullRequestTemplate | null): string[] {
  if (template === null || template.others.length === 0) return [];
  return [`.verify/${fileName} follows ${template.file}; the repository also has ${template.others.join(", ")}.`];
}
