import { type Document, isMap, isSeq, parseDocument, YAMLMap } from "yaml";
import { editYaml } from "../edit/yaml.ts";
import { type ManagerEntry, runsOurHook } from "./manager-entry.ts";

/** The name of our script and job. */
const name = "pushproof";
/** Options that limit a job to some files, which must not apply to a push. */
const narrowing = ["run", "files", "glob", "exclude", "file_types", "root", "stage_fixed"];

/**
 * The entry for lefthook's configuration; `path` determines the format. It is a script, as lefthook skips a `run`
 * before a push where HEAD has no changes against its upstream. `use_stdin` passes git's lines on; `follow` shows
 * output while it runs and is only set for a new hook, as it applies to all its jobs.
 */
export function lefthookEntry(path: string, text: string, hook: string): ManagerEntry {
  const entry = [
    "pre-push:",
    "  follow: true",
    "  scripts:",
    `    ${name}:`,
    "      runner: sh",
    "      use_stdin: true",
  ];
  const script = { path: scriptPath(path, text), text: `exec sh ${hook} "$@"\n` };
  if (!isYaml(path)) {
    const isThere = text.includes(name);
    return { text: isThere ? text : null, entry: inLanguageOf(path) ?? entry, warnings: [], script };
  }
  const edited = editYaml(text, (document) => addScript(document, /^\s+jobs:/m.test(text)));
  return { text: edited, entry, warnings: edited === null ? [] : warningsOf(edited), script };
}

/** How lefthook's configuration runs us. */
export interface LefthookUse {
  /** Our job's name, to run it alone; null without one. */
  readonly job: string | null;
  /** Whether lefthook skips it without changed files. */
  readonly isSkipped: boolean;
}

/** How the configuration runs us before a push: undefined where it does not, null where that cannot be determined. */
export function lefthookUse(path: string, text: string): LefthookUse | null | undefined {
  if (!isYaml(path)) return text.includes(name) ? null : undefined;
  const document = parseDocument(text);
  if (document.errors.length > 0) return null;
  const hook = document.get("pre-push");
  if (!isMap(hook)) return undefined;
  const scripts = hook.get("scripts");
  if (isMap(scripts) && scripts.has(name)) return { job: name, isSkipped: false };
  const found = jobsOf(hook).find(({ job }) => isOurs(job));
  return found && { job: found.name, isSkipped: found.job.has("run") };
}

function isYaml(path: string): boolean {
  return /\.ya?ml$/.test(path);
}

/** Where lefthook looks for the script. */
function scriptPath(path: string, text: string): string {
  const configured = isYaml(path) ? parseDocument(text).get("source_dir") : undefined;
  const directory = typeof configured === "string" ? configured.replace(/\/+$/, "") : ".lefthook";
  return `${directory}/pre-push/${name}`;
}

function addScript(document: Document, prefersJobs: boolean): boolean {
  if (document.contents === null) document.contents = document.createNode({});
  if (!isMap(document.contents)) return false;
  const hook = document.get("pre-push", true);
  const script = { runner: "sh", use_stdin: true };
  if (hook === undefined) {
    const jobs = prefersJobs ? { jobs: [{ name, script: name, ...script }] } : { scripts: { [name]: script } };
    document.set("pre-push", document.createNode({ follow: true, ...jobs }));
    return true;
  }
  // Editing an anchor would change its other uses.
  if (!isMap(hook) || hook.anchor !== undefined) return false;
  const scripts = hook.get("scripts", true);
  if (isMap(scripts) && scripts.has(name)) return true;
  const jobs = hook.get("jobs", true);
  const ours = jobsOf(hook).find(({ job }) => isOurs(job));
  if (ours?.job.has("run")) for (const key of narrowing) ours.job.delete(key);
  if (isSeq(jobs)) {
    if (ours === undefined) jobs.add(document.createNode({ name, script: name, ...script }));
    else for (const [key, value] of Object.entries({ script: name, ...script })) ours.job.set(key, value);
    return true;
  }
  if (jobs !== undefined || (scripts !== undefined && !isMap(scripts))) return false;
  const kept = ours === undefined ? {} : ours.job.toJSON();
  if (ours !== undefined) {
    hook.deleteIn(["commands", ours.name]);
    const commands = hook.get("commands");
    if (isMap(commands) && commands.items.length === 0) hook.delete("commands");
  }
  hook.setIn(["scripts", name], document.createNode({ ...kept, ...script }));
  return true;
}

function isOurs(job: YAMLMap): boolean {
  return runsOurHook(job.get("run")) || job.get("script") === name;
}

interface NamedJob {
  readonly name: string | null;
  readonly job: YAMLMap;
}

function jobsOf(hook: YAMLMap): NamedJob[] {
  const jobs = hook.get("jobs");
  const commands = hook.get("commands");
  return [
    ...(isSeq(jobs) ? jobs.items.map((job) => ({ job, name: isMap(job) ? job.get("name") : null })) : []),
    ...(isMap(commands) ? commands.items.map(({ key, value }) => ({ job: value, name: String(key) })) : []),
  ].flatMap(({ job, name: given }) =>
    job instanceof YAMLMap ? [{ job, name: typeof given === "string" ? given : null }] : [],
  );
}

/** Conditions under which lefthook skips the hook. */
function warningsOf(text: string): string[] {
  const hook = parseDocument(text).get("pre-push");
  const skipping = isMap(hook) ? ["skip", "only"].filter((key) => hook.has(key)) : [];
  return skipping.map((key) => `"${key}" of pre-push holds for pushproof too: what it skips is pushed unverified`);
}

function inLanguageOf(path: string): string[] | null {
  if (path.endsWith(".toml")) return [`[pre-push.scripts.${name}]`, 'runner = "sh"', "use_stdin = true"];
  if (!/\.jsonc?$/.test(path)) return null;
  return [`"pre-push": { "scripts": { "${name}": { "runner": "sh", "use_stdin": true } } }`];
}
