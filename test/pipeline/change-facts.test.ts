import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/parse.ts";
import { defaultOptions } from "../../src/config/request.ts";
import { type ChangeFacts, readChangeFacts } from "../../src/pipeline/change-facts.ts";
import { SpareTime } from "../../src/shared/spare-time.ts";
import { open } from "../push/support.ts";
import { makeRepository, type Repository } from "../support/repository.ts";

/** What is begun to be read of a commit on a feature branch, whose base is called "later" and is not there yet. */
async function begin(coverage: object): Promise<{ repository: Repository; facts: ChangeFacts; spare: SpareTime }> {
  const repository = await makeRepository({ "a.txt": "one\n" });
  await repository.git("switch", "--quiet", "--create", "feature");
  await repository.write({ "a.txt": "two\n" });
  const commit = await repository.commit("Two");
  const suites = [{ name: "all", runner: "pytest", command: "pytest" }];
  const config = parseConfig({ suites, coverage, base: "later" }, "verify.config.json");
  const spare = new SpareTime();
  const facts = readChangeFacts(
    {
      request: { subject: { kind: "revision", revision: "HEAD" }, options: defaultOptions },
      repository: await open(repository),
    },
    { config, file: "verify.config.json" },
    { kind: "checkout" },
    { commit, tree: await repository.git("rev-parse", "HEAD^{tree}"), branch: "feature" },
    spare,
  );
  return { repository, facts, spare };
}

test("what only reports need is asked of git once spare time begins", async () => {
  const { repository, facts, spare } = await begin({});
  await repository.git("branch", "later", "main");
  spare.begin();
  expect(await facts.changes).toMatchObject({ base: "later", files: [{ file: "a.txt" }] });
  expect(await facts.template).toBeNull();
});

test.each([{ changedLines: 80 }, { ratchet: true }])("what gates compare with is asked at once: %j", async (gate) => {
  const { facts, spare } = await begin(gate);
  expect(await Promise.race([facts.mergeBase, spare.begun])).toBe("none");
});
