import { background } from "../../shared/background.ts";
import type { PlannedSuite } from "../plan/plan.ts";
import { asksProgram, filesDecision, isByFile, reachProgram } from "./files-decision.ts";
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
  const program = why === null && asksProgram(planned) ? reachProgram(request, planned) : undefined;
  try {
    const own = await surroundingsRequest(request, planned);
    const surroundings = await readSurroundings(own);
    const keys = { surroundings, whole: await wholeSuiteKey(own, surroundings), tree: await tree };
    const decide = async (): Promise<SuiteDecision | Deciding> => {
      if ("why" in surroundings) return { kind: "run", why: surroundings.why };
      if (why !== null) return { kind: "run", why };
      const now = nowOf(request);
      const whole = await wholeDecision(request, planned.suite.name, keys.whole, now);
      if (whole.kind !== "run" || !isByFile(planned)) return whole;
      const question = { planned, tree: keys.tree, surroundings: surroundings.digest, now, program };
      return await filesDecision(request, question);
    };
    return { keys, decision: await decide() };
  } finally {
    program?.endUnlessAsked();
  }
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
  return (
    whyAll(options.full, isBase ? config.base : null) ??
    request.whyAll ??
    (await new RunLog(commonDirectory, suite.name).whyFull(nowOf(request)))
  );
}

function whyAll(isAsked: boolean, base: string | null): string | null {
  if (isAsked) return "--full asks for everything";
  return base === null ? null : `${base} is the base branch`;
}
