import { join } from "node:path";
import { expect, test } from "vitest";
import { classifyCoverage } from "../../../src/coverage/files/outside.ts";
import { SourceCoverage } from "../../../src/coverage/lcov/source-coverage.ts";
import { adapterPath } from "../../../src/shared/paths.ts";
import { makeDirectory, writeFiles } from "../../support/repository.ts";

/** Parts a coverage of these absolute files, for a checkout at /shop with one tracked file. */
function part(...files: string[]) {
  const merged = new Map(files.map((file) => [file, new SourceCoverage()]));
  const verified = { root: "/shop", tracked: new Set(["src/a.py"]), otherRoots: ["/shop-linked"] };
  const { verified: own, ...others } = classifyCoverage(merged, verified);
  return { lines: [...own.keys()], ...others };
}

test("a tracked file below the root is what is verified", () => {
  expect(part("/shop/src/a.py")).toEqual({ lines: ["/shop/src/a.py"], otherCheckout: [], untracked: [], missing: [] });
});

test("a file below the root that git does not know is not counted", async () => {
  const root = await makeDirectory();
  await writeFiles(root, { "src/generated.py": "" });
  const merged = new Map([[join(root, "src/generated.py"), new SourceCoverage()]]);
  const { verified, untracked, missing } = classifyCoverage(merged, { root, tracked: new Set(), otherRoots: [] });
  expect([verified.size, untracked, missing]).toEqual([0, ["src/generated.py"], []]);
});

test("a file below the root that is not there is data of something else", () => {
  expect(part("/shop/src/gone.py")).toEqual({ lines: [], otherCheckout: [], untracked: [], missing: ["src/gone.py"] });
});

test("a file of another checkout says that the wrong code ran", () => {
  expect(part("/shop-linked/src/a.py")).toEqual({
    lines: [],
    otherCheckout: ["/shop-linked/src/a.py"],
    untracked: [],
    missing: [],
  });
});

test("a package that is installed in another checkout is shared, not misleading", () => {
  const installed = "/shop-linked/node_modules/tool/index.js";
  expect(part(installed)).toEqual({ lines: [], otherCheckout: [], untracked: [installed], missing: [] });
});

test("a directory whose name only begins like another checkout's is not that checkout", () => {
  expect(part("/shop-linked-too/a.py").otherCheckout).toEqual([]);
});

test("what pushproof injects is left out without a word", () => {
  expect(part(adapterPath("python/pushproof_pytest.py"))).toEqual({
    lines: [],
    otherCheckout: [],
    untracked: [],
    missing: [],
  });
});

test.each(["<define:import.meta>", "<runtime>"])(
  "what a compiler adds to a module (%s) is no file that is missing",
  (name) => {
    expect(part(`/shop/src/${name}`)).toEqual({ lines: [], otherCheckout: [], untracked: [], missing: [] });
  },
);

test("files outside the verified tree are found, also beside a root whose name they begin with", () => {
  const { untracked } = part("/shop/src/a.py", "/shop-main/src/b.py", "/usr/lib/c.py");
  expect(untracked).toEqual(["/shop-main/src/b.py", "/usr/lib/c.py"]);
});
