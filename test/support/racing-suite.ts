import type { Files } from "./repository.ts";

/** How a JavaScript runner writes a suite. */
export interface Words {
  /** What stands at the top of each test file. */
  readonly imports: string;
  /** The functions that run something before each test, and after all of a file. */
  readonly beforeEach: string;
  readonly afterAll: string;
  /** An assertion, such as `expect(ACTUAL).toBe(EXPECTED)`. */
  readonly equal: string;
  /** The end of a test file's name; `.test.js` by default. */
  readonly ending?: string;
  /** How many test files; 4 by default. */
  readonly files?: number;
}

/**
 * A CommonJS suite on `pg` that cannot share its database: each test drops the one table, makes it again, fills it slowly
 * and counts what is there. The database's URL is read when the source is loaded.
 */
export function racingSuite(words: Words): Files {
  const { ending = ".test.js", files = 4 } = words;
  const suite: Record<string, string> = {
    "src/ledger.js": source,
    ".gitignore": "node_modules/\ncoverage/\n",
  };
  for (let number = 1; number <= files; number++) suite[`test/books-${number}${ending}`] = testFile(words, number);
  return suite;
}

const source = `const { Client } = require("pg");
const url = process.env.DATABASE_URL;

let client;

async function open() {
  if (client) return client;
  client = new Client({ connectionString: url });
  await client.connect();
  return client;
}

exports.reset = async () => {
  const connection = await open();
  await connection.query("DROP TABLE IF EXISTS entries");
  await connection.query("CREATE TABLE entries (amount integer NOT NULL)");
};

exports.book = async (amount) => {
  const connection = await open();
  await connection.query("INSERT INTO entries VALUES ($1)", [amount]);
  await connection.query("SELECT pg_sleep(0.02)");
};

exports.total = async () => {
  const connection = await open();
  const { rows } = await connection.query("SELECT coalesce(sum(amount), 0)::integer AS total FROM entries");
  return rows[0].total;
};

exports.close = async () => {
  await client?.end();
  client = undefined;
};
`;

function testFile({ imports, beforeEach, afterAll, equal }: Words, number: number): string {
  const assertion = equal.replace("ACTUAL", "await ledger.total()").replace("EXPECTED", String(4 * number));
  const names = ["first", "second", "third"];
  return `${imports}
const ledger = require("../src/ledger.js");

${beforeEach}(() => ledger.reset());
${afterAll}(() => ledger.close());

${names
  .map(
    (name) => `test("the ${name} sum of book ${number} is its own", async () => {
  for (let entry = 0; entry < 4; entry++) await ledger.book(${number});
  ${assertion};
});
`,
  )
  .join("\n")}`;
}

/**
 * The JavaScript of a function `meet` that fails in whichever of two processes comes second, and passes alone: the first
 * holds the directory `only` until the second has tried to make it, of which the file `tried` is the sign.
 */
export function racingBody(only: string, tried: string): string {
  return `const meet = async () => {
  const { existsSync, mkdirSync, rmdirSync, writeFileSync } = process.getBuiltinModule("node:fs");
  try {
    mkdirSync("${only}");
  } catch (error) {
    writeFileSync("${tried}", "");
    throw error;
  }
  while (!existsSync("${tried}")) await new Promise((resolve) => setTimeout(resolve, 10));
  rmdirSync("${only}");
};`;
}
