import { type CiFacts, heading } from "./ci-facts.ts";
import {
  artifacts,
  item,
  nodeCommands,
  preparation,
  question,
  rulesFor,
  stageLine,
  surroundings,
} from "./gitlab-pipeline.ts";

/** Kept with the cache: how long tests took, and what can be reused. All shards of a run get the same. */
const history = ".cache/verify-history.json";

/**
 * The jobs that divide the suites among so many machines, and the one that judges all of them: each asks for a receipt
 * first. `verify` is the one to require, as no shard is a verdict.
 */
export function gitlabShards(facts: CiFacts, shards: number, stage: string | null = null): string {
  const { call } = facts.node;
  return [
    ...heading(facts, `verify init --ci gitlab --shards ${shards}`),
    ".verify:",
    ...stageLine(stage),
    ...surroundings(facts, "always"),
    ...artifacts,
    "",
    "verify history:",
    "  extends: .verify",
    "  # A pipeline that ends meanwhile writes the cache: all shards of this one get the same.",
    ...rulesFor(facts),
    "  cache:",
    "    policy: pull",
    "  script:",
    `    - test -e ${history} || echo "There is no history yet."`,
    "  artifacts:",
    "    paths:",
    `      - ${history}`,
    "",
    "verify shard:",
    "  extends: .verify",
    '  needs: ["verify history"]',
    `  parallel: ${shards}`,
    ...rulesFor(facts),
    "  script:",
    ...question(facts),
    ...preparation(facts).map(item),
    item(`${call} verify history import ${history}`),
    item(`${call} verify --shard auto`),
    "",
    "verify:",
    "  extends: .verify",
    "  # Judges whatever the shards left: a shard that failed is told of here.",
    '  needs: ["verify history", "verify shard"]',
    ...rulesFor(facts, "always"),
    "  script:",
    ...question(facts),
    ...nodeCommands(facts).map(item),
    item(`${call} verify history import ${history}`),
    "    # A merge that finds a record wrong keeps the next run from it.",
    item(`code=0; ${call} verify merge .verify || code=$?`),
    item(`${call} verify history export ${history}`),
    item("exit $code"),
    "",
  ].join("\n");
}
