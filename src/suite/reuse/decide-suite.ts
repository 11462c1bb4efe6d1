import { background } from "../../shared/background.ts";
import type { PlannedSuite } from "../plan/plan.ts";
import { filesDecision, isByFile, startReachProgram } from "./files-decision.ts";
import type { ReachProgram } from "./reach.ts";
import { nowOf, type ReuseRequest } from "./reuse-request.ts";
import { RunLog } from "./run-log.ts";
import type { Deciding, SuiteDecision } from "./suite-decision.ts";
import { readSurroundings, type Surroundings, type SurroundingsRequest } from "./surroundings.ts";
import type { Tree } from "./tree.ts";
import { wholeDecision } from "./whole-record.ts";
import { type SuiteKey, wholeSuiteKey } from "./whole-suite.ts";

/** The keys under which a suite's outcome is recorded. */
export interface Keys {
  readonly surroundings: Surroundings;
  readonly whole: SuiteKey;
  /** The verified files as they were before anything ran. */
  readonly tree: Tree;
}

/** Decides whether a suite runs, and gives the keys under which it is recorded. Throws RequestError where its "inputs" are wrong. */
export async function decideSuite(
  request: ReuseRequest,
  planned: PlannedSuite,
  tree: Promise<Tree>,
): Promise<{ readonly keys: Keys; readonly decision: SuiteDecision | Deciding }> {
  const why = await whyAllRuns(request, planned);
  const program = why === null ? startReachProgram(request, planned) : null;
  try {
    const own = await surroundingsRequest(request, planned);
    const surroundings = await readSurroundings(own);
    const keys = { surroundings, whole: await wholeSuiteKey(own, surroundings), tree: await tree };
    // What cannot be told is the better reason: it stays.
    const whyRun = "why" in surroundings ? surroundings.why : why;
    if (whyRun !== null) return { keys, decision: { kind: "run", why: whyRun } };
    return { keys, decision: await decideByRecords(request, planned, keys, program) };
  } finally {
    program?.endUnlessAsked();
  }
}

/** Decides by what is recorded. */
async function decideByRecords(
  request: ReuseRequest,
  planned: PlannedSuite,
  { surroundings, whole: key, tree }: Keys,
  program: ReachProgram | null,
): Promise<SuiteDecision | Deciding> {
  if ("why" in surroundings) return { kind: "run", why: surroundings.why };
  const now = nowOf(request);
  const whole = await wholeDecision(request, planned.suite.name, key, now);
  if (whole.kind !== "run" || !isByFile(planned)) return whole;
  return await filesDecision(request, { planned, tree, surroundings: surroundings.digest, now, program });
}

/** What a suite's surroundings are read from. */
export async function surroundingsRequest(request: ReuseRequest, planned: PlannedSuite): Promise<SurroundingsRequest> {
  const { config, checkout, options, world } = request;
  const configured = config.database === false ? undefined : config.database.url;
  return {
    planned,
    config,
    checkout,
    tracked: await checkout.trackedFiles(),
    environment: world.environment,
    environmentClass: background(request.environmentClass()),
    hasOwnServer: Boolean(options.databaseUrl ?? world.environment.VERIFY_DATABASE_URL ?? configured),
    travels: request.shards !== undefined,
  };
}

/** Why all of a suite runs, whatever is recorded, a clause; null where results may be reused. */
async function whyAllRuns(request: ReuseRequest, { suite }: PlannedSuite): Promise<string | null> {
  const { commonDirectory, options, isBase, config } = request;
  if (options.full) return "--full asks for everything";
  if (isBase) return `${config.base} is the base branch`;
  return request.whyAll ?? (await new RunLog(commonDirectory, suite.name).whyFull(nowOf(request)));
}
