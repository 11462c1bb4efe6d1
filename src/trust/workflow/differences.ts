import { recordOf } from "../../project/parsers/loose-values.ts";
import type { ProjectFiles } from "../../project/project-files.ts";
import { escapedForPattern } from "../../shared/patterns.ts";
import { commandsOf, installs, verifies } from "./commands.ts";
import type { Step, Variables } from "./github.ts";
import type { Site } from "./verification.ts";

/**
 * Why the same command may verify something else in the later place than in the earlier one, as a phrase; null where
 * commit, machine, tools, services and variables are the same.
 */
export function differenceBetween(later: Site, earlier: Site, project: ProjectFiles): string | null {
  return (
    checkoutDifference(later, earlier) ??
    machineDifference(later, earlier) ??
    toolDifference(later, earlier) ??
    packageDifference(later, earlier) ??
    variableDifference(later, earlier, project) ??
    preparationDifference(later, earlier)
  );
}

function before({ job, step }: Site): Step[] {
  return job.steps.slice(0, job.steps.indexOf(step));
}

function checkoutDifference(later: Site, earlier: Site): string | null {
  const inputs = (site: Site): string[] =>
    before(site)
      .filter(({ uses }) => uses?.startsWith("actions/checkout@"))
      .flatMap((step) => Object.entries(step.with))
      .filter(([name]) => !/^(fetch-depth|fetch-tags|token|persist-credentials|clean|show-progress)$/.test(name))
      .map(([name, value]) => `${name}: ${String(value)}`);
  const [own, other] = [inputs(later), inputs(earlier)];
  const chosen = [...own, ...other].find((input) => /^(ref|repository|path):/.test(input));
  if (chosen !== undefined) return `a checkout with \`${chosen}\` may be of another commit`;
  const odd = [...own.filter((input) => !other.includes(input)), ...other.filter((input) => !own.includes(input))];
  return odd.length === 0 ? null : `only one of the two checks out with \`${odd[0]}\``;
}

function machineDifference({ job: own }: Site, { job: other }: Site): string | null {
  if (own.machine !== other.machine) return "the two run on different machines";
  const images = ({ services }: Site["job"]): string =>
    JSON.stringify(
      Object.entries(services)
        .map(([name, service]) => [name, recordOf(service).image ?? service, recordOf(service).env ?? null])
        .sort(),
    );
  return images(own) === images(other) ? null : "the two have different services";
}

/** Actions that put a language's tools on PATH. */
const toolAction =
  /^(?:actions\/setup-(?:python|node|java|go|dotnet)|ruby\/setup-ruby|shivammathur\/setup-php|oven-sh\/setup-bun|denoland\/setup-deno|pnpm\/action-setup|astral-sh\/setup-uv|moonrepo\/setup-toolchain|moonrepo\/setup-moon-action|erlef\/setup-beam|dtolnay\/rust-toolchain|actions-rs\/toolchain|actions-rust-lang\/setup-rust-toolchain)@/;

function toolDifference(later: Site, earlier: Site): string | null {
  const tools = (site: Site): Map<string, string> => {
    const variables = allVariables(site);
    const found = before(site).flatMap(({ uses, with: inputs }) => {
      if (uses === null || !toolAction.test(uses)) return [];
      const [name = ""] = uses.split("@");
      const versions = Object.entries(inputs).filter(([input]) =>
        /version|toolchain|distribution|architecture/.test(input),
      );
      const ref = /toolchain$/.test(name) ? [["ref", uses.split("@")[1] ?? ""]] : [];
      return [
        [
          name,
          [...versions, ...ref].map(([input, value]) => `${input} ${filled(String(value), variables)}`).join(", "),
        ] as const,
      ];
    });
    return new Map(found);
  };
  const [own, other] = [tools(later), tools(earlier)];
  for (const name of new Set([...own.keys(), ...other.keys()])) {
    const [left, right] = [own.get(name), other.get(name)];
    if (left === undefined || right === undefined) return `only one of the two has ${name}`;
    if (left !== right) return `${name} differs: ${left || "no version"} and ${right || "no version"}`;
  }
  return null;
}

/** Commands that install what the project depends on. */
const installsPackages =
  /^(?:\w+=\S* )*(?:npm (?:ci|i|install)|pnpm (?:i|install)|yarn install|yarn(?=\n| --)|bun (?:i|install)|(?:python[\d.]* -m )?pip3? install|uv (?:sync|pip install)|poetry install|pdm (?:install|sync)|pipenv (?:install|sync)|bundle install|composer install)(?=\s|$)/;

/** With other packages the same tests may say something else. */
function packageDifference(later: Site, earlier: Site): string | null {
  const [own, other] = [later, earlier].map((site) =>
    before(site)
      .flatMap(({ run, directory }) => (commandsOf(run ?? "") ?? []).map((command) => `${command}\n${directory}`))
      .filter(
        (command) => installsPackages.test(command) && !/ (-g|--global|--upgrade pip|-U pip)(?=\s|$)/.test(command),
      ),
  );
  const odd = [
    ...(own ?? []).filter((one) => !other?.includes(one)),
    ...(other ?? []).filter((one) => !own?.includes(one)),
  ][0];
  return odd === undefined ? null : `only one of the two installs with \`${odd.split("\n")[0]}\``;
}

/** A text with the values of `${{ env.NAME }}`. */
function filled(text: string, variables: Variables): string {
  return text.replace(/\$\{\{\s*env\.(\w+)\s*\}\}/g, (whole, name: string) => variables[name] ?? whole);
}

/** All variables that a step's script sees. */
export function allVariables({ workflow, job, step }: Site): Variables {
  return { ...workflow.variables, ...job.variables, ...step.variables };
}

/** Variables that runners, languages and tools read themselves. */
const knownVariable =
  /^(CI|TZ|LANG|LC_\w+|(NODE|PYTHON|PYTEST|COVERAGE|DJANGO|RAILS|RACK|APP|GO|CGO|RUST|CARGO|JAVA|MAVEN|GRADLE|MOON|NX|TURBO|UV|PIP|NPM|JEST|VITEST|PG)\w*|\w*(DATABASE|TEST|_ENV|_URL|_DSN)\w*)$/i;
/** Variables that only change what is shown, or that hold a version, which is compared where it is used. */
const shownVariable = /^(FORCE_COLOR|NO_COLOR|CLICOLOR\w*|TERM|\w+_VERSION|DOTNET_NOLOGO|HUSKY)$/;

function variableDifference(later: Site, earlier: Site, project: ProjectFiles): string | null {
  const [own, other] = [allVariables(later), allVariables(earlier)];
  const names = [...new Set([...Object.keys(own), ...Object.keys(other)])];
  const isForStep = (name: string): boolean => name in later.step.variables || name in earlier.step.variables;
  const odd = names
    .filter((name) => own[name] !== other[name] && !shownVariable.test(name))
    .find((name) => isForStep(name) || mayMatter(name, project));
  if (odd !== undefined) {
    const isSecret = /\bsecrets\b/.test(own[odd] ?? "") ? ", a secret," : "";
    return own[odd] === undefined
      ? `${odd} is set only for the earlier run`
      : `${odd}${isSecret} is not the same for both`;
  }
  const secret = names.find((name) => /\b(secrets|vars)\./.test(own[name] ?? "") && isForStep(name));
  const { environment } = later.job;
  if (secret !== undefined && environment !== earlier.job.environment)
    return `${secret} may have another value in the environment ${environment ?? "of the earlier run"}`;
  return null;
}

/** Whether a variable may change what tests do. */
export function mayMatter(name: string, project: ProjectFiles): boolean {
  return !shownVariable.test(name) && (knownVariable.test(name) || isRead(name, project));
}

const codeFile =
  /\.(?:py|[cm]?[jt]sx?|rb|go|java|kt|rs|php|exs?|cs|swift|scala|sh|toml|cfg)$|(?:^|\/)(?:Makefile|justfile|moon\.yml|tox\.ini|pytest\.ini|package\.json|Rakefile)$/;

/** What was asked of a project: every answer reads all of its code. */
const answers = new WeakMap<ProjectFiles, Map<string, boolean>>();

/** Whether code or the settings of a tool name a variable. */
export function isRead(name: string, project: ProjectFiles): boolean {
  const known = answers.get(project) ?? new Map<string, boolean>();
  answers.set(project, known);
  const answer = known.get(name) ?? namesIt(name, project);
  known.set(name, answer);
  return answer;
}

function namesIt(name: string, project: ProjectFiles): boolean {
  const word = new RegExp(`(?<![\\w-])${escapedForPattern(name)}(?![\\w-])`);
  return project.paths.some((path) => codeFile.test(path) && word.test(project.read(path) ?? ""));
}

/** Actions that change no file that is tested. */
const harmlessAction =
  /^(?:actions\/(?:checkout|cache|setup-\w+)|docker\/(?:login|setup-\w+|metadata)-action|docker\/setup-\w+|aws-actions\/(?:configure-aws-credentials|amazon-ecr-login)|google-github-actions\/(?:auth|setup-gcloud)|azure\/login|step-security\/harden-runner|\S+\/setup-[\w-]+|\S+\/action-setup|\S+\/\S*toolchain\S*|Swatinem\/rust-cache)(?:\/\w+)?@/;

/** Steps before the later run that the earlier one lacks, and that may change the files that are tested. */
function preparationDifference(later: Site, earlier: Site): string | null {
  const known = new Set(earlier.job.steps.map(doing));
  const odd = before(later).find((step) => !known.has(doing(step)) && !isHarmless(step));
  return odd === undefined
    ? null
    : `the step ${odd.label} before it, which the earlier job lacks, may change what is tested`;
}

/** What a step does, in a form to compare. */
function doing({ run, uses, with: inputs, directory }: Step): string {
  return run === null ? JSON.stringify([uses, inputs]) : JSON.stringify([run.trim(), directory]);
}

/** Whether a step only checks out, installs or verifies. */
export function isHarmless({ run, uses }: Step): boolean {
  if (uses !== null) return harmlessAction.test(uses);
  const script = run ?? "";
  return installs(script) || (commandsOf(script)?.every(verifies) ?? false);
}
