import { type Document, isMap, isScalar, isSeq, parseDocument } from "yaml";
import { editYaml } from "../edit/yaml.ts";
import { type ManagerEntry, runsOurHook } from "./manager-entry.ts";

/** The first version that names stages after hooks; older ones reject the name. */
const namesStagesAfterHooks = [3, 2] as const;

/**
 * The entry for `.pre-commit-config.yaml`, a local hook. `version` is the installed pre-commit's, null without one.
 * `default_install_hook_types` installs the hook type for everybody.
 */
export function preCommitEntry(text: string, script: string, version: string | null): ManagerEntry {
  const hook = {
    id: "pushproof",
    name: "verify what is pushed",
    entry: `sh ${script}`,
    language: "system",
    stages: [stageOf(version)],
    always_run: true,
    pass_filenames: false,
    verbose: true,
  };
  const edited = editYaml(text, (document) => {
    if (!isMap(document.contents)) return false;
    return addHook(document, hook) && addHookType(document);
  });
  const lines = Object.entries(hook).map(([key, value], index) => {
    const shown = Array.isArray(value) ? `[${value.join(", ")}]` : value;
    return `    ${index === 0 ? "-" : " "} ${key}: ${shown}`;
  });
  const entry = ["default_install_hook_types: [pre-commit, pre-push]", "repos:", "- repo: local", "  hooks:", ...lines];
  const others = edited === null ? [] : hooksWithoutStages(edited);
  const warnings = [`${others.join(", ")}: pre-commit runs hooks without "stages" at a push as well`];
  return { text: edited, entry, warnings: others.length === 0 ? [] : warnings };
}

/** Whether pre-commit's configuration runs our hook at a push; null where it cannot be read. */
export function preCommitRunsUs(text: string): boolean | null {
  const document = parseDocument(text);
  if (document.errors.length > 0) return null;
  return hooksOf(document).some(
    (hook) =>
      runsOurHook(hook.entry) && (!Array.isArray(hook.stages) || hook.stages.some((stage) => /push$/.test(stage))),
  );
}

function stageOf(version: string | null): "push" | "pre-push" {
  const [major = 0, minor = 0] = version?.split(".").map(Number) ?? namesStagesAfterHooks;
  const [wantedMajor, wantedMinor] = namesStagesAfterHooks;
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor) ? "push" : "pre-push";
}

function addHook(document: Document, hook: Readonly<Record<string, unknown>>): boolean {
  if (hooksOf(document).some(({ entry }) => runsOurHook(entry))) return true;
  const repositories = document.get("repos", true);
  if (!isSeq(repositories)) return false;
  const node = document.createNode({ repo: "local", hooks: [hook] });
  const stages = node.getIn(["hooks", 0, "stages"], true);
  if (isSeq(stages)) stages.flow = true;
  repositories.add(node);
  return true;
}

/** Without it, `pre-commit install` only installs the pre-commit hook. */
function addHookType(document: Document): boolean {
  const types = document.get("default_install_hook_types", true);
  if (types === undefined) {
    const node = document.createNode(["pre-commit", "pre-push"]);
    node.flow = true;
    document.set("default_install_hook_types", node);
    return true;
  }
  if (!isSeq(types)) return false;
  if (!types.items.some((type) => isScalar(type) && type.value === "pre-push")) types.add("pre-push");
  return true;
}

interface Hook {
  readonly id?: unknown;
  readonly entry?: unknown;
  readonly stages?: unknown;
}

function hooksOf(document: Document): Hook[] {
  const { repos } = (document.toJS() ?? {}) as { repos?: unknown };
  if (!Array.isArray(repos)) return [];
  return repos.flatMap((repository) => (Array.isArray(repository?.hooks) ? repository.hooks : [])).filter(Boolean);
}

function hooksWithoutStages(text: string): string[] {
  const document = parseDocument(text);
  if (document.has("default_stages")) return [];
  return hooksOf(document)
    .filter(({ stages }) => stages === undefined)
    .map(({ id }) => String(id));
}
