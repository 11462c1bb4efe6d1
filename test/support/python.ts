import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { access, chmod, mkdir, readdir, realpath, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "../../src/shared/errors.ts";
import { cacheDirectory } from "../../src/shared/paths.ts";

const run = promisify(execFile);

const requirements = [
  "pytest>=7.2",
  "pytest-xdist>=3.1",
  "pytest-cov>=4",
  "SQLAlchemy[asyncio]>=2,<3",
  "psycopg2-binary",
  "asyncpg",
  "alembic",
  "python-dotenv",
];
const imports = "import pytest, xdist, pytest_cov, sqlalchemy, psycopg2, asyncpg, alembic, dotenv, greenlet";

/** The same from Debian, for a machine whose pip reaches no index. */
const systemPython = "/usr/bin/python3";
const systemPackages =
  "python3-venv python3-pytest python3-pytest-xdist python3-pytest-cov python3-sqlalchemy python3-psycopg2 python3-asyncpg python3-alembic python3-dotenv python3-greenlet";

/** A Python in which the ledger's suite runs. */
export interface PythonEnvironment {
  /** The absolute directory for PATH: `pytest` and `python` lie in it. */
  readonly bin: string;
  /** The absolute path of the interpreter. */
  readonly python: string;
}

let current: Promise<PythonEnvironment> | undefined;

/**
 * The Python environment of the tests, made once and kept in the user's cache directory. Throws an Error that names
 * what to install where none can be made.
 */
export function pythonEnvironment(): Promise<PythonEnvironment> {
  current ??= findOrMake(cacheDirectory(process.env));
  return current;
}

/**
 * The environment kept in `directory`, made if it is missing. A virtual environment cannot be moved, so each is built
 * under a name of its own and a link, changed in one step, points at a finished one: two processes at once, or one
 * that is killed, leave nothing half-made behind the link.
 */
export async function findOrMake(directory: string): Promise<PythonEnvironment> {
  const link = join(directory, `test-python-${await fingerprint()}`);
  const kept = await finished(link);
  if (kept) return kept;
  await mkdir(directory, { recursive: true });
  await sweep(link);
  const built = `${link}-${randomUUID().slice(0, 8)}`;
  try {
    await build(built);
    const other = await finished(link);
    if (other) {
      await rm(built, { recursive: true, force: true });
      return other;
    }
    await symlink(basename(built), `${built}.link`);
    await rename(`${built}.link`, link);
  } catch (error) {
    await rm(built, { recursive: true, force: true });
    throw error;
  }
  return { bin: join(built, "bin"), python: join(built, "bin", "python") };
}

async function fingerprint(): Promise<string> {
  const version = await run("python3", ["-c", "import sys; print(sys.version, sys.base_prefix)"]).then(
    ({ stdout }) => stdout,
    () => "no python3 on PATH",
  );
  return createHash("sha256")
    .update(JSON.stringify([requirements, version]))
    .digest("hex")
    .slice(0, 12);
}

/** Undefined where there is no link, or where the interpreter it led to is gone. */
async function finished(link: string): Promise<PythonEnvironment | undefined> {
  try {
    const bin = join(await realpath(link), "bin");
    const python = join(bin, "python");
    await access(python);
    return { bin, python };
  } catch {
    return undefined;
  }
}

/** Removes what an earlier process was killed over; younger than an hour it may still be in the making. */
async function sweep(link: string): Promise<void> {
  const directory = join(link, "..");
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (!name.startsWith(`${basename(link)}-`)) continue;
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > 3_600_000) await rm(path, { recursive: true, force: true });
  }
}

async function build(directory: string): Promise<void> {
  const failures: string[] = [];
  for (const attempt of [fromIndex, fromSystem]) {
    try {
      await attempt(directory);
      await run(join(directory, "bin", "python"), ["-c", imports]);
      return;
    } catch (error) {
      failures.push(messageOf(error).trim());
      await rm(directory, { recursive: true, force: true });
    }
  }
  throw new Error(
    `The tests need a Python with pytest, pytest-xdist, pytest-cov, SQLAlchemy, alembic, psycopg2, asyncpg and python-dotenv. Give pip a package index it ` +
      `can reach, or on Debian: apt-get install ${systemPackages}\n${failures.join("\n")}`,
  );
}

async function fromIndex(directory: string): Promise<void> {
  await run("python3", ["-m", "venv", directory]);
  const pip = ["-m", "pip", "install", "--quiet", "--retries", "0", "--timeout", "30", "--disable-pip-version-check"];
  await run(join(directory, "bin", "python"), [...pip, ...requirements], { timeout: 300_000, maxBuffer: 1 << 26 });
}

async function fromSystem(directory: string): Promise<void> {
  await run(systemPython, ["-m", "venv", "--system-site-packages", "--without-pip", directory]);
  const program = join(directory, "bin", "pytest");
  const python = join(directory, "bin", "python");
  await writeFile(program, `#!${python}\nimport sys\n\nfrom pytest import console_main\n\nsys.exit(console_main())\n`);
  await chmod(program, 0o755);
  await writeFile(join(directory, "bin", "alembic"), `#!/bin/sh\nexec ${python} -m alembic.config "$@"\n`, {
    mode: 0o755,
  });
}
