import { expect, it } from "vitest";
import { withoutDatabaseVariables } from "../../../src/init/detect/script-variables.ts";

it.each([
  ["DATABASE_URL=postgres://localhost/a jest", "jest"],
  ["CI=1 DB_HOST=localhost DB_PORT=5432 TEST_DB_NAME='a b' jest -i", "CI=1 jest -i"],
  ["cross-env PGHOST=localhost jest", "jest"],
  ["MY_STORE=postgresql+asyncpg://u:p@h/x pytest", "pytest"],
  ["tsc && POSTGRES_USER=me mocha", "tsc && mocha"],
])("%s leads to one database, which %s does not", (command, expected) => {
  expect(withoutDatabaseVariables(command).text).toBe(expected);
});

it.each(["DATABASE_URL=sqlite:///:memory: pytest", "DB=pg jest", "NODE_ENV=test jest --db_host=x", "DEBUG=db:* mocha"])(
  "%s stays as it is",
  (command) => {
    expect(withoutDatabaseVariables(command)).toEqual({ text: command, dropped: [] });
  },
);
