import { describe, expect, it } from "vitest";
import { readSections, wordsOf } from "../../../src/project/parsers/sections.ts";

describe("readSections", () => {
  it("reads a TOML list over several lines as one value", () => {
    const sections = readSections('[project]\ndependencies = [\n  "a[x]>=1", # ]\n  "b",\n]\nname = "n"\n', "toml");
    expect(wordsOf(sections.get("project")?.get("dependencies") ?? "")).toContain("b");
    expect(sections.get("project")?.get("name")).toBe("n");
  });

  it("does not take a line inside a TOML multi-line string for a setting", () => {
    const sections = readSections('[tool.pytest.ini_options]\naddopts = """\nfoo = 1\n"""\n', "toml");
    expect([...(sections.get("tool.pytest.ini_options")?.keys() ?? [])]).toEqual(["addopts"]);
  });

  it("takes indented lines of an INI file for the rest of the value", () => {
    const sections = readSections("[testenv]\ncommands =\n    pytest\n    x = y\ndeps: a\n", "ini");
    expect([...(sections.get("testenv")?.keys() ?? [])]).toEqual(["commands", "deps"]);
  });

  it("reads indented settings of a TOML section", () => {
    expect(readSections('[a]\n  source = ["x"]\n  other = 1\n', "toml").get("a")?.get("other")).toBe("1");
  });

  it("reads a TOML table the same however it is written", () => {
    const written = ["[a.b]\nc = [1, 'x y']\n", "a.b.c = [1, 'x y']\n", "a = { b = { c = [1, 'x y', { d = 1 }] } }\n"];
    for (const text of written)
      expect(readSections(text, "toml")).toEqual(new Map([["a.b", new Map([["c", "1\nx y"]])]]));
  });

  it("reads an empty TOML table, and none that only holds others", () => {
    expect([...readSections("[a]\n[b.c]\n[b.d]\n", "toml").keys()]).toEqual(["a", "b.c", "b.d"]);
  });

  it.each(["b = [\nc = 1", 'b = "x', "b = = 2", "[c"])(
    "reads what stands before the mistake in TOML: %s",
    (mistake) => {
      const sections = readSections(`[a]\nx = 1\n${mistake}\n[d]\ny = 1\n`, "toml");
      expect(sections).toEqual(new Map([["a", new Map([["x", "1"]])]]));
    },
  );

  it("skips comments", () => {
    expect(readSections("[a]\n# source = x\n; source = y\n", "ini").get("a")?.has("source")).toBe(false);
  });
});
