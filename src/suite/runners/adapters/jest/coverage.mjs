// Keeps what jest's test files had covered, as istanbul or V8 told it, and gives it back as jest's reporter takes it.
import { createHash } from "node:crypto";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nameOf, withoutRoot, withRoot } from "../tracing/record.mjs";

/**
 * @typedef {import("../tracing/record.mjs").Part} Part
 * @typedef {{ code: string, originalCode: string, sourceMapPath?: string | null }} Compiled how jest tells what it ran of a file
 * @typedef {{ result: { url: string }, codeTransformResult?: Compiled }} Script
 * @typedef {{ coverage?: object, v8Coverage?: Script[] }} Covered
 */

/** Parts of coverage, whose compiled code is kept once for all test files. */
export class CoverageParts {
  #directory;
  /** The keys of code that is written. @type {Set<string>} */
  #written = new Set();
  /** The files in which source maps are, by their digest. @type {Map<string, string>} */
  #maps = new Map();

  /** @param {string} directory for code and source maps */
  constructor(directory) {
    this.#directory = directory;
  }

  /** What to keep of a test file. @param {string} projectName @param {Covered} covered @returns {Part} */
  of(projectName, { coverage, v8Coverage }) {
    if (v8Coverage === undefined) return { projectName, coverage: withoutRoot(JSON.stringify(coverage ?? {})) };
    const codes = v8Coverage.map(({ result, codeTransformResult: code }) =>
      code ? this.#keyOf(result.url, code) : null,
    );
    return {
      projectName,
      coverage: withoutRoot(JSON.stringify({ result: v8Coverage.map(({ result }) => result), codes })),
    };
  }

  /** What jest is told of a test file. Throws where its code is lost. @param {Part} part @param {Record<string, { code: string }>} code @returns {Covered} */
  read({ coverage }, code) {
    const kept = JSON.parse(withRoot(coverage));
    if (!Array.isArray(kept.codes)) return { coverage: kept };
    const { result, codes } = kept;
    return {
      v8Coverage: result.map((/** @type {{ url: string }} */ script, /** @type {number} */ index) => ({
        result: script,
        ...(codes[index] === null ? {} : { codeTransformResult: this.#compiled(code[codes[index]]?.code) }),
      })),
    };
  }

  /** Writes code that is not written yet. What it says of the checkout stays as it is, as V8 counts its letters. @param {string} path @param {Compiled} compiled */
  #keyOf(path, compiled) {
    const map = compiled.sourceMapPath ? textOf(compiled.sourceMapPath) : null;
    const code = JSON.stringify({ ...compiled, map: map === null ? null : withoutRoot(map) });
    const key = `${nameOf(path)} ${digest(code)}`;
    if (this.#written.has(key)) return key;
    this.#written.add(key);
    appendFileSync(join(this.#directory, "coverage.jsonl"), `${JSON.stringify({ file: key, code, mappings: "" })}\n`);
    return key;
  }

  /** @param {string | undefined} kept @returns {Compiled} */
  #compiled(kept) {
    if (kept === undefined) throw new Error("code that was covered is lost");
    const { map, ...compiled } = JSON.parse(kept);
    return { ...compiled, sourceMapPath: map === null ? null : this.#mapFile(withRoot(map)) };
  }

  /** @param {string} map */
  #mapFile(map) {
    const key = digest(map);
    const known = this.#maps.get(key) ?? join(this.#directory, `map-${key}.json`);
    if (!this.#maps.has(key)) writeFileSync(known, map);
    this.#maps.set(key, known);
    return known;
  }
}

/** @param {string} path */
function textOf(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** @param {string} text */
function digest(text) {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
