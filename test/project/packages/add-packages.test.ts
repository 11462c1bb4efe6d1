import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { addNodePackages } from "../../../src/project/packages/add-node-packages.ts";
import { addPythonPackages } from "../../../src/project/packages/add-python-packages.ts";
import { additionText } from "../../../src/project/packages/additions.ts";
import { makeDirectory, writeFiles } from "../../support/repository.ts";

type Texts = Readonly<Record<string, string>>;

async function python(files: Texts, directory = "."): Promise<string> {
  const checkoutRoot = await makeDirectory();
  await writeFiles(checkoutRoot, files);
  return additionText(addPythonPackages({ directory: join(checkoutRoot, directory), checkoutRoot }, ["pytest-cov"]));
}

async function node(files: Texts, directory = ".", packages = ["@vitest/coverage-v8@4.1.0"]): Promise<string> {
  const checkoutRoot = await makeDirectory();
  await writeFiles(checkoutRoot, files);
  const place = { directory: join(checkoutRoot, directory), checkoutRoot };
  return addNodePackages(place, packages, ["vitest"]).command;
}

describe("Python packages go where the project keeps its own", () => {
  const group = '[dependency-groups]\ntest = ["pytest>=8"]\n';
  it.each<[string, Texts, string]>([
    ["uv", { "uv.lock": "", "pyproject.toml": "" }, "uv add --dev pytest-cov"],
    ["uv's group with pytest", { "uv.lock": "", "pyproject.toml": group }, "uv add --group test pytest-cov"],
    ["poetry", { "pyproject.toml": '[tool.poetry]\nname = "a"\n' }, "poetry add --group dev pytest-cov"],
    [
      "poetry's group with pytest",
      { "poetry.lock": "", "pyproject.toml": '[tool.poetry.group.test.dependencies]\npytest = "^8"\n' },
      "poetry add --group test pytest-cov",
    ],
    ["pdm", { "pdm.lock": "", "pyproject.toml": group }, "pdm add --dev --group test pytest-cov"],
    ["pipenv", { Pipfile: "" }, "pipenv install --dev pytest-cov"],
    [
      "a list of requirements",
      { "requirements.txt": "flask\n", "requirements-dev.txt": "pytest" },
      "printf '\\n%s\\n' pytest-cov >> requirements-dev.txt && pip install -r requirements-dev.txt",
    ],
    [
      "a group that no command of pip writes",
      { "pyproject.toml": `[project]\nname = "a"\n${group}` },
      "pip install pytest-cov (and list it in [dependency-groups] test of pyproject.toml)",
    ],
    ["pip alone", {}, "pip install pytest-cov"],
    ["the project's own pip", { ".venv/bin/pip": "" }, ".venv/bin/pip install pytest-cov"],
  ])("%s", async (_what, files, expected) => {
    expect(await python(files)).toBe(expected);
  });

  it.each<[string, Texts, string]>([
    ["uv", { "uv.lock": "", "pyproject.toml": '[dependency-groups]\ndev = ["pytest-cov"]\n' }, "uv sync"],
    ["poetry", { "poetry.lock": "", "pyproject.toml": "[tool.poetry]\npytest-cov = '*'\n" }, "poetry install"],
    ["a list", { "requirements-dev.txt": "pytest\npytest_cov\n" }, "pip install -r requirements-dev.txt"],
  ])("and are only installed where %s lists them", async (_what, files, expected) => {
    expect((await python(files)).startsWith(expected)).toBe(true);
  });

  it("and a package below the root is named by its directory", async () => {
    expect(await python({ "api/uv.lock": "" }, "api")).toBe("cd api && uv add --dev pytest-cov");
  });
});

describe("packages of node_modules go where the runner is listed", () => {
  const listing = '{"devDependencies":{"vitest":"4"}}';
  it.each<[string, Texts, string, string]>([
    ["npm", { "package.json": listing }, ".", "npm install --save-dev @vitest/coverage-v8@4.1.0"],
    [
      "a package below a root that lists it",
      { "package.json": listing, "packages/a/package.json": "{}" },
      "packages/a",
      "npm install --save-dev @vitest/coverage-v8@4.1.0",
    ],
    [
      "a package that lists it",
      { "pnpm-lock.yaml": "", "packages/a/package.json": listing },
      "packages/a",
      "cd packages/a && pnpm add --save-dev @vitest/coverage-v8@4.1.0",
    ],
    [
      "the root of a pnpm workspace",
      { "pnpm-workspace.yaml": "", "pnpm-lock.yaml": "", "package.json": listing },
      ".",
      "pnpm add --save-dev --workspace-root @vitest/coverage-v8@4.1.0",
    ],
  ])("%s", async (_what, files, directory, expected) => {
    expect(await node(files, directory)).toBe(expected);
  });

  it("and are only installed where they are listed", async () => {
    expect(await node({ "package.json": listing }, ".", ["vitest"])).toBe("npm install");
  });
});
