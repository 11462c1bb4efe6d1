import { chmod, readFile, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { History, type HistoryEntry, historyEntry } from "../../src/report/history.ts";
import { type Desk, makeDesk } from "../forge/support.ts";
import { sampleSummary } from "../report/sample.ts";
import { runIn } from "../support/verify.ts";
import { ci, ciFile, deploy, deployFile, repeatedStep } from "../trust/workflow/audited.ts";

/** A repository in which the deployment verifies again what the pull request passed. */
async function repeating(files: Readonly<Record<string, string | null>> = {}): Promise<Desk> {
  const desk = await makeDesk();
  await desk.write({ [ciFile]: ci, [deployFile]: deploy, ...files });
  await desk.commit("CI");
  return desk;
}

const read = async (desk: Desk, file = deployFile): Promise<string> => await readFile(join(desk.root, file), "utf8");
const finding = `! ${deployFile}:27:9 "Verify Codebase" runs \`moon run :ci\` again: the job check of ${ciFile}:20 runs it on every pull request to main and on main itself.`;
const reliance =
  '  This holds where main takes only what passed "check": let its branch protection require that check.';

describe("verify workflows", () => {
  it("says what is repeated and what --fix does, and changes nothing", async () => {
    const desk = await repeating();
    const { code, output } = await desk.verify("workflows");
    expect(output.split("\n")).toEqual([
      finding,
      "",
      "What `npx verify workflows --fix` does:",
      `  ${deployFile}`,
      '    removes lines 27 to 33, the step "Verify Codebase", with S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY, S3_BUCKET',
      reliance,
      "",
    ]);
    expect(code).toBe(1);
    expect(await desk.git("status", "--porcelain")).toBe("");
  });

  it("--fix removes that, shows the difference, and finds nothing more", async () => {
    const desk = await repeating();
    const { code, output } = await desk.verify("workflows", "--fix");
    expect(output).toContain("✔ Done:\n");
    expect(output).toContain('    removed lines 27 to 33, the step "Verify Codebase"');
    expect(output).toContain("\n-      - name: Verify Codebase\n-        env:\n");
    expect(code).toBe(0);
    expect(await read(desk)).toBe(deploy.replace(repeatedStep, ""));
    expect(await desk.git("status", "--porcelain")).toBe(`M ${deployFile}`);
    expect(await desk.verify("workflows")).toMatchObject({ code: 0 });
  });

  it.each<[string, (desk: Desk) => Promise<unknown>]>([
    ["edited", (desk) => desk.write({ [deployFile]: `${deploy}# mine\n` })],
    [
      "staged",
      async (desk) => {
        await desk.write({ [deployFile]: `${deploy}# mine\n` });
        await desk.git("add", deployFile);
        await desk.write({ [deployFile]: deploy });
      },
    ],
    [
      "edited where git was told to look away",
      async (desk) => {
        await desk.git("update-index", "--assume-unchanged", deployFile);
        await desk.write({ [deployFile]: `${deploy}# mine\n` });
      },
    ],
    [
      "new",
      async (desk) => {
        await desk.git("rm", "--quiet", "--cached", deployFile);
        await desk.git("commit", "--quiet", "--no-verify", "--allow-empty", "--message", "Without it");
      },
    ],
    [
      "a link",
      async (desk) => {
        await desk.write({ "deploy.yml": deploy, [deployFile]: null });
        await symlink("../../deploy.yml", join(desk.root, deployFile));
        await desk.commit("A link");
      },
    ],
  ])("--fix leaves a file alone that is %s", async (_what, change) => {
    const desk = await repeating();
    await change(desk);
    const before = await read(desk);
    const { code, output } = await desk.verify("workflows", "--fix");
    expect(output).toContain(`Nothing was changed.\nLeft to you:\n  ${deployFile}:27:9 it `);
    expect(code).toBe(1);
    expect(await read(desk)).toBe(before);
  });

  it("keeps who may read and run a file", async () => {
    const desk = await repeating();
    await chmod(join(desk.root, deployFile), 0o640);
    await desk.verify("workflows", "--fix");
    expect((await stat(join(desk.root, deployFile))).mode & 0o777).toBe(0o640);
  });

  it("says how long the step takes, where gh knows", async () => {
    const desk = await repeating();
    const step = (seconds: number) => ({
      name: "Verify Codebase",
      startedAt: "2026-01-27T10:00:00Z",
      completedAt: new Date(Date.UTC(2026, 0, 27, 10, 0, seconds)).toISOString(),
    });
    await desk.standIn("gh", [
      {
        words: "run list --workflow staging-deploy.yml",
        output: '[{"databaseId":1},{"databaseId":2},{"databaseId":3}]',
      },
      { words: "run view 1", output: JSON.stringify({ jobs: [{ name: "build-and-deploy", steps: [step(300)] }] }) },
      { words: "run view 2", output: JSON.stringify({ jobs: [{ name: "build-and-deploy", steps: [step(312)] }] }) },
      { words: "run view 3", output: JSON.stringify({ jobs: [{ name: "build-and-deploy", steps: [step(420)] }] }) },
      { words: "api", code: 1 },
    ]);
    expect((await desk.verify("workflows")).output).toContain(
      "\n    It takes 5 min 12.0 s, the median of 3 runs on GitHub.\n",
    );
  });

  it("says how long the suite took here, where gh does not know", async () => {
    const step = deploy.replaceAll("moon run :ci", "pytest");
    const desk = await repeating({ [ciFile]: ci.replaceAll("moon run :ci", "pytest"), [deployFile]: step });
    await desk.standIn("gh", [
      { words: "run", code: 4, errors: "gh auth login\n" },
      { words: "api", code: 4 },
    ]);
    const history = new History(join(desk.root, ".git"));
    const suites = (seconds: number) => [{ name: "backend", seconds, workSeconds: seconds }];
    for (const seconds of [20, 30, 100]) {
      await history.add({
        ...(historyEntry(sampleSummary()) as HistoryEntry),
        suites: suites(seconds),
        verdict: "verified",
        isPartial: false,
      });
    }
    expect((await desk.verify("workflows")).output).toContain("\n    It takes 30.0 s, the median of 3 runs here.\n");
  });

  it("says nothing of time where nothing is recorded", async () => {
    const desk = await repeating();
    await desk.standIn("gh", [
      { words: "run", code: 4 },
      { words: "api", code: 4 },
    ]);
    expect((await desk.verify("workflows")).output).not.toContain("It takes");
  });

  it("leaves the step where GitHub says that the branch takes commits without that check", async () => {
    const desk = await repeating();
    await desk.standIn("gh", [
      { words: "api repos/{owner}/{repo}/branches/main", output: '{"protected":false}' },
      { words: "api repos/{owner}/{repo}/rules/branches/main", output: "[]" },
    ]);
    const { code, output } = await desk.verify("workflows", "--fix");
    expect(output).toContain(
      `${deployFile}:27:9 GitHub lets commits into main that did not pass "check": require that check first`,
    );
    expect(code).toBe(1);
    expect(await read(desk)).toBe(deploy);
  });

  it.each([
    ["its protection", '{"protection":{"required_status_checks":{"contexts":["check"]}}}', "[]"],
    [
      "a rule",
      "{}",
      '[{"type":"required_status_checks","parameters":{"required_status_checks":[{"context":"check"}]}}]',
    ],
  ])("does not speak of the branch's protection where %s requires the check", async (_what, branch, rules) => {
    const desk = await repeating();
    await desk.standIn("gh", [
      { words: "api repos/{owner}/{repo}/branches/main", output: branch },
      { words: "api repos/{owner}/{repo}/rules/branches/main", output: rules },
    ]);
    const { code, output } = await desk.verify("workflows", "--fix");
    expect(output).not.toContain("This holds where");
    expect(code).toBe(0);
  });

  it("gives the same as data with --json", async () => {
    const desk = await repeating();
    const { code, output } = await desk.verify("workflows", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(output)).toEqual({
      schema: 1,
      fixed: false,
      findings: [
        expect.objectContaining({
          kind: "repeat",
          file: deployFile,
          line: 27,
          column: 9,
          refused: null,
          seconds: null,
          actions: [expect.stringContaining("removes lines 27 to 33")],
        }),
      ],
      leftAlone: [],
    });
  });

  it("says that nothing is wrong, and what looked like a repeat", async () => {
    const desk = await repeating({ [deployFile]: deploy.replace("on:\n", "on:\n  workflow_dispatch:\n") });
    expect(await desk.verify("workflows")).toMatchObject({
      code: 0,
      output: `· ${deployFile}:28:9 "Verify Codebase" looks like a repeat of ${ciFile}:20, and is left alone: it can be started by hand, on any branch.\n\n✔ Nothing is verified twice for certain, and nothing is wrong, in 2 CI files.\n`,
    });
  });

  it("tells mistakes, which are for a person to mend", async () => {
    const desk = await repeating({ [ciFile]: ci.replace("runs-on", "run-on"), [deployFile]: null });
    const { code, output } = await desk.verify("workflows", "--fix");
    expect(output).toContain(`✘ ${ciFile}:11:5 Unexpected value 'run-on'.\n`);
    expect(output).toContain("Nothing was changed.\n");
    expect(code).toBe(1);
  });

  it("names the suite that a trusted receipt makes unnecessary only where there is a policy", async () => {
    const text = "on: [pull_request]\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: pytest\n";
    const desk = await repeating({ [ciFile]: text, [deployFile]: null });
    expect(await desk.verify("workflows")).toMatchObject({ code: 0 });
    await desk.write({ ".verify-policy.json": "{}\n" });
    const { code, output } = await desk.verify("workflows");
    expect(output).toContain(
      `! ${ciFile}:6:9 \`pytest\` runs the suite "backend", which a trusted receipt makes unnecessary.`,
    );
    expect(code).toBe(1);
  });

  it("says so where there is no CI", async () => {
    const desk = await makeDesk();
    expect(await desk.verify("workflows")).toMatchObject({
      code: 0,
      output: "There are no CI files here: neither .github/workflows nor .gitlab-ci.yml.\n",
    });
  });

  it("is a request that cannot be met outside of a repository", async () => {
    const desk = await makeDesk();
    expect(await runIn(join(desk.root, ".."), ["workflows"], { environment: desk.environment })).toMatchObject({
      code: 2,
    });
  });
});
