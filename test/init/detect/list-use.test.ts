import { expect, test } from "vitest";
import { goesThroughList } from "../../../src/init/detect/list-use.ts";
import { projectFiles } from "../../../src/project/project-files.ts";

const read = 'URLS = [u.strip() for u in os.environ["DB_URLS"].split(",")]\n';

test.each<[boolean, string, Record<string, string>]>([
  [true, "parameters of tests", { "a.py": `${read}@pytest.mark.parametrize("url", URLS)\ndef test_a(url): ...\n` }],
  [true, "parameters in another file", { "urls.py": read, "a.py": "@pytest.fixture(params=URLS)\ndef url(): ...\n" }],
  [true, "a loop", { "a.py": `${read}for url in URLS:\n    check(url)\n` }],
  [true, "a loop over the variable", { "a.py": 'for url in os.environ["DB_URLS"].split(","):\n    check(url)\n' }],
  [true, "each", { "a.test.ts": 'const urls = process.env.DB_URLS.split(",");\ntest.each(urls)("%s", check);\n' }],
  [true, "a map", { "a.test.ts": 'const urls = process.env.DB_URLS.split(",");\nurls.map(check);\n' }],
  [true, "of", { "a.test.ts": 'const urls = process.env.DB_URLS.split(",");\nfor (const url of urls) check(url);\n' }],
  [false, "its first entry", { "a.py": `${read}def test_a():\n    assert URLS[0].startswith("postgres"), URLS\n` }],
  [false, "nothing", { "a.py": "def test_a(): ...\n" }],
])("%s where code takes of the list: %s", (expected, _, files) => {
  const project = projectFiles(Object.keys(files), (path) => files[path] ?? null);
  expect(goesThroughList(project, "DB_URLS")).toBe(expected);
});
