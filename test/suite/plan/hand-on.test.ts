import { expect, test } from "vitest";
import { RequestError } from "../../../src/shared/errors.ts";
import { refuseHandingOn } from "../../../src/suite/plan/hand-on.ts";
import { makeDirectory, writeFiles } from "../../support/repository.ts";

const suite = (command: string, runner = "vitest") => ({ name: "js", command, runner }) as never;

test.each([
  "turbo run test",
  "npx turbo test",
  "CI=1 pnpm turbo run test",
  "nx run-many -t test",
  "lerna run test",
  "npm test --workspaces",
  "pnpm -r test",
  "yarn workspaces foreach -A run test",
])("%s is refused: it starts a runner in each package", async (command) => {
  expect(() => refuseHandingOn(suite(command), "/")).toThrow(RequestError);
});

test.each(["vitest run -t turbo", "nx test api", "pnpm --filter api test", "moon run api:test"])(
  "%s starts one runner",
  (command) => {
    expect(() => refuseHandingOn(suite(command), "/")).not.toThrow();
  },
);

test("a script that hands on is named", async () => {
  const directory = await makeDirectory();
  await writeFiles(directory, { "package.json": '{"scripts":{"test":"tsc && turbo run test"}}' });
  expect(() => refuseHandingOn(suite("npm test"), directory)).toThrow("which comes to run `turbo run test`,");
});

test("the runner command may start as many as it likes", () => {
  expect(() => refuseHandingOn(suite("turbo run test", "command"), "/")).not.toThrow();
});
