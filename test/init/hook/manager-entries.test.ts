import { describe, expect, test } from "vitest";
import { lefthookEntry, lefthookUse } from "../../../src/init/hook/lefthook-entry.ts";
import { husky4Entry, simpleGitHooksEntry } from "../../../src/init/hook/package-entry.ts";
import { preCommitEntry, preCommitRunsUs } from "../../../src/init/hook/pre-commit-entry.ts";

const hook = "node_modules/pushproof/hooks/pre-push";
const target = { script: hook, install: "npm install" };

describe("lefthook's entry", () => {
  const edited = (text: string): string | null => lefthookEntry("lefthook.yml", text, hook).text;

  test("is a script among what is there, and the rest stays as it is written", () => {
    const text =
      '# Ours\npre-commit:\n    parallel: true\n    commands:\n        lint: # fast\n            run: "npm run lint" \n\npre-push:\n    commands:\n        audit:\n            run: npm audit\n';
    expect(edited(text)).toBe(
      `${text}    scripts:\n        pushproof:\n            runner: sh\n            use_stdin: true\n`,
    );
  });

  test("is a job where there are jobs", () => {
    const text = "pre-push:\n  piped: true\n  jobs:\n    - run: npm audit # slow\n";
    expect(edited(text)).toBe(
      `${text}    - name: pushproof\n      script: pushproof\n      runner: sh\n      use_stdin: true\n`,
    );
  });

  test("shows the run while it goes where the hook is new", () => {
    expect(edited("")).toBe(
      "pre-push:\n  follow: true\n  scripts:\n    pushproof:\n      runner: sh\n      use_stdin: true\n",
    );
  });

  test.each([
    "commands:\n    verify:\n      run: RUN\n      tags: slow\n",
    "jobs:\n    - name: verify\n      run: RUN\n      tags: slow\n",
  ])("makes a script of a command that lefthook would skip: %j", (body) => {
    const text = edited(`pre-push:\n  ${body.replace("RUN", `sh ${hook} {1} {2}`)}`) ?? "";
    expect(text).toMatch(/runner: sh/);
    expect(text).toMatch(/use_stdin: true/);
    expect(text).toMatch(/tags: slow/);
    expect(text).not.toMatch(/\brun:/);
    expect(lefthookUse("lefthook.yml", text)).toMatchObject({ isSkipped: false });
  });

  test("is put only once", () => {
    for (const text of ["", "pre-push:\n  jobs:\n    - run: a\n", "pre-push:\n  commands:\n    a:\n      run: a\n"]) {
      const once = edited(text) ?? "";
      expect(edited(once)).toBe(once);
    }
  });

  test.each(["pre-push: &shared\n  commands: {}\npre-commit: *shared\n", "- a\n", "a: [\n", "pre-push: true\n"])(
    "is left to a person in %j",
    (text) => {
      expect(edited(text)).toBeNull();
    },
  );

  test("is printed in the language of the file where we do not write it", () => {
    expect(lefthookEntry("lefthook.toml", "", hook)).toMatchObject({
      text: null,
      entry: ["[pre-push.scripts.pushproof]", 'runner = "sh"', "use_stdin = true"],
    });
    const json = lefthookEntry(".lefthook.json", "{}", hook);
    expect(JSON.parse(`{${json.entry.join("")}}`)["pre-push"].scripts.pushproof.use_stdin).toBe(true);
  });

  test("lies where lefthook looks for scripts", () => {
    expect(lefthookEntry("lefthook.yml", "", hook).script?.path).toBe(".lefthook/pre-push/pushproof");
    expect(lefthookEntry("lefthook.yml", "source_dir: hooks/\n", hook).script?.path).toBe("hooks/pre-push/pushproof");
  });

  test("is told from one that lefthook skips, and from none", () => {
    const run = `pre-push:\n  commands:\n    x:\n      run: sh ${hook}\n`;
    expect(lefthookUse("lefthook.yml", run)).toEqual({ job: "x", isSkipped: true });
    expect(lefthookUse("lefthook.yml", "pre-push:\n  commands:\n    x:\n      run: a\n")).toBeUndefined();
  });

  test("comes with a word on what keeps the whole hook from running", () => {
    const { warnings } = lefthookEntry("lefthook.yml", "pre-push:\n  skip: [merge]\n  jobs: []\n", hook);
    expect(warnings.join()).toContain('"skip" of pre-push holds for pushproof too');
  });
});

describe("pre-commit's entry", () => {
  const text =
    "# Ours\nrepos:\n- repo: https://example.com/x\n  rev: v1 # pinned\n  hooks:\n  - id: x\n    stages: [pre-commit]\n";

  test("is a local hook of its own, and the rest stays as it is written", () => {
    const edited = preCommitEntry(text, hook, "4.0.0").text;
    expect(edited).toBe(
      `${text}- repo: local
  hooks:
  - id: pushproof
    name: verify what is pushed
    entry: sh ${hook}
    language: system
    stages: [pre-push]
    always_run: true
    pass_filenames: false
    verbose: true
default_install_hook_types: [pre-commit, pre-push]
`,
    );
    expect(preCommitRunsUs(edited ?? "")).toBe(true);
    expect(preCommitRunsUs(text)).toBe(false);
  });

  test.each([
    ["3.1.0", "push"],
    ["3.2.0", "pre-push"],
    ["10.0.1", "pre-push"],
    [null, "pre-push"],
  ])("names the stage as pre-commit %s knows it", (version, stage) => {
    expect(preCommitEntry(text, hook, version).text).toContain(`stages: [${stage}]`);
  });

  test("adds the hook's type to those that are installed", () => {
    const edited = preCommitEntry(`default_install_hook_types: [commit-msg]\n${text}`, hook, null).text;
    expect(edited).toContain("default_install_hook_types: [commit-msg, pre-push]");
  });

  test("is put only once", () => {
    const once = preCommitEntry(text, hook, null).text ?? "";
    expect(preCommitEntry(once, hook, null).text).toBe(once);
  });

  test("comes with a word on the hooks that run at a push from then on", () => {
    expect(preCommitEntry(text, hook, null).warnings).toEqual([]);
    const { warnings } = preCommitEntry("repos:\n- repo: x\n  hooks:\n  - id: black\n", hook, null);
    expect(warnings).toEqual(['black: pre-commit runs hooks without "stages" at a push as well']);
  });

  test.each(["[]\n", "repos: {}\n", "a: [\n"])("is left to a person in %j", (other) => {
    expect(preCommitEntry(other, hook, null).text).toBeNull();
  });
});

describe("the entries in package.json", () => {
  test("of simple-git-hooks is the command itself, in front of what is there", () => {
    const empty = simpleGitHooksEntry(".simple-git-hooks.json", '{\n  "pre-commit": "a"\n}\n', target);
    expect(JSON.parse(empty.text ?? "")["pre-push"]).toBe(`sh ${hook} "$@"`);
    const fields = '{ "simple-git-hooks": { "pre-push": "npm test" } }';
    const joined = JSON.parse(simpleGitHooksEntry("package.json", fields, target).text ?? "");
    expect(joined["simple-git-hooks"]["pre-push"]).toMatch(/pushproof_lines[\s\S]*\nnpm test$/);
  });

  test("of husky 4 hands on what it has in variables", () => {
    const text = husky4Entry("package.json", '{ "husky": { "hooks": { "pre-push": "npm test; a" } } }', target).text;
    expect(JSON.parse(text ?? "").husky.hooks["pre-push"]).toBe(`sh ${hook} $HUSKY_GIT_PARAMS && (npm test; a)`);
  });

  test.each([simpleGitHooksEntry, husky4Entry])("are left to a person in a program", (entry) => {
    expect(entry(".hooks.js", "module.exports = {}", target)).toMatchObject({ text: null });
    expect(entry(".hooks.js", `module.exports = {"pre-push": "sh ${hook}"}`, target).text).not.toBeNull();
  });
});
