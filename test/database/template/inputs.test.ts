import { rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { digestInputs } from "../../../src/database/template/inputs.ts";
import { RequestError, UnavailableError } from "../../../src/shared/errors.ts";
import { makeDirectory, writeFiles } from "../../support/repository.ts";
import { failureOf } from "../support.ts";

async function makeProject(): Promise<string> {
  const root = await makeDirectory();
  await writeFiles(root, { "alembic/versions/1.py": "one", "alembic/.env": "dot", "models.py": "models" });
  return root;
}

test.each<[string, (root: string) => Promise<unknown>]>([
  ["a content", (root) => writeFile(join(root, "alembic/versions/1.py"), "two")],
  ["a new file", (root) => writeFile(join(root, "alembic/versions/2.py"), "")],
  ["a file whose name begins with a dot", (root) => writeFile(join(root, "alembic/.env"), "other")],
  ["a link", (root) => symlink("../models.py", join(root, "alembic/link"))],
])("%s that changes, changes the digest", async (_what, change) => {
  const root = await makeProject();
  const before = await digestInputs(root, ["alembic"]);
  expect(await digestInputs(root, ["alembic/**"])).toBe(before);
  await change(root);
  expect(await digestInputs(root, ["alembic"])).not.toBe(before);
});

test("what a link leads to is part of the digest", async () => {
  const root = await makeProject();
  await symlink("../models.py", join(root, "alembic/link"));
  const before = await digestInputs(root, ["alembic/**"]);
  await writeFile(join(root, "models.py"), "changed");
  expect(await digestInputs(root, ["alembic/**"])).not.toBe(before);
});

test.each(["alembic/__pycache__/1.pyc", "alembic/node_modules/a/b.js", ".verify/summary.md"])(
  "%s is no part of what setup depends on",
  async (name) => {
    const root = await makeProject();
    const before = await digestInputs(root, ["**"]);
    await writeFiles(root, { [name]: "made beside" });
    expect(await digestInputs(root, ["**"])).toBe(before);
  },
);

test("what no pattern matches is no part of what setup depends on", async () => {
  const root = await makeProject();
  const before = await digestInputs(root, ["alembic/**"]);
  await writeFiles(root, { "other.txt": "made beside" });
  expect(await digestInputs(root, ["alembic/**"])).toBe(before);
});

test("a pattern that begins with ! leaves out what it matches", async () => {
  const root = await makeProject();
  const before = await digestInputs(root, ["alembic/**", "!alembic/**/*.md"]);
  await writeFiles(root, { "alembic/README.md": "words" });
  expect(await digestInputs(root, ["alembic/**", "!alembic/**/*.md"])).toBe(before);
});

test("two files do not change places unnoticed", async () => {
  const root = await makeProject();
  await writeFiles(root, { "a.sql": "one", "b.sql": "two" });
  const before = await digestInputs(root, ["*.sql"]);
  await writeFiles(root, { "a.sql": "two", "b.sql": "one" });
  expect(await digestInputs(root, ["*.sql"])).not.toBe(before);
});

test.each([
  ["migrations/**", "matches no file"],
  ["../elsewhere/**", "leads out of the repo"],
  ["/etc/passwd", "leads out of the repo"],
  ["{models.py,../*.py}", "leads out of the repo"],
])("the pattern %s is refused, as it %s", async (pattern, words) => {
  const failure = await failureOf(digestInputs(await makeProject(), [pattern]));
  expect(failure).toBeInstanceOf(RequestError);
  expect(failure.message).toContain(`"${pattern}", which ${words}`);
});

test("patterns that only leave out are refused, as no change would be noticed", async () => {
  const failure = await failureOf(digestInputs(await makeProject(), ["!old/**"]));
  expect(failure).toBeInstanceOf(RequestError);
  expect(failure.message).toContain("only says what to leave out");
});

test("a pattern that begins with !( matches, and leaves out nothing", async () => {
  const root = await makeProject();
  const before = await digestInputs(root, ["!(old)/**/*.py"]);
  await writeFile(join(root, "alembic/versions/1.py"), "two");
  expect(await digestInputs(root, ["!(old)/**/*.py"])).not.toBe(before);
});

test("a link to what is no file is known by where it leads, and not read", async () => {
  const root = await makeProject();
  await symlink("/dev/zero", join(root, "alembic/link"));
  const before = await digestInputs(root, ["alembic"]);
  await rm(join(root, "alembic/link"));
  await symlink("/dev/null", join(root, "alembic/link"));
  expect(await digestInputs(root, ["alembic"])).not.toBe(before);
});

test.runIf(process.platform === "linux")("a file that cannot be read is named", async () => {
  const root = await makeProject();
  // Not even root may read it.
  await symlink("/proc/self/mem", join(root, "alembic/link"));
  const failure = await failureOf(digestInputs(root, ["alembic"]));
  expect(failure).toBeInstanceOf(UnavailableError);
  expect(failure.message).toMatch(/^alembic\/link, which database\.inputs matches, cannot be read: /);
});
