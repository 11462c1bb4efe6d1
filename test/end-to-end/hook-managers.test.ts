import { cp, mkdir, readFile, rm, symlink } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { npmPackage, preCommit } from "../support/hook-managers.ts";
import type { AtEnd, Files, Repository } from "../support/repository.ts";
import { runShell } from "../support/run.ts";
import { listedPackage, makeTinyRepository, pusherEnvironment, pushTiny, red } from "../support/tiny-suite.ts";
import { runIn } from "../support/verify.ts";

/** A real hook manager, put into a repository as its users do. */
interface Manager {
  readonly name: string;
  /** Its configuration before init. */
  readonly files: Files;
  /** Makes it callable in the repository, and gives what has git run it. */
  prepare(repository: Repository): Promise<{ install: string; path?: string }>;
  /** What `verify doctor` says of the hook after init. */
  readonly told: string;
}

function lefthook(version: string): Omit<Manager, "files" | "name" | "told"> {
  return {
    prepare: async ({ root }) => {
      await rm(join(root, "node_modules/lefthook"), { force: true });
      const modules = await npmPackage(`lefthook@${version}`);
      const bin = join(root, "node_modules/.bin/lefthook");
      await mkdir(dirname(bin), { recursive: true });
      await symlink(join(modules, ".bin/lefthook"), bin);
      return { install: "lefthook install" };
    },
  };
}

const managers: readonly Manager[] = [
  {
    name: "lefthook with jobs",
    files: {
      ...listedPackage,
      "lefthook.yml":
        '# Ours\npre-commit:\n  jobs:\n    - run: "true"\n\npre-push:\n  piped: true\n  jobs:\n    - run: "true" # quick\n',
    },
    ...lefthook("2.2.2"),
    told: "✔ hook: lefthook runs pushproof by lefthook.yml",
  },
  {
    name: "lefthook with commands, side by side",
    files: {
      ...listedPackage,
      ".lefthook.yaml":
        'pre-push:\n  parallel: true\n  commands:\n    quick:\n      run: "true"\n      use_stdin: true\n',
    },
    ...lefthook("2.2.2"),
    told: "✔ hook: lefthook runs pushproof by .lefthook.yaml",
  },
  {
    name: "lefthook without a pre-push hook",
    files: { ...listedPackage, ".config/lefthook.yml": 'pre-commit:\n  jobs:\n    - run: "true"\n' },
    ...lefthook("2.2.2"),
    told: "✔ hook: lefthook runs pushproof by .config/lefthook.yml",
  },
  {
    name: "lefthook 1",
    files: { ...listedPackage, "lefthook.yml": 'pre-push:\n  commands:\n    quick:\n      run: "true"\n' },
    ...lefthook("1.4.0"),
    told: "✔ hook: lefthook runs pushproof by lefthook.yml (read, not run)",
  },
  {
    name: "pre-commit",
    files: {
      ...listedPackage,
      ".pre-commit-config.yaml":
        "# Ours\nrepos:\n- repo: local\n  hooks:\n  - id: quick\n    name: quick\n    language: system\n    entry: 'true'\n    stages: [commit]\n",
    },
    prepare: async () => ({
      install: "pre-commit install",
      path: dirname(await preCommit()),
    }),
    told: "✔ hook: pre-commit runs pushproof by .pre-commit-config.yaml (read, not run)",
  },
  {
    name: "simple-git-hooks",
    files: {
      "package.json":
        '{\n  "private": true,\n  "devDependencies": { "pushproof": "*" },\n  "simple-git-hooks": {\n    "pre-commit": "true",\n    "pre-push": "while read -r ref rest; do echo \\"theirs got $ref\\"; done"\n  }\n}\n',
    },
    prepare: async ({ root }) => {
      await symlink(
        join(await npmPackage("simple-git-hooks@2"), "simple-git-hooks"),
        join(root, "node_modules/simple-git-hooks"),
      );
      await symlink("../simple-git-hooks/cli.js", join(root, "node_modules/.bin/simple-git-hooks"));
      return { install: "simple-git-hooks" };
    },
    told: "✔ hook: .git/hooks/pre-push runs pushproof",
  },
  {
    name: "husky 4",
    files: {
      "package.json":
        '{\n  "private": true,\n  "devDependencies": { "husky": "4", "pushproof": "*" },\n  "husky": { "hooks": { "pre-commit": "true" } }\n}\n',
    },
    prepare: async ({ root }) => {
      const modules = join(root, "node_modules");
      await rm(join(modules, "husky"), { recursive: true, force: true });
      await cp(await npmPackage("husky@4"), modules, { recursive: true, verbatimSymlinks: true });
      return { install: `cd node_modules/husky && INIT_CWD='${root}' npm_config_user_agent=npm/10 node husky install` };
    },
    told: "✔ hook: husky 4 runs pushproof by package.json (read, not run)",
  },
];

/** A repository that the manager is installed in, and the environment of the people in it. */
async function makeManaged(manager: Manager, files: Files = {}, atEnd?: AtEnd) {
  const repository = await makeTinyRepository({ ...manager.files, ...files }, atEnd);
  const { install, path } = await manager.prepare(repository);
  const places = [join(repository.root, "node_modules/.bin"), ...(path === undefined ? [] : [path])];
  const environment = { PATH: [...places, process.env.PATH].join(delimiter) };
  const whole = pusherEnvironment(repository, environment);
  const reinstall = async (): Promise<void> => {
    const ran = await runShell(install, repository.root, whole);
    expect(ran.exitCode, ran.output).toBe(0);
  };
  await reinstall();
  return { repository, environment, whole, reinstall };
}

describe.each(managers)("init with $name", (manager) => {
  const ends: (() => Promise<void>)[] = [];
  let managed: Awaited<ReturnType<typeof makeManaged>>;

  beforeAll(async () => {
    managed = await makeManaged(manager, {}, (end) => ends.push(end));
    const { repository, whole, reinstall } = managed;
    const first = await runIn(repository.root, ["init"], { environment: whole });
    expect(first.code, first.output + first.errors).toBe(0);
    await repository.commit("Verify pushes");
    await reinstall();
  });

  afterAll(async () => {
    for (const end of ends) await end();
  });

  test("changes nothing the second time, and keeps what was there, comments too", async () => {
    const { repository, whole } = managed;
    const [file = ""] = Object.keys(manager.files).slice(-1);
    const text = await readFile(join(repository.root, file), "utf8");
    for (const line of (manager.files[file] ?? "").split("\n").filter((one) => /#|run:|repo:/.test(one))) {
      expect(text).toContain(line);
    }
    const second = await runIn(repository.root, ["init"], { environment: whole });
    expect(second.code, second.errors).toBe(0);
    expect(await repository.git("status", "--porcelain")).toBe("");
  });

  test("has a failing push stopped and a passing one arrive, also after the manager is installed again", async () => {
    const { repository, environment, whole } = managed;
    expect((await runIn(repository.root, ["doctor"], { environment: whole })).output).toContain(manager.told);
    await repository.git("checkout", "--quiet", "-b", "failing");
    await repository.write(red);
    await repository.commit("Fails");
    const stopped = await pushTiny(repository, "origin failing", { environment });
    expect(stopped.exitCode, stopped.output).not.toBe(0);
    expect(stopped.first ?? stopped.output).toMatch(/✔ Checkout: failing at /);
    expect(stopped.output).toContain("✘ Not verified: failing at ");
    expect(await repository.remoteCommit("refs/heads/failing")).toBeNull();

    await repository.git("checkout", "--quiet", "main");
    const passed = await pushTiny(repository, "--set-upstream origin main", { environment });
    expect(passed.exitCode, passed.output).toBe(0);
    expect(passed.output).toContain("✔ Verified: main at ");
    expect(await repository.remoteCommit("refs/heads/main")).toBe(await repository.git("rev-parse", "main"));
    const again = await pushTiny(repository, "origin main", { environment });
    expect(again.exitCode, again.output).toBe(0);

    // Nothing has changed on the branch that is checked out.
    expect((await pushTiny(repository, "origin failing", { environment })).exitCode).not.toBe(0);
    expect(await repository.remoteCommit("refs/heads/failing")).toBeNull();
  });
});

describe("a manager that keeps git's lines for itself", () => {
  const entry = "sh node_modules/pushproof/hooks/pre-push";
  test.each([
    ["lefthook 2 without use_stdin", "2.2.2", `    verify:\n      run: ${entry} {1} {2}\n`],
    ["lefthook 2 without arguments", "2.2.2", `    verify:\n      run: ${entry}\n`],
    [
      "lefthook 2 on a terminal of its own",
      "2.2.2",
      `    verify:\n      interactive: true\n      run: ${entry} {1} {2}\n`,
    ],
  ])("%s: the push of a failing commit is stopped", async (_name, version, command) => {
    const files = { "lefthook.yml": `pre-push:\n  commands:\n${command}`, ...red };
    const manager = { name: "", files, told: "", ...lefthook(version) };
    const { repository, environment } = await makeManaged(manager);
    const { exitCode, output } = await pushTiny(repository, "origin main", { environment });
    expect(exitCode, output).toBe(1);
    expect(output).toContain("✘ Not verified: main at ");
    expect(await repository.remoteCommit("refs/heads/main")).toBeNull();
  });

  test("pre-commit tells its hooks the first branch alone: the second is verified as well", async () => {
    const manager = managers.find(({ name }) => name === "pre-commit");
    if (manager === undefined) throw new Error("no pre-commit");
    const { repository, environment, whole } = await makeManaged(manager);
    await runIn(repository.root, ["init"], { environment: whole });
    await repository.commit("Verify pushes");
    await repository.git("checkout", "--quiet", "-b", "second");
    await repository.write(red);
    await repository.commit("Fails");
    await repository.git("checkout", "--quiet", "main");
    const { exitCode, output } = await pushTiny(repository, "origin main second", { environment });
    expect(exitCode, output).toBe(1);
    expect(output).toContain("✘ Not verified: second at ");
    expect(await repository.git("ls-remote", repository.remote)).toBe("");
  });
});
