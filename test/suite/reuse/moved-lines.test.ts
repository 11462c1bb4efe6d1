import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { adapterPath } from "../../../src/shared/paths.ts";
import { makeDirectory, writeFiles } from "../../support/repository.ts";
import { userEnvironment } from "../../support/verify.ts";

/** Asks pushproof_present.py what changed in a file, and where lines, or pairs of them, are now. */
const asking = `
import json, sys
sys.path.insert(0, sys.argv[1])
from pushproof_facts import facts_of
from pushproof_present import Present
checkout, before, pairs, has_arcs = json.loads(sys.argv[2])
facts = {"sha": "of before", **facts_of(before.encode())}
present = Present(checkout, {"facts": {"a.py": facts}, "hasArcs": has_arcs})
change = present.change_of("a.py")
print(json.dumps({"change": "module" if change is True else sorted(change), "moved": None if change is True else present.moved("a.py", pairs)}))
`;

/** What became of lines that were covered, as a comment was put in front of a source. */
async function behindComment(source: string, lines: readonly unknown[]): Promise<unknown> {
  const checkout = await makeDirectory();
  await writeFiles(checkout, { "a.py": `# A comment\n${source}` });
  const hasArcs = lines.some((line) => Array.isArray(line));
  const question = JSON.stringify([checkout, source, lines, hasArcs]);
  const words = ["-B", "-c", asking, adapterPath("python"), question];
  const { stdout } = await promisify(execFile)("python3", words, { env: await userEnvironment() });
  return JSON.parse(stdout);
}

test("coverage of a method's call moves along where its name stands on a line of its own", async () => {
  const source = "def total(amounts):\n    return (\n        amounts\n    ).sum()\n";
  expect(await behindComment(source, [1, 2, 3, 4])).toEqual({ change: [], moved: [2, 3, 4, 5] });
});

test("coverage of a class on the first line moves along where lines are measured", async () => {
  const source = 'class Failure(Exception):\n    """Why."""\n\n\nlimit = 3\n';
  expect(await behindComment(source, [1, 2, 5])).toEqual({ change: [], moved: [2, 3, 6] });
});

test("a class on the first line cannot be told from its module where branches are measured", async () => {
  const source = 'class Failure(Exception):\n    """Why."""\n\n\nlimit = 3\n';
  expect(await behindComment(source, [[-1, 1]])).toEqual({ change: "module", moved: null });
});

test("what a change reaches is found out without loading pytest, which takes longer than that", async () => {
  const words = [
    "-B",
    "-c",
    "import sys; sys.path.insert(0, sys.argv[1]); import pushproof_reach; print('pytest' in sys.modules)",
  ];
  const { stdout } = await promisify(execFile)("python3", [...words, adapterPath("python")], {
    env: await userEnvironment(),
  });
  expect(stdout.trim()).toBe("False");
});
