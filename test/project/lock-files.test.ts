import { expect, test } from "vitest";
import { compareInstalled } from "../../src/project/lock-files/compare-installed.ts";
import { type Files, makeDirectory, writeFiles } from "../support/repository.ts";

/** Holds what lies in a directory against lock files by name. */
async function compare(locks: Readonly<Record<string, string>>, installed: Files) {
  const directory = await makeDirectory();
  await writeFiles(directory, installed);
  const answer = await compareInstalled(new Map(Object.entries(locks)), directory);
  const { comparison } = answer ?? {};
  if (comparison === null || comparison === undefined || typeof comparison === "string") return comparison;
  const differences = comparison.differences.map(({ name, installed: own, wanted }) => `${name} ${own} ${wanted}`);
  return { differences, extra: [...comparison.extra] };
}

const isSatisfied = { differences: [], extra: [] };
const installedAs = (version: string): string => JSON.stringify({ version });

test("without a lock file there is nothing to compare with", async () => {
  expect(await compareInstalled(new Map(), await makeDirectory())).toBeNull();
});

test("a lock file that cannot be read tells nothing", async () => {
  expect(await compare({ "package-lock.json": "{" }, {})).toBeNull();
});

const npmLock = (packages: object, version = 3): string => JSON.stringify({ lockfileVersion: version, packages });

test.each<[string, object, Files, readonly string[]]>([
  [
    "the version that is named",
    { "node_modules/left": { version: "1.0.0" } },
    { "node_modules/left/package.json": installedAs("1.0.0") },
    [],
  ],
  [
    "another version",
    { "node_modules/left": { version: "1.0.0" } },
    { "node_modules/left/package.json": installedAs("1.0.1") },
    ["left 1.0.1 1.0.0"],
  ],
  ["no version", { "node_modules/left": { version: "1.0.0" } }, {}, ["left null 1.0.0"]],
  ["nothing of another platform's", { "node_modules/left": { version: "1.0.0", optional: true } }, {}, []],
  [
    "another version of an optional package",
    { "node_modules/left": { version: "1.0.0", optional: true } },
    { "node_modules/left/package.json": installedAs("2.0.0") },
    ["left 2.0.0 1.0.0"],
  ],
  [
    "another version inside of a package",
    { "node_modules/left": { version: "1.0.0" }, "node_modules/left/node_modules/@in/ner": { version: "1.0.0" } },
    {
      "node_modules/left/package.json": installedAs("1.0.0"),
      "node_modules/left/node_modules/@in/ner/package.json": installedAs("2.0.0"),
    },
    ["@in/ner 2.0.0 1.0.0"],
  ],
  [
    "one inside of a package where none is named",
    { "node_modules/left": { version: "1.0.0" } },
    {
      "node_modules/left/package.json": installedAs("1.0.0"),
      "node_modules/.package-lock.json": npmLock({
        "node_modules/left": { version: "1.0.0" },
        "node_modules/left/node_modules/inner": { version: "2.0.0" },
      }),
    },
    ["inner 2.0.0 none in its place"],
  ],
  [
    "the same version with another digest",
    { "node_modules/left": { version: "1.0.0", integrity: "sha512-a" } },
    {
      "node_modules/left/package.json": installedAs("1.0.0"),
      "node_modules/.package-lock.json": npmLock({ "node_modules/left": { version: "1.0.0", integrity: "sha512-b" } }),
    },
    ["left 1.0.0 1.0.0"],
  ],
  [
    "the same version from another commit of git",
    { "node_modules/left": { version: "1.0.0", resolved: "git+ssh://host/left#aaa" } },
    {
      "node_modules/left/package.json": installedAs("1.0.0"),
      "node_modules/.package-lock.json": npmLock({
        "node_modules/left": { version: "1.0.0", resolved: "git+ssh://host/left#bbb" },
      }),
    },
    ["left git+ssh://host/left#bbb git+ssh://host/left#aaa"],
  ],
  [
    "no link to a workspace",
    { "node_modules/app": { link: true, resolved: "packages/app" } },
    {},
    ["app null a link to it"],
  ],
  ["the sources of a workspace", { "": {}, "packages/app": { version: "1.0.0" } }, {}, []],
])("npm: %s", async (_what, packages, installed, differences) => {
  const result = await compare({ "package-lock.json": npmLock(packages) }, installed);
  expect(result).toEqual({ differences, extra: [] });
});

test("npm: what is installed and not named at the top is extra, in a workspace too", async () => {
  const record = npmLock({
    "node_modules/left": { version: "1.0.0" },
    "packages/app/node_modules/own": { version: "1.0.0" },
  });
  expect(await compare({ "package-lock.json": npmLock({}) }, { "node_modules/.package-lock.json": record })).toEqual({
    differences: [],
    extra: ["node_modules/left", "packages/app/node_modules/own"],
  });
});

test("npm: a lock file of version 1 names packages inside of packages", async () => {
  const dependencies = { left: { version: "1.0.0", dependencies: { inner: { version: "2.0.0" } } } };
  const installed = {
    "node_modules/left/package.json": installedAs("1.0.0"),
    "node_modules/left/node_modules/inner/package.json": installedAs("2.0.1"),
  };
  const lock = JSON.stringify({ lockfileVersion: 1, dependencies });
  expect(await compare({ "package-lock.json": lock }, installed)).toEqual({
    differences: ["inner 2.0.1 2.0.0"],
    extra: [],
  });
});

/** A lock file of pnpm's with two packages, one of them for some platforms only. */
function pnpmLock(left: string, more = ""): string {
  return [
    "lockfileVersion: '9.0'",
    "importers:",
    "  .:",
    "    devDependencies:",
    `      left: { specifier: ^1.0.0, version: ${left}(peer@1.0.0) }`,
    more,
    "packages:",
    `  left@${left}: { resolution: { integrity: sha512-a } }`,
    "  '@for/mac@1.0.0': { resolution: { integrity: sha512-b }, os: [darwin] }",
    "snapshots:",
    `  left@${left}(peer@1.0.0): { dependencies: { peer: 1.0.0 } }`,
    "  '@for/mac@1.0.0': { optional: true }",
    "",
  ].join("\n");
}

const withoutMac = (lock: string): string => lock.replaceAll(/^.*@for\/mac.*\n/gm, "");
const ofPnpm = (lock: string, place = "node_modules/.pnpm"): Files => ({
  "node_modules/.modules.yaml": place === "node_modules/.pnpm" ? "{}" : `virtualStoreDir: ../${place}\n`,
  [`${place}/lock.yaml`]: lock,
});

test.each<[string, Files, object]>([
  ["what it names", ofPnpm(pnpmLock("1.0.0")), isSatisfied],
  ["what it names, without another platform's", ofPnpm(withoutMac(pnpmLock("1.0.0"))), isSatisfied],
  ["the same in a store elsewhere", ofPnpm(withoutMac(pnpmLock("1.0.0")), "store"), isSatisfied],
  ["another version", ofPnpm(pnpmLock("1.0.1")), { differences: ["left 1.0.1 1.0.0"], extra: [] }],
  [
    "the same version with other contents",
    ofPnpm(pnpmLock("1.0.0").replace("sha512-a", "sha512-c")),
    { differences: ["left 1.0.0 with other contents or dependencies 1.0.0"], extra: [] },
  ],
  [
    "one package more",
    ofPnpm(pnpmLock("1.0.0", "      more: { specifier: 1.0.0, version: 1.0.0 }")),
    { differences: [], extra: ["node_modules/more"] },
  ],
])("pnpm: %s", async (_what, installed, expected) => {
  expect(await compare({ "pnpm-lock.yaml": pnpmLock("1.0.0") }, installed)).toEqual(expected);
});

test.each([
  ["5.4", "/left/1.0.0_peer@1.0.0", "/left/1.0.1_peer@1.0.0", "left"],
  ["6.0", "/@scope/left@1.0.0(peer@1.0.0)", "/@scope/left@1.0.1(peer@1.0.0)", "@scope/left"],
])("pnpm: packages of version %s of the file", async (version, wanted, installed, name) => {
  const lock = (key: string): string => `lockfileVersion: ${version}\npackages:\n  '${key}': { dev: true }\n`;
  expect(await compare({ "pnpm-lock.yaml": lock(wanted) }, ofPnpm(lock(wanted)))).toEqual(isSatisfied);
  expect(await compare({ "pnpm-lock.yaml": lock(wanted) }, ofPnpm(lock(installed)))).toEqual({
    differences: [`${name} 1.0.1 1.0.0`],
    extra: [],
  });
});

test("pnpm: a store without a record tells nothing", async () => {
  expect(await compare({ "pnpm-lock.yaml": pnpmLock("1.0.0") }, { "node_modules/.modules.yaml": "{}" })).toBeNull();
});

const classic = `# yarn lockfile v1


"@scope/left@^1.0.0", "@scope/left@~1.0.0":
  version "1.0.0"
  resolved "https://registry/@scope/left/-/left-1.0.0.tgz#aaa"
  integrity sha512-a

right@^2.0.0:
  version "2.0.0"
  resolved "https://registry/right/-/right-2.0.0.tgz#bbb"
`;

const ofClassic = (entries: object): Files => ({
  "node_modules/.yarn-integrity": JSON.stringify({ lockfileEntries: entries }),
});
const classicEntries = {
  "@scope/left@^1.0.0": "https://mirror/@scope/left/-/left-1.0.0.tgz#aaa",
  "right@^2.0.0": "https://registry/right/-/right-2.0.0.tgz#bbb",
};

test.each<[string, object, object]>([
  ["what it names, of a mirror and for another range", classicEntries, isSatisfied],
  [
    "another version",
    { ...classicEntries, "right@^2.0.0": "https://registry/right/-/right-2.1.0.tgz#ccc" },
    { differences: ["right 2.1.0 2.0.0"], extra: [] },
  ],
  [
    "one package more and one less",
    { "right@^2.0.0": classicEntries["right@^2.0.0"], "more@1": "https://registry/more/-/more-1.0.0.tgz#d" },
    { differences: ["@scope/left null 1.0.0"], extra: ["node_modules/more"] },
  ],
])("Yarn 1: %s", async (_what, entries, expected) => {
  expect(await compare({ "yarn.lock": classic }, ofClassic(entries))).toEqual(expected);
});

const modern = `__metadata:
  version: 8

"app@workspace:.":
  version: 0.0.0-use.local
  resolution: "app@workspace:."

"left@npm:^1.0.0":
  version: 1.0.0
  resolution: "left@npm:1.0.0"

"@for/mac@npm:1.0.0":
  version: 1.0.0
  resolution: "@for/mac@npm:1.0.0"
  conditions: os=darwin
`;

test.each<[string, string, object]>([
  ["what it names, with peers", '"left@virtual:0f#npm:1.0.0":\n  locations: ["node_modules/left"]\n', isSatisfied],
  [
    "another version, and one package more",
    '"left@npm:1.1.0":\n  locations: ["node_modules/left"]\n"more@npm:1.0.0":\n  locations: ["node_modules/more", "node_modules/left/node_modules/more"]\n',
    { differences: ["left 1.1.0 1.0.0"], extra: ["node_modules/more"] },
  ],
])("later Yarn: %s", async (_what, state, expected) => {
  const installed = { "node_modules/.yarn-state.yml": `__metadata:\n  version: 1\n${state}` };
  expect(await compare({ "yarn.lock": modern }, installed)).toEqual(expected);
});

const bunLock = `{
  "lockfileVersion": 1,
  "packages": {
    "@scope/left": ["@scope/left@1.0.0", "", {}, "sha512-a"],
    "@scope/left/right": ["right@2.0.0", "", {}, "sha512-b"],
    "@for/mac": ["@for/mac@1.0.0", "", { "os": "darwin" }, "sha512-c"],
    "app": ["app@workspace:packages/app"],
  },
}
`;

test.each<[string, Files, object]>([
  [
    "what it names",
    {
      "node_modules/@scope/left/package.json": installedAs("1.0.0"),
      "node_modules/@scope/left/node_modules/right/package.json": installedAs("2.0.0"),
    },
    isSatisfied,
  ],
  [
    "another version, and one package more",
    {
      "node_modules/@scope/left/package.json": installedAs("1.0.1"),
      "node_modules/more/package.json": installedAs("1.0.0"),
    },
    { differences: ["@scope/left 1.0.1 1.0.0", "right null 2.0.0"], extra: ["node_modules/more"] },
  ],
  [
    "packages in a store of links",
    {
      "node_modules/.bun/@scope+left@1.0.0+0f/package.json": "{}",
      "node_modules/.bun/right@2.0.0/package.json": "{}",
    },
    isSatisfied,
  ],
])("Bun: %s", async (_what, installed, expected) => {
  expect(await compare({ "bun.lock": bunLock }, installed)).toEqual(expected);
});

test("of two lock files, the one of the manager that installed is compared", async () => {
  const locks = { "package-lock.json": npmLock({ "node_modules/left": { version: "1.0.0" } }), "pnpm-lock.yaml": "x" };
  const installed = {
    "node_modules/.package-lock.json": npmLock({}),
    "node_modules/left/package.json": installedAs("1.0.0"),
  };
  expect(await compare(locks, installed)).toEqual(isSatisfied);
});
