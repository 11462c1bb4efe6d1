import { describe, expect, test } from "vitest";
import { findPartMentions } from "../../src/project/database-parts.ts";
import { projectOf } from "../init/project.ts";

/** The variables that hold parts of an address, by name, in a project of one file or several. */
function partsOf(files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(findPartMentions(projectOf(files)).map(({ variable, part }) => [variable, part]));
}

const all = { DB_HOST: "host", DB_PORT: "port", DB_USER: "user", DB_PASSWORD: "password", DB_NAME: "name" };

describe("Python", () => {
  test.each([
    [
      "os.environ, os.getenv",
      'host = os.environ["DB_HOST"]\nport = os.environ.get("DB_PORT", "5432")\nuser = os.getenv("DB_USER")\npassword = getenv("DB_PASSWORD")\nname = os.environ.get("DB_NAME", "app_test")\n',
    ],
    [
      "django-environ, decouple",
      '"HOST": env("DB_HOST"), "PORT": env.int("DB_PORT", default=5432), "USER": env.str("DB_USER"),\n"PASSWORD": config("DB_PASSWORD"), "NAME": config("DB_NAME", default="app")\n',
    ],
    [
      "pydantic settings",
      'class Settings(BaseSettings):\n    db_host: str = "localhost"\n    db_port: int = 5432\n    db_user: str\n    db_password: SecretStr\n    db_name: str = "app"\n',
    ],
    [
      "pydantic settings with a prefix",
      'class Settings(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix="DB_")\n    host: str = "localhost"\n    port: int = 5432\n    user: str\n    password: str\n    name: str\n',
    ],
  ])("%s", (_how, text) => {
    expect(partsOf({ "app/settings.py": text })).toEqual(all);
  });
});

describe("JavaScript", () => {
  test.each([
    [
      "process.env",
      'new Pool({ host: process.env.DB_HOST, port: Number(process.env.DB_PORT ?? 5432), user: process.env["DB_USER"],\n  password: process.env.DB_PASSWORD!, database: process.env?.DB_NAME || "app" });\n',
    ],
    [
      "taken apart",
      "const {\n  DB_HOST = 'localhost',\n  DB_PORT,\n  DB_USER,\n  DB_PASSWORD,\n  DB_NAME,\n} = process.env;\n",
    ],
    [
      "a config service",
      "host: config.get('DB_HOST'), port: configService.get<number>('DB_PORT'), username: config.getOrThrow<string>('DB_USER'),\npassword: this.configService.get('DB_PASSWORD', 'x'), database: env.get('DB_NAME').required().asString()\n",
    ],
    [
      "a schema",
      "export const env = z.object({\n  DB_HOST: z.string(),\n  DB_PORT: z.coerce.number().default(5432),\n  DB_USER: z.string(),\n  DB_PASSWORD: z.string(),\n  DB_NAME: z.string(),\n}).parse(process.env);\n",
    ],
  ])("%s", (_how, text) => {
    expect(partsOf({ "src/db.ts": text })).toEqual(all);
  });
});

test.each([
  [".env.example", "DB_HOST=localhost\nexport DB_PORT=5432\nDB_USER='postgres'\nDB_PASSWORD=\nDB_NAME=app_test\n"],
  [
    ".github/workflows/ci.yml",
    "jobs:\n  test:\n    env:\n      DB_HOST: localhost\n      DB_PORT: 5432\n      DB_USER: postgres\n      DB_PASSWORD: postgres\n      DB_NAME: app_test\n",
  ],
  [
    "docker-compose.yml",
    "services:\n  app:\n    environment:\n      - DB_HOST=db\n      - DB_PORT=5432\n      - DB_USER=postgres\n      - DB_PASSWORD=postgres\n      - DB_NAME=app_test\n",
  ],
])("settings in %s", (file, text) => {
  expect(partsOf({ [file]: text })).toEqual(all);
  const name = findPartMentions(projectOf({ [file]: text })).find(({ part }) => part === "name");
  expect(name).toMatchObject({ value: "app_test", kind: "setting" });
});

test.each<[string, Record<string, string>]>([
  [
    "POSTGRES_",
    {
      POSTGRES_SERVER: "host",
      POSTGRES_PORT: "port",
      POSTGRES_USER: "user",
      POSTGRES_PASSWORD: "password",
      POSTGRES_DB: "name",
    },
  ],
  [
    "TYPEORM_",
    {
      TYPEORM_HOST: "host",
      TYPEORM_PORT: "port",
      TYPEORM_USERNAME: "user",
      TYPEORM_PASSWORD: "password",
      TYPEORM_DATABASE: "name",
    },
  ],
  ["DATABASE_", { DATABASE_HOST: "host", DATABASE_USER: "user", DATABASE_PASS: "password", DATABASE_NAME: "name" }],
  ["a database's, for tests", { TEST_DB_HOST: "host", TEST_DB_USERNAME: "user", TEST_DB_NAME: "name" }],
  ["one that ends in TEST", { DB_HOST_TEST: "host", DB_NAME_TEST: "name" }],
  [
    "its own, beside a word of Postgres",
    { LEDGER_HOST: "host", LEDGER_PORT: "port", LEDGER_NAME: "name", LEDGER_PWD: "password" },
  ],
])("the prefix %s", (_what, expected) => {
  const names = Object.keys(expected);
  expect(
    partsOf({ "db.js": `import pg from "pg";\n${names.map((name) => `process.env.${name};\n`).join("")}` }),
  ).toEqual(expected);
});

test.each([
  ["another service's", "REDIS_HOST REDIS_PORT REDIS_PASSWORD MYSQL_HOST MYSQL_USER MYSQL_DATABASE"],
  ["a mail server's, beside a word of Postgres", "SMTP_HOST SMTP_PORT SMTP_USER SMTP_PASSWORD postgres"],
  ["the program's own", "APP_HOST APP_PORT APP_USER HOST PORT USER postgres"],
  ["one alone", "DB_HOST"],
  ["a name and a user without a place", "DB_NAME DB_USER"],
  ["one of a prefix that nothing explains", "LEDGER_HOST LEDGER_PORT LEDGER_NAME"],
  ["libpq's own", "PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE"],
])("%s is no part of an address", (_what, names) => {
  expect(
    partsOf({
      "a.js": names
        .split(" ")
        .map((name) => `process.env.${name};\n`)
        .join(""),
    }),
  ).toEqual({});
});

test.each([
  ['os.environ.get("DB_NAME", "app_test")', "app_test"],
  ['os.getenv("DB_NAME") or "app_test"', null],
  ['env("DB_NAME", default="app_test")', "app_test"],
  ['os.environ["DB_NAME"]', null],
])("the default of %s is %s", (text, value) => {
  const files = { "a.py": `os.environ["DB_HOST"]\n${text}\n` };
  expect(findPartMentions(projectOf(files)).find(({ part }) => part === "name")?.value).toBe(value);
});

test.each([
  ['process.env.DB_NAME ?? "app_test"', "app_test"],
  ["process.env.DB_NAME || `app_test`", "app_test"],
  ["const { DB_HOST, DB_NAME = 'app_test' } = process.env", "app_test"],
  ['config.get("DB_NAME", "app_test")', "app_test"],
  ["process.env.DB_NAME", null],
])("the default of %s is %s", (text, value) => {
  const files = { "a.js": `process.env.DB_HOST;\n${text}\n` };
  expect(findPartMentions(projectOf(files)).find(({ part }) => part === "name")?.value).toBe(value);
});
