import { expect, test } from "vitest";
import { commandsOf, installs, verifies } from "../../../src/trust/workflow/commands.ts";

test.each([
  "pytest",
  "uv run pytest -q tests",
  "python -m pytest",
  "poetry run pytest",
  "tox",
  "nox -s tests",
  "python manage.py test",
  "coverage run -m pytest",
  "npm test",
  "npm t",
  "npm run lint",
  "npm run test:unit",
  "pnpm test",
  "pnpm run typecheck",
  "yarn lint",
  "bun test",
  "npx vitest run",
  "./node_modules/.bin/jest",
  "node --test",
  "moon run :ci",
  "moon ci",
  "moon check --all",
  "make test",
  "make lint test",
  "just check",
  "nx run-many -t test",
  "turbo run test lint",
  "go test ./...",
  "cargo test",
  "cargo fmt --all -- --check",
  "./gradlew check",
  "mvn -B test",
  "bundle exec rspec",
  "dotnet test",
  "ruff check .",
  "eslint .",
  "npx tsc --noEmit",
  "mypy src",
  "pre-commit run --all-files",
  "npx verify",
  "verify --suite backend",
  "CI=1 npm test",
])("%s verifies", (command) => expect(verifies(command)).toBe(true));

test.each([
  "npm ci",
  "npm install",
  "npm run build",
  "pnpm ci",
  "yarn check",
  "npm run deploy",
  "npm audit",
  "npm publish",
  "make",
  "make build",
  "moon run :build",
  "moon setup",
  "mvn verify",
  "./gradlew build",
  "cargo build",
  "go build ./...",
  "pytest > report.txt",
  "eslint . --fix",
  "npm test -- --watch",
  "npx verify init",
  "verify check",
  "docker build .",
  "python manage.py migrate",
  "testing",
  "echo test",
  "./test.sh",
  "npm run citgm",
  "tsc",
])("%s verifies nothing for certain", (command) => expect(verifies(command)).toBe(false));

test("a long name is read in no time", () => {
  expect(verifies(`npm run test-${"a-".repeat(2000)}@`)).toBe(false);
  expect(verifies(`moon run ${"a-".repeat(200)}:test-${"a-".repeat(200)}@`)).toBe(false);
  expect(verifies(`nx run-many ${"-t ".repeat(2000)}@`)).toBe(false);
});

test("a script's commands are its lines and what && and ; part, without comments, messages and set -e", () => {
  expect(
    commandsOf("set -euo pipefail\n# all\necho hello\ncd apps && pytest  -q \\\n  tests; ruff check # style\n"),
  ).toEqual(["cd apps", "pytest -q tests", "ruff check"]);
  expect(commandsOf("pytest -k 'a && b; c'")).toEqual(["pytest -k 'a && b; c'"]);
});

test.each([
  "pytest || true",
  "pytest | tee log",
  "pytest &",
  "if true; then pytest; fi",
  "for x in a; do pytest; done",
  "pytest $(ls)",
  "cat <<E\npytest\nE",
  "set +e\npytest\nexit 0",
  "( pytest )",
])("%j is more than a list of commands", (script) => expect(commandsOf(script)).toBeNull());

test.each([
  "npm ci",
  "python -m pip install --upgrade pip\npip install -r requirements.txt",
  "curl -LsSf https://astral.sh/uv/install.sh | sh",
  "uv sync --frozen",
  "sudo apt-get update && sudo apt-get install -y jq",
  "corepack enable",
  'echo "$HOME/.local/bin" >> $GITHUB_PATH',
])("%j only installs", (script) => expect(installs(script)).toBe(true));

test.each([
  "./deploy.sh",
  "npm ci && npm run build",
  "echo x > file",
  "curl -X POST https://deploy.example.com",
  "git checkout main",
  "git pull",
  "npm version patch",
  "sed -i s/a/b/ x",
  "source env.sh && ./run",
])("%j does more than install", (script) => expect(installs(script)).toBe(false));
