import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { globSync } from "tinyglobby";
import { defineConfig } from "vitest/config";

/** Tests that push, or call the program as a user does. */
const endToEnd = [
  "test/end-to-end/**/*.test.ts",
  "test/{chaos,commands,hooks,support}/**/*.test.ts",
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

/** GitHub's parser imports JSON as only bundlers and newer versions of Node do, and names source maps that it lacks. */
const parser = /\/@actions\/(?:workflow-parser|expressions)\/.*\.js$/;
const server = { deps: { inline: [parser] } };
const plugins = [
  {
    name: "without-source-maps",
    enforce: "pre" as const,
    load: (id: string) =>
      parser.test(id) ? readFileSync(id, "utf8").replace(/^\/\/# sourceMappingURL=.*$/m, "") : null,
  },
];

export default defineConfig({
  test: {
    // A third of a test's time is spent waiting: for servers to start, for processes to end.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    projects: [
      // Nothing but this process and its files; they share it, as loading the program anew for each takes most of their time.
      { plugins, test: { name: "unit", include: unit, testTimeout: 5_000, isolate: false, server } },
      // A real git, Postgres or runner each.
      {
        plugins,
        test: {
          name: "integration",
          include: integration,
          globalSetup,
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          server,
        },
      },
      // They start servers, clones and runners of their own: they need room, not luck.
      {
        plugins,
        test: {
          name: "end to end",
          include: endToEnd,
          globalSetup,
          isolate: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
          server,
        },
      },
    ],
    coverage: {
      // The preloads, reporters and listeners run only inside the processes of other runners, where ours measures nothing:
      // the tests of those runners speak for them.
      include: ["src/**/*.ts", "src/suite/runners/adapters/{lease,worker-environment}.mjs"],
    },
  },
});
