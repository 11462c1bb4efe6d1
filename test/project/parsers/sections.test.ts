import { describe, expect, it } from "vitest";
import { readSections, wordsOf } from "../../../src/project/parsers/sections.ts";

describe("readSections", () => {
  it("reads a TOML list over several lines as one value", () => {
    const sections = readSections('[project]\ndependencies = [\n  "a[x]>=1", # ]\n  "b",\n]\nname = "n"\n', "toml");
    expect(wordsOf(sections.get("project")?.get("dependencies") ?? "")).toContain("b");
    expect(sections.get("project")?.get("name")).toBe('"n"');
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

  it("skips comments", () => {
    expect(readSections("[a]\n# source = x\n; source = y\n", "ini").get("a")?.has("source")).toBe(false);
  });
});
