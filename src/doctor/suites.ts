import { runnerFacts } from "../config/runner-facts.ts";
import type { Config, ConfigFile } from "../config/schema.ts";
import type { Repository } from "../git/repository.ts";
import { pytestPython } from "../init/detect/pytest-python.ts";
import { baseBranch, repositoryName } from "../init/detect/repository-facts.ts";
import { draftConfig } from "../init/draft-config.ts";
import { listProjectFiles } from "../project/checkout-files.ts";
import { installedVersion, oldRunner } from "../project/installed-package.ts";
import { launcherRemedy, missingLauncher, missingLauncherText } from "../project/launchers.ts";
import { addNodePackages } from "../project/packages/add-node-packages.ts";
import { addPythonPackages } from "../project/packages/add-python-packages.ts";
import { runProgram } from "../shared/exec/run-program.ts";
import { plural } from "../shared/text.ts";
import type { World } from "../shared/world.ts";
import type { Plan, PlannedSuite } from "../suite/plan/plan.ts";
import { projectEnvironment } from "../suite/plan/project-environment.ts";
import { runnerOf } from "../suite/runners/all.ts";
import type { Needs } from "../suite/runners/runner.ts";
import { usableWorkers } from "../suite/schedule/worker-count.ts";
import { type Finding, missing, ok, problem, remark } from "./finding.ts";

/** Detected suites that are not configured. */
export async function examineDetection(repository: Repository, config: Config): Promise<Finding[]> {
  const draft = draftConfig(
    await listProjectFiles(repository),
    repositoryName(repository),
    await baseBranch(repository),
  );
  const known = new Set(config.suites.map(placeOf));
  const commands = config.suites.filter(({ runner }) => !runnerFacts[runner].isAdapted).map(({ root }) => root);
  const missing = (draft?.config.suites ?? []).filter(
    (suite) => !known.has(placeOf(suite)) && !commands.includes(suite.root ?? "."),
  );
  return missing.map((suite) =>
    remark(
      "suites",
      `${suite.root === undefined ? "the repo's root" : suite.root} seems to have a ${suite.runner} suite that is not configured`,
      `Add to "suites": ${JSON.stringify(suite)}`,
    ),
  );
}

function placeOf({ root = ".", runner }: Pick<ConfigFile["suites"][number], "root" | "runner">): string {
  return `${runner} ${root}`;
}

/** The number of workers for `auto`, and each suite's runner with its requirements. */
export async function examineSuites(plan: Plan, repository: Repository, world: World): Promise<Finding[]> {
  const { count, limit } = usableWorkers();
  const workers = ok("workers", `"auto" is ${plural(count, "worker")}${limit === null ? "" : `: ${limit}`}`);
  const suites = await Promise.all(plan.suites.map((planned) => examineSuite(planned, repository, world)));
  return [workers, ...suites.flat()];
}

/** A suite's runner with its requirements. */
export async function examineSuite(planned: PlannedSuite, repository: Repository, world: World): Promise<Finding[]> {
  const { suite, directory, whyProcesses } = planned;
  const environment = projectEnvironment(
    { kind: "working tree", root: repository.root },
    [directory],
    world.environment,
  );
  const launcher = missingLauncher(suite.command, directory, environment);
  if (launcher !== null)
    return [problem(suite.name, missingLauncherText(launcher, suite.command), launcherRemedy(launcher))];
  const around: World = { ...world, environment };
  const found = await examineRunner(planned, repository, around);
  const note =
    whyProcesses &&
    remark(suite.name, `its workers will be processes over shares of the files, because ${whyProcesses}`);
  return note ? [...found, note] : found;
}

async function examineRunner(planned: PlannedSuite, repository: Repository, world: World): Promise<Finding[]> {
  const { needs } = runnerOf(planned.suite);
  switch (needs.from) {
    case "nowhere":
      return [ok(planned.suite.name, needs.describe(planned.suite))];
    case "npm":
      return examineNodePackages(planned, needs, repository);
    case "pip":
      return examinePythonPackages(planned, needs, repository, world);
  }
}

type NeedsFrom<Source extends Needs["from"]> = Extract<Needs, { readonly from: Source }>;

/** Prints the versions of the packages that it is called with, null for one that is not there. */
const probe =
  "import importlib.metadata as m, json, sys; print(json.dumps({n: next((d.version for d in m.distributions() if (d.metadata['Name'] or '').lower().replace('_', '-') == n), None) for n in sys.argv[1:]}))";

/** Asks the very Python that the command starts for what it has installed. */
async function examinePythonPackages(
  { suite, directory, workers, parallel }: PlannedSuite,
  { packages, forWorkers }: NeedsFrom<"pip">,
  repository: Repository,
  world: World,
): Promise<Finding[]> {
  const python = pytestPython(suite.command, world.environment);
  if (python === null)
    return [remark(suite.name, `\`${suite.command}\` hides which Python runs it, so its packages were not looked at`)];
  const needed = packages({ suite, directory, runsWorkers: workers.length > 1 && parallel === "runner" });
  const { exitCode, output } = await runProgram(["/bin/sh", "-c", `${python} -c "${probe}" ${needed.join(" ")}`], {
    directory,
    environment: world.environment,
    signal: world.signal,
  });
  const line = output.split("\n").find((one) => one.startsWith("{"));
  if (exitCode !== 0 || line === undefined)
    return [
      problem(
        suite.name,
        `\`${python}\` does not run: ${output.trim().split("\n").at(-1)}`,
        "Install Python, or correct the suite's command.",
      ),
    ];
  const versions: Record<string, string | null> = JSON.parse(line);
  const absent = needed.filter((name) => !versions[name]);
  if (absent.length > 0) {
    const text = `${absent.join(", ")} ${absent.length === 1 ? "is" : "are"} not installed where \`${suite.command}\` runs`;
    const addition = addPythonPackages({ directory, checkoutRoot: repository.root }, absent);
    const isEnough = suite.parallel === "auto" && absent.every((name) => name === forWorkers);
    if (!isEnough) return [missing(suite.name, text, addition)];
    const without = `${text}: without it the workers are processes over shares of the files, which start more slowly`;
    return [{ ...missing(suite.name, without, addition), level: "remark" }];
  }
  return [ok(suite.name, needed.map((name) => `${name} ${versions[name]}`).join(", "))];
}

function examineNodePackages(
  { suite, directory }: PlannedSuite,
  { package: main, providers }: NeedsFrom<"npm">,
  { root }: Repository,
): Finding[] {
  const { name } = suite;
  const version = installedVersion({ directory }, main);
  const add = (text: string, packages: readonly string[]): Finding[] => [
    missing(name, text, addNodePackages({ directory, checkoutRoot: root }, packages, [main])),
  ];
  const [firstProvider] = providers;
  if (version === null) {
    const place = suite.root === "." ? "the repo's root" : suite.root;
    return add(`${main} is not installed in ${place}`, [main, ...(firstProvider === undefined ? [] : [firstProvider])]);
  }
  const old = oldRunner(suite.runner, version);
  if (old !== null) return [problem(name, old)];
  if (firstProvider === undefined) return [ok(name, `${main} ${version}`)];
  const provider = providers.find((one) => installedVersion({ directory }, one) !== null);
  // The provider has to be of the runner's own version.
  if (provider === undefined)
    return add(`${main} ${version} has no coverage provider`, [`${firstProvider}@${version}`]);
  return [ok(name, `${main} ${version}, ${provider}`)];
}
