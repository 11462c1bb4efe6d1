import type { Files } from "../repository.ts";

/** Gives a test file, of what stands before its one test, and of that test's body. */
type TestOf = (imports: string, body: string) => string;

/** The test files that the nasty suites of vitest and jest share, of modules that both have. */
export function testsOfModules(testOf: TestOf): Files {
  return {
    "test/arithmetic.test.ts": testOf(
      'import { add, times } from "../src/arithmetic";',
      "expect(add(1, 2)).toBe(3);\nexpect(times(2, 3)).toBe(6);",
    ),
    "test/power.test.ts": testOf('import { power } from "@/arithmetic";', "expect(power(2, 3)).toBe(8);"),
    "test/based.test.ts": testOf(
      'import { based, limited } from "@/arithmetic.ts";',
      "expect(based(1)).toBe(11);\nexpect(limited(1)).toBe(1);",
    ),
    "test/shapes.test.ts": testOf(
      'import { Kind, kindOf, Square } from "../src/shapes";',
      'const square = new Square(4);\nexpect(kindOf(square)).toBe(Kind.Large);\nexpect(square.length).toBe(4);\nexpect(square.name).toBe("square");',
    ),
    "test/describe.test.ts": testOf(
      'import { Square } from "../src/shapes";',
      "expect(new Square(2).describe()).toMatchSnapshot();\nexpect(Square.made).toBe(1);",
    ),
    "test/barrel.test.ts": testOf('import { one, second } from "../src/barrel";', "expect(one() + second()).toBe(3);"),
    "test/alias.test.ts": testOf('import { one } from "short";', "expect(one()).toBe(1);"),
    "test/settings.test.ts": testOf(
      'import { level, names } from "../src/settings";',
      'expect(level()).toBe(2);\nexpect(names).toBe("x-y");',
    ),
    "test/level.test.ts": testOf('import { level } from "../src/settings";', "expect(level()).toBeGreaterThan(0);"),
    "test/greeting.test.ts": testOf(
      'import { greeting } from "../src/texts";',
      'expect(greeting("B")).toBe("Hello B");',
    ),
    "test/listed.test.ts": testOf(
      'import { listed, optional } from "../src/texts";',
      'expect(listed()).toBe("a.txt,b.txt");\nexpect(optional()).toBe("not there");',
    ),
    "test/plugins.test.ts": testOf(
      'import { pluginNames } from "../src/plugins";',
      'expect(pluginNames).toEqual(["alpha", "beta"]);',
    ),
    "test/first.test.ts": testOf(
      'import { load } from "../src/lazy";',
      'expect((await load("first")).work(1)).toBe(2);',
    ),
    "test/timer.test.ts": testOf('import { elapsed } from "../src/timer";', "expect(elapsed()).toBe(2001);"),
    "test/resolved.test.ts": testOf('import { which } from "../src/resolved";', "expect(which()).toBe(1);"),
    "test/folder.test.ts": testOf('import { inFolder } from "../src/folder";', "expect(inFolder()).toBe(1);"),
    "test/state.test.ts": testOf('import { keep } from "../src/state";', 'expect(keep("a").count).toBe(1);'),
    "test/process.test.ts": testOf(
      'import { execFileSync } from "node:child_process";',
      'expect(execFileSync("cat", ["assets/greeting.txt"], { encoding: "utf8" })).toContain("NAME");',
    ),
    "test/server.test.ts": testOf(
      'import { createServer } from "node:http";',
      'const server = createServer((_, answer) => answer.end("hi")).listen(0, "127.0.0.1");\nawait new Promise((resolve) => server.once("listening", resolve));\nconst { port } = server.address() as { port: number };\nexpect(await (await fetch("http://127.0.0.1:" + port)).text()).toBe("hi");\nserver.close();',
    ),
    "test/temporary.test.ts": testOf(
      'import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";\nimport { tmpdir } from "node:os";\nimport { join } from "node:path";',
      'const place = mkdtempSync(join(tmpdir(), "nasty-"));\nwriteFileSync(join(place, "a"), "1");\nexpect(readFileSync(join(place, "a"), "utf8")).toBe("1");',
    ),
  };
}

/** A test's body, as it stands within the test. */
export function indented(body: string): string {
  return body
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}
