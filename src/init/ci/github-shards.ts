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
/** The same in the job that asks. */
const unprovenHere = "steps.receipt.outputs.verified != 'true'";

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
    stepsText([checkout, receiptStep(facts), ...fetchedHistory.map((step) => withCondition(step, unprovenHere))]),
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
      ...takenHistory(facts),
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
        ...takenHistory(facts),
        ["name: Judge all shards", `run: ${facts.node.call} verify merge "$RUNNER_TEMP/shards"`],
      ].map((step) => withCondition(step, unproven)),
      // A merge that finds a record wrong keeps the next run from it.
      ...[
        ["name: Keep the history", `run: ${facts.node.call} verify history export ${historyFile}`],
        ["name: Save the history", "uses: actions/cache/save@v4", ...cached],
      ].map((step) => withCondition(step, `always() && ${unproven}`)),
      reportStep(unproven),
    ]),
    "",
  ].join("\n");
}

const historyFile = ".verify/history.json";
const cached = ["with:", `  path: ${historyFile}`, `  key: verify-history-\${{ github.run_id }}`];

/**
 * How long tests took and what can be reused is kept between runs. One job fetches it for all machines of this one: a run that
 * ends meanwhile would give some of them another history than the others.
 */
const fetchedHistory = [
  ["name: Fetch the history", "uses: actions/cache/restore@v4", ...cached, "  restore-keys: verify-history-"],
  [
    "name: Hand the history on",
    "uses: actions/upload-artifact@v4",
    "with:",
    "  name: history",
    `  path: ${historyFile}`,
    "  include-hidden-files: true",
    "  if-no-files-found: ignore",
  ],
];

/** Takes over the history that was handed on; a pattern that matches nothing is no error, as in the first run. */
function takenHistory({ node }: CiFacts): string[][] {
  return [
    [
      "name: Fetch the history",
      "uses: actions/download-artifact@v4",
      "with:",
      "  pattern: history*",
      "  merge-multiple: true",
      "  path: .verify",
    ],
    ["name: Take the history over", `run: ${node.call} verify history import ${historyFile}`],
  ];
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
