import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Summary } from "../../../src/model/summary.ts";
import { pullRequestBody } from "../../../src/report/pull-request/body.ts";
import type { PullRequestTemplate } from "../../../src/report/pull-request/template.ts";
import { writePullRequest } from "../../../src/report/pull-request/write.ts";
import { makeDirectory, writeFiles } from "../../support/repository.ts";
import { hostileName, sampleSummary } from "../sample.ts";

const template: PullRequestTemplate = {
  file: "pull_request_template.md",
  text: "## What\n\n- [ ] tested\n",
  others: [],
};
const first = sampleSummary();
const second = sampleSummary({ commit: "8".repeat(40), seconds: 99 });
const elsewhere = sampleSummary({ branch: "fix/rounding" });
const asideName = /^pull-request\.feature-ledger-balances-[0-9a-f]{8}\.md$/;

/** The directory of the reports. */
interface Reports {
  write(summary: Summary, template?: PullRequestTemplate | null): Promise<readonly string[]>;
  read(name?: string): Promise<string>;
  names(): Promise<string[]>;
  /** What an author does to the file. */
  edit(change: (text: string) => string): Promise<void>;
}

async function openReports(): Promise<Reports> {
  const directory = await makeDirectory();
  const read = (name = "pull-request.md"): Promise<string> => readFile(join(directory, name), "utf8");
  return {
    write: (summary, chosen = null) => writePullRequest(directory, summary, chosen),
    read,
    names: async () => (await readdir(directory)).sort(),
    edit: async (change) => writeFiles(directory, { "pull-request.md": change(await read()) }),
  };
}

test("the first run writes what there is to be written, with the template", async () => {
  const reports = await openReports();
  expect(await reports.write(first, template)).toEqual([]);
  expect(await reports.read()).toBe(pullRequestBody(first, template.text));
});

test("of several templates, the others are named when the file is made, and not again", async () => {
  const reports = await openReports();
  const several = { ...template, others: ["docs/pull_request_template.md"] };
  expect(await reports.write(first, several)).toEqual([
    ".verify/pull-request.md follows pull_request_template.md; the repository also has docs/pull_request_template.md.",
  ]);
  expect(await reports.write(second, several)).toEqual([]);
});

test("a file that nobody touched becomes that of the next run", async () => {
  const reports = await openReports();
  for (const chosen of [null, template]) {
    await reports.write(first, chosen);
    expect(await reports.write(second, chosen)).toEqual([]);
  }
  await reports.edit(() => "");
  await reports.write(first, template);
  await reports.write(second, template);
  expect(await reports.read()).toBe(pullRequestBody(second, template.text));
});

test("what the author wrote around our part is kept byte for byte, ticks and all", async () => {
  const reports = await openReports();
  await reports.write(first, template);
  const edited = (text: string): string =>
    `${text.replace("- [ ] tested", "- [x] tested\r\n\r\nMine.  ")}\n\nBelow.\t\n\n`;
  await reports.edit(edited);
  expect(await reports.write(second, template)).toEqual([]);
  expect(await reports.read()).toBe(edited(pullRequestBody(second, template.text)));
});

test("a title of the author's stays; ours follows the commits", async () => {
  const reports = await openReports();
  const renamed = sampleSummary({ changes: { ...first.changes, commits: [] } as never, branch: first.branch });
  await reports.write(first);
  await reports.edit((text) => text.replace("# Ledger balances", "# In my own words"));
  for (const summary of [second, renamed]) {
    await reports.write(summary);
    expect((await reports.read()).split("\n", 3)).toMatchObject([
      "# In my own words",
      "",
      expect.stringMatching("<!--"),
    ]);
  }
});

test("our own title is replaced where the commits say another", async () => {
  const reports = await openReports();
  const commits = [{ commit: "7".repeat(40), subject: "Keep a balance", body: "" }];
  await reports.write(first);
  await reports.write({ ...first, changes: { ...(first.changes as NonNullable<Summary["changes"]>), commits } });
  expect((await reports.read()).split("\n")[0]).toBe("# Keep a balance");
});

test("a title that was taken away comes back above the author's text", async () => {
  const reports = await openReports();
  await reports.write(first);
  await reports.edit((text) => text.replace("# Ledger balances\n\n", "Mine.\n"));
  await reports.write(second);
  expect(await reports.read()).toMatch(/^# Ledger balances\n\nMine\.\n<!-- pushproof:begin /);
});

test("a file that an editor saved with other line ends is no edit of ours", async () => {
  const reports = await openReports();
  await reports.write(first, template);
  await reports.edit((text) => text.replaceAll("\n", "\r\n"));
  expect(await reports.write(second, template)).toEqual([]);
  expect(await reports.read()).toContain("## What\r\n\r\n- [ ] tested\r\n");
  expect(await reports.read()).toContain("1 min 39.0 s");
});

describe("where somebody edited our part", () => {
  const note =
    ".verify/pull-request.md is left as it is, as somebody edited our part of it: this run's text is in .verify/pull-request.new.md.";

  test("the file stays, ours goes beside it, and that is said", async () => {
    const reports = await openReports();
    await reports.write(first, template);
    await reports.edit((text) => text.replace("Round half to even", "Round half to even, as banks do"));
    const edited = await reports.read();
    for (const summary of [second, first]) {
      expect(await reports.write(summary, template)).toEqual([note]);
      expect(await reports.read()).toBe(edited);
      expect(await reports.read("pull-request.new.md")).toBe(pullRequestBody(summary, template.text));
    }
  });

  test("what lay beside it goes once ours can take its place again", async () => {
    const reports = await openReports();
    await reports.write(first);
    const untouched = await reports.read();
    await reports.edit((text) => text.replace("Verified", "Fine"));
    await reports.write(second);
    await reports.edit(() => untouched);
    expect(await reports.write(second)).toEqual([]);
    expect(await reports.names()).toEqual(["pull-request.md"]);
  });

  test("without its markers all of it is the author's, and ours stands below", async () => {
    const reports = await openReports();
    await reports.write(first);
    await reports.edit(() => "# Mine\n\nAll of it.\n");
    expect(await reports.write(second)).toEqual([]);
    expect(await reports.read()).toMatch(/^# Mine\n\nAll of it\.\n\n<!-- pushproof:begin branch=/);
  });
});

describe("the file of another branch", () => {
  test("that nobody touched is replaced", async () => {
    const reports = await openReports();
    await reports.write(first, template);
    expect(await reports.write(elsewhere, template)).toEqual([]);
    expect(await reports.read()).toBe(pullRequestBody(elsewhere, template.text));
    expect(await reports.names()).toEqual(["pull-request.md"]);
  });

  test.each<[string, (text: string) => string]>([
    ["around our part", (text) => text.replace("- [ ]", "- [x]")],
    ["its title", (text) => text.replace("# Ledger", "# My ledger")],
    ["our part itself", (text) => text.replace("Round half", "Round a half")],
    ["a marker", (text) => text.replace("<!-- pushproof:end -->", "")],
  ])("in which the author wrote %s is put aside, and comes back with that branch", async (_where, change) => {
    const reports = await openReports();
    await reports.write(first, template);
    await reports.edit(change);
    const edited = await reports.read();
    const [note, ...rest] = await reports.write(elsewhere, template);
    expect(rest).toEqual([]);
    const name = (await reports.names()).find((one) => asideName.test(one)) ?? "";
    expect(note).toBe(
      `What you wrote into .verify/pull-request.md for feature/ledger-balances is kept in .verify/${name}.`,
    );
    expect(await reports.read(name)).toBe(edited);
    expect(await reports.read()).toBe(pullRequestBody(elsewhere, template.text));
    await reports.write(first, template);
    expect(await reports.read()).toBe(edited);
    expect((await reports.names()).filter((one) => asideName.test(one))).toEqual([]);
  });

  test("of an odd name keeps its text, too, and is no path", async () => {
    const reports = await openReports();
    const branches = ["../../up", "new", "x".repeat(240), hostileName, "Fix/A", "fix/a", null];
    for (const branch of branches) {
      const summary = sampleSummary({ branch });
      await reports.write(summary);
      await reports.edit((text) => `${text}\nOf ${branch}.\n`);
    }
    expect(new Set((await reports.names()).map((name) => name.toLowerCase())).size).toBe(branches.length);
    for (const branch of branches) {
      await reports.write(sampleSummary({ branch }));
      expect(await reports.read()).toContain(`\nOf ${branch}.\n`);
    }
  });
});

test("what a version without markers wrote is put aside, and the file begins anew", async () => {
  const reports = await openReports();
  await reports.write(first);
  const table = "\n## Verification\n\n| What | Result |\n| --- | --- |\n| Verdict | ✅ Verified |\n";
  await reports.edit((text) => text.replace(/<!-- pushproof:.*-->\n\n?/g, "") + table);
  const old = await reports.read();
  const [note] = await reports.write(second);
  const [aside = ""] = await reports.names();
  expect(note).toBe(`What you wrote into .verify/pull-request.md is kept in .verify/${aside}.`);
  expect(aside).toMatch(/^pull-request\.earlier-[0-9a-f]{8}\.md$/);
  expect(await reports.read(aside)).toBe(old);
  expect(await reports.read()).toBe(pullRequestBody(second));
});

test("ours leaves room for what the author wrote, and cuts nothing of that", async () => {
  const reports = await openReports();
  const many = sampleSummary({
    changes: {
      ...(first.changes as NonNullable<Summary["changes"]>),
      commits: Array.from({ length: 50 }, () => ({ commit: "7".repeat(40), subject: "word ".repeat(150), body: "" })),
    },
  });
  const own = "Mine. ".repeat(7_000);
  await reports.write(first);
  await reports.edit((text) => `${text}\n${own}`);
  await reports.write(many);
  const text = await reports.read();
  expect(text.length).toBeLessThan(60_000);
  expect(text).toContain(own);
  expect(text).toContain("<summary>Verification</summary>");
});
