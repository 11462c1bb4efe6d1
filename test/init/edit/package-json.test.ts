import { describe, expect, it } from "vitest";
import { editPackageJson, parsePackageJson } from "../../../src/init/edit/package-json.ts";
import { ownPackage } from "../../../src/init/own-package.ts";
import { packageManagerOf } from "../../../src/project/package-manager.ts";
import { RequestError } from "../../../src/shared/errors.ts";
import { makeDirectory, writeFiles } from "../../support/repository.ts";

const installed = { directory: "/x/node_modules/pushproof", version: "1.2.3", isInstalled: true };
const checkout = { directory: "/home/ada/pushproof", version: "1.2.3", isInstalled: false };
const npm = packageManagerOf("/nowhere", undefined);
const edited = (fields: object | null, own = installed, manager = npm) => {
  const edit = editPackageJson(fields === null ? null : JSON.stringify(fields, null, 2), "/home/ada/app", own, manager);
  return { ...edit, fields: JSON.parse(edit.text) };
};

describe("editPackageJson", () => {
  it("makes a small private package where there is none", () => {
    expect(edited(null).fields).toEqual({
      private: true,
      scripts: { prepare: "husky && verify prepare" },
      devDependencies: { husky: "^9.1.7", pushproof: "^1.2.3" },
    });
  });

  it("takes a checkout of pushproof by its path", () => {
    expect(edited({}, checkout).fields.devDependencies.pushproof).toBe("file:../pushproof");
  });

  it.each([
    ["npm run build", "npm run build && husky && verify prepare"],
    ["husky", "husky && verify prepare"],
    ["husky || true", "husky && verify prepare || true"],
    ["is-ci || husky install", "is-ci || husky install && verify prepare"],
    ["husky web/.husky; npm run build", "husky web/.husky && verify prepare; npm run build"],
    ["node .husky/install.mjs", "node .husky/install.mjs && verify prepare"],
    ["husky && verify prepare", "husky && verify prepare"],
  ])("runs our part behind husky in the prepare script %j", (script, expected) => {
    expect(edited({ scripts: { prepare: script } }).fields.scripts.prepare).toBe(expected);
  });

  it("adds pushproof alone where another manager has the hooks", () => {
    const { text } = editPackageJson("{}", "/home/ada/app", installed, npm, false);
    expect(JSON.parse(text)).toEqual({ devDependencies: { pushproof: "^1.2.3" } });
  });

  it.each(["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"])(
    "leaves what %s lists already",
    (field) => {
      const listed = { scripts: { prepare: "husky && verify prepare" }, [field]: { husky: "^8", pushproof: "*" } };
      const edit = edited(listed);
      expect(edit.fields).toEqual(listed);
      expect(edit.changes).toEqual([]);
      expect(edit.listChanged).toBe(false);
    },
  );

  it("does not make pushproof depend on itself", () => {
    expect(edited({ name: "pushproof" }).fields).toMatchObject({
      scripts: { prepare: "husky" },
      devDependencies: { husky: "^9.1.7" },
    });
  });

  it("uses postinstall with a Yarn that runs no prepare, and warns where the package is public", () => {
    const yarn = packageManagerOf("/nowhere", "yarn@4.5.0");
    expect(edited({ private: true }, installed, yarn).fields.scripts).toEqual({
      postinstall: "husky && verify prepare",
    });
    expect(edited({ private: true }, installed, yarn).warnings).toEqual([]);
    expect(edited({ name: "x" }, installed, yarn).warnings.join()).toContain("not private");
  });
});

describe("parsePackageJson", () => {
  it.each([
    ["{", "not valid JSON"],
    ["[]", "holds no object"],
    ['{ "scripts": [] }', '"scripts" in package.json is not an object'],
  ])("refuses %j with a sentence", (text, sentence) => {
    expect(() => parsePackageJson(text)).toThrow(RequestError);
    expect(() => parsePackageJson(text)).toThrow(sentence);
  });
});

describe("packageManagerOf", () => {
  it.each([
    ["pnpm-lock.yaml", "pnpm"],
    ["yarn.lock", "yarn"],
    ["bun.lock", "bun"],
    ["package-lock.json", "npm"],
  ])("takes %s for a sign of %s", async (file, name) => {
    const root = await makeDirectory();
    await writeFiles(root, { [file]: "" });
    expect(packageManagerOf(root, undefined).name).toBe(name);
  });

  it("believes package.json before a lock file", async () => {
    const root = await makeDirectory();
    await writeFiles(root, { "yarn.lock": "" });
    expect(packageManagerOf(root, "pnpm@9.1.0").name).toBe("pnpm");
  });
});

describe("ownPackage", () => {
  it("is the checkout this code belongs to", () => {
    expect(ownPackage()).toMatchObject({ version: expect.stringMatching(/^\d+\.\d+\.\d+/), isInstalled: false });
  });

  it("is installed where it lies in node_modules", async () => {
    const root = await makeDirectory();
    await writeFiles(root, { "node_modules/pushproof/package.json": '{ "version": "4.5.6" }' });
    expect(ownPackage(`${root}/node_modules/pushproof`)).toMatchObject({ version: "4.5.6", isInstalled: true });
  });
});
