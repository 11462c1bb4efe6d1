import { chmod, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../../src/shared/paths.ts";
import { shardOf } from "../../src/trust/travel/shards.ts";
import { type Ran, runShell } from "../support/run.ts";
import { signerLine } from "../support/signing.ts";
import { configFile } from "../support/verify.ts";
import { publishReceipts, type Scene, type SceneOptions, sceneMaker } from "../trust/check/support.ts";

const makeScene = sceneMaker();

const hook = join(packageRoot, "hooks/pre-receive");

/** A team's repository on a server of its own, whose hook is in place once the policy is. */
interface GuardedScene extends Scene {
  /** Pushes as a user would whose own hook does not stop it. */
  push(words: string): Promise<Ran>;
  /** Publishes a receipt of HEAD. */
  prove(): Promise<void>;
  /** Changes the server's git configuration. */
  configure(...words: readonly string[]): Promise<string>;
}

async function makeGuarded(options?: SceneOptions): Promise<GuardedScene> {
  const scene = await makeScene(options);
  await symlink(hook, join(scene.remote, "hooks/pre-receive"));
  return {
    ...scene,
    push: (words) => runShell(`git push --no-verify ${words}`, scene.root, scene.environment),
    prove: async () => await scene.publish([await scene.receipt()]),
    configure: (...words) => scene.git("--git-dir", scene.remote, "config", ...words),
  };
}

const refusal = /remote: pushproof: main is refused\. There is no receipt on the server for its tree \w{7}\./;

describe("a push to the default branch", () => {
  it("is refused where no receipt proves it, with --no-verify too, and nothing is taken", async () => {
    const scene = await makeGuarded();
    const { exitCode, output } = await scene.push("origin feature:main feature:other");
    expect(output).toMatch(refusal);
    expect(output).toContain("[remote rejected] feature -> main (pre-receive hook declined)");
    expect(exitCode).toBe(1);
    expect(await scene.remoteCommit("refs/heads/main")).toBe(await scene.git("rev-parse", "main"));
    expect(await scene.remoteCommit("refs/heads/other")).toBeNull();
  });

  it("is taken where a receipt lies on the server", async () => {
    const scene = await makeGuarded();
    await scene.prove();
    const { exitCode, output } = await scene.push("origin feature:main");
    expect(output).not.toContain("remote: pushproof");
    expect(exitCode).toBe(0);
  });

  it("is taken where its receipt comes with it", async () => {
    const scene = await makeGuarded();
    const tree = await scene.git("rev-parse", "HEAD^{tree}");
    await publishReceipts(join(scene.root, ".git"), tree, [await scene.receipt()], scene.environment);
    expect((await scene.push(`origin feature:main ${shardOf(tree)}:${shardOf(tree)}`)).exitCode).toBe(0);
  });

  it("is judged by its last tree: a merge of a proven branch is refused until the merged files are proven", async () => {
    const scene = await makeGuarded();
    await scene.prove();
    await scene.git("checkout", "--quiet", "main");
    await scene.git("branch", "--quiet", "behind");
    await scene.write({ "more.txt": "more\n" });
    await scene.commit("More");
    await scene.prove();
    expect((await scene.push("origin main")).exitCode).toBe(0);
    await scene.git("merge", "--quiet", "--no-ff", "--message", "Merge", "feature");
    expect((await scene.push("origin main")).output).toMatch(refusal);
    await scene.prove();
    expect((await scene.push("origin main")).exitCode).toBe(0);
  });

  it("is judged in the same way where it is forced, or moves the branch back", async () => {
    const scene = await makeGuarded();
    await scene.git("commit", "--quiet", "--amend", "--message", "Another history", "--no-verify");
    await scene.git("checkout", "--quiet", "--orphan", "rewritten");
    await scene.commit("Rewritten");
    expect((await scene.push("--force origin rewritten:main")).output).toMatch(refusal);
    await scene.prove();
    expect((await scene.push("--force origin rewritten:main")).exitCode).toBe(0);
  });

  it("is refused where it deletes the branch", async () => {
    const scene = await makeGuarded();
    await scene.configure("receive.denyDeleteCurrent", "ignore");
    const { exitCode, output } = await scene.push("origin :main");
    expect(output).toContain("pushproof: main is refused. It is protected, and a push does not delete it.");
    expect(exitCode).toBe(1);
  });

  it("is not let through by a replaced commit, which anybody may push", async () => {
    const scene = await makeGuarded();
    const [proven, head] = [await scene.git("rev-parse", "main"), await scene.git("rev-parse", "HEAD")];
    const tree = await scene.git("rev-parse", "main^{tree}");
    await scene.publish([await scene.receipt({ tree })], tree);
    await scene.git("replace", head, proven);
    expect((await scene.push(`origin refs/replace/${head}`)).exitCode).toBe(0);
    await scene.git("replace", "--delete", head);
    expect((await scene.push("origin feature:main")).output).toMatch(refusal);
  });

  it("is not let through by a symbolic ref that leads to the branch", async () => {
    const scene = await makeGuarded();
    await scene.git("--git-dir", scene.remote, "symbolic-ref", "refs/heads/trunk", "refs/heads/main");
    expect((await scene.push("origin feature:trunk")).output).toContain("pushproof: trunk is refused.");
    expect(await scene.remoteCommit("refs/heads/main")).toBe(await scene.git("rev-parse", "main"));
  });
});

describe("other refs", () => {
  it("are taken as they are: branches, new or forced, and tags", async () => {
    const scene = await makeGuarded();
    await scene.git("tag", "v1");
    const { exitCode, output } = await scene.push("--force origin feature feature:new v1");
    expect(output).not.toContain("remote: pushproof");
    expect(exitCode).toBe(0);
    expect((await scene.push("origin :new")).exitCode).toBe(0);
  });

  it("are protected where the server's configuration names them, new branches by the default branch's policy", async () => {
    const scene = await makeGuarded();
    await scene.configure("--add", "pushproof.protected", "release/*");
    await scene.configure("--add", "pushproof.protected", "refs/tags/v*");
    await scene.git("tag", "v1");
    await scene.git("tag", "--annotate", "--message", "v2", "v2");
    const { output } = await scene.push("origin feature:release/2/hot v1 v2 feature:main");
    const refused = [...output.matchAll(/pushproof: (\S+) is refused\. There is no receipt/g)].map(([, name]) => name);
    expect(refused).toEqual(["release/2/hot", "refs/tags/v1", "refs/tags/v2"]);
    await scene.prove();
    expect((await scene.push("origin feature:release/2/hot v1 v2")).exitCode).toBe(0);
    expect((await scene.push("origin :v1")).output).toContain("a push does not delete it");
  });
});

describe("the policy", () => {
  it("of the server judges, not the one that the push brings, and both must let it stand", async () => {
    const scene = await makeGuarded();
    const signers = `${signerLine(scene.key)}\n${signerLine(scene.stranger, "eve@example.com")}\n`;
    await scene.write({ "trust/signers": signers });
    await scene.commit("Trust me");
    await scene.publish([await scene.receipt({ key: scene.stranger })]);
    expect((await scene.push("origin feature:main")).output).toMatch(/not among those in trust\/signers of main \(/);
    await scene.publish([await scene.receipt()]);
    expect((await scene.push("origin feature:main")).exitCode).toBe(0);
    // From the next push on, the new signer counts.
    await scene.write({ "src/sums.py": "three\n" });
    await scene.commit("Next");
    await scene.publish([await scene.receipt({ key: scene.stranger })]);
    expect((await scene.push("origin feature:main")).exitCode).toBe(0);
  });

  it("cannot be taken away, made invalid, or such that it refuses the push itself", async () => {
    const scene = await makeGuarded();
    for (const [policy, why] of [
      [null, "has no .verify-policy.json, so no receipt counts."],
      ["{", "is not JSON"],
      [configFile({ repository: "1".repeat(40), allowedSigners: "trust/signers" }), "it is of another repository"],
    ] as const) {
      await scene.write({ ".verify-policy.json": policy });
      await scene.commit("Another policy");
      await scene.prove();
      const { exitCode, output } = await scene.push("origin feature:main");
      expect(output).toMatch(/remote: pushproof: main is refused\. /);
      expect(output.replace(/\s*\nremote: /g, " ")).toContain(why);
      expect(exitCode).toBe(1);
    }
  });

  it("is not there in a repository that is new: the first one is brought in on the server", async () => {
    const scene = await makeGuarded();
    await scene.git("--git-dir", scene.remote, "update-ref", "-d", "refs/heads/main");
    expect((await scene.push("origin feature:main")).output).toContain("There is no policy here yet: ");
    expect((await scene.push("origin feature:first")).exitCode).toBe(0);
    await scene.git("--git-dir", scene.remote, "update-ref", "refs/heads/main", "refs/heads/first");
    await scene.write({ "src/sums.py": "three\n" });
    await scene.commit("Next");
    expect((await scene.push("origin feature:main")).output).toMatch(refusal);
  });
});

describe("the hook", () => {
  it("refuses where the program is missing, or ends without a verdict", async () => {
    const scene = await makeGuarded();
    await scene.prove();
    const stub = async (ending: string): Promise<Ran> => {
      const script = `#!/bin/sh\nPATH=${JSON.stringify(`${scene.root}/../stub`)}:$PATH exec sh '${hook}'\n`;
      await scene.write({ "../stub/node": `#!/bin/sh\ncat >/dev/null\n${ending}\n`, "../script": script });
      await chmod(join(scene.root, "../stub/node"), 0o755);
      await chmod(join(scene.root, "../script"), 0o755);
      await runShell(`ln -sf '${join(scene.root, "../script")}' '${scene.remote}/hooks/pre-receive'`, scene.root, {});
      return await scene.push("origin feature:main");
    };
    expect((await stub("exit 0")).output).toContain("ended without a verdict");
    expect((await stub("echo verified; exit 0")).output).toContain("ended without a verdict");
    expect((await stub("echo verified >&3; exit 1")).exitCode).toBe(1);
    expect((await stub("echo verified >&3; exit 0")).exitCode).toBe(0);
  });

  it("refuses where the configuration names nothing that is protected", async () => {
    const scene = await makeGuarded();
    await scene.configure("pushproof.protected", "");
    const { exitCode, output } = await scene.push("origin feature:main");
    expect(output).toContain("pushproof.protected` is empty, so nothing would be protected");
    expect(exitCode).toBe(1);
  });

  it("refuses where it does not find the line of a protected ref", async () => {
    const scene = await makeGuarded();
    const words = `node ${join(packageRoot, "dist/main.js")} pre-receive -- refs/heads/main`;
    const { exitCode, output } = await runShell(`${words} </dev/null`, scene.remote, scene.environment);
    expect(output).toContain("refs/heads/main is protected, but is not among the refs that git named.");
    expect(exitCode).toBe(2);
  });

  it("refuses where the server's configuration is broken", async () => {
    const scene = await makeGuarded();
    await scene.prove();
    await scene.git("--git-dir", scene.remote, "symbolic-ref", "HEAD", "refs/heads/main");
    await writeFile(join(scene.remote, "HEAD"), `${await scene.git("rev-parse", "main")}\n`);
    expect((await scene.push("origin feature:main")).output).toContain("this repository has no default branch");
  });
});
