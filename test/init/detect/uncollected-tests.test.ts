import { describe, expect, it } from "vitest";
import { detectPytest } from "../../../src/init/detect/pytest.ts";
import { projectOf } from "../project.ts";

const collected = { "tests/test_utils.py": "def test_it():\n    pass\n" };
const cases = "from unittest import TestCase\n\nclass ModelTests(TestCase):\n    def test_save(self):\n        pass\n";

const notesOf = (files: Readonly<Record<string, string>>): string =>
  (detectPytest(projectOf({ ...collected, ...files }))[0]?.notes ?? []).join("\n");

describe("tests that pytest passes over for their files' names", () => {
  it("are said not to run", () => {
    expect(notesOf({ "tests/models.py": cases, "tests/fields.py": "def test_a():\n    pass\n" })).toContain(
      'not run: the tests in 2 files that pytest does not collect by name, such as tests/fields.py: "python_files"',
    );
  });

  it("are said of Django's tests.py", () => {
    expect(notesOf({ "shop/tests.py": cases })).toContain("such as shop/tests.py");
  });

  it.each<Readonly<Record<string, string>>>([
    { "tests/models.py": "class Model:\n    pass\n" },
    { "tests/base.py": "from unittest import TestCase\n\nclass Base(TestCase):\n    def setUp(self):\n        pass\n" },
    { "src/models.py": cases },
    { "tests/models.py": cases, "pytest.ini": "[pytest]\npython_files = test_*.py\n" },
  ])("are none in %j", (files) => {
    expect(notesOf(files)).not.toContain("not run");
  });
});

it.each([
  ["setup.py", 'from setuptools import setup\n\nsetup(\n    packages=["more"],\n    py_modules=["main", "gone"],\n)\n'],
  ["setup.cfg", "[options]\npackages = more\npy_modules =\n    main\n    gone\n"],
  ["pyproject.toml", '[tool.setuptools]\npackages = ["more"]\npy-modules = ["main", "gone"]\n'],
])("a module that %s installs beside a package is source too", (name, text) => {
  const files = { ...collected, [name]: text, "main.py": "", "bench.py": "", "more/__init__.py": "" };
  expect(detectPytest(projectOf(files))[0]?.source).toEqual(["more", "main"]);
});
