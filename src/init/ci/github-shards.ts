import type { CiFacts } from "./ci-facts.ts";
import {
  beginning,
  checkout,
  nodeSteps,
  preparation,
  receiptStep,
  reportStep,
  service,
  stepsText,
  verifyStep,
  withCondition,
} from "./github-workflow.ts";

/** Runs only where no receipt proved the tree. */
const unproven = "needs.receipt.outputs.verified != 'true'";

/**
 * The workflow that divides the suites among so many machines: one job asks for a receipt, the shards run side by side, and
 * `verify` judges all of them. It is the one to require, as no shard is a verdict.
 */
export function githubShards(facts: CiFacts, shards: number): string {
  const numbers = Array.from({ length: shards }, (_, index) => index + 1).join(", ");
  return [
    ...beginning(facts, `verify init --ci github --shards ${shards}`),
    "  receipt:",
    "    runs-on: ubuntu-latest",
    "    outputs:",
    `      verified: \${{ steps.receipt.outputs.verified }}`,
    stepsText([checkout, receiptStep(facts)]),
    "",
    "  shard:",
    "    needs: receipt",
    `    if: ${unproven}`,
    "    runs-on: ubuntu-latest",
    "    strategy:",
    "      # Every shard is to say all that it finds.",
    "      fail-fast: false",
    "      matrix:",
    `        shard: [${numbers}]`,
    ...service(facts),
    stepsText([
      checkout,
      ...preparation(facts),
      ...historySteps(facts, "restore"),
      verifyStep(facts, `verify --shard \${{ matrix.shard }}/${shards}`),
      uploadStep,
    ]),
    "",
    "  verify:",
    "    needs: [receipt, shard]",
    "    # Judges whatever the shards left, and stands where a receipt proves the tree: the check to require.",
    "    if: always()",
    "    runs-on: ubuntu-latest",
    stepsText([
      checkout,
      ...[
        ...nodeSteps(facts.node),
        downloadStep,
        ...historySteps(facts, "restore"),
        ["name: Judge all shards", `run: ${facts.node.call} verify merge "$RUNNER_TEMP/shards"`],
      ].map((step) => withCondition(step, unproven)),
      // A merge that finds a record wrong keeps the next run from it.
      ...[
        ["name: Keep the history", `run: ${facts.node.call} verify history export .verify/history.json`],
        ...historySteps(facts, "save"),
      ].map((step) => withCondition(step, `always() && ${unproven}`)),
      reportStep(unproven),
    ]),
    "",
  ].join("\n");
}

/** How long tests took and what can be reused is kept between runs; all shards of one get the same. */
function historySteps({ node }: CiFacts, action: "restore" | "save"): string[][] {
  const cache = [
    `name: ${action === "restore" ? "Fetch the history" : "Save the history"}`,
    `uses: actions/cache/${action}@v4`,
    "with:",
    "  path: .verify/history.json",
    `  key: verify-history-\${{ github.run_id }}`,
    ...(action === "restore" ? ["  restore-keys: verify-history-"] : []),
  ];
  if (action === "save") return [cache];
  return [cache, ["name: Take the history over", `run: ${node.call} verify history import .verify/history.json`]];
}

const uploadStep = [
  "name: Hand the shard on",
  "if: always()",
  "uses: actions/upload-artifact@v4",
  "with:",
  `  name: shard-\${{ matrix.shard }}`,
  "  path: .verify/shard-*",
  "  include-hidden-files: true",
  "  if-no-files-found: ignore",
];

const downloadStep = [
  "name: Fetch the shards",
  "uses: actions/download-artifact@v4",
  "with:",
  "  pattern: shard-*",
  `  path: \${{ runner.temp }}/shards`,
];
