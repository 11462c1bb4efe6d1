import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../../src/shared/paths.ts";
import { makeRepository } from "../../support/repository.ts";
import { runShell } from "../../support/run.ts";
import { generated, samples } from "./generated.ts";

/** Its last version that Node 20 starts. */
const linter = join(packageRoot, "node_modules/gitlab-ci-local/dist/index.js");

test("every pipeline that is written passes GitLab's published schema, by which a wrong one fails", async () => {
  const repository = await makeRepository({ "a.txt": "a\n" });
  await repository.git("remote", "set-url", "origin", "git@gitlab.com:ada/ledger.git");
  const lint = async (text: string): Promise<string> => {
    await writeFile(join(repository.root, ".gitlab-ci.yml"), text);
    return (await runShell(`node ${linter} --list-all`, repository.root, repository.environment)).output;
  };
  // All in one pipeline: the linter takes longer to start than to read.
  const jobs = Object.values(samples).map((sample, index) =>
    generated(sample).gitlab.replace(/^verify:$/m, `verify-${index}:`),
  );
  const shards = Object.values(samples).map((sample, index) =>
    generated(sample)
      .gitlabShards.replace(/^verify:$/m, `judge-${index}:`)
      .replaceAll("verify shard", `shard-${index}`)
      .replaceAll("verify history", `history-${index}`)
      .replaceAll(".verify:", `.verify-${index}:`)
      .replaceAll("extends: .verify", `extends: .verify-${index}`),
  );
  const found = await lint([...jobs, ...shards].join("\n"));
  expect(found.match(/^verify-\d+\s+test\s+(?:on_success|never)/gm), found).toHaveLength(jobs.length);
  expect(found.match(/^judge-\d+\s+test\s+/gm), found).toHaveLength(shards.length);
  expect(found.match(/^shard-\d+: \[[1-4]\/4\]\s+test\s+/gm), found).toHaveLength(4 * shards.length);
  const wrong = generated({ files: {} }).gitlab.replace("artifacts:", "artefacts:");
  expect(await lint(wrong)).toContain("'artefacts' property is not expected");
});
