import { runnerFacts } from "../../config/runner-facts.ts";
import { dependencyNames, readPackageFile } from "../../project/package-file.ts";
import { type ProjectFiles, upwards, within } from "../../project/project-files.ts";
import type { DetectedSuite } from "./detected-suite.ts";

/** Packages that are only for Postgres. */
const pythonDrivers = /\b(psycopg2?(?:[-_]binary)?|asyncpg|pg8000|aiopg|pytest[-_]postgresql)\b/;
/** Packages that may use Postgres. */
const pythonLayers = /\b(sqlalchemy|sqlmodel|tortoise-orm|peewee|django|alembic)\b/i;
/** One import statement may name several modules. */
const pythonImport =
  /^\s*(?:from\s+|import\s+(?:[\w.]+(?:\s+as\s+\w+)?\s*,\s*)*)(psycopg2?|asyncpg|pg8000|aiopg|sqlalchemy|sqlmodel)\b/m;
const javascriptPackages = [
  "pg",
  "postgres",
  "pg-promise",
  "@prisma/client",
  "prisma",
  "knex",
  "typeorm",
  "drizzle-orm",
  "sequelize",
  "kysely",
  "slonik",
  "@mikro-orm/postgresql",
  "@vercel/postgres",
  "objection",
];
const dependencyFiles = [
  "pyproject.toml",
  "Pipfile",
  "setup.py",
  "setup.cfg",
  "requirements.txt",
  "requirements-dev.txt",
  "requirements/base.txt",
  "requirements/test.txt",
  "requirements/dev.txt",
  "requirements-test.txt",
  "test-requirements.txt",
];

/** Why a suite seems to use Postgres, for people; null where nothing suggests it. `isOwn` selects the suite's files. */
export function postgresSign(
  project: ProjectFiles,
  suite: DetectedSuite,
  isOwn: (path: string) => boolean,
): string | null {
  const sign = runnerFacts[suite.runner].language === "python" ? pythonSign : javascriptSign;
  return sign(project, suite, isOwn);
}

function pythonSign(project: ProjectFiles, suite: DetectedSuite, isOwn: (path: string) => boolean): string | null {
  const listed = pythonDependencies(project, suite.root);
  const driver = pythonDrivers.exec(listed)?.[1];
  if (driver !== undefined) return `${driver} is a dependency`;
  const sources = project.paths.filter((path) => path.endsWith(".py") && isOwn(path));
  const importing = sources.find((path) => pythonImport.test(project.read(path) ?? ""));
  const layer = pythonLayers.exec(listed)?.[1] ?? (importing === undefined ? undefined : "a database package");
  if (layer === undefined) return null;
  // A database layer is only a sign where no other database's driver is present.
  const namesOther = sources.some((path) =>
    /\b(sqlite|mysql)(\+\w+)?:\/\/|django\.db\.backends\.(sqlite3|mysql)/.test(project.read(path) ?? ""),
  );
  const namesPostgres = sources.some((path) =>
    /\bpostgres(ql)?(\+\w+)?:\/\/|backends\.postgresql/.test(project.read(path) ?? ""),
  );
  if (namesOther && !namesPostgres) return null;
  return importing === undefined ? `${layer} is a dependency` : `${importing} imports it`;
}

function javascriptSign(project: ProjectFiles, suite: DetectedSuite, isOwn: (path: string) => boolean): string | null {
  const listed = dependencyNames(readPackageFile(project, suite.root));
  const found = javascriptPackages.find((name) => listed.includes(name));
  if (found !== undefined) return `${found} is a dependency`;
  // A workspace may list it for all packages.
  const shared = dependencyNames(readPackageFile(project, "."));
  const names = javascriptPackages.filter((name) => shared.includes(name));
  if (names.length === 0) return null;
  const loads = new RegExp(`(?:from|import|require)\\s*\\(?\\s*["'](${names.join("|")})["']`);
  const path = project.paths.find((one) => isOwn(one) && loads.test(project.read(one) ?? ""));
  return path === undefined ? null : `${path} imports ${loads.exec(project.read(path) ?? "")?.[1]}`;
}

/**
 * The driver to name in SQLAlchemy URLs of a Python suite: asyncpg where code is asynchronous, else the one that is installed
 * where SQLAlchemy may take the other. Null where no name is needed. For a URL without one SQLAlchemy takes psycopg2, and since
 * version 2.1 psycopg (https://docs.sqlalchemy.org/en/21/changelog/migration_21.html).
 */
export function usesSqlAlchemyWith(
  project: ProjectFiles,
  suite: DetectedSuite,
): "asyncpg" | "psycopg" | "psycopg2" | null {
  const listed = pythonDependencies(project, suite.root);
  if (!/\b(sqlalchemy|sqlmodel)\b/i.test(listed)) return null;
  const sources = project.paths.filter((path) => path.endsWith(".py")).map((path) => project.read(path) ?? "");
  const isAsync = sources.some((text) => text.includes("create_async_engine"));
  if (isAsync && /\basyncpg\b/.test(listed)) return "asyncpg";
  const [has2, has3] = [/\bpsycopg2/.test(listed), /\bpsycopg\b/.test(listed)];
  if (has3) return has2 ? null : "psycopg";
  const isRead = otherReaders.test(listed) || sources.some((text) => driverCalls.test(text));
  return has2 && !isRead && !before21.test(listed) ? "psycopg2" : null;
}

/** Calls of a driver, which takes no URL that names one. */
const driverCalls =
  /\b(?:psycopg2|asyncpg)\s*\.\s*(?:connect|create_pool|pool)\b|\bfrom\s+(?:psycopg2|asyncpg)[\w.]*\s+import\s[^\n]*\b(?:connect|create_pool|pool|\w*ConnectionPool)\b/;
/** A package that takes the same URL as SQLAlchemy, but none with this driver. */
const otherReaders = /^\s*["']?databases\b/m;

/** A requirement that only versions of SQLAlchemy before 2.1 meet, as pip, Poetry and uv write it. */
const before21 = new RegExp(
  String.raw`\bsqlalchemy(?![-\w])[^\n]*?(?:${[
    String.raw`==\s*(?:[01]\.|2\.0)`,
    String.raw`~=\s*(?:[01]\.|2\.0\.)`,
    String.raw`<=?\s*(?:[01]\.|2\.0|2(?![.\d])|2\.1(?:\.0)?(?![.\d]))`,
    String.raw`["'](?:\^\s*[01]\.|~\s*(?:[01]\.|2\.0)|[01]\.|2\.0)`,
  ].join("|")})`,
  "i",
);

function pythonDependencies(project: ProjectFiles, root: string): string {
  return upwards(root)
    .flatMap((directory) => dependencyFiles.map((name) => project.read(within(directory, name)) ?? ""))
    .join("\n");
}
