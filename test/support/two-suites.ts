import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { makeDirectory, makeRepository, type Repository } from "./repository.ts";
import { configFile, type Outcome, readSummary, runIn, userEnvironment } from "./verify.ts";

/** A shell script as a suite: it notes that it ran, fails where `data` says so, and covers its source. */
const script = (name: string): string => `echo ${name} >>"$RAN"
mkdir -p out/${name}
case $(cat ${name}/data) in
bad*) failure='<failure message="bad">bad</failure>' ;;
skip*) failure='<skipped/>' ;;
*) failure= ;;
esac
echo "<testsuite><testcase name='first' file='${name}/suite.sh' time='0.5'>$failure</testcase><testcase name='second' file='${name}/suite.sh' time='0.25'/></testsuite>" >out/${name}/report.xml
{
  echo 'SF:${name}/source.txt'
  echo 'FN:1,one'
  echo 'FNDA:3,one'
  echo 'BRDA:1,0,0,2'
  echo 'BRDA:1,0,1,-'
  echo 'DA:1,3'
  grep -q uncovered shared/data && echo 'DA:2,0' || echo 'DA:2,1'
  echo 'end_of_record'
} >out/${name}/coverage.info
case $(cat ${name}/data) in bad*) exit 1 ;; esac
exit 0
`;

const suite = (name: string, more: object): object => ({
  name,
  runner: "command",
  command: `sh ${name}/suite.sh`,
  results: [`out/${name}/*.xml`],
  coverage: [`out/${name}/*.info`],
  database: false,
  inputs: [`${name}/**`],
  ...more,
});

/** A repository on the branch `feature` with two suites, `web` and `ledger`, that reuse what did not change. */
export interface TwoSuites {
  readonly repository: Repository;
  /** Verifies HEAD; gives what was printed, and which suites really ran. */
  verify(words?: readonly string[], options?: Parameters<typeof runIn>[2]): Promise<Outcome & { ran: string[] }>;
  summary(): ReturnType<typeof readSummary>;
  lcov(): Promise<string>;
}

/** Makes the two suites; `more` is added to each, `config` to the configuration. */
export async function makeTwoSuites(more: object = {}, config: object = {}): Promise<TwoSuites> {
  const repository = await makeRepository({
    ".gitignore": "out\n",
    "web/suite.sh": script("web"),
    "web/source.txt": "a\nb\n",
    "web/data": "good\n",
    "ledger/suite.sh": script("ledger"),
    "ledger/source.txt": "a\nb\n",
    "ledger/data": "good\n",
    "shared/data": "covered\n",
    "verify.config.json": configFile({
      incremental: true,
      suites: [suite("web", more), suite("ledger", more)],
      database: false,
      coverage: { lines: 50 },
      ...config,
    }),
  });
  await repository.git("switch", "--quiet", "--create", "feature");
  const note = join(await makeDirectory(), "ran");
  let seen = "";
  return {
    repository,
    verify: async (words = [], { environment, ...options } = {}) => {
      const outcome = await runIn(repository.root, words, {
        // The last number there is: no suite is drawn to be compared.
        random: () => 0.999,
        ...options,
        environment: { ...(await userEnvironment()), RAN: note, ...environment },
      });
      const all = await readFile(note, "utf8").catch(() => "");
      const ran = all.slice(seen.length).split("\n").filter(Boolean);
      seen = all;
      return { ...outcome, ran };
    },
    summary: () => readSummary(repository.root),
    lcov: () => readFile(join(repository.root, ".verify", "coverage.lcov"), "latin1"),
  };
}
