import { expect, it } from "vitest";
import { whyFreshRun } from "../../../src/trust/policy/fresh-paths.ts";
import { parsePolicy } from "../../../src/trust/policy/parse.ts";

/** Why changes of files ask for a fresh run, by a policy with these paths. */
function why(files: readonly string[], ...freshPaths: readonly string[]): string | null {
  return whyOf(files, true, freshPaths);
}

/** The same for symbolic links or submodules. */
function whyLinks(links: readonly string[], ...freshPaths: readonly string[]): string | null {
  return whyOf(links, false, freshPaths);
}

function whyOf(paths: readonly string[], isFile: boolean, freshPaths: readonly string[]): string | null {
  const text = JSON.stringify({ repository: "8".repeat(40), allowedSigners: "signers", freshPaths });
  return whyFreshRun(
    paths.map((path) => ({ path, isFile })),
    parsePolicy(text, "policy"),
  );
}

const some = ["migrations", "db/", "*.toml"];

it("a fresh run is asked for where a file of the paths differs, hidden ones and directories included", () => {
  expect(why(["src/a.py", "migrations/.hidden/1.sql"], ...some)).toBe(
    "migrations/.hidden/1.sql differs from it, and its freshPaths ask for a run of its own",
  );
  expect(why(["migrations"], ...some)).toContain("migrations differs");
  expect(why(["db/a/b.sql"], ...some)).toContain("db/a/b.sql differs");
  expect(why(["b.toml", "a.toml"], ...some)).toContain("a.toml, b.toml differ from it");
});

it("a fresh run is asked for where a file's name holds a line end", () => {
  expect(why(["migrations/a\nb.sql"], ...some)).toContain("migrations/a b.sql differs");
  expect(why(["a\u2028.toml"], ...some)).not.toBeNull();
});

it("a fresh run is asked for where only the case, or the spelling of an accent, is another", () => {
  expect(why(["Migrations/1.sql"], ...some)).not.toBeNull();
  expect(why(["cafe\u0301/1.sql"], "caf\u00e9")).not.toBeNull();
});

it("a fresh run is asked for below a directory whose name looks like a glob", () => {
  expect(why(["app/(shop)/[id]/page.tsx"], "app/(shop)/[id]")).not.toBeNull();
  expect(why(["app/{a,b}/x"], "app/{a,b}/")).not.toBeNull();
  expect(why(["app/(shop)2/x"], "app/(shop)")).toBeNull();
});

it("a fresh run is asked for by a link or submodule through which a path or glob may lead", () => {
  expect(whyLinks(["db"], "db/migrations")).toContain("db differs");
  expect(whyLinks(["lib/any"], "**/*.sql")).not.toBeNull();
  expect(whyLinks(["src/any"], "src/{a/b,c}")).not.toBeNull();
  expect(whyLinks(["src"], "src/*.ts")).not.toBeNull();
});

it("a fresh run is not asked for by other files and links", () => {
  expect(why(["src/a.py", "src/b.toml", "src/migrations/1.sql", "d"], ...some)).toBeNull();
  expect(why(["b.toml"])).toBeNull();
  expect(why(["db"], "db/migrations")).toBeNull();
  expect(whyLinks(["link", "src/link"], ...some, "src/*.ts")).toBeNull();
});
