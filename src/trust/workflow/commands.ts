import { withoutAssignments } from "../../project/package-script.ts";

/** Words that begin a part of a shell script that is more than a list of commands. */
const control =
  /^(if|then|else|elif|fi|for|while|until|do|done|case|esac|function|trap|return|exit|\{|\}|\()(?=\s|;|$)|<<|`|\$\(/;

/**
 * The commands of a step's script, in order, with single blanks; null where it is more than a list of commands that end
 * the step when one fails. Comments, `set -e` and plain messages are left out.
 */
export function commandsOf(script: string): string[] | null {
  const lines = script.replace(/\\\r?\n\s*/g, " ").split(/\r?\n/);
  const commands: string[] = [];
  for (const line of lines.map((one) => one.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    const parts = splitCommands(line);
    if (parts === null) return null;
    commands.push(...parts);
  }
  return commands.filter((command) => !isMessage(command));
}

/** `set -e` and the like make a script stricter; with `+` it lets failures through. */
function isMessage(command: string): boolean {
  return /^set -[euxo]+( pipefail)?$/.test(command) || (/^(echo|printf)\s/.test(command) && !/[>|$]/.test(command));
}

/** The commands of a line; null where it has pipes, alternatives, background processes or control words. */
function splitCommands(line: string): string[] | null {
  const words = line.match(/"(?:[^"\\]|\\.)*"|'[^']*'|&&|\|\||[;|&]|(?:\\.|[^\s"';|&])+|\s+/g) ?? [];
  const commands = [""];
  for (const word of words) {
    if (word === "||" || word === "|" || word === "&") return null;
    if (word === "&&" || word === ";") commands.push("");
    else if (word.startsWith("#") && /(^|\s)$/.test(commands.at(-1) ?? "")) break;
    else commands.push(`${commands.pop()}${/^\s+$/.test(word) ? " " : word}`);
  }
  const plain = commands.map((command) => command.trim()).filter((command) => command !== "");
  return plain.some((command) => control.test(command)) ? null : plain;
}

const launcher =
  /^(?:(?:uv|poetry|pdm|pipenv|hatch|rye|pixi)\s+run(?:\s+--?[\w-]+)*\s+|bundle\s+exec\s+|npx\s+(?:--?[\w-]+\s+)*|bunx\s+|pnpm\s+(?:exec|dlx)\s+|yarn\s+(?:exec|dlx)\s+|(?:\.\/)?(?:node_modules|vendor)\/(?:\.?bin)\/|python[\d.]*\s+-m\s+|xvfb-run\s+(?:-a\s+)?|time\s+)+/;

/** What a task that verifies is called. */
const taskName = String.raw`(?:[\w-]+[:.-])?(?:tests?|unit|integration|specs?|ci|check|checks|lint|verify|validate|type-?check|types|tsc|format:check|fmt:check|coverage|cov|qa|quality)(?:[:.-][\w.:-]*)?`;

const verifications: readonly RegExp[] = [
  /^(pytest|py\.test|tox|nox|vitest(?: run)?|jest|mocha|ava|tap|rspec|phpunit|pest|behave|robot)\b(?!:)/,
  /^coverage run (?:-\S+ )*-m (pytest|unittest)\b/,
  /^unittest\b/,
  /^(?:python[\d.]* )?(?:\S+\/)?manage\.py test\b/,
  /^node (?:--\S+ )*--test\b/,
  /^npm (?:t|tst|test)(?= |$)/,
  new RegExp(String.raw`^npm (?:run|run-script) (?:--?[\w=-]+ )*${taskName}(?= |$)`),
  // Without "run" these are commands of the managers themselves.
  new RegExp(
    String.raw`^(?:pnpm|yarn|bun) (?:--?[\w=-]+ )*(?:run (?:--?[\w=-]+ )*|(?!(?:ci|check|audit)(?: |$)))${taskName}(?= |$)`,
  ),
  new RegExp(
    String.raw`^(?:make|just|task|mage|rake|poe|inv|invoke|composer(?: run)?|ant)(?: -\S+)* ${taskName}(?: ${taskName})*$`,
  ),
  new RegExp(String.raw`^moon (?:run|ci|check|r)(?: --?[\w-]+)*(?: [\w/-]*:?${taskName})*(?: --all)?$`),
  new RegExp(String.raw`^(?:nx|turbo|lerna|rush|lage)(?: run| run-many| affected| --?[\w=-]+)* ${taskName}\b`),
  /^(?:go|swift|dotnet|mix|sbt|deno|zig build|dart|flutter|cabal|stack|lein|crystal spec|bazel) (?:tests?|vet)\b/,
  /^cargo (?:\+\S+ )?(?:test|nextest run|clippy|check|fmt (?:--all )?(?:-- )?--check)\b/,
  /^(?:\.\/)?mvnw? (?:-\S+ )*(?:clean )?test$/,
  /^(?:\.\/)?gradlew? (?:-\S+ )*(?:clean )?(?:test|check)$/,
  /^(?:eslint|flake8|mypy|pyright|pylint|ruff check|biome (?:ci|check)|prettier (?:\S+ )*--check|prettier -c|black (?:\S+ )*--check|isort (?:\S+ )*--check(?:-only)?|golangci-lint run|rubocop|phpstan|pre-commit run|standard|stylelint|shellcheck|hadolint|tsc (?:\S+ )*--noEmit)\b/,
  /^(?:verify|pushproof)(?: (?!(?:init|pr|status|doctor|exec|db|check|receipts|workflows|clean|history|merge|push|repeat|affected|why)\b)\S+)*$/,
];

/** Whether a command verifies the code: runs its tests or checks its source. */
export function verifies(command: string): boolean {
  const plain = withoutAssignments(command).replace(launcher, "");
  const isWriting = /\s(--fix|--write|-w|--watch|--updateSnapshot|--snapshot-update|-u)(?=\s|$)/.test(plain);
  return (
    !isWriting &&
    !/[<>]/.test(plain) &&
    !installations.test(plain) &&
    verifications.some((pattern) => pattern.test(plain))
  );
}

/** Commands that install tools and packages, and change no file that git tracks. */
const installations =
  /^(?:sudo )?(?:npm (?:ci|install|i|clean-install)|pnpm (?:install|i)|yarn install|yarn(?=$| --)|bun (?:install|i)|corepack|pip3? install|uv (?:sync|pip install|python install|venv|tool install)|poetry (?:install|config)|pdm (?:install|sync)|pipenv (?:install|sync)|pipx install|hatch env create|bundle (?:install|config)|composer install|go (?:mod download|install|get)|cargo (?:fetch|install)|rustup|apt(?:-get)? (?:-\S+ )*(?:update|install)|brew install|playwright install|moon setup|proto (?:install|use)|curl (?!.*(?:-X|--request|-d\b|--data)).*|docker compose (?:-\S+ \S+ )?(?:up -d|pull)|git (?:fetch|config|log|status|rev-parse|describe)|ls|pwd|which|node (?:-v|--version)|python3? --version|mkdir -p|export|source|\.)(?= |$)/;

/** Whether a script only installs tools and packages. */
export function installs(script: string): boolean {
  // What is fetched with curl and run at once is an installer.
  const installer = /^curl -[a-zA-Z]+ (?:--\S+ (?:'[^']*' )?)*["']?https?:\/\/\S+ \| (?:ba)?sh(?: -s(?: --)?.*)?$/;
  const lines = script
    .replace(/\\\r?\n\s*/g, " ")
    .split(/\r?\n/)
    .map((line) => line.trim());
  return lines.every((line) => {
    if (line === "" || line.startsWith("#") || installer.test(line)) return true;
    const commands = commandsOf(line);
    return commands?.every(isInstallation) ?? false;
  });
}

function isInstallation(command: string): boolean {
  const plain = withoutAssignments(command).replace(launcher, "");
  // What is added to the runner's own files is no file of the checkout.
  const written = plain.replace(/>>?\s*"?\$\{?GITHUB_(?:PATH|ENV|OUTPUT)\}?"?/, "");
  return !/>/.test(written) && (installations.test(plain) || /^(?:echo|printf) /.test(plain));
}
