import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { digestNodePackages } from "../../../src/suite/reuse/packages.ts";
import { makeDirectory, writeFiles } from "../../support/repository.ts";

/** A directory with what npm installs: packages, one of them with a scope, and files of npm's own beside them. */
async function makeInstalled(): Promise<string> {
  const root = await makeDirectory();
  await writeFiles(root, {
    "node_modules/.package-lock.json": "{}",
    "node_modules/pg/package.json": '{ "version": "8.0.0" }',
    "node_modules/@types/pg/package.json": '{ "version": "8.0.0" }',
  });
  return root;
}

test("what npm installs is told although its lock file lies among the packages", async () => {
  const root = await makeInstalled();
  expect(digestNodePackages(root, root)).toMatch(/^[0-9a-f]{64}$/);
});

test("installed packages without a change give the same digest", async () => {
  const root = await makeInstalled();
  expect(digestNodePackages(root, root)).toBe(digestNodePackages(root, root));
});

test("a package that is installed anew gives another digest", async () => {
  const root = await makeInstalled();
  const before = digestNodePackages(root, root);
  await utimes(join(root, "node_modules", "@types", "pg", "package.json"), new Date(1e12), new Date(1e12));
  expect(digestNodePackages(root, root)).not.toBe(before);
});

test("the packages of a directory above count as well", async () => {
  const root = await makeInstalled();
  const before = digestNodePackages(join(root, "apps", "web"), root);
  await writeFiles(root, { "node_modules/pg/package.json": '{ "version": "8.10.0" }' });
  expect(digestNodePackages(join(root, "apps", "web"), root)).not.toBe(before);
});
