import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config, ConfigFile } from "../config/schema.ts";
import type { Repository } from "../git/repository.ts";
import { pytestPython } from "../init/detect/pytest-python.ts";
import { baseBranch, repositoryName } from "../init/detect/repository-facts.ts";
import { draftConfig } from "../init/draft-config.ts";
import { installedVersion, oldRunner } from "../project/installed-package.ts";
import { launcherRemedy, missingLauncher, missingLauncherText } from "../project/launchers.ts";
import { addNodePackages } from "../project/packages/add-node-packages.ts";
import { addPythonPackages } from "../project/packages/add-python-packages.ts";
import { listProjectFiles } from "../project/project-files.ts";
import { runProgram } from "../shared/exec/run-program.ts";
import { plural } from "../shared/text.ts";
import type { World } from "../shared/world.ts";
import type { Plan, PlannedSuite } from "../suite/plan/plan.ts";
import { projectEnvironment } from "../suite/plan/project-environment.ts";
import { workersPackage } from "../suite/runners/pytest.ts";
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
  const commands = config.suites.filter(({ runner }) => runner === "command").map(({ root }) => root);
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
  const found =
    suite.runner === "pytest" ? await examinePytest(planned, repository, around) : examineNode(planned, repository);
  const note =
    whyProcesses &&
    remark(suite.name, `its workers will be processes over shares of the files, because ${whyProcesses}`);
  return note ? [...found, note] : found;
}

const probe =
  "import importlib.metadata as m, json; print(json.dumps({n: next((d.version for d in m.distributions() if (d.metadata['Name'] or '').lower().replace('_', '-') == n), None) for n in ('pytest', 'pytest-xdist', 'pytest-cov', 'pytest-django')}))";

/** Asks the command's own Python for its installed packages. */
async function examinePytest(
  { suite, directory, workers, parallel }: PlannedSuite,
  repository: Repository,
  world: World,
): Promise<Finding[]> {
  const python = pytestPython(suite.command, world.environment);
  if (python === null)
    return [remark(suite.name, `\`${suite.command}\` hides which Python runs it, so its packages were not looked at`)];
  const { exitCode, output } = await runProgram(["/bin/sh", "-c", `${python} -c "${probe}"`], {
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
  const needed = [
    "pytest",
    ...(workers.length > 1 && parallel === "runner" ? [workersPackage] : []),
    "pytest-cov",
    // Without the project's own conftest.py, only pytest-django sets Django up.
    ...(/\bDJANGO_SETTINGS_MODULE=/.test(suite.command) && !existsSync(join(directory, "conftest.py"))
      ? ["pytest-django"]
      : []),
  ];
  const absent = needed.filter((name) => !versions[name]);
  if (absent.length > 0) {
    const text = `${absent.join(", ")} ${absent.length === 1 ? "is" : "are"} not installed where \`${suite.command}\` runs`;
    const addition = addPythonPackages({ directory, checkoutRoot: repository.root }, absent);
    const isEnough = suite.parallel === "auto" && absent.every((name) => name === workersPackage);
    if (!isEnough) return [missing(suite.name, text, addition)];
    const without = `${text}: without it the workers are processes over shares of the files, which start more slowly`;
    return [{ ...missing(suite.name, without, addition), level: "remark" }];
  }
  return [ok(suite.name, needed.map((name) => `${name} ${versions[name]}`).join(", "))];
}

function examineNode({ suite, directory }: PlannedSuite, { root }: Repository): Finding[] {
  const { runner, name } = suite;
  if (runner === "command") return [ok(name, `\`${suite.command}\`, which writes ${suite.results.join(", ")}`)];
  if (runner === "node") return [ok(name, `node:test of Node ${process.versions.node}`)];
  const version = installedVersion({ directory }, runner);
  const add = (text: string, packages: readonly string[]): Finding[] => [
    missing(name, text, addNodePackages({ directory, checkoutRoot: root }, packages, [runner])),
  ];
  if (version === null) {
    const packages = runner === "vitest" ? ["vitest", "@vitest/coverage-v8"] : [runner];
    return add(`${runner} is not installed in ${suite.root === "." ? "the repo's root" : suite.root}`, packages);
  }
  const old = oldRunner(runner, version);
  if (old !== null) return [problem(name, old)];
  if (runner !== "vitest") return [ok(name, `${runner} ${version}`)];
  const provider = ["@vitest/coverage-v8", "@vitest/coverage-istanbul"].find(
    (one) => installedVersion({ directory }, one) !== null,
  );
  if (provider === undefined)
    return add(`vitest ${version} has no coverage provider`, [`@vitest/coverage-v8@${version}`]);
  return [ok(name, `vitest ${version}, ${provider}`)];
}
