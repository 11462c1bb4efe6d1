import { createHash } from "node:crypto";
import { hostname, userInfo } from "node:os";
import { posix } from "node:path";
import { configDigest } from "../../config/parse.ts";
import { runnerFacts } from "../../config/runner-facts.ts";
import type { Config } from "../../config/schema.ts";
import { digestInputs } from "../../database/template/inputs.ts";
import { withScripts } from "../../project/package-script.ts";
import type { Checkout } from "../../push/checkout.ts";
import { background } from "../../shared/background.ts";
import { messageOf } from "../../shared/errors.ts";
import { version } from "../../shared/version.ts";
import type { Environment } from "../../shared/world.ts";
import type { PlannedSuite } from "../plan/plan.ts";
import { projectEnvironment } from "../plan/project-environment.ts";
import { digestFiles, stateOfFile } from "./digest-files.ts";
import { digestNodePackages, digestPythonPackages, upTo } from "./packages.ts";
import { digestPrograms, digestProgramsByContent } from "./programs.ts";

/** What a suite's surroundings are read from. */
export interface SurroundingsRequest {
  readonly planned: PlannedSuite;
  readonly config: Config;
  readonly checkout: Pick<Checkout, "kind" | "root">;
  /** The tracked files, relative to the root. */
  readonly tracked: ReadonlySet<string>;
  /** The environment that the program was called with. */
  readonly environment: Environment;
  /** The environment class of receipts: system and runtimes. */
  readonly environmentClass: Promise<string>;
  /** Whether the caller chose a server, or the configuration names one of its own. */
  readonly hasOwnServer: boolean;
  /** Whether another machine that has the same is to count as the same: then contents count, not when and where they were written. */
  readonly travels: boolean;
}

/** A digest of all that a suite's results depend on besides the files that it reads; or why it cannot be told, a clause. */
export type Surroundings = { readonly digest: string } | { readonly why: string };

/** Variables that runtimes and runners read by themselves, besides those that a suite declares. */
const readByRuntimes =
  /^(?:CI|NODE_ENV|NODE_OPTIONS|NODE_PATH|TZ|LANG|LANGUAGE|LC_\w+|PYTHON\w+|PYTEST\w*|COVERAGE\w*|TSX_\w+|ESBUILD_\w+|DJANGO_SETTINGS_MODULE|LD_PRELOAD|LD_LIBRARY_PATH|DYLD_\w+|PG[A-Z]+)$/;
/** Commands whose packages lie somewhere else than PATH says. */
const elsewhere =
  /(?:^|[\s;&|(/])(poetry|pipenv|pdm|hatch|tox|nox|rye|conda|micromamba|mamba|pixi|docker|docker-compose|podman|ssh|nix|nix-shell|devbox|vagrant)(?=\s)/;

/** Reads the surroundings of a suite: its configuration, runtimes, packages, database and environment. */
export async function readSurroundings(request: SurroundingsRequest): Promise<Surroundings> {
  const { planned, config, checkout, environment, travels } = request;
  const why = whyUnknown(request);
  if (why !== null) return { why };
  const { suite, directory, workers, parallel, usesDatabase } = planned;
  const own = projectEnvironment(checkout, [directory], environment);
  // Python looks for packages while we look for programs.
  const python = background(pythonPackages(request, own));
  try {
    const parts: readonly (readonly [string, string])[] = [
      ["version", version],
      ["configuration", configDigest(config)],
      ["plan", JSON.stringify({ suite, workers, parallel, usesDatabase })],
      // A worktree lacks the files that git ignores.
      ["place", checkout.kind === "worktree" ? "worktree" : "checkout"],
      [
        "machine",
        `${travels ? `any, root: ${userInfo().uid === 0}` : `${hostname()} ${userInfo().uid}`} ${await request.environmentClass}`,
      ],
      // Node can name the time zone, but takes 5 to 20 ms to load its tables for that. TZ is among the variables.
      ["time zone", await stateOfFile("/etc/localtime")],
      ["programs", travels ? digestProgramsByContent(own, checkout.root) : digestPrograms(own, checkout.root)],
      ["node packages", digestNodePackages(directory, checkout.root, { byContent: travels })],
      ["python packages", await python],
      ["variables", variablesText(suite.environment ?? [], own)],
      ["database", usesDatabase ? await databaseText(request) : "none"],
      ["files beside", await digestFiles(checkout.root, filesBeside(request))],
    ];
    const digest = createHash("sha256");
    for (const [name, value] of parts) digest.update(`${name}\0${value}\0`);
    return { digest: digest.digest("hex") };
  } catch (error) {
    return { why: `what it depends on cannot be read (${messageOf(error).split("\n")[0]})` };
  }
}

function whyUnknown({ planned, config, hasOwnServer }: SurroundingsRequest): string | null {
  const { suite, directory, usesDatabase } = planned;
  if (usesDatabase && hasOwnServer) return "its database server is not the embedded one";
  const { database } = config;
  if (usesDatabase && database !== false && database.setup !== undefined && database.inputs.length === 0) {
    return 'what "database.setup" depends on is not known: name it in "database.inputs"';
  }
  const launcher = elsewhere.exec(`${withScripts(suite.command, directory).join(" ; ")} `)?.[1];
  return launcher === undefined ? null : `its command calls ${launcher}, whose packages lie elsewhere`;
}

async function pythonPackages(
  { planned, checkout, tracked, travels }: SurroundingsRequest,
  own: Environment,
): Promise<string> {
  const { language } = runnerFacts[planned.suite.runner];
  const mayCall = language === "python" || (language === null && [...tracked].some((file) => file.endsWith(".py")));
  return mayCall
    ? await digestPythonPackages(planned.directory, checkout.root, own, { byContent: travels })
    : "not asked";
}

function variablesText(declared: readonly string[], environment: Environment): string {
  const names = Object.keys(environment).filter((name) => readByRuntimes.test(name));
  // Only its digest is kept: a value may be a secret.
  return [...new Set([...declared, ...names])]
    .sort()
    .map((name) => `${name}=${JSON.stringify(environment[name] ?? null)}`)
    .join("\n");
}

async function databaseText({ config, checkout }: SurroundingsRequest): Promise<string> {
  if (config.database === false || config.database.setup === undefined) return "no setup";
  return await digestInputs(checkout.root, config.database.inputs);
}

/**
 * The tracked files that lie directly in the suite's directory or in one above it: lock files, manifests, and the settings
 * of runners and compilers. Texts for people are left out.
 */
function filesBeside({ planned, checkout, tracked }: SurroundingsRequest): string[] {
  const places = new Set(
    upTo(planned.directory, checkout.root).map((place) => posix.relative(checkout.root, place) || "."),
  );
  // What Python imports is traced, or named by "inputs".
  const isTraced = (file: string): boolean =>
    planned.suite.runner === "pytest" && /(?<!(?:^|\/)(?:setup|sitecustomize|usercustomize))\.py$/.test(file);
  return [...tracked].filter((file) => places.has(posix.dirname(file)) && !isForPeople(file) && !isTraced(file)).sort();
}

/** Whether a file is a text for people, which no suite is taken to read. */
export function isForPeople(file: string): boolean {
  return /(?:\.md|(?:^|\/)(?:LICENSE|LICENCE|AUTHORS|CODEOWNERS)(?:\.txt)?)$/i.test(file);
}
