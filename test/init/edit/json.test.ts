import { describe, expect, it } from "vitest";
import { setJsonString } from "../../../src/init/edit/json.ts";

describe("setJsonString", () => {
  it("leaves every other byte as it was", () => {
    const text = '{\n\t"files": ["a", "b"],\n\t"scripts": {\n\t\t"test": "x \\"{\\" y"\n\t}\n}';
    expect(setJsonString(text, ["scripts", "prepare"], "husky")).toBe(
      '{\n\t"files": ["a", "b"],\n\t"scripts": {\n\t\t"test": "x \\"{\\" y",\n\t\t"prepare": "husky"\n\t}\n}',
    );
  });

  it("adds a section that is missing, indented as the file is", () => {
    const text = '{\n    "name": "x"\n}\n';
    expect(setJsonString(text, ["devDependencies", "husky"], "^9")).toBe(
      '{\n    "name": "x",\n    "devDependencies": {\n        "husky": "^9"\n    }\n}\n',
    );
  });

  it("keeps the members of a sorted section sorted", () => {
    const text = '{\n  "devDependencies": {\n    "a": "1",\n    "z": "1"\n  }\n}\n';
    expect(setJsonString(text, ["devDependencies", "husky"], "^9")).toBe(
      '{\n  "devDependencies": {\n    "a": "1",\n    "husky": "^9",\n    "z": "1"\n  }\n}\n',
    );
  });

  it("replaces a value that is there", () => {
    const text = '{ "scripts": { "prepare": "old", "b": [1, {}] } }';
    expect(setJsonString(text, ["scripts", "prepare"], "new")).toBe(
      '{ "scripts": { "prepare": "new", "b": [1, {}] } }',
    );
  });

  it.each([
    "{}",
    "{ }\n",
    '{"a":1}',
    '{"scripts":{}}',
    '{\r\n  "scripts": {\r\n  }\r\n}\r\n',
    '{ "scripts": { "a": "b" } }',
    "\uFEFF{\n}",
  ])("gives valid JSON with the value in it for %j", (text) => {
    const edited = setJsonString(text, ["scripts", "prepare"], "husky");
    const before = JSON.parse(text.replace(/^\uFEFF/, ""));
    expect(JSON.parse(edited.replace(/^\uFEFF/, ""))).toEqual({
      ...before,
      scripts: { ...before.scripts, prepare: "husky" },
    });
  });

  it("keeps the line ends of the file", () => {
    const edited = setJsonString('{\r\n  "name": "x"\r\n}\r\n', ["scripts", "prepare"], "husky");
    expect(edited.replaceAll("\r\n", "")).not.toContain("\n");
  });

  it("sets a member of the root", () => {
    expect(setJsonString('{\n  "a": 1\n}', ["name"], "x")).toBe('{\n  "a": 1,\n  "name": "x"\n}');
  });
});
