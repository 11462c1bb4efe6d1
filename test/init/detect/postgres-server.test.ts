import { expect, test } from "vitest";
import { detectPostgres } from "../../../src/init/detect/postgres-server.ts";
import { projectOf } from "../project.ts";

const compose = (image: string, more = ""): string => `services:\n  db:\n    image: ${image}\n${more}`;
const workflow = (image: string): string =>
  `jobs:\n  test:\n    services:\n      postgres:\n        image: ${image}\n        env: { POSTGRES_PASSWORD: x }\n`;

test.each<[string, Readonly<Record<string, string>>, object]>([
  [
    "a compose file",
    { "docker-compose.yml": compose("postgres:15-alpine") },
    { version: 15, notes: ["Postgres 15, as in docker-compose.yml"] },
  ],
  [
    "a compose file elsewhere",
    { "infra/compose.dev.yaml": compose("docker.io/library/postgres:16.4") },
    { version: 16, notes: ["Postgres 16, as in infra/compose.dev.yaml"] },
  ],
  [
    "CI's service, before a compose file",
    { "compose.yml": compose("postgres:15"), ".github/workflows/ci.yml": workflow("postgres:16") },
    { version: 16, notes: ["Postgres 16, as in .github/workflows/ci.yml"] },
  ],
  [
    "GitLab's service",
    { ".gitlab-ci.yml": "test:\n  services:\n    - name: postgres:18\n      alias: db\n" },
    { version: 18, notes: ["Postgres 18, as in .gitlab-ci.yml"] },
  ],
  [
    "GitLab's service in one word",
    { ".gitlab-ci.yml": "test:\n  services: [postgres:18]\n" },
    { version: 18, notes: ["Postgres 18, as in .gitlab-ci.yml"] },
  ],
  [
    ".tool-versions",
    { ".tool-versions": "nodejs 20.1.0\npostgres 16.1\n" },
    { version: 16, notes: ["Postgres 16, as in .tool-versions"] },
  ],
  [
    "the usual major, which needs no setting",
    { "compose.yml": compose("postgres:17") },
    { notes: ["Postgres 17, as in compose.yml"] },
  ],
  ["an image without a major", { "compose.yml": compose("postgres:latest") }, { notes: [] }],
  ["another database", { "compose.yml": compose("mysql:8") }, { notes: [] }],
  ["a file that is no YAML", { "compose.yml": "{{ template }}: [" }, { notes: [] }],
])("the server is taken from %s", (_what, files, expected) => {
  expect(detectPostgres(projectOf(files))).toEqual(expected);
});

test("a major that the embedded server has not is told, with the nearest", () => {
  expect(detectPostgres(projectOf({ "compose.yml": compose("postgres:13") }))).toEqual({
    version: 15,
    notes: ['Postgres 15: compose.yml names 13, and the embedded server is 15 to 18; "url" names a server of your own'],
  });
});

test.each([
  ["postgis/postgis:16-3.4", "PostGIS"],
  ["pgvector/pgvector:pg16", "pgvector"],
  ["timescale/timescaledb:2.14.2-pg16", "TimescaleDB"],
])("%s brings what the embedded server has not", (image, extension) => {
  expect(detectPostgres(projectOf({ "compose.yml": compose(image) }))).toEqual({
    version: 16,
    notes: [
      "Postgres 16, as in compose.yml",
      `compose.yml starts Postgres with ${extension}, which the embedded server lacks: for tests that use it, set "url"`,
    ],
  });
});

test.each([
  ["--locale=de_DE.UTF-8", "de-DE"],
  ["--lc-collate=C --encoding=UTF8", "C"],
  ["--locale-provider=icu --icu-locale=sv-SE", "sv-SE"],
])("the locale of %s is %s", (words, locale) => {
  const more = `    environment:\n      POSTGRES_INITDB_ARGS: "${words}"\n`;
  expect(detectPostgres(projectOf({ "compose.yml": compose("postgres:17", more) }))).toEqual({
    locale,
    notes: ["Postgres 17, as in compose.yml", `locale ${locale}, as in compose.yml`],
  });
});
