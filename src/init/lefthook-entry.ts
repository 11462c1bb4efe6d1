import { type Document, isMap, isSeq, parseDocument, type YAMLMap } from "yaml";
import { type ManagerEntry, runsOurHook } from "./manager-entry.ts";
import { editYaml } from "./yaml-edit.ts";

/**
 * The entry in lefthook's configuration, of which `path` tells the language. `use_stdin` hands git's lines on; `follow`
 * shows what the run says while it goes, and is set only where the hook is new, since it holds for all its jobs.
 */
export function lefthookEntry(path: string, text: string, script: string): ManagerEntry {
  const run = `sh ${script} {1} {2}`;
  const entry = [
    "pre-push:",
    "  follow: true",
    "  commands:",
    "    pushproof:",
    `      run: ${run}`,
    "      use_stdin: true",
  ];
  if (!/\.ya?ml$/.test(path)) {
    return { text: runsOurHook(text) ? text : null, entry: inLanguageOf(path, run) ?? entry, warnings: [] };
  }
  const edited = editYaml(text, (document) => addJob(document, run, /^\s+jobs:/m.test(text)));
  return { text: edited, entry, warnings: edited === null ? [] : warningsOf(edited) };
}

/** Whether lefthook's configuration has our job; null where it cannot be read here. */
export function lefthookRunsUs(path: string, text: string): boolean | null {
  if (!/\.(ya?ml|jsonc?)$/.test(path)) return runsOurHook(text.replaceAll("\n", " ")) ? null : false;
  const document = parseDocument(text);
  if (document.errors.length > 0) return null;
  const hook = document.get("pre-push");
  return isMap(hook) && jobsOf(hook).some((job) => runsOurHook(job.get("run")));
}

/** How lefthook names our job, for running it alone; null where it has no name, or cannot be read here. */
export function lefthookJob(path: string, text: string): { kind: "job" | "command"; name: string } | null {
  if (!/\.ya?ml$/.test(path)) return null;
  const document = parseDocument(text);
  const hook = document.errors.length > 0 ? undefined : document.get("pre-push");
  if (!isMap(hook)) return null;
  const commands = hook.get("commands");
  for (const { key, value } of isMap(commands) ? commands.items : []) {
    if (isMap(value) && runsOurHook(value.get("run"))) return { kind: "command", name: String(key) };
  }
  const name = jobsOf(hook)
    .find((job) => runsOurHook(job.get("run")))
    ?.get("name");
  return typeof name === "string" ? { kind: "job", name } : null;
}

function addJob(document: Document, run: string, prefersJobs: boolean): boolean {
  if (document.contents === null) document.contents = document.createNode({});
  if (!isMap(document.contents)) return false;
  const hook = document.get("pre-push", true);
  if (hook === undefined) {
    const job = { run, use_stdin: true };
    const jobs = prefersJobs ? { jobs: [{ name: "pushproof", ...job }] } : { commands: { pushproof: job } };
    document.set("pre-push", document.createNode({ follow: true, ...jobs }));
    return true;
  }
  // An anchor's other uses would change with it.
  if (!isMap(hook) || hook.anchor !== undefined) return false;
  const ours = jobsOf(hook).find((job) => runsOurHook(job.get("run")));
  if (ours !== undefined) {
    ours.set("use_stdin", true);
    return true;
  }
  const jobs = hook.get("jobs", true);
  if (isSeq(jobs)) jobs.add(document.createNode({ name: "pushproof", run, use_stdin: true }));
  else if (jobs !== undefined) return false;
  else {
    const commands = hook.get("commands", true);
    if (commands !== undefined && !isMap(commands)) return false;
    hook.setIn(["commands", "pushproof"], document.createNode({ run, use_stdin: true }));
  }
  return true;
}

function jobsOf(hook: YAMLMap): YAMLMap[] {
  const jobs = hook.get("jobs");
  const commands = hook.get("commands");
  const all = [
    ...(isSeq(jobs) ? jobs.items : []),
    ...(isMap(commands) ? commands.items.map(({ value }) => value) : []),
  ];
  return all.filter((job) => isMap(job));
}

/** What lefthook skips a hook for. */
function warningsOf(text: string): string[] {
  const hook = parseDocument(text).get("pre-push");
  const skipping = isMap(hook) ? ["skip", "only"].filter((key) => hook.has(key)) : [];
  return skipping.map((key) => `"${key}" of pre-push holds for pushproof too: what it skips is pushed unverified`);
}

function inLanguageOf(path: string, run: string): string[] | null {
  if (path.endsWith(".toml")) return ["[pre-push.commands.pushproof]", `run = "${run}"`, "use_stdin = true"];
  if (!/\.jsonc?$/.test(path)) return null;
  return [`"pre-push": { "commands": { "pushproof": { "run": "${run}", "use_stdin": true } } }`];
}
