import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makePytestRepository, runIn } from "../support/verify.ts";

test("a branch's body follows the template, tells what the branch risks, and is not overwritten once it was edited", async () => {
  const repository = await makePytestRepository(
    {
      ".github/pull_request_template.md": "## Checklist\n\n- [ ] I told the team\n",
      "tests/test_more.py": "from sums import add\n\n\ndef test_adds_more():\n    assert add(2, 2) == 4\n",
    },
    { coverage: { lines: 90 } },
  );
  await repository.git("switch", "--quiet", "--create", "feature/subtract");
  const config = await readFile(join(repository.root, "verify.config.json"), "utf8");
  await repository.write({
    "migrations/0002_books.sql": "ALTER TABLE books ADD COLUMN pages integer;\n",
    "tests/test_more.py": null,
    "verify.config.json": config.replace('"lines": 90', '"lines": 50'),
    "src/sums.py":
      "def add(left, right):\n    return left + right\n\n\ndef subtract(left, right):\n    return left - right\n",
  });
  await repository.commit("Subtract\n\nThe books need it, says @ada.\n\nCloses #7");
  const first = await runIn(repository.root, ["--fresh"]);
  expect(first).toMatchObject({ code: 0 });

  const path = join(repository.root, ".verify/pull-request.md");
  const body = await readFile(path, "utf8");
  expect(body).toMatch(
    /^# Subtract\n\n## Checklist\n\n- \[ \] I told the team\n\n<!-- pushproof:begin branch=feature%2Fsubtract /,
  );
  expect(body).toContain("## Summary\n\nThe books need it, says @&#8203;ada.\n\nCloses #7\n");
  expect(body).toContain(`## Risk

- **Database migrations and SQL**: \`migrations/0002_books.sql\` (new, +1 −0)
- **CI, hooks and their configuration**: \`verify.config.json\` (+1 −1)
- **Tests deleted or shrunk**: \`tests/test_more.py\` (deleted, +0 −5)
- **Thresholds lowered**: \`coverage.lines\` in \`verify.config.json\` from 90 to 50
- **Changed lines that no test runs**: \`src/sums.py:6\` (1 of 2)
`);
  expect(body).toContain("\n<summary>After merging</summary>\n\n- **Time** of this run: ");
  expect(body).toContain("## Issues\n\n- Closes #7\n\n<details>\n");

  await writeFile(path, body.replace("The books need it", "The books really need it"));
  const second = await runIn(repository.root, []);
  expect(second.code).toBe(0);
  expect(second.output).toContain(".verify/pull-request.md is left as it is, as somebody edited our part of it");
  expect(await readFile(path, "utf8")).toContain("The books really need it");
  expect(await readFile(join(repository.root, ".verify/pull-request.new.md"), "utf8")).toContain(
    "by an earlier run of the same tree",
  );
});
