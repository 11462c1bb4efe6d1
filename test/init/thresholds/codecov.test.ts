import { expect, it } from "vitest";
import { codecovThresholds } from "../../../src/init/thresholds/codecov.ts";
import { projectOf } from "../project.ts";

const status = (text: string) => codecovThresholds(projectOf({ "codecov.yml": `coverage:\n  status: ${text}\n` }));
const project = (text: string) => status(`{ project: ${text} }`)[0];
const patch = (text: string) => status(`{ patch: ${text} }`)[1];

it.each(["codecov.yml", ".codecov.yml", "codecov.yaml", ".github/codecov.yml"])("%s is named", (file) => {
  const text = "coverage:\n  status:\n    project:\n      default:\n        target: 90%\n";
  expect(codecovThresholds(projectOf({ [file]: text }))[0]?.place).toBe(`${file} (coverage.status.project)`);
});

it.each(["90", "90%", '"90%"', "90.0"])("the target %s of the project is lines", (target) => {
  expect(project(`{ default: { target: ${target} } }`)).toMatchObject({ figures: { lines: 90 }, ratchet: false });
});

it.each(["{ default: { target: auto } }", "{ default: { threshold: 0% } }", "{ default: {} }", "true", "yes", "on"])(
  "the project's status %s must not fall",
  (text) => {
    expect(project(text)).toMatchObject({ figures: {}, ratchet: true });
  },
);

it.each(["off", "no", "false", "{ default: off }", "{ default: { enabled: no, target: 90% } }", "{}"])(
  "the project's status %s asks for nothing",
  (text) => {
    expect(project(text)).toMatchObject({ figures: {}, ratchet: false, notes: [] });
  },
);

it("a status that is informational is not offered, and the note says so", () => {
  expect(project("{ default: { informational: true, target: 90% } }")).toMatchObject({
    figures: {},
    notes: ["informational there, so it stops nothing: not taken over"],
  });
});

it("the share by which a target may be missed is not offered, and the note says so", () => {
  expect(project("{ default: { target: 90%, threshold: 2.5% } }")).toMatchObject({
    figures: { lines: 90 },
    notes: ["the 2.5 % by which it may be missed there are not taken over"],
  });
});

it("the statuses of parts are not offered, and the note names them", () => {
  expect(project("{ default: { target: 90% }, backend: { flags: [backend] } }")?.notes).toEqual([
    "not taken over, as they are about parts of the repository: backend",
  ]);
});

it("the target of a patch is changed lines", () => {
  expect(patch("{ default: { target: 80% } }")).toMatchObject({
    place: "codecov.yml (coverage.status.patch)",
    changedLines: 80,
    figures: {},
    notes: [],
  });
});

it("the target auto of a patch offers nothing, and the note says so", () => {
  expect(patch("{ default: { target: auto } }")).not.toHaveProperty("changedLines");
  expect(patch("yes")?.notes.join()).toContain("not taken over");
});

it("a file that is no YAML, and none at all, ask for nothing", () => {
  expect(status("{").map(({ figures, ratchet, notes }) => [figures, ratchet ?? false, notes])).toEqual([
    [{}, false, []],
    [{}, false, []],
  ]);
  expect(codecovThresholds(projectOf({}))).toEqual([]);
});

it.each(["paths: [src]", "flags: [unit]", "flags: unit"])(
  "a default status that is limited by %s is one of a part",
  (limit) => {
    expect(project(`{ default: { target: 90%, ${limit} } }`)).toMatchObject({
      figures: {},
      ratchet: false,
      notes: ["not taken over, as they are about parts of the repository: default"],
    });
    expect(patch(`{ default: { ${limit} }, web: {} }`)).toMatchObject({
      notes: ["not taken over, as they are about parts of the repository: default, web"],
    });
    expect(project(`{ default: { enabled: no, ${limit} } }`)?.notes).toEqual([]);
  },
);

it("a default status with an empty list of paths is that of the whole project", () => {
  expect(project("{ default: { target: 90%, paths: [], flags: } }")).toMatchObject({
    figures: { lines: 90 },
    notes: [],
  });
});
