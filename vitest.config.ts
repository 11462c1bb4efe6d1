import { readFileSync } from "node:fs";
import { globSync } from "tinyglobby";
import { defineConfig } from "vitest/config";

/** Tests that push, or call the program as a user does. */
const endToEnd = [
  "test/end-to-end/**/*.test.ts",
  "test/{commands,hooks,support}/**/*.test.ts",
  "test/{cli,package}.test.ts",
];

/** What a test starts that starts anything: git, Postgres, runners, other programs. A terminal that is only played is none. */
const starts =
  /from "(?:node:child_process|[./]+(?:database|push|forge|init)?\/?support\/?(?!fake-terminal)[\w-]*(?:\.ts)?|\.\/support\.ts|.*\/prepared\.ts)"/;
const others = globSync("test/**/*.test.ts", { ignore: endToEnd });
/** Starts Python by what it tests. */
const hidden = ["test/suite/hints/unused-database.test.ts"];
const unit = others.filter((file) => !hidden.includes(file) && !starts.test(readFileSync(file, "utf8")));
const integration = others.filter((file) => !unit.includes(file));

const globalSetup = ["test/support/global-setup.ts"];

export default defineConfig({
  test: {
    maxWorkers: "100%",
    projects: [
      // Nothing but this process and its files; they share it, as loading the program anew for each takes most of their time.
      { test: { name: "unit", include: unit, testTimeout: 5_000, isolate: false } },
      // A real git, Postgres or runner each.
      { test: { name: "integration", include: integration, globalSetup, testTimeout: 60_000, hookTimeout: 120_000 } },
      // They start servers, clones and runners of their own: they need room, not luck.
      { test: { name: "end to end", include: endToEnd, globalSetup, testTimeout: 120_000, hookTimeout: 180_000 } },
    ],
    coverage: {
      // The preloads, reporters and listeners run only inside the processes of other runners, where ours measures nothing:
      // the tests of those runners speak for them.
      include: ["src/**/*.ts", "src/suite/runners/adapters/{lease,worker-environment}.mjs"],
    },
  },
});
