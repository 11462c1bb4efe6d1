import { expect, it } from "vitest";
import { pythonThresholds } from "../../../src/init/thresholds/python.ts";
import { projectOf } from "../project.ts";

type Texts = Readonly<Record<string, string>>;
const found = (files: Texts, root = ".") => pythonThresholds(projectOf(files), root);

it.each<[string, string, string]>([
  [".coveragerc", "[report]\nfail_under = 91.5\n", ".coveragerc ([report] fail_under)"],
  [".coveragerc", "[coverage:report]\nfail_under: 91.5\n", ".coveragerc ([coverage:report] fail_under)"],
  [
    "pyproject.toml",
    "[tool.coverage.report]\nfail_under = 91.5 # never lower\n",
    "pyproject.toml ([tool.coverage.report] fail_under)",
  ],
  [
    "pyproject.toml",
    "[tool.coverage]\nreport.fail_under = 91.5\n",
    "pyproject.toml ([tool.coverage.report] fail_under)",
  ],
  ["setup.cfg", "[coverage:report]\nfail_under=91.5\n", "setup.cfg ([coverage:report] fail_under)"],
  ["tox.ini", "[coverage:report]\nfail_under = 91.5\n", "tox.ini ([coverage:report] fail_under)"],
])("fail_under in %s with %j is lines", (name, text, place) => {
  expect(found({ [name]: text })).toEqual({ place, figures: { lines: 91.5 }, notes: [] });
});

it.each<[string, string]>([
  ["pytest.ini", "[pytest]\naddopts = -q --cov-fail-under=88\n"],
  ["pytest.ini", "[pytest]\naddopts =\n    --cov=shop\n    --cov-fail-under 88\n"],
  ["pyproject.toml", '[tool.pytest.ini_options]\naddopts = ["--cov-fail-under", "88"]\n'],
  ["setup.cfg", "[tool:pytest]\naddopts = --cov-fail-under=88\n"],
  ["tox.ini", "[pytest]\naddopts = --cov-fail-under=88\n"],
])("--cov-fail-under in the addopts of %s is lines (%j)", (name, text) => {
  expect(found({ [name]: text })).toMatchObject({
    place: `${name} (--cov-fail-under in addopts)`,
    figures: { lines: 88 },
  });
});

it("--cov-fail-under counts before fail_under, as for pytest-cov", () => {
  const files = {
    ".coveragerc": "[report]\nfail_under = 50\n",
    "pytest.ini": "[pytest]\naddopts = --cov-fail-under=88\n",
  };
  expect(found(files)?.figures).toEqual({ lines: 88 });
});

it("--cov-fail-under of a directory above holds for a suite that configures no pytest", () => {
  const files = { "pytest.ini": "[pytest]\naddopts = --cov-fail-under=88\n", "api/setup.py": "" };
  expect(found(files, "api")?.place).toBe("pytest.ini (--cov-fail-under in addopts)");
});

it("only the first file that configures coverage.py counts, also where it asks for nothing", () => {
  const files = { ".coveragerc": "[run]\n", "pyproject.toml": "[tool.coverage.report]\nfail_under = 90\n" };
  expect(found(files)).toBeNull();
});

it("a file without a section of coverage.py is passed over", () => {
  const files = { "setup.cfg": "[report]\nfail_under = 1\n", "tox.ini": "[coverage:report]\nfail_under = 90\n" };
  expect(found(files)?.place).toBe("tox.ini ([coverage:report] fail_under)");
});

it("the file that --cov-config names counts before the others", () => {
  const files = {
    ".coveragerc": "[report]\nfail_under = 50\n",
    "ci/coverage.ini": "[report]\nfail_under = 90\n",
    "pytest.ini": "[pytest]\naddopts = --cov-config=ci/coverage.ini\n",
  };
  expect(found(files)).toMatchObject({ place: "ci/coverage.ini ([report] fail_under)", figures: { lines: 90 } });
});

it.each<[string, Texts]>([
  ["branch = true", { ".coveragerc": "[run]\nbranch = True\n[report]\nfail_under = 90\n" }],
  [
    "--cov-branch",
    { ".coveragerc": "[report]\nfail_under = 90\n", "pytest.ini": "[pytest]\naddopts = --cov --cov-branch\n" },
  ],
])("with %s the note says that the total mixes lines and branches", (_setting, files) => {
  expect(found(files)?.figures).toEqual({ lines: 90 });
  expect(found(files)?.notes.join()).toContain("mixes lines and branches");
});

it("branch = false is no branch coverage", () => {
  expect(found({ ".coveragerc": "[run]\nbranch = false\n[report]\nfail_under = 90\n" })?.notes).toEqual([]);
});

it.each(["0", "\u0024{LEAST}", "120", ""])("fail_under = %s offers nothing", (value) => {
  expect(found({ ".coveragerc": `[report]\nfail_under = ${value}\n` })).toBeNull();
});
