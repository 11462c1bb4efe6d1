import { execFileSync } from "node:child_process";
import { chmod, mkdir, readdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { removeStaleBytecode } from "../../src/project/stale-bytecode.ts";
import { packageRoot } from "../../src/shared/paths.ts";
import type { Environment } from "../../src/shared/world.ts";
import { makeDirectory } from "../support/repository.ts";

/** Compiles a module as Python does where it is imported, and gives what it holds. */
function importValue(root: string, environment: Environment = {}): string {
  const code = "import sys; sys.path.insert(0, 'src'); import one; print(one.value)";
  const { PATH } = process.env;
  return execFileSync("python3", ["-c", code], { cwd: root, env: { PATH, ...environment }, encoding: "utf8" }).trim();
}

/** Writes a module with a value, last changed at a time in seconds. */
async function writeModule(root: string, value: number, time: number): Promise<void> {
  await mkdir(join(root, "src"), { recursive: true });
  await writeFile(join(root, "src/one.py"), `value = ${value}\n`);
  await utimes(join(root, "src/one.py"), time, time);
}

const files = new Set(["README.md", "src/one.py"]);

test("a module that was changed twice in one second runs as it is, not as it was", async () => {
  const root = await makeDirectory();
  await writeModule(root, 1, 1_800_000_000.1);
  expect(importValue(root)).toBe("1");
  await writeModule(root, 2, 1_800_000_000.9);
  expect(importValue(root)).toBe("1");
  removeStaleBytecode(root, files, {});
  expect(importValue(root)).toBe("2");
});

test("a module that was changed long after, but whose time was set back, runs as it is", async () => {
  const root = await makeDirectory();
  await writeModule(root, 1, 1_000_000_000);
  expect(importValue(root)).toBe("1");
  await writeModule(root, 2, 1_000_000_000);
  removeStaleBytecode(root, files, {});
  expect(importValue(root)).toBe("2");
});

test.each(["absolute", "relative"])(
  "it is found where an %s PYTHONPYCACHEPREFIX says that it is kept",
  async (kind) => {
    const root = await makeDirectory();
    const environment = { PYTHONPYCACHEPREFIX: kind === "absolute" ? join(root, "compiled") : "compiled" };
    await writeModule(root, 1, 1_000_000_000);
    expect(importValue(root, environment)).toBe("1");
    await writeModule(root, 2, 1_000_000_000);
    removeStaleBytecode(root, files, environment);
    expect(importValue(root, environment)).toBe("2");
  },
);

test("it is told apart from a file's whose name begins alike", async () => {
  const root = await makeDirectory();
  await writeModule(root, 1, 1_000_000_000);
  await writeFile(join(root, "src/one.more.py"), "");
  expect(importValue(root)).toBe("1");
  await writeModule(root, 2, 1_000_000_000);
  removeStaleBytecode(root, new Set([...files, "src/one.more.py"]), {});
  expect(importValue(root)).toBe("2");
});

/** A directory whose module was compiled, and the absolute path of what that gave. */
async function makeCompiled(): Promise<{ root: string; compiled: string }> {
  const root = await makeDirectory();
  await writeModule(root, 1, 1_000_000_000);
  importValue(root);
  const [name = ""] = await readdir(join(root, "src/__pycache__"));
  return { root, compiled: join(root, "src/__pycache__", name) };
}

test("what was compiled in the very second of the last change goes, as it may be of what was there before", async () => {
  const { root, compiled } = await makeCompiled();
  const second = Math.ceil(Date.now() / 1000) + 60;
  await writeModule(root, 1, second);
  importValue(root);
  await utimes(compiled, second + 0.9, second + 0.9);
  removeStaleBytecode(root, files, {});
  expect(await isThere(compiled)).toBe(false);
});

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

test("what was compiled after the last change stays", async () => {
  const { root, compiled } = await makeCompiled();
  removeStaleBytecode(root, files, {});
  expect(await isThere(compiled)).toBe(true);
});

test("what Python would compile again anyway stays", async () => {
  const { root, compiled } = await makeCompiled();
  await writeModule(root, 2, 1_000_000_005);
  removeStaleBytecode(root, files, {});
  expect(await isThere(compiled)).toBe(true);
  expect(importValue(root)).toBe("2");
});

test("what git tracks, or belongs to a file that is not among those given, stays", async () => {
  const { root, compiled } = await makeCompiled();
  await writeModule(root, 2, 1_000_000_000);
  removeStaleBytecode(root, new Set([...files, compiled.slice(root.length + 1)]), {});
  removeStaleBytecode(root, new Set(["README.md", "src/two.py"]), {});
  expect(await isThere(compiled)).toBe(true);
});

test("of what is compiled with a hash of its source, that stays which Python holds against the source", async () => {
  for (const [mode, stays] of [
    ["checked-hash", true],
    ["unchecked-hash", false],
  ] as const) {
    const root = await makeDirectory();
    await writeModule(root, 1, 1_000_000_000);
    execFileSync("python3", ["-m", "compileall", "-q", "--invalidation-mode", mode, "src"], { cwd: root });
    const [name = ""] = await readdir(join(root, "src/__pycache__"));
    await writeModule(root, 2, 1_000_000_000);
    removeStaleBytecode(root, files, {});
    expect(await isThere(join(root, "src/__pycache__", name))).toBe(stays);
    expect(importValue(root)).toBe("2");
  }
});

/** Who may not write what this process has made. */
const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

test("where it cannot be removed, nothing runs, and its path is named", async () => {
  const { root, compiled } = await makeCompiled();
  await writeModule(root, 2, 1_000_000_000);
  const directory = join(root, "src/__pycache__");
  await chmod(root, 0o755);
  await chmod(directory, 0o555);
  const module = join(packageRoot, "src/project/stale-bytecode.ts");
  const child = `import { removeStaleBytecode } from ${JSON.stringify(module)};
removeStaleBytecode(${JSON.stringify(root)}, new Set(["src/one.py"]), {});`;
  const words = ["--import", "tsx", "--input-type=module", "--eval", child];
  try {
    expect(() => execFileSync(process.execPath, words, { cwd: packageRoot, stdio: "pipe", ...nobody })).toThrow(
      `${compiled} may be compiled from what src/one.py held before, and cannot be removed`,
    );
  } finally {
    await chmod(directory, 0o755);
  }
});
