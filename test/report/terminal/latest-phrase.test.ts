import { expect, test } from "vitest";
import { LatestPhrase } from "../../../src/report/terminal/latest-phrase.ts";

test("a stage shows what was told last before it began, and all that is told after", async () => {
  const shown: string[] = [];
  const phrase = new LatestPhrase();
  phrase.tell("installing Postgres 16");
  phrase.tell("starting the server");
  const value = phrase.showOn(
    { progress: (text) => void shown.push(text), say: () => {} },
    new Promise((resolve) => setImmediate(() => resolve(7))),
  );
  phrase.tell("running database.setup");
  expect(await value).toBe(7);
  expect(shown).toEqual(["starting the server", "running database.setup"]);
});
